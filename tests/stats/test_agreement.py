"""Krippendorff's alpha: his own example, brute force, and the interval by simulation."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.stats.agreement import alpha, difference


def codes(rows: list[list[int]]) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64).T - 1


def test_krippendorffs_own_example() -> None:
    """Krippendorff 2011, section C: four observers, twelve units, values missing; nominal alpha is 0.743."""
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
    assert alpha(codes(table)).value == pytest.approx(0.743, abs=5e-4)


def test_brute_force_over_all_pairs_of_labels() -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(-1, 3, (25, 4))
    within: list[float] = []
    weights: list[float] = []
    pooled: list[int] = []
    for row in table:
        labels = [int(each) for each in row if each >= 0]
        if len(labels) < 2:
            continue
        pooled += labels
        pairs = [float(a != b) for a, b in permutations(labels, 2)]
        within.append(sum(pairs) / (len(labels) - 1))
        weights.append(len(labels))
    observed = sum(within) / sum(weights)
    expected = np.mean([a != b for a, b in permutations(pooled, 2)])
    assert alpha(table).value == pytest.approx(1 - observed / expected)


def test_perfect_chance_and_unknown() -> None:
    rng = np.random.default_rng(1)
    same = rng.integers(0, 2, 200)
    assert alpha(np.stack([same, same], axis=1)).value == 1
    assert alpha(rng.integers(0, 2, (4000, 3))).value == pytest.approx(0, abs=0.05)
    assert alpha(np.zeros((10, 2), dtype=int)).value is None
    assert alpha(np.array([[0, -1], [1, -1]])).value is None
    assert difference(alpha(np.zeros((4, 2), dtype=int)), alpha(same[:, None] * [1, 1])).value is None


def test_the_interval_covers() -> None:
    """Two annotators who copy the truth with chance 0.7 and else guess: alpha is 0.49 for two even classes."""
    rng, hits = np.random.default_rng(2), 0
    for _ in range(400):
        truth = rng.integers(0, 2, 200)
        told = np.stack([np.where(rng.random(200) < 0.7, truth, rng.integers(0, 2, 200)) for _ in range(2)], axis=1)
        found = alpha(told).estimate()
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 0.49 <= found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_agreement_on_few_rows_is_no_certainty() -> None:
    """Annotators who hardly ever differ: the jackknife alone would cover a third of the time."""
    rng, hits = np.random.default_rng(3), 0
    for _ in range(400):
        truth = rng.integers(0, 2, 40)
        told = np.stack([np.where(rng.random(40) < 0.97, truth, rng.integers(0, 2, 40)) for _ in range(2)], axis=1)
        found = alpha(told).estimate()
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 0.97**2 <= found.high
    assert hits / 400 >= 0.92
