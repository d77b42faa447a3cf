"""Bounds of a gap where groups are not known or may be wrong, against trying every assignment."""

from itertools import pairwise, product

import numpy as np
import pytest

from fairwitness.core.errors import TooFewError
from fairwitness.stats import gaps
from fairwitness.stats.bounds import gap_bounds

CELLS = [
    ({"a": (3, 8), "b": (5, 9)}, (2, 5)),
    ({"a": (0, 4), "b": (6, 6)}, (1, 3)),
    ({"a": (4, 9), "b": (4, 9)}, (3, 3)),
    ({"a": (2, 7), "b": (4, 6), "c": (1, 5)}, (2, 4)),
]


def shares(total: int, groups: int) -> list[tuple[int, ...]]:
    """Every way to share out a number."""
    return [each for each in product(range(total + 1), repeat=groups) if sum(each) == total]


def widest(cells: list[tuple[float, float]]) -> float:
    rates = [h / n for h, n in cells if n]
    return max(rates) - min(rates)


@pytest.mark.parametrize(("known", "unknown"), CELLS)
def test_people_of_unknown_group_are_shared_out_in_every_way(
    known: dict[str, tuple[int, int]], unknown: tuple[int, int]
) -> None:
    chosen, refused = unknown[0], unknown[1] - unknown[0]
    tried = [
        widest([(h + s, n + s + t) for (h, n), s, t in zip(known.values(), hits, misses, strict=True)])
        for hits in shares(chosen, len(known))
        for misses in shares(refused, len(known))
    ]
    found = gap_bounds({k: h for k, (h, _) in known.items()}, {k: n for k, (_, n) in known.items()}, unknown=unknown)
    assert found.most == pytest.approx(max(tried), abs=1e-12)
    assert found.least <= min(tried) + 1e-12
    if len(known) == 2:  # people are whole, so the least may be missed by what one of them moves
        assert found.least == pytest.approx(min(tried), abs=0.07)
    assert found.low <= found.least <= found.most <= found.high


@pytest.mark.parametrize("known", [{"a": (6, 20), "b": (12, 20)}, {"a": (2, 10), "b": (10, 10), "c": (5, 10)}])
def test_wrong_labels_are_moved_in_every_way(known: dict[str, tuple[int, int]]) -> None:
    """Of each recorded group up to a tenth, selected or not, to any other group."""
    names = list(known)
    ways = []
    for h, n in known.values():
        most = n // 10
        ways.append([(x, y) for x in range(min(most, h) + 1) for y in range(min(most - x, n - h) + 1)])
    tried = []
    for out in product(*ways):
        kept = [(h - x, n - x - y) for (h, n), (x, y) in zip(known.values(), out, strict=True)]
        moves = [[(g, x, y) for x, y in _onto(each, len(names) - 1)] for g, each in enumerate(out)]
        for choice in product(*moves):
            cells = [list(each) for each in kept]
            for g, x, y in choice:
                others = [place for place in range(len(names)) if place != g]
                for place, hit, miss in zip(others, x, y, strict=True):
                    cells[place][0] += hit
                    cells[place][1] += hit + miss
            tried.append(widest([(h, n) for h, n in cells]))
    found = gap_bounds({k: h for k, (h, _) in known.items()}, {k: n for k, (_, n) in known.items()}, error=0.1)
    assert found.most == pytest.approx(max(tried), abs=1e-9)
    assert found.least <= min(tried) + 1e-12


def _onto(moved: tuple[int, int], groups: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return list(product(shares(moved[0], groups), shares(moved[1], groups)))


def test_without_doubt_the_bounds_are_the_gap_and_its_interval() -> None:
    hits, totals = {"a": 30, "b": 52, "c": 44}, {"a": 100, "b": 110, "c": 90, "d": 0}
    plain = gaps.widest_gap(hits, {k: n for k, n in totals.items() if n})
    found = gap_bounds(hits, totals)
    assert found.least == found.most == pytest.approx(plain.estimate.value)
    assert (found.low, found.high) == pytest.approx((plain.estimate.low, plain.estimate.high))
    assert found.groups == plain.groups


def test_bounds_widen_with_error_and_with_people_unknown() -> None:
    hits, totals = {"a": 30, "b": 52}, {"a": 100, "b": 110}
    erring = [gap_bounds(hits, totals, error=error) for error in (0, 0.01, 0.05, 0.2)]
    lacking = [gap_bounds(hits, totals, unknown=(people // 2, people)) for people in (0, 4, 20, 80)]
    for many in (erring, lacking):
        assert all(a.most <= b.most and a.least >= b.least for a, b in pairwise(many))


@pytest.mark.parametrize("error", [0.0, 0.1])
def test_the_true_gap_is_held_when_groups_are_lost_or_wrong_as_badly_as_can_be(error: float) -> None:
    """True rates 0.3 and 0.5; whoever is selected in b tends to be recorded nowhere, or under a."""
    rng, held, draws = np.random.default_rng(0), 0, 400
    for _ in range(draws):
        group = rng.random(600) < 0.5
        hit = rng.random(600) < np.where(group, 0.5, 0.3)
        seen = group.copy()
        if error:
            moved = rng.permutation(np.flatnonzero(group & hit))[: int(error * (~group).sum() / (1 - error))]
            seen[moved] = False
        lost = group & hit & (rng.random(600) < (0 if error else 0.4))
        known = {name: (seen == (name == "b")) & ~lost for name in "ab"}
        found = gap_bounds(
            {k: int((hit & rows).sum()) for k, rows in known.items()},
            {k: int(rows.sum()) for k, rows in known.items()},
            unknown=(int((hit & lost).sum()), int(lost.sum())),
            error=error,
        )
        held += found.low <= 0.2 <= found.high
    assert held / draws >= 0.95


def test_one_group_has_no_gap() -> None:
    with pytest.raises(TooFewError):
        gap_bounds({"a": 1}, {"a": 4, "b": 0}, unknown=(1, 2))
    with pytest.raises(ValueError, match="no bounds"):
        gap_bounds({"a": 1, "b": 1}, {"a": 4, "b": 4}, unknown=(3, 2))
