"""Areas within strata: against counting pairs, a jackknife, and their own coverage."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.errors import TooFewError
from fairwitness.stats.auc_within import within


def drawn(
    rng: np.random.Generator, n: int, *, reads: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Scores that read the stratum so strongly, and the outcome a little."""
    strata = rng.integers(0, 3, n)
    labels = rng.random(n) < np.array([0.2, 0.5, 0.7])[strata]
    return reads * strata + 0.8 * labels + rng.normal(size=n), labels, strata.astype(np.int64)


def area(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    up, down = scores[labels][:, None], scores[~labels][None]
    return float(((up > down) + 0.5 * (up == down)).mean())


def test_areas_are_shares_of_pairs() -> None:
    scores, labels, strata = drawn(np.random.default_rng(0), 150, reads=1.0)
    scores = scores.round(1)  # ties
    found = within(scores, labels, strata)
    assert found.overall.value == pytest.approx(area(scores, labels), abs=1e-12)
    same = strata[labels][:, None] == strata[~labels][None]
    up, down = scores[labels][:, None], scores[~labels][None]
    assert found.inside.value == pytest.approx(((up > down) + 0.5 * (up == down))[same].mean(), abs=1e-12)
    for code in range(3):
        own = area(scores[strata == code], labels[strata == code])
        assert found.areas[code].value == pytest.approx(own, abs=1e-12)
        assert found.gaps[code].value == pytest.approx(area(scores, labels) - own, abs=1e-12)


def test_errors_are_those_of_leaving_each_row_out() -> None:
    scores, labels, strata = drawn(np.random.default_rng(1), 160, reads=0.7)
    found = within(scores, labels, strata)

    def values(keep: NDArray[np.bool_]) -> tuple[float, float]:
        own = within(scores[keep], labels[keep], strata[keep])
        return own.gap.value or 0.0, own.gaps[1].value or 0.0

    left = np.array([values(np.arange(160) != i) for i in range(160)])
    errors = np.sqrt(159 / 160 * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    halves = [(found.gap, 1.959964), (found.gaps[1], 2.393980)]  # the latter for three strata at once
    for error, (gap, z) in zip(errors, halves, strict=True):
        assert gap.high is not None
        assert gap.value is not None
        assert (gap.high - gap.value) / z == pytest.approx(error, rel=0.05)


def test_a_stratum_told_perfectly_still_has_an_interval() -> None:
    labels = np.tile([True, False], 20)
    found = within(labels.astype(float), labels, np.repeat([0, 1], 20))
    assert found.gaps[0].value == 0
    assert found.gaps[0].high is not None
    assert 0.02 < found.gaps[0].high < 0.4


def test_no_stratum_with_both_classes() -> None:
    labels = np.repeat([True, False], 10)
    with pytest.raises(TooFewError, match="both classes"):
        within(np.arange(20.0), labels, np.repeat([0, 1], 10))
    with pytest.raises(TooFewError):
        within(np.arange(20.0), labels, np.zeros(20, dtype=np.int64), fewest=11)


def test_strata_with_one_row_of_a_class_show_no_variance_and_do_not_count() -> None:
    """Counted, sixty of them held the true area in 78 % of draws, at 95 %."""
    rng = np.random.default_rng(4)
    alone, strata = np.tile([True, False, False, False], 10), np.repeat(np.arange(10), 4)
    with pytest.raises(TooFewError):
        within(rng.normal(size=40), alone, strata)
    labels, scores = np.append(alone, np.tile([True, True, False, False], 10)), rng.normal(size=80)
    both = np.append(strata, strata + 10)
    found, few = within(scores, labels, both), within(scores[40:], labels[40:], strata)
    assert (found.inside.value, found.inside.low, found.inside.n) == (few.inside.value, few.inside.low, few.inside.n)
    assert set(found.areas) == set(range(10, 20))


@pytest.mark.slow
def test_coverage_of_the_gap() -> None:
    """The true gap from 200,000 rows; 250 samples of 200."""
    scores, labels, strata = drawn(np.random.default_rng(2), 200_000, reads=1.0)
    truth = within(scores, labels, strata)
    hits = np.zeros(2)
    rng = np.random.default_rng(3)
    for _ in range(250):
        found = within(*drawn(rng, 200, reads=1.0))
        worst = [found.gaps[code] for code in range(3)]
        hits[0] += (found.gap.low or 0) <= (truth.gap.value or 0) <= (found.gap.high or 0)
        hits[1] += all(
            (own.low or 0) <= (truth.gaps[code].value or 0) <= (own.high or 0) for code, own in enumerate(worst)
        )
    assert 225 <= hits[0] <= 247, hits
    assert 225 <= hits[1] <= 249, hits
