"""Rules by chance against linear programs over all of them, and against fairlearn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from numpy.typing import NDArray
from scipy.optimize import linprog
from sklearn.base import BaseEstimator

from fairwitness.fairness.randomised import equal_by_chance
from fairwitness.fairness.rules import StepRule, lots
from fairwitness.fairness.thresholds import EQUAL, Curve, Equal, curve, curves, even_price

FAIRLEARN = {
    "selection": "demographic_parity",
    "true-positive": "true_positive_rate_parity",
    "false-positive": "false_positive_rate_parity",
    "odds": "equalized_odds",
}


class Given(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Scores that are there already."""

    def fit(self, *_: Any) -> Given:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict_proba(self, scores: NDArray[Any]) -> NDArray[Any]:
        return np.column_stack([1 - scores[:, 0], scores[:, 0]])


def drawn(n: int, groups: str, seed: int, places: int = 2) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    names = rng.choice(list(groups), n).astype(object)
    shift = np.array([groups.index(name) for name in names]) / 4
    scores = rng.beta(2 + shift, 2 + 2 * shift).round(places)
    return scores, rng.random(n) < scores, names


def chances(data: tuple[NDArray[Any], NDArray[Any], NDArray[Any]], equal: Equal, price: float = 1.0) -> NDArray[Any]:
    scores, recorded, names = data
    groups, others = equal_by_chance(curves(*data), curve(scores, recorded), equal, price=price)
    return StepRule(groups=groups, others=others, selected="1", rest="0").chances(scores[:, None], names)


def right(chance: NDArray[Any], recorded: NDArray[Any]) -> float:
    return float(np.where(recorded, chance, 1 - chance).mean())


def parts(equal: Equal, recorded: NDArray[Any]) -> list[NDArray[Any]]:
    every = np.ones(len(recorded), bool)
    return {
        "selection": [every],
        "true-positive": [recorded],
        "false-positive": [~recorded],
        "odds": [recorded, ~recorded],
    }[equal]


def widest(chance: NDArray[Any], equal: Equal, recorded: NDArray[Any], names: NDArray[Any]) -> float:
    """Widest distance between groups of the mean chance."""
    found = [[chance[part & (names == name)].mean() for name in set(names)] for part in parts(equal, recorded)]
    return float(np.ptp(found, axis=1).max())


def best(data: tuple[NDArray[Any], NDArray[Any], NDArray[Any]], equal: Equal) -> float:
    """By a linear program: how often each group takes each of its thresholds, its rates equal to those of the first."""
    _, recorded, _ = data
    of: list[Curve] = list(curves(*data).values())
    sizes = [len(each.thresholds) for each in of]
    starts = np.cumsum([0, *sizes])
    goal = np.concatenate([each.gains() for each in of])
    rows = []
    for start, each in zip(starts, of, strict=False):
        whole = np.zeros(sum(sizes))
        whole[start : start + len(each.thresholds)] = 1
        rows.append((whole, 1.0))
    for start, each in zip(starts[1:-1], of[1:], strict=True):
        for own, first in zip(each.rates(equal), of[0].rates(equal), strict=True):
            row = np.zeros(sum(sizes))
            row[: sizes[0]] = -first
            row[start : start + len(own)] = own
            rows.append((row, 0.0))
    found = linprog(-goal, A_eq=np.array([row for row, _ in rows]), b_eq=[value for _, value in rows])
    return float((-found.fun + (~recorded).sum()) / len(recorded))


@pytest.mark.parametrize("equal", EQUAL)
@pytest.mark.parametrize("groups", ["ab", "abcd"])
def test_rates_are_equal_and_no_mix_of_thresholds_is_righter(equal: Equal, groups: str) -> None:
    for seed in range(3):
        data = drawn(400, groups, seed)
        chance = chances(data, equal)
        assert chance.min() >= 0
        assert chance.max() <= 1 + 1e-12
        assert widest(chance, equal, data[1], data[2]) < 1e-9
        assert right(chance, data[1]) == pytest.approx(best(data, equal), abs=1e-9)


@pytest.mark.parametrize("equal", EQUAL)
def test_it_is_at_least_as_accurate_as_fairlearn(equal: Equal) -> None:
    scores, recorded, names = data = drawn(1000, "abc", 7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = ThresholdOptimizer(
            estimator=Given(), constraints=FAIRLEARN[equal], prefit=True, predict_method="predict_proba"
        )
        peer.fit(scores[:, None], recorded.astype(int), sensitive_features=names)
        theirs = peer._pmf_predict(scores[:, None], sensitive_features=names)[:, 1]
    ours = chances(data, equal)
    assert right(ours, recorded) >= right(theirs, recorded) - 1e-12
    assert right(ours, recorded) == pytest.approx(right(theirs, recorded), abs=2e-3)  # its grid has 1,000 places
    assert widest(ours, equal, recorded, names) <= widest(theirs, equal, recorded, names) + 1e-9


@pytest.mark.parametrize("equal", ["selection", "odds"])
def test_with_rare_outcomes_and_an_even_price_it_is_at_least_as_balanced_as_fairlearn(equal: Equal) -> None:
    scores, recorded, names = drawn(2000, "ab", 3)
    recorded &= np.random.default_rng(0).random(2000) < 0.15
    data = scores, recorded, names
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = ThresholdOptimizer(
            estimator=Given(),
            constraints=FAIRLEARN[equal],
            objective="balanced_accuracy_score",
            prefit=True,
            predict_method="predict_proba",
        )
        peer.fit(scores[:, None], recorded.astype(int), sensitive_features=names)
        theirs = peer._pmf_predict(scores[:, None], sensitive_features=names)[:, 1]
    ours = chances(data, equal, even_price(curves(*data)))
    balanced = [each[recorded].mean() + (1 - each)[~recorded].mean() for each in (ours, theirs)]
    assert widest(ours, equal, recorded, names) < 1e-9
    assert balanced[0] >= balanced[1] - 1e-12
    assert balanced[0] > balanced[1] - 1e-12 > 1.1
    plain = chances(data, equal)
    assert plain.mean() < 0.01 < ours.mean()  # rightness alone selects nearly nobody


@pytest.mark.parametrize(("seed", "share"), [(0, 0.68714), (1, 0.69797), (2, 0.70795), (3, 0.71628)])
def test_decisions_alone_are_evened_as_well_as_by_aif360(seed: int, share: float) -> None:
    """Share right of AIF360 0.6.1's EqOddsPostprocessing on the same decisions, odds equal to five digits."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, 4000)
    recorded = rng.random(4000) < 0.4 + 0.2 * group
    decided = np.where(rng.random(4000) < 0.8 - 0.1 * group, recorded, ~recorded)
    data = decided.astype(float), recorded, np.array(["0", "1"], dtype=object)[group]
    chance = chances(data, "odds")
    assert widest(chance, "odds", *data[1:]) < 1e-9
    assert right(chance, recorded) == pytest.approx(share, abs=5e-6)


def test_scores_that_tell_nothing_are_decided_alike() -> None:
    recorded = np.arange(80) % 4 == 0
    names = np.array(["a", "b"], dtype=object)[np.arange(80) // 40]
    chance = chances((np.full(80, 0.25), recorded, names), "odds")
    assert chance.tolist() == [0.0] * 80


def test_lots_are_the_same_for_the_same_row_and_spread_evenly() -> None:
    ids = np.arange(20_000)
    drawn_lots = lots(ids, 7)
    np.testing.assert_array_equal(drawn_lots[100:200], lots(ids[100:200], 7))
    assert np.abs(np.sort(drawn_lots) - (ids + 0.5) / 20_000).max() < 1.63 / np.sqrt(20_000)  # Kolmogorov at 1 %
    assert abs(np.corrcoef(drawn_lots[:-1], drawn_lots[1:])[0, 1]) < 0.02
    assert abs(np.corrcoef(drawn_lots, lots(ids, 8))[0, 1]) < 0.02
