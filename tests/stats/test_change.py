"""Differences of a number between two looks at the same rows: intervals against closed forms and by counting."""

import numpy as np
import pytest

from fairwitness.stats.change import Change, Redrawn, alone, between, normal, together


def test_a_single_number_gets_the_ordinary_interval() -> None:
    """With one number on each side there is no maximum to take: 1.96 standard errors of the paired difference."""
    rng = np.random.default_rng(0)
    shared, own = rng.standard_normal((2, 200_000))
    before, after = (
        Redrawn(values=np.array([0.2]), deviations=shared[:, None]),
        Redrawn(values=np.array([0.5]), deviations=(shared + 0.5 * own)[:, None]),
    )
    low, high = between(before, after).interval(alone(0.95))
    assert low is not None
    assert high is not None
    assert (low, high) == pytest.approx((0.3 - 1.96 * 0.5, 0.3 + 1.96 * 0.5), abs=0.02)


def test_a_tie_widens_the_end_it_can_bend() -> None:
    """Two equal numbers of independent unit errors: the highest lies up to the 97.5 % point of their maximum above."""
    rng = np.random.default_rng(1)
    still = Redrawn(values=np.zeros(1), deviations=np.zeros((100_000, 1)))
    tied = Redrawn(values=np.zeros(2), deviations=rng.standard_normal((100_000, 2)))
    low, high = between(still, tied).interval(0.025)
    assert low == pytest.approx(-2.236, abs=0.03)  # Phi(x)^2 = 0.975
    assert high == pytest.approx(1.96, abs=0.03)


def test_a_number_far_below_the_highest_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    moves = rng.standard_normal((50_000, 2))
    still = Redrawn(values=np.zeros(1), deviations=np.zeros((50_000, 1)))
    far = between(still, Redrawn(values=np.array([9.0, 0.0]), deviations=moves)).interval(0.025)
    one = between(still, Redrawn(values=np.array([9.0]), deviations=moves[:, :1])).interval(0.025)
    assert far == one


def test_undefined_replicates_leave_the_interval_unknown() -> None:
    gaps = np.full(100, np.nan)
    gaps[:90] = 0.1
    assert Change(value=0.1, most=gaps, least=gaps).interval(0.025) == (None, None)
    gaps[:96] = 0.1
    assert Change(value=0.1, most=gaps, least=gaps).interval(0.025)[0] is not None


@pytest.mark.parametrize(("alike", "wanted"), [(True, 0.025), (False, 0.025 / 5)])
def test_a_family_that_moves_as_one_costs_once_and_an_independent_one_as_sidak_says(
    alike: bool,  # noqa: FBT001 - a parameter of the test
    wanted: float,
) -> None:
    rng = np.random.default_rng(3)
    one = rng.standard_normal(100_000)
    family = [
        Change(value=0.0, most=e, least=e) for e in (one if alike else rng.standard_normal(100_000) for _ in range(5))
    ]
    assert together(family, level=0.95) == pytest.approx(wanted, rel=0.05)


def test_a_family_holds_at_its_level() -> None:
    """Three correlated normal differences with known errors, five hundred times."""
    rng = np.random.default_rng(4)
    root = np.linalg.cholesky(np.array([[1, 0.8, 0.3], [0.8, 1, 0.5], [0.3, 0.5, 1]]))
    held = 0
    for _ in range(500):
        seen, again = root @ rng.standard_normal(3), (root @ rng.standard_normal((3, 1000)))
        family = [Change(value=v, most=e, least=e) for v, e in zip(seen, again, strict=True)]
        tail = together(family, level=0.90)
        ends = [each.interval(tail) for each in family]
        held += all(low is not None and high is not None and low <= 0 <= high for low, high in ends)
    assert 0.86 <= held / 500 <= 0.94


def test_what_never_moves_costs_nothing() -> None:
    still = Change(value=0.0, most=np.zeros(100), least=np.zeros(100))
    assert together([still, still], level=0.95) == alone(0.95)
    assert still.interval(alone(0.95)) == (0.0, 0.0)


def test_a_known_error_gives_the_normal_interval() -> None:
    low, high = normal(1.0, 0.1, draws=200_000, rng=np.random.default_rng(5)).interval(alone(0.95))
    assert (low, high) == pytest.approx((0.804, 1.196), abs=0.003)
