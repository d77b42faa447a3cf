"""Thresholds by group against trying all of them."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from fairwitness.fairness.thresholds import EQUAL, NOBODY, Equal, common, curve, curves, even_price, nearly_equal


def drawn(n: int, groups: str, seed: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    names = rng.choice(list(groups), n).astype(object)
    scores = rng.integers(0, 9, n) / 8
    return scores, rng.random(n) < 0.2 + 0.5 * scores + 0.1 * (names == "a"), names


def figures(equal: Equal, selected: NDArray[Any], recorded: NDArray[Any]) -> list[float]:
    """By counting."""
    parts = {
        "selection": [np.ones(len(recorded), bool)],
        "true-positive": [recorded],
        "false-positive": [~recorded],
        "odds": [recorded, ~recorded],
    }
    return [float(selected[part].mean()) for part in parts[equal]]


def outcome(
    at: dict[str, float], equal: Equal, scores: NDArray[Any], recorded: NDArray[Any], names: NDArray[Any]
) -> tuple[float, int]:
    """Widest gap, and right decisions."""
    selected = scores >= np.array([at[name] for name in names])
    rates = np.array([figures(equal, selected[names == name], recorded[names == name]) for name in at])
    return float(np.ptp(rates, axis=0).max()), int((selected == recorded).sum())


@pytest.mark.parametrize("equal", EQUAL)
@pytest.mark.parametrize("within", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("groups", ["ab", "abc"])
def test_no_other_thresholds_are_righter_and_as_near(equal: Equal, within: float, groups: str) -> None:
    for seed in range(4):
        data = drawn(90, groups, seed)
        found = nearly_equal(curves(*data), equal, within=within)
        gap, right = outcome(found, equal, *data)
        tried = [*(np.arange(10) / 8 - 1 / 16), NOBODY]
        every = [outcome(dict(zip(groups, at, strict=True)), equal, *data) for at in product(tried, repeat=len(groups))]
        assert gap <= within + 1e-9
        assert right == max(hits for far, hits in every if far <= within + 1e-9)


@pytest.mark.parametrize("equal", EQUAL)
@pytest.mark.parametrize("cost", [0.0, 0.02, 0.1])
def test_no_other_common_threshold_is_nearer_at_that_cost(equal: Equal, cost: float) -> None:
    for seed in range(4):
        data = drawn(120, "abc", seed)
        gap, right = outcome(dict.fromkeys("abc", common(*data, equal, cost=cost)), equal, *data)
        every = [outcome(dict.fromkeys("abc", at), equal, *data) for at in [*(np.arange(10) / 8 - 1 / 16), NOBODY]]
        best = max(hits for _, hits in every)
        allowed = [(far, hits) for far, hits in every if hits >= best - cost * 120]
        assert (gap, -right) == pytest.approx(min((far, -hits) for far, hits in allowed))


def test_the_curve_counts_from_nobody_to_everybody() -> None:
    made = curve([0.2, 0.8, 0.8, 0.5], [False, True, False, True])
    assert made.thresholds.tolist() == [NOBODY, 0.65, 0.35, 0.0]
    assert made.hits.tolist() == [0, 1, 2, 2]
    assert made.alarms.tolist() == [0, 1, 1, 2]


def test_neighbouring_numbers_are_told_apart() -> None:
    low = 0.3
    high = np.nextafter(low, 1)
    made = curve([low, high], [False, True])
    assert [int((np.array([low, high]) >= t).sum()) for t in made.thresholds] == [0, 1, 2]


def test_the_hull_is_qhulls() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(500).round(2)
    made = curve(scores, rng.random(500) < scores**2)
    corners = made.hull()
    points = np.column_stack([made.alarms, made.hits]).astype(float)
    below = np.array([[made.negatives, 0.0]])  # so that only the upper side shows
    outer = ConvexHull(np.vstack([points, below])).vertices
    expected = {tuple(points[place]) for place in outer if place < len(points)}
    assert {(float(x), float(y)) for x, y in zip(corners.alarms, corners.hits, strict=True)} == expected
    assert set(corners.thresholds) <= set(made.thresholds)


def test_many_scores_are_thinned_and_stay_near_equal() -> None:
    rng = np.random.default_rng(0)
    names = rng.choice(["a", "b"], 40_000).astype(object)
    scores = rng.beta(2, 2 + (names == "b"))
    recorded = rng.random(40_000) < scores
    found = nearly_equal(curves(scores, recorded, names), "odds", within=0.02)
    assert outcome(found, "odds", scores, recorded, names)[0] <= 0.02


def test_both_outcomes_weigh_as_much_where_that_is_asked_for() -> None:
    """Of rare outcomes, rightness alone would select nobody; the balanced optimum is found by trying all."""
    rng = np.random.default_rng(5)
    names, scores = rng.choice(["a", "b"], 200).astype(object), rng.integers(0, 9, 200) / 8
    recorded = rng.random(200) < 0.3 * scores
    of = curves(scores, recorded, names)
    price = even_price(of)
    assert price == recorded.sum() / (~recorded).sum()
    found = nearly_equal(of, "selection", within=0.05, price=price)

    def worth(at: dict[str, float]) -> float:
        selected = scores >= np.array([at[name] for name in names])
        return float((selected & recorded).sum() - price * (selected & ~recorded).sum())

    tried = [*(np.arange(10) / 8 - 1 / 16), NOBODY]
    every = [dict(zip("ab", at, strict=True)) for at in product(tried, repeat=2)]
    near = [at for at in every if outcome(at, "selection", scores, recorded, names)[0] <= 0.05 + 1e-9]
    assert worth(found) == pytest.approx(max(worth(at) for at in near))
    assert worth(found) > 0
