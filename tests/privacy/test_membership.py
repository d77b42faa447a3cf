"""Bounds hold as often as they say, and at no cost to a model that has learned no row."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from fairwitness.core.errors import TooFewError
from fairwitness.privacy import lira
from fairwitness.privacy.membership import BLOCKS, OverModels, area, area_bound, rate_at, rate_bound


def test_the_area_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    members, others = rng.integers(0, 9, 70).astype(float), rng.integers(0, 7, 50).astype(float)
    expected = roc_auc_score(np.repeat([1, 0], [70, 50]), np.concatenate([members, others]))
    assert area(members, others) == pytest.approx(expected)
    assert area_bound(members, others).value == pytest.approx(expected)


def test_a_rate_is_between_the_two_thresholds_around_it() -> None:
    """Of 199 others at 1, 2, ..., 199 beyond the second largest (198) lie 2 / 200 of all there could be: exactly 1 %."""
    others = np.arange(1.0, 200.0)
    assert rate_at(np.array([198.5, 150.0, 300.0, 198.0]), others) == 0.5
    assert rate_at(np.array([300.0]), np.array([1.0])) == pytest.approx(0.02)  # no threshold at all: (1 + 1) * 1 %


@pytest.mark.parametrize("n", [40, 250, 1_000])
def test_guessing_names_as_many_as_it_alarms(n: int) -> None:
    rng = np.random.default_rng(n)
    found = [rate_at(rng.random(200), rng.random(n)) for _ in range(3_000)]
    assert np.mean(found) == pytest.approx(0.01, abs=4 * float(np.std(found)) / 3_000**0.5)


@pytest.mark.parametrize("moved", [0.0, 1.0, 3.0])
def test_the_exact_bound_holds(moved: float) -> None:
    """For N(0, 1) against N(d, 1) the true rate at 1 % false alarms is Phi(d - z)."""
    rng, truth = np.random.default_rng(3), stats.norm.cdf(moved - stats.norm.ppf(0.99))
    low = [rate_bound(rng.normal(moved, 1, 300), rng.normal(size=700), level=0.95).low for _ in range(1_500)]
    assert np.mean([each is not None and each <= truth for each in low]) >= 0.95


def test_too_few_others_bound_nothing() -> None:
    """0.99 ** n <= 2.5 % needs n >= 368: below, no threshold surely keeps 1 % false alarms."""
    members = np.full(100, 9.0)
    assert rate_bound(members, np.zeros(367)).low is None
    found = rate_bound(members, np.zeros(368))
    assert found.low == pytest.approx(0.025 ** (1 / 100))  # all of 100 named, by Clopper and Pearson
    assert (found.high, found.claim) == (None, "lower bound")


def test_nobody_to_tell() -> None:
    for told in (rate_at, area, rate_bound, area_bound):
        with pytest.raises(TooFewError):
            told(np.array([]), np.array([1.0]))


def attacked(rng: np.random.Generator, m: int, n: int, moved: float, uneven: float) -> OverModels:
    """Rows moved by amounts of their own, models that differ in how much, and in how sure they are of everything."""
    inside = np.concatenate([[half, ~half] for half in (rng.permutation(n) < n // 2 for _ in range(m // 2))])
    by_model = rng.lognormal(0, uneven, (m, 1))
    sure = rng.normal(0, 2, n) + moved * rng.exponential(1, n) * by_model * inside + rng.normal(size=(m, n))
    return OverModels(sure + rng.normal(0, uneven, (m, 1)), inside, rng.permutation(n) % BLOCKS)


@pytest.mark.slow
@pytest.mark.parametrize(("m", "moved", "uneven"), [(16, 0.0, 0.3), (16, 0.6, 0.0), (16, 0.6, 0.5), (8, 0.6, 0.5)])
def test_a_bound_over_models_that_share_rows_and_shadows_holds(m: int, moved: float, uneven: float) -> None:
    """The truth is what the attack gets on average over fresh rows and models alike."""
    rng = np.random.default_rng(4)
    made = [attacked(rng, m, 300, moved, uneven) for _ in range(60)]
    for measure, unit in ((area, "auc"), (rate_at, "share")):
        found = [one.mean(measure, unit=unit) for one in made]  # type: ignore[arg-type]  # units as literals in a loop
        truth = np.mean([each.value for each in found if each.value is not None])
        held = [each.low is not None and each.low <= truth for each in found]
        assert sum(held) >= stats.binom.ppf(0.01, 60, 0.95)


def test_few_pairs_bound_nothing() -> None:
    found = attacked(np.random.default_rng(5), 6, 100, 1.0, 0.0).mean(area, unit="auc")
    assert found.value is not None
    assert found.low is None


def test_a_part_of_the_rows_is_attacked_alone() -> None:
    """Only even rows are moved: odd ones cannot be told."""
    rng = np.random.default_rng(6)
    n, even = 800, np.arange(800) % 2 == 0
    inside = np.concatenate([[half, ~half] for half in (rng.permutation(n) < n // 2 for _ in range(8))])
    sure = rng.normal(0, 2, n) + 2 * inside * even + rng.normal(size=(16, n))
    made = OverModels(sure, inside, rng.permutation(n) % BLOCKS)
    told = {name: made.mean(area, rows=rows, unit="auc") for name, rows in (("even", even), ("odd", ~even))}
    assert told["even"].low is not None
    assert told["even"].low > 0.75
    assert told["odd"].value == pytest.approx(0.5, abs=0.04)
    assert lira.calibrate(sure, inside).moved[even].mean() == pytest.approx(2.0, abs=0.15)
