"""Multicalibration where the true chances are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.fairness.multicalibrating import furthest_off, multicalibrated


def drawn(n: int, seed: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Each attribute by itself is scored right; two of the four crossings are 12 points too high, two too low."""
    rng = np.random.default_rng(seed)
    race, sex = rng.choice(["p", "q"], n), rng.choice(["f", "m"], n)
    truth = rng.uniform(0.15, 0.85, n)
    off = np.where((race == "p") == (sex == "f"), 0.12, -0.12)
    return (
        truth + off,
        rng.random(n) < truth,
        np.array([f"{a} × {b}" for a, b in zip(race, sex, strict=True)], dtype=object),
    )


def test_two_groups_at_one_score_take_their_own_rates() -> None:
    groups = np.repeat(["a", "b"], 100).astype(object)
    recorded = np.concatenate([np.arange(100) < 30, np.arange(100) < 72])
    made, done = multicalibrated(np.full(200, 0.5), recorded, groups, tolerance=0.001)
    after = made.rescore(np.full((200, 1), 0.5), groups)[:, 0]
    assert done
    assert after[[0, 150]] == pytest.approx([0.30, 0.72])


def test_crossings_are_mended_on_new_rows_where_each_attribute_alone_was_right() -> None:
    scores, recorded, groups = drawn(20_000, 0)
    made, done = multicalibrated(scores, recorded, groups, tolerance=0.02)
    assert done
    fresh, outcome, names = drawn(20_000, 1)
    after = made.rescore(fresh[:, None], names)[:, 0]
    for name in set(names):
        of = names == name
        assert abs(float((fresh - outcome)[of].mean())) > 0.1
        assert abs(float((after - outcome)[of].mean())) < 0.02
    assert ((after - outcome) ** 2).mean() < ((fresh - outcome) ** 2).mean() - 0.008  # of the 0.0144 there are


@pytest.mark.parametrize("seed", range(3))
def test_scores_that_are_right_are_mostly_let_be(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.random(3000)
    groups = rng.choice(["a", "b", "c"], 3000).astype(object)
    made, done = multicalibrated(scores, rng.random(3000) < scores, groups, tolerance=0.02)
    assert done
    assert len(made.steps) <= 8  # 40 means, each beyond two errors by chance in 1 of 20
    assert np.abs(made.rescore(scores[:, None], groups)[:, 0] - scores).mean() < 0.02


def test_a_crossing_never_seen_takes_what_its_known_parts_do() -> None:
    rng = np.random.default_rng(0)
    groups = rng.choice(["p × f", "p × m", "q × f"], 3000).astype(object)
    recorded = rng.random(3000) < np.where(groups == "q × f", 0.2, 0.8)
    made, _ = multicalibrated(np.full(3000, 0.5), recorded, groups, tolerance=0.02)
    (found,) = made.rescore(np.array([[0.5]]), np.array(["q × m"], dtype=object))[0]
    assert found < 0.4


def test_how_far_off_is_counted_by_hand() -> None:
    scores = np.repeat([0.25, 0.65], 50)
    recorded = np.concatenate([np.arange(50) < 20, np.arange(50) < 25])
    groups = np.array(["a", "b"] * 50, dtype=object)  # of the first, 10 of 25 each; of the second 13 and 12 of 25
    assert furthest_off(scores, recorded, groups) == pytest.approx(0.65 - 12 / 25)
