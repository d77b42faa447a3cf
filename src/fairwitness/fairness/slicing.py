"""The conjunctions of a few values under which decisions are wrong most often: found on some rows, tested on others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate

Bits = NDArray[np.uint64]
Mask = NDArray[np.bool_]

WEIGHT = 0.95
"""Of a slice's error against its size: above 0, a slice of twice the error need hold only a twentieth of the rows or so."""
MOST_EXPANDED = 20_000
"""Slices of one depth that are made narrower, those that may lead furthest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value, or range of values, of a column: what a slice is made of.

    Attributes:
        column: The column.
        words: The value or range, as it is shown.
        holds: (n,) rows that have it.
    """

    column: str
    words: str
    holds: Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A conjunction, as it was found.

    Attributes:
        values: Places of its values.
        size: Rows in it.
        wrong: Of these, decided wrongly.
        score: See `score`.
    """

    values: tuple[int, ...]
    size: int
    wrong: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best slices, the best first, and whether the search was cut short of all conjunctions."""

    slices: tuple[Slice, ...]
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A slice on rows it was not found on.

    Attributes:
        slice: As it was found.
        size: Rows in it, of those it is tested on.
        wrong: Of these, decided wrongly.
        gap: Share wrong in it less that of the other rows, with an interval that holds for all slices tested.
        p: Of "no more often wrong than the other rows", adjusted for all slices tested (Holm).
    """

    slice: Slice
    size: int
    wrong: int
    gap: Estimate
    p: float


def score(wrong: NDArray[np.float64], size: NDArray[np.float64], n: int, share: float) -> NDArray[np.float64]:
    """What the search makes largest: how far a slice's share of wrong rows lies above all rows', less for its smallness.

    Args:
        wrong: Rows of each slice decided wrongly.
        size: Rows of it, at least 1.
        n: All rows.
        share: Of all rows, decided wrongly; above 0.

    Source:
        Sagadeeva and Boehm 2021, SIGMOD, 2290-2299, equation 5 (SliceLine).
    """
    return WEIGHT * (wrong / size / share - 1) - (1 - WEIGHT) * (n / size - 1)


def find(values: Sequence[Value], wrong: Mask, *, depth: int, least: int, keep: int) -> Found:
    """The conjunctions of at most `depth` values with the highest score above 0.

    Conjunctions that can hold none of the `keep` best are not looked at: no part of a slice has more rows, or more wrong
    ones, than the slice, and of all sizes between `least` and its own one of the two ends is the best for the score.

    Args:
        values: What slices are made of; of one column a slice has one value.
        wrong: (n,) rows decided wrongly.
        depth: Values of a slice, at most.
        least: Rows a slice must have.
        keep: How many are wanted.

    Returns:
        At most `keep` slices. `cut` where more than `MOST_EXPANDED` of one depth could lead on: then better ones may be left.

    Source:
        Sagadeeva and Boehm 2021, SIGMOD, 2290-2299, sections 3 and 4.
    """
    n, total = len(wrong), int(wrong.sum())
    if not values or not total or depth < 1:
        return Found(slices=(), cut=False)
    search = _Search(values, wrong, least=max(least, 1), keep=keep, n=n, share=total / n)
    everybody = np.arange(len(values))
    level = search.narrower((), everybody)
    cut = False
    for _ in range(depth - 1):
        promising = sorted((one for one in level if one.bound > search.threshold), key=lambda one: -one.bound)
        cut |= len(promising) > MOST_EXPANDED
        level = []
        for one in promising[:MOST_EXPANDED]:
            if one.bound > search.threshold:  # it rises on the way
                level += search.narrower(one.values, everybody[one.values[-1] + 1 :])
    best = sorted(search.best, key=lambda each: (-each[0], each[1]))
    return Found(slices=tuple(each[2] for each in best), cut=cut)


@dataclass(frozen=True, slots=True)
class _Open:
    """A slice that may be made narrower, and the highest score that can lead to."""

    values: tuple[int, ...]
    bound: float


class _Search:
    """Rows as bits: a slice's rows are those of all its values at once."""

    def __init__(self, values: Sequence[Value], wrong: Mask, *, least: int, keep: int, n: int, share: float) -> None:
        columns = {name: place for place, name in enumerate(dict.fromkeys(each.column for each in values))}
        self._column = np.array([columns[each.column] for each in values])
        self._bits = np.stack([_packed(each.holds) for each in values])
        self._wrong = _packed(wrong)
        self._least, self._keep, self._n, self._share = least, keep, n, share
        self.best: list[tuple[float, tuple[int, ...], Slice]] = []

    @property
    def threshold(self) -> float:
        """A score must lie above it to matter."""
        return self.best[0][0] if len(self.best) == self._keep else 0.0

    def narrower(self, values: tuple[int, ...], by: NDArray[np.intp]) -> list[_Open]:
        """The slice with each further value, noted if it is among the best, and given back if it may lead on."""
        by = by[~np.isin(self._column[by], self._column[list(values)])]
        inside = self._bits[by]
        for place in values:  # kept for no slice that is open: there may be hundreds of thousands
            inside &= self._bits[place]
        size = np.bitwise_count(inside).sum(axis=1, dtype=np.int64)
        wrong = np.bitwise_count(inside & self._wrong).sum(axis=1, dtype=np.int64)
        kept = np.flatnonzero((size >= self._least) & (wrong > 0))
        scores = score(wrong[kept].astype(float), size[kept].astype(float), self._n, self._share)
        bounds = self._bounds(wrong[kept].astype(float), size[kept].astype(float))
        made = []
        for place, reached, bound in zip(kept.tolist(), scores.tolist(), bounds.tolist(), strict=True):
            names = (*values, int(by[place]))
            if reached > self.threshold:
                self._note(Slice(values=names, size=int(size[place]), wrong=int(wrong[place]), score=reached))
            if bound > self.threshold:
                made.append(_Open(names, bound))
        return made

    def _bounds(self, wrong: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
        """The highest score any part of a slice can have: all its wrong rows, or `least` of them, and few others."""
        ends = (np.full_like(size, self._least), np.maximum(wrong, self._least), size)
        reached = [score(np.minimum(wrong, end), end, self._n, self._share) for end in ends]
        return np.maximum(np.maximum(reached[0], reached[1]), reached[2])

    def _note(self, one: Slice) -> None:
        entry = (one.score, tuple(-place for place in one.values), one)
        if len(self.best) < self._keep:
            heappush(self.best, entry)
        else:
            heapreplace(self.best, entry)


def _packed(mask: Mask) -> Bits:
    """A mask as words of 64 rows, the last filled up with none."""
    filled = np.zeros(-(-len(mask) // 64) * 64, dtype=bool)
    filled[: len(mask)] = mask
    return np.packbits(filled).view(np.uint64)


def apart(slices: Sequence[Slice], values: Sequence[Value], *, most: int, overlap: float = 0.5) -> tuple[Slice, ...]:
    """The first slices of which none shares more than `overlap` of its rows (of both together) with an earlier one."""
    chosen: list[tuple[Slice, Mask]] = []
    for one in slices:
        mask = inside(one, values)
        if all((mask & held).sum() <= overlap * (mask | held).sum() for _, held in chosen):
            chosen.append((one, mask))
        if len(chosen) == most:
            break
    return tuple(one for one, _ in chosen)


def inside(one: Slice, values: Sequence[Value]) -> Mask:
    """(n,) rows of a slice."""
    held: Mask = np.all([values[place].holds for place in one.values], axis=0)
    return held


def confirmed(
    slices: Sequence[Slice], values: Sequence[Value], wrong: Mask, *, level: float = 0.95
) -> tuple[Confirmed, ...]:
    """Slices on rows they were not found on, in the order given.

    Args:
        slices: As they were found; how does not matter, as long as these rows had no part in it.
        values: The same values, on these rows.
        wrong: (n,) rows decided wrongly.
        level: At which the gaps' intervals hold together.

    Returns:
        Those that hold at least one row and leave one out.

    Source:
        Fisher 1935, one-sided; Holm 1979, Scandinavian Journal of Statistics 6(2):65-70; Newcombe 1998, Statistics in Medicine
        17(8):873-890, and Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702, for gaps.
    """
    from scipy.stats import hypergeom

    from fairwitness.stats.intervals import difference
    from fairwitness.stats.multiple import holm, sidak

    masks = [(one, inside(one, values)) for one in slices]
    masks = [(one, mask) for one, mask in masks if 0 < mask.sum() < len(mask)]
    n, total = len(wrong), int(wrong.sum())
    counts = [(int((wrong & mask).sum()), int(mask.sum())) for _, mask in masks]
    adjusted = holm([float(hypergeom.sf(hits - 1, n, total, size)) for hits, size in counts])
    made = []
    for (one, _), (hits, size), p in zip(masks, counts, adjusted, strict=True):
        low, high = difference((total - hits, hits), (n - size, size), level=sidak(level, len(masks)))
        gap = Estimate(
            value=hits / size - (total - hits) / (n - size),
            low=float(low),
            high=float(high),
            level=level,
            n=size,
            unit="points",
            method="difference of two shares, for all slices tested at once",
            p=float(p),
        )
        made.append(Confirmed(slice=one, size=size, wrong=hits, gap=gap, p=float(p)))
    return tuple(made)
