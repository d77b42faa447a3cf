"""Worst slices: all conjunctions by brute force, Fisher's test by SciPy, false alarms, and a planted slice."""

from __future__ import annotations

import tracemalloc
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from fairwitness.fairness.slicing import Slice, Value, apart, confirmed, find, inside, score


def table(n: int, columns: int, seed: int, levels: int = 3) -> list[Value]:
    """Columns of categories, the first of which is rare."""
    rng = np.random.default_rng(seed)
    made = []
    for name in range(columns):
        held = rng.choice(levels, n, p=np.array([0.15, 0.35, 0.5]) if levels == 3 else None)
        made += [Value(column=f"c{name}", words=str(each), holds=held == each) for each in range(levels)]
    return made


def every(values: list[Value], wrong: NDArray[np.bool_], depth: int, least: int) -> list[float]:
    """Scores of all conjunctions, the highest first, by going through them."""
    found = []
    for number in range(1, depth + 1):
        for chosen in combinations(range(len(values)), number):
            if len({values[place].column for place in chosen}) < number:
                continue
            mask = np.logical_and.reduce([values[place].holds for place in chosen])
            if mask.sum() >= max(least, 1) and (mask & wrong).any():
                size, hits = float(mask.sum()), float((mask & wrong).sum())
                found.append(0.95 * (hits / size / wrong.mean() - 1) - 0.05 * (len(wrong) / size - 1))
    return sorted((each for each in found if each > 0), reverse=True)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_best_are_those_of_all_conjunctions(seed: int, depth: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(70, 400))
    values = table(n, 6, seed)
    wrong = rng.random(n) < 0.1 + 0.4 * (values[0].holds & values[4].holds)
    for keep, least in ((1, 1), (7, 12), (500, 5)):
        found = find(values, wrong, depth=depth, least=least, keep=keep)
        assert not found.cut
        assert [each.score for each in found.slices] == pytest.approx(every(values, wrong, depth, least)[:keep])
        for one in found.slices:
            mask = inside(one, values)
            assert (one.size, one.wrong) == (mask.sum(), (mask & wrong).sum())


def test_a_search_over_many_values_keeps_no_rows_of_what_it_leaves_open() -> None:
    """Of 160 values nearly all lead on; the rows of all pairs would take 160 * 160 / 2 * 20,000 / 8 bytes, or 32 MB."""
    rng = np.random.default_rng(0)
    codes = rng.choice(8, p=[0.65] + [0.05] * 7, size=(20, 20_000))
    values = [Value(column=f"c{c}", words=str(k), holds=codes[c] == k) for c in range(20) for k in range(8)]
    tracemalloc.start()
    find(values, rng.random(20_000) < 0.01, depth=3, least=200, keep=40)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8e6


def test_the_score_of_sliceline() -> None:
    """Twice the error in a tenth of the rows: 0.95 (2 − 1) − 0.05 (10 − 1)."""
    assert score(np.array([20.0]), np.array([100.0]), 1000, 0.1)[0] == pytest.approx(0.5)


def test_nothing_wrong_or_nothing_to_slice_by() -> None:
    values = table(100, 2, 0)
    assert find(values, np.zeros(100, dtype=bool), depth=2, least=5, keep=3).slices == ()
    assert find([], np.ones(100, dtype=bool), depth=2, least=5, keep=3).slices == ()


def test_slices_that_are_nearly_the_same_are_told_once() -> None:
    held = np.arange(100) < 40
    values = [
        Value(column="a", words="x", holds=held),
        Value(column="b", words="y", holds=np.arange(100) < 38),
        Value(column="c", words="z", holds=np.arange(100) >= 30),
    ]
    slices = [Slice(values=(place,), size=1, wrong=1, score=1.0) for place in range(3)]
    assert [one.values for one in apart(slices, values, most=3)] == [(0,), (2,)]
    assert len(apart(slices, values, most=1)) == 1


def test_the_other_half_is_tested_by_fisher_and_holm() -> None:
    rng = np.random.default_rng(1)
    values = table(300, 3, 1)
    wrong = rng.random(300) < 0.2 + 0.3 * values[0].holds
    slices = [Slice(values=(0,), size=1, wrong=1, score=1.0), Slice(values=(3,), size=1, wrong=1, score=1.0)]
    found = confirmed(slices, values, wrong)
    plain = []
    for one in slices:
        mask = inside(one, values)
        cells = [
            [(mask & wrong).sum(), (mask & ~wrong).sum()],
            [(~mask & wrong).sum(), (~mask & ~wrong).sum()],
        ]
        plain.append(fisher_exact(cells, alternative="greater").pvalue)
    low, high = sorted(plain)
    assert sorted(each.p for each in found) == pytest.approx([2 * low, max(2 * low, high)])
    assert found[0].gap.value == pytest.approx(wrong[values[0].holds].mean() - wrong[~values[0].holds].mean())


def halves(seed: int, *, planted: float = 0.0, n: int = 800) -> float:
    """The least adjusted p of five slices found on one half, on the other."""
    rng = np.random.default_rng(900 + seed)
    values = table(n, 5, seed)
    wrong = rng.random(n) < 0.15 + planted * (values[0].holds & values[5].holds)
    first = np.arange(n) < n // 2
    mine, theirs = (
        [Value(column=each.column, words=each.words, holds=each.holds[half]) for each in values]
        for half in (first, ~first)
    )
    found = find(mine, wrong[first], depth=2, least=15, keep=40)
    chosen = apart(found.slices, mine, most=5)
    return min((each.p for each in confirmed(chosen, theirs, wrong[~first])), default=1.0)


def test_without_a_worse_slice_the_other_half_finds_one_in_at_most_five_per_cent() -> None:
    assert sum(halves(seed) < 0.05 for seed in range(200)) <= 16


def test_on_the_same_half_it_would_have_found_one_often() -> None:
    """Why the rows are halved: the worst of hundreds is worse by chance."""
    alarms = 0
    for seed in range(20):
        values = table(400, 5, seed)
        wrong = np.random.default_rng(900 + seed).random(400) < 0.15
        found = find(values, wrong, depth=2, least=15, keep=40)
        alarms += min(each.p for each in confirmed(apart(found.slices, values, most=5), values, wrong)) < 0.05
    assert alarms >= 5  # of 1 to be expected


def test_a_planted_slice_is_found() -> None:
    assert sum(halves(seed, planted=0.5, n=3_000) < 0.05 for seed in range(10)) >= 9
