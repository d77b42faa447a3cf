"""ROC by group against scikit-learn, brute force over pairs, and simulation of the null."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from fairwitness.core.columns import Grouping
from fairwitness.core.errors import TooFewError
from fairwitness.fairness import roc
from fairwitness.fairness.attributes import Divided
from fairwitness.fairness.roc import Histogram

Floats = NDArray[np.float64]


def drawn(
    n: int, *, shift: float = 0.0, apart: tuple[float, float] = (1.0, 1.0), tenths: bool = False, seed: int = 0
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.intp], dict[str, Histogram]]:
    """Scores of two groups, the second `shift` higher whatever the outcome, and the outcomes' means `apart`."""
    rng = np.random.default_rng(seed)
    group, positive = (rng.random(n) < 0.3).astype(np.intp), rng.random(n) < 0.4
    scores = rng.normal(size=n) + np.array(apart)[group] * positive + shift * group
    scores = np.round(2 * scores) / 2 if tenths else scores
    by = Divided(grouping=Grouping(columns=("g",)), names=("a", "b"), codes=group)
    return scores, positive, group, roc.histograms(roc.places(scores)[0], positive, by)


@pytest.mark.parametrize("tenths", [False, True])
def test_areas_and_curves_are_those_of_scikit_learn(*, tenths: bool) -> None:
    scores, positive, group, found = drawn(600, shift=0.5, apart=(1.0, 0.3), tenths=tenths)
    theirs = {}
    for code, name in enumerate("ab"):
        own = group == code
        assert roc.area(found[name], z=1.96).value == pytest.approx(roc_auc_score(positive[own], scores[own]))
        theirs[name] = roc_curve(positive[own], scores[own])
    fine = (np.arange(200_000) + 0.5) / 200_000
    lines = [np.interp(fine, *theirs[name][:2]) for name in "ab"]
    assert roc.between(found["a"], found["b"]) == pytest.approx(np.abs(lines[0] - lines[1]).mean(), abs=1e-5)
    assert roc.at(found["a"], fine) == pytest.approx(lines[0], abs=1e-9)


def test_areas_across_groups_are_counted_pair_by_pair() -> None:
    """Kallus and Zhou 2019: P(score of a positive of one group > score of a negative of the other), ties counted half."""
    scores, positive, group, found = drawn(300, shift=1.0, tenths=True)

    def beats(one: int, other: int) -> float:
        high, low = scores[positive & (group == one)], scores[~positive & (group == other)]
        return float(((high[:, None] > low) + 0.5 * (high[:, None] == low)).mean())

    each = roc.across(found["b"], found["a"], z=1.96)
    assert each.value == pytest.approx(beats(1, 0) - beats(0, 1))
    assert each.low is not None
    assert each.low > 0  # b scores higher whatever the outcome


def test_many_scores_share_bins_and_the_bound_holds() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(30_000) < 0.4
    scores = rng.normal(size=30_000) + positive
    bins, shared = roc.places(scores)
    assert shared
    assert bins.max() < roc.MOST_PLACES
    by = Divided(grouping=Grouping(columns=("g",)), names=("a",), codes=np.zeros(30_000, dtype=np.intp))
    own = roc.histograms(bins, positive, by)["a"]
    error = abs((roc.area(own, z=1.96).value or 0.0) - roc_auc_score(positive, scores))
    assert error <= roc.tied(own) < 2e-4


def test_one_outcome_alone_has_no_curve() -> None:
    *_, found = drawn(200)
    lone = Histogram(negatives=found["b"].negatives, positives=np.zeros_like(found["b"].positives))
    assert roc.area(lone, z=1.96).value is None
    assert roc.across(lone, found["a"], z=1.96).value is None
    with pytest.raises(TooFewError, match="two groups"):
        roc.apart({"a": found["a"], "b": lone}, level=0.95, rng=np.random.default_rng(0))


@pytest.mark.parametrize(("shift", "tenths"), [(0.0, False), (1.0, False), (1.0, True)])
def test_equal_curves_are_seldom_told_apart(*, shift: float, tenths: bool) -> None:
    """Also where all scores of a group are higher: its curve is the same. At most 8 % of runs at 95 %."""
    rng, fired, value = np.random.default_rng(0), 0, []
    for seed in range(100):
        *_, found = drawn(300, shift=shift, tenths=tenths, seed=seed)
        each = roc.apart(found, level=0.95, rng=rng, draws=99)["b"]
        assert each.estimate.low is not None
        fired += each.estimate.low > 0
        value.append(each.estimate.value or 0.0)
    assert fired <= 10, fired  # 98 % of binomial draws at 5 %
    assert np.mean(value) < 0.02  # the plain area is 0.05 on average


def test_curves_that_differ_are_told_apart_and_the_truth_is_covered() -> None:
    """Outcomes 2 and 0 standard deviations apart: between the curves lies 0.921 - 0.5 = 0.421."""
    rng, covered = np.random.default_rng(0), 0
    for seed in range(40):
        *_, found = drawn(400, apart=(2.0, 0.0), seed=seed)
        each = roc.apart(found, level=0.95, rng=rng, draws=99)["a"]
        assert each.p == pytest.approx(0.01)
        assert each.estimate.low is not None
        assert each.estimate.high is not None
        covered += each.estimate.low <= 0.421 <= each.estimate.high
    assert covered >= 36


def test_of_many_equal_groups_none_is_accused_for_want_of_shuffles() -> None:
    """Nineteen shuffles leave each of 40 groups beyond all of them once in twenty; together one in twenty is wanted."""
    rng, fired = np.random.default_rng(0), 0
    names = tuple(map(str, range(40)))
    for _ in range(5):
        positive = rng.random(2400) < 0.4
        by = Divided(grouping=Grouping(columns=("g",)), names=names, codes=np.repeat(np.arange(40), 60))
        found = roc.apart(
            roc.histograms(roc.places(rng.normal(size=2400) + positive)[0], positive, by), level=0.95, rng=rng, draws=19
        )
        fired += sum((each.estimate.low or 0.0) > 0 for each in found.values())
    assert fired <= 1
