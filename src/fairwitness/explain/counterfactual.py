"""The nearest allowed change of one row with which the deployed model would decide otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.subject import Rows
from fairwitness.explain.levers import Floats, Levers

Points = NDArray[np.intp]
Judge = Callable[[Rows], tuple[Floats, NDArray[np.bool_]]]
"""Rows -> (m,) how near each is to the wanted decision, the higher the nearer, and (m,) whether it has it."""

BUDGET = 200_000
"""Rows that are put to the model, at most."""
MOST = 3
"""Things that are changed together, at most: advice that asks for more is hard to follow."""
WANTED = 3
"""Ways out that are looked for."""
AT_ONCE = 4_096
"""Rows put to the model together."""
WIDTH, OF_A_SET = 48, 4
"""Near misses that are changed further, where not everything can be tried; and how many of them change the same things."""
COARSE = 12
"""Settings of a lever that near misses are tried with."""
POLISHED, TRADED = 6, 200
"""Sets of levers whose first hit is drawn nearer, where not everything was tried; and settings of one that are traded for
the other's."""

Ending = Literal["found", "none exists", "none so small", "none found"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One way to the wanted decision.

    Attributes:
        levers: What is changed, by name.
        values: Column to its value before and after.
        distance: Sum of the changes, each in spreads of its column.
    """

    levers: tuple[str, ...]
    values: Mapping[str, tuple[Any, Any]]
    distance: float

    @property
    def order(self) -> tuple[int, float]:
        """What makes one change nearer than another: fewer things first, then the smaller sum."""
        return len(self.levers), self.distance


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search found, and how far it looked.

    Attributes:
        found: Ways out, the nearest first; none changes all that another one does, and more.
        ending: `none exists`: every allowed point was tried. `none so small`: every point with as few changes as were
            asked for. `none found`: within the budget, which proves nothing.
        proved: Every allowed point nearer than the first of `found` was tried. Points are the values of `Levers`.
        most: Things changed together, at most.
        spent: Rows put to the model.
        budget: How many might have been.
        stopped: It was interrupted; what was found until then is here.
    """

    found: tuple[Change, ...]
    ending: Ending
    proved: bool
    most: int
    spent: int
    budget: int
    stopped: bool = False


def nobody(done: int, of: int) -> None:
    """Tell nobody."""


def nearest(
    judge: Judge,
    space: Levers,
    *,
    most: int = MOST,
    wanted: int = WANTED,
    budget: int = BUDGET,
    told: Callable[[int, int], None] = nobody,
) -> Search:
    """Look for the nearest changes; first all that change one thing, then two, and so on.

    A step of the search tries every point where the budget allows, and then it proves what it says. Otherwise it goes on
    from the near misses of the step before, and draws each hit nearer, one lever after another.

    Args:
        judge: The deployed model on raw rows, and what is wanted of it.
        space: What may change, and how.
        most: Things changed together, at most.
        wanted: Ways out to look for; the search ends with the step that has as many.
        budget: Rows put to the model, at most.
        told: Called with rows done, of so many.

    Returns:
        What was found. Whether a person can bring a change about, and whether it would help in the world as it does in
        the model, is not known here.

    Source:
        Wachter, Mittelstadt & Russell 2018, Harvard JOLT 31(2):841-887, for the aim; Ustun, Spangher & Liu 2019, FAT*,
        for keeping to what a person can change; Karimi et al. 2021, FAccT, for why a nearest point is not yet advice.
    """
    run = _Run(judge=judge, space=space, budget=budget, told=told)
    most = min(most, len(space))
    complete, proved, stopped = True, False, False
    try:
        for count in range(1, most + 1):
            before = bool(run.best)
            complete &= run.level(count)
            proved |= not before and bool(run.best) and complete
            if len(run.best) >= wanted or run.left <= 0:
                complete &= count == most
                break
    except KeyboardInterrupt:
        complete, stopped = False, True
    found = _ways(run, wanted)
    ending: Ending = "found" if found else "none found"
    if not found and complete:
        ending = "none exists" if most == len(space) else "none so small"
    return Search(found=found, ending=ending, proved=proved, most=most, spent=run.spent, budget=budget, stopped=stopped)


@dataclass(slots=True)
class _Run:
    """A search under way.

    Attributes:
        best: Levers that are changed to the nearest point that has the wanted decision, and its distance.
        misses: (p, levers) near misses of the last step, the nearest first.
    """

    judge: Judge
    space: Levers
    budget: int
    told: Callable[[int, int], None]
    spent: int = 0
    best: dict[tuple[int, ...], tuple[float, Points]] = field(default_factory=dict)
    misses: list[tuple[float, Points]] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.budget - self.spent

    def ask(self, points: Points) -> tuple[Floats, NDArray[np.bool_]]:
        """The model about some points, as many as the budget leaves."""
        margins, reached = self.judge(self.space.rows(points))
        self.spent += len(points)
        self.told(self.spent, self.budget)
        return margins, reached

    def level(self, count: int) -> bool:
        """Change so many things together; whether every such point was tried."""
        sizes = [len(lever) for lever in self.space.levers]
        open_ = [slot for slot in range(len(sizes)) if not self._covered([slot])]
        near = _Near()
        whole = _points([sizes[slot] for slot in open_], count) <= self.left
        sets = (each for each in combinations(open_, count) if not self._covered(each))
        if whole:
            self._try(_grids(sets, sizes), near)
        elif count == 1:
            few = [min(size, max(self.left // len(sizes), 1)) for size in sizes]
            self._try(_grids(sets, few, of=sizes), near)
        else:
            self._try(self._further(), near)
            self._polish(count)
        self.misses = near.kept()
        return whole

    def _covered(self, levers: Iterable[int]) -> bool:
        """Whether a part of these levers suffices already."""
        chosen = set(levers)
        return any(chosen.issuperset(fewer) for fewer in self.best)

    def _try(self, points: Iterator[Points], near: _Near) -> None:
        """Ask about points in batches, and keep hits and near misses."""
        for batch in _batches(points):
            asked = batch[: self.left]
            if not len(asked):
                return
            margins, reached = self.ask(asked)
            self._keep(asked[reached])
            near.add(asked[~reached], margins[~reached])

    def _keep(self, points: Points) -> None:
        """The nearest hit of each set of levers."""
        for point, distance in zip(points, self.space.distance(points), strict=True):
            levers = tuple(np.flatnonzero(point >= 0).tolist())
            if levers not in self.best or distance < self.best[levers][0]:
                self.best[levers] = (float(distance), point)

    def _further(self) -> Iterator[Points]:
        """Each near miss with one more lever, at a few of its settings."""
        for _, point in self.misses:
            for slot, lever in enumerate(self.space.levers):
                levers = [*np.flatnonzero(point >= 0).tolist(), slot]
                if point[slot] >= 0 or self._covered(levers):
                    continue
                settings = np.unique(np.linspace(0, len(lever) - 1, min(COARSE, len(lever))).round().astype(np.intp))
                made = np.tile(point, (len(settings), 1))
                made[:, slot] = settings
                yield made

    def _polish(self, count: int) -> None:
        """Draw hits nearer: one lever gives way to another, and each goes back as far as the decision allows."""
        rough = {levers: distance for levers, (distance, _) in self.best.items() if len(levers) == count}
        for levers in sorted(rough, key=rough.__getitem__)[:POLISHED]:
            moved = True
            while moved and self.left > 0:
                before = self.best[levers][0]
                for one, other in combinations(levers, 2):
                    self._trade(levers, one, other)
                for slot in levers:
                    self._back(levers, slot)
                moved = self.best[levers][0] < before

    def _back(self, levers: tuple[int, ...], slot: int) -> None:
        """One lever as near as it can be, the others as they are."""
        point = self.best[levers][1]
        nearer = np.tile(point, (point[slot], 1))
        nearer[:, slot] = np.arange(point[slot])
        self._asked(nearer)

    def _trade(self, levers: tuple[int, ...], one: int, other: int) -> None:
        """One lever at several settings, and for each the nearest of the other, by halving: further is taken to help."""
        point = self.best[levers][1]
        ones, others = (self._same_side(slot, point[slot]) for slot in (one, other))
        ones = ones[np.unique(np.linspace(0, len(ones) - 1, min(TRADED, len(ones))).round().astype(np.intp))]
        low, high = np.zeros(len(ones), dtype=np.intp), np.full(len(ones), len(others) - 1)
        made = np.tile(point, (len(ones), 1))
        made[:, one] = ones
        while (low < high).any() and self.left > 0:
            middle = (low + high) // 2
            made[:, other] = others[middle]
            reached = self._asked(made)
            high[reached], low[~reached] = middle[reached], np.minimum(middle + 1, high)[~reached]
        made[:, other] = others[high]
        self._asked(made)

    def _asked(self, points: Points) -> NDArray[np.bool_]:
        """Which points have the wanted decision, as far as the budget goes; hits are kept."""
        reached = np.zeros(len(points), dtype=bool)
        asked = points[: max(self.left, 0)]
        if len(asked):
            reached[: len(asked)] = self.ask(asked)[1]
            self._keep(points[reached])
        return reached

    def _same_side(self, slot: int, setting: int) -> Points:
        """Settings of a number that lie to the same side of the row, the nearest first; of anything else, the one."""
        lever = self.space.levers[slot]
        values = lever.values.get(lever.name)
        if values is None or values.dtype == object:
            return np.array([setting], dtype=np.intp)
        x = self.space.row.columns[lever.name][0]
        return np.flatnonzero((values > x) == (values[setting] > x))


@dataclass(slots=True)
class _Near:
    """The nearest misses, a few of each set of levers."""

    held: dict[bytes, list[tuple[float, Points]]] = field(default_factory=dict)

    def add(self, points: Points, margins: Floats) -> None:
        """Keep the best of a batch."""
        for at in np.argsort(-margins, kind="stable")[: 4 * WIDTH]:
            same = self.held.setdefault((points[at] >= 0).tobytes(), [])
            same.append((float(margins[at]), points[at]))
            same.sort(key=lambda pair: -pair[0])
            del same[OF_A_SET:]

    def kept(self) -> list[tuple[float, Points]]:
        every = [pair for same in self.held.values() for pair in same]
        return sorted(every, key=lambda pair: -pair[0])[:WIDTH]


def _ways(run: _Run, wanted: int) -> tuple[Change, ...]:
    """The nearest hits, once more put to the model and each by itself: a batch may round otherwise."""
    made = []
    for levers, (distance, point) in run.best.items():
        after = run.space.rows(point[None])
        if not run.judge(after)[1][0]:
            continue
        named = [run.space.levers[slot] for slot in levers]
        changed = {
            name: (run.space.row.columns[name][0], after.columns[name][0]) for lever in named for name in lever.values
        }
        values = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
        made.append(Change(levers=tuple(lever.name for lever in named), values=values, distance=distance))
    return tuple(sorted(made, key=lambda change: change.order)[:wanted])


def _points(sizes: Iterable[int], count: int) -> int:
    """How many points change so many of the levers: the elementary symmetric polynomial of their sizes.

    >>> _points([2, 3, 4], 2)
    26
    """
    ways = [1] + [0] * count
    for size in sizes:
        for k in range(count, 0, -1):
            ways[k] += size * ways[k - 1]
    return ways[count]


def _grids(sets: Iterable[tuple[int, ...]], sizes: list[int], *, of: list[int] | None = None) -> Iterator[Points]:
    """Every point of each set of levers; with `of`, so many of those many settings, evenly."""
    for levers in sets:
        axes = [np.arange(sizes[slot]) for slot in levers]
        if of is not None:
            axes = [np.linspace(0, of[slot] - 1, sizes[slot]).round().astype(np.intp) for slot in levers]
        total = math.prod(len(axis) for axis in axes)
        for start in range(0, total, AT_ONCE):
            places = np.unravel_index(np.arange(start, min(start + AT_ONCE, total)), [len(axis) for axis in axes])
            made = np.full((len(places[0]), len(sizes)), -1, dtype=np.intp)
            for slot, axis, place in zip(levers, axes, places, strict=True):
                made[:, slot] = axis[place]
            yield made


def _batches(points: Iterator[Points]) -> Iterator[Points]:
    """Pieces put together to about as many as go to the model at once."""
    held: list[Points] = []
    for piece in points:
        held.append(piece)
        if sum(map(len, held)) >= AT_ONCE:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)
