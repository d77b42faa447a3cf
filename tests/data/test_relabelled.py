"""Labels beside those of rows checked again: hand counts, two-phase samples by simulation, sizes by exact enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fairwitness.data import relabelled

Flags = NDArray[np.bool_]


def people(cells: dict[tuple[str, int, int], int]) -> tuple[Flags, NDArray[np.float64], NDArray[np.object_]]:
    """(group, recorded, truth) to count; all of them checked."""
    rows = [cell for cell, n in cells.items() for _ in range(n)]
    group, recorded, truth = zip(*rows, strict=True)
    return np.array(recorded, dtype=bool), np.array(truth, dtype=float), np.array(group, dtype=object)


def test_counted_by_hand_and_tested_by_fisher() -> None:
    cells = {("a", 1, 1): 48, ("a", 0, 1): 2, ("b", 1, 1): 35, ("b", 0, 1): 15, ("a", 0, 0): 50, ("b", 0, 0): 50}
    positives, negatives = relabelled.wrong(*people(cells))
    assert positives.truly
    assert positives.groups == ("a", "b")
    assert positives.gap.value == pytest.approx(0.30 - 0.04)
    assert {name: each.value for name, each in positives.shares.items()} == pytest.approx({"a": 0.04, "b": 0.30})
    assert positives.p == pytest.approx(stats.fisher_exact([[2, 48], [15, 35]]).pvalue)
    assert negatives.p == 1
    assert negatives.gap.value == 0
    assert relabelled.all_alike_p((positives, negatives)) == pytest.approx(2 * positives.p)


def test_rows_chosen_by_what_was_recorded_are_weighted() -> None:
    """Ten times as many recorded negatives are checked; unweighted, wrong labels would look ten times as frequent."""
    rng = np.random.default_rng(0)
    value, held = [], 0
    for _ in range(200):
        n = 6000
        groups = np.where(rng.random(n) < 0.5, "b", "a").astype(object)
        truth = rng.random(n) < 0.5
        recorded = truth & ~(rng.random(n) < np.where(groups == "b", 0.20, 0.05))
        chosen = rng.random(n) < np.where(recorded, 0.03, 0.3)
        positives, _ = relabelled.wrong(recorded, np.where(chosen, truth, np.nan), groups)
        value.append(positives.gap.value or 0.0)
        assert positives.gap.low is not None
        assert positives.gap.high is not None
        held += positives.gap.low <= 0.15 <= positives.gap.high
    assert np.mean(value) == pytest.approx(0.15, abs=0.01)
    assert held >= 183  # of 200 at 95 %, once in 1,000
    assert "weighted" in positives.gap.method


@pytest.mark.parametrize("even", [True, False])
def test_labels_wrong_alike_are_rarely_accused(even: bool) -> None:  # noqa: FBT001 - a case
    rng, fired = np.random.default_rng(1), 0
    for _ in range(200):
        n = 4000
        groups = rng.choice(["a", "b", "c"], n).astype(object)
        truth = rng.random(n) < np.where(groups == "a", 0.6, 0.4)
        recorded = truth ^ (rng.random(n) < 0.1)
        chosen = rng.random(n) < (0.15 if even else np.where(recorded, 0.1, 0.25))
        fired += relabelled.all_alike_p(relabelled.wrong(recorded, np.where(chosen, truth, np.nan), groups)) < 0.05
    assert fired <= 21


def test_nobody_checked_nothing_known() -> None:
    groups = np.array(["a", "b"] * 5, dtype=object)
    assert relabelled.wrong(groups == "a", np.full(10, np.nan), groups) == ()
    assert relabelled.all_alike_p(()) == 1


@pytest.mark.parametrize("rates", [(0.0, 0.2), (0.05, 0.25), (0.1, 0.5)])
def test_the_size_gives_fishers_test_its_power(rates: tuple[float, float]) -> None:
    """By enumeration of all outcomes of the exact test."""
    n = relabelled.fisher_size(rates)
    chance = [stats.binom.pmf(np.arange(n + 1), n, rate) for rate in rates]
    power = sum(
        chance[0][a] * chance[1][b]
        for a in range(n + 1)
        for b in range(n + 1)
        if chance[0][a] * chance[1][b] > 1e-9 and stats.fisher_exact([[a, n - a], [b, n - b]]).pvalue < 0.05
    )
    assert 0.78 <= power <= 0.9


def test_rows_to_separate() -> None:
    """A gap of 10 points at a rate of one half is 20 % of positives flipped, and half of the rows are positive."""
    assert relabelled.rows_to_separate(0.1, 0.5) == 4 * relabelled.fisher_size((0.0, 0.2))
    assert relabelled.rows_to_separate(0.0, 0.5) is None
    with pytest.raises(ValueError, match="no gap"):
        relabelled.fisher_size((0.1, 0.1))


def test_doubted_rows_by_hand() -> None:
    """Thresholds by group and class: 0.7 of positives, 0.75 of negatives' other class; one row falls on the wrong side."""
    recorded = np.array([True, True, True, False, False])
    chance = np.array([0.9, 0.9, 0.1, 0.2, 0.4])
    groups = np.array(["a"] * 5, dtype=object)
    assert relabelled.doubtful(recorded, chance, groups) == {"a": (1, 5)}
