"""Uncovered patterns by brute force over all patterns, people to add, and raking against its own margins."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from fairwitness.data.coverage import rake, to_add, uncovered

AXES = {"race": ("p", "q", "r"), "sex": ("m", "w"), "age": ("old", "young")}


def brute(counts: np.ndarray, least: int) -> set[tuple[tuple[str, str], ...]]:
    """Every pattern with too few whose every wider pattern has enough."""
    names = list(AXES)

    def held(pattern: tuple[int | None, ...]) -> int:
        return int(counts[tuple(slice(None) if code is None else code for code in pattern)].sum())

    found = set()
    for pattern in product(*[(None, *range(len(AXES[name]))) for name in names]):
        wider = [
            tuple(None if place == at else code for place, code in enumerate(pattern))
            for at, fixed in enumerate(pattern)
            if fixed is not None
        ]
        if held(pattern) < least and all(held(each) >= least for each in wider):
            found.add(
                tuple((name, AXES[name][code]) for name, code in zip(names, pattern, strict=True) if code is not None)
            )
    return found


@pytest.mark.parametrize("seed", range(6))
def test_patterns_are_those_of_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.choice([2, 15, 60], (3, 2, 2)))
    found = uncovered(counts, AXES, least=30)
    assert {tuple(pattern.fixed.items()) for pattern in found} == brute(counts, 30)
    wanted = to_add(found, AXES, least=30)
    for pattern in found:
        added = sum(n for person, n in wanted if pattern.fixed.items() <= person.items())
        assert pattern.people + added >= 30
    assert sum(n for _, n in wanted) <= sum(30 - pattern.people for pattern in found)


def test_nobody_is_one_pattern_and_enough_is_none() -> None:
    (whole,) = uncovered(np.zeros((3, 2, 2), dtype=np.int64), AXES, least=30)
    assert not whole.fixed
    assert uncovered(np.full((3, 2, 2), 30), AXES, least=30) == []
    assert to_add([], AXES, least=30) == []


def test_one_person_counts_for_several_patterns() -> None:
    counts = np.full((3, 2, 2), 100)
    counts[0, :, 0] = 5  # old p
    counts[:, 0, 0] = 5  # old m
    found = uncovered(counts, AXES, least=30)
    assert {frozenset(pattern.fixed.items()) for pattern in found} == {
        frozenset({("race", "p"), ("age", "old")}),
        frozenset({("sex", "m"), ("age", "old")}),
    }
    wanted = to_add(found, AXES, least=30)
    assert wanted[0] == ({"race": "p", "sex": "m", "age": "old"}, 15)


def test_too_many_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        uncovered(np.zeros((1001, 1001), dtype=np.int64), {"a": range(1001), "b": range(1001)}, least=1)  # type: ignore[dict-item]  # never read


def test_raking_keeps_margins_and_odds_ratios() -> None:
    counts = np.array([[40, 10], [20, 30]])
    shares = rake(counts, [np.array([0.3, 0.7]), np.array([0.5, 0.5])])
    assert shares is not None
    assert shares.sum(axis=1) == pytest.approx([0.3, 0.7])
    assert shares.sum(axis=0) == pytest.approx([0.5, 0.5])
    assert shares[0, 0] * shares[1, 1] / (shares[0, 1] * shares[1, 0]) == pytest.approx(40 * 30 / (10 * 20))
    assert rake(np.array([[4, 0], [3, 0]]), [np.array([0.5, 0.5]), np.array([0.5, 0.5])]) is None
