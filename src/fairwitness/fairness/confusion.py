"""Confusion matrices of several classes by group: recall gaps of each class and on average, and cells that stand out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, DECIDED
from fairwitness.core.columns import Grouping
from fairwitness.fairness import contrasts
from fairwitness.fairness.attributes import each_level
from fairwitness.fairness.contrasts import Apart, Known
from fairwitness.stats import intervals
from fairwitness.stats.multiple import all_pairs, sidak
from fairwitness.stats.tally import Tally

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrices:
    """Counts of one attribute's people.

    Attributes:
        groups: Names of those that occur.
        classes: As recorded and decided.
        counts: (groups, recorded, decided).
    """

    grouping: Grouping
    groups: tuple[str, ...]
    classes: tuple[str, ...]
    counts: Counts

    @property
    def recorded(self) -> Counts:
        """(groups, classes) people of each class."""
        return np.asarray(self.counts.sum(axis=2))

    @property
    def right(self) -> Counts:
        """(groups, classes) people of each class who are decided so."""
        return np.asarray(np.diagonal(self.counts, axis1=1, axis2=2))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassGap:
    """One class: how far apart groups are in how often it is recognised, and how often wrongly seen.

    Attributes:
        recalled: Of people of the class, the share decided so (TPR); None where fewer than two groups have any.
        alarmed: Of people of other classes, the share decided so (FPR).
    """

    name: str
    recalled: Apart | None
    alarmed: Apart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A cell of one group's matrix beside everybody else's."""

    group: str
    recorded: str
    decided: str
    hits: int
    n: int
    others: float
    gap: tuple[float, float, float]  # value, low, high


def matrices(tally: Tally, grouping: Grouping, classes: Sequence[str]) -> Matrices:
    """Counts as arrays.

    Args:
        tally: Over the group columns, `CLASS` and `DECIDED`.
        grouping: Of the groups.
        classes: All there are; people decided otherwise, or not at all, are left out.
    """
    groups = tuple(tally.by(grouping.columns))
    place = {name: index for index, name in enumerate(groups)}
    counts = np.zeros((len(groups), len(classes), len(classes)), dtype=np.int64)
    for i, recorded in enumerate(classes):
        of = tally.where({CLASS: recorded})
        for j, decided in enumerate(classes):
            for name, n in of.where({DECIDED: decided}).by(grouping.columns).items():
                counts[place[name], i, j] += n
    return Matrices(grouping=grouping, groups=groups, classes=tuple(classes), counts=counts)


def class_gaps(found: Matrices, *, level: float) -> tuple[ClassGap, ...]:
    """The widest gaps between two groups in each class, whose intervals hold for all classes together.

    Recall of different classes is of different people, so Šidák's rule is exact; false alarms are of people who overlap,
    and Bonferroni's stands for them.
    """
    gaps = []
    people, count = found.counts.sum(axis=(1, 2)), len(found.classes)
    for index, name in enumerate(found.classes):
        n, hits = found.recorded[:, index], found.right[:, index]
        wrong = found.counts[:, :, index].sum(axis=1) - hits
        gaps.append(
            ClassGap(
                name=name,
                recalled=_widest(found.groups, hits, n, level=sidak(level, count), several=count),
                alarmed=_widest(found.groups, wrong, people - n, level=each_level(level, count), several=count),
            )
        )
    return tuple(gaps)


def macro_gap(found: Matrices, *, level: float) -> Apart | None:
    """The widest gap in recall averaged over classes, each counted alike however frequent (macro-averaged TPR).

    A group without people of some class has no average. None with fewer than two groups that have one.
    """
    return contrasts.widest(
        found.groups,
        macro(found, z=all_pairs(level, max(2, int((found.recorded > 0).all(axis=1).sum())))),
        level=level,
        unit="points",
        method="a mean of shares from the limits of each",
    )


def macro(found: Matrices, *, z: float) -> Known:
    """Recall averaged over classes, by group."""
    weight = 1 / len(found.classes)
    return contrasts.combined(
        [
            (weight, contrasts.shares(found.right[:, index], found.recorded[:, index], z=z))
            for index in range(len(found.classes))
        ]
    )


def odd_cells(found: Matrices, *, level: float) -> list[Odd]:
    """Errors by how firmly a group makes them more or less often than everybody else; intervals hold for all together."""
    n = np.repeat(found.recorded[:, :, None], len(found.classes), axis=2)
    rest, others = found.counts.sum(axis=0) - found.counts, n.sum(axis=0) - n
    wrong = ~np.eye(len(found.classes), dtype=bool)[None]
    asked = np.argwhere(wrong & (n > 0) & (others > 0))
    if not len(asked):
        return []
    at = tuple(asked.T)
    low, high = intervals.difference(
        (rest[at], found.counts[at]), (others[at], n[at]), z=intervals.critical(each_level(level, len(asked)))
    )
    value = found.counts[at] / n[at] - rest[at] / others[at]
    cells = [
        Odd(
            group=found.groups[g],
            recorded=found.classes[i],
            decided=found.classes[j],
            hits=int(found.counts[g, i, j]),
            n=int(n[g, i, j]),
            others=float(rest[g, i, j] / others[g, i, j]),
            gap=(float(value[place]), float(low[place]), float(high[place])),
        )
        for place, (g, i, j) in enumerate(asked.tolist())
    ]
    return sorted(cells, key=lambda cell: (-max(cell.gap[1], -cell.gap[2], 0.0), -abs(cell.gap[0])))


def _widest(groups: tuple[str, ...], hits: Counts, n: Counts, *, level: float, several: int) -> Apart | None:
    z = all_pairs(level, max(2, int((n > 0).sum())))
    return contrasts.widest(
        groups,
        contrasts.shares(hits, n, z=z),
        level=level,
        unit="points",
        method=f"from the limits of each share, for {several} classes at once",
    )
