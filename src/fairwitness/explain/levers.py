"""What could be otherwise about one row, by what is declared of its columns: the space a counterfactual is looked for in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.draw.words import listed

Floats = NDArray[np.float64]

USUAL = (0.01, 0.99)
"""Quantiles of the training rows that stand in for bounds that are not declared."""
STEPS_A_SPREAD = 20.0
"""A number without a step moves by at most this part of the training rows' standard deviation, codes far out cut off."""
MOST_STEPS = 1_000
"""Values of one number that are tried; where there are more, only every few steps."""
MOST_CATEGORIES = 20
"""Other categories that are tried, the most frequent first."""
FEWEST = 5
"""Training rows a category must have to be tried: what hardly anybody has is no advice."""
EXCHANGE = 1.0
"""Distance of another category, in spreads: as far as one standard deviation of a number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lever:
    """One thing about a row that could be otherwise.

    Attributes:
        name: The column, or the set of columns of which one is 1.
        values: Column to (m,) what it becomes in each of the m settings, the nearest first.
        costs: (m,) distance of each setting, ascending: in standard deviations of the column over training rows, the
            hundredth at either end drawn in.
    """

    name: str
    values: Mapping[str, NDArray[Any]]
    costs: Floats

    def __len__(self) -> int:
        return len(self.costs)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levers:
    """Everything that could be otherwise about one row.

    Attributes:
        row: The one row.
        levers: Those with at least one setting.
        fixed: Columns that stay as they are, for one reason or another.
        notes: What stood in for what is not declared, and what was left out.
    """

    row: Rows
    levers: tuple[Lever, ...]
    fixed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.levers)

    def rows(self, points: NDArray[np.intp]) -> Rows:
        """Raw rows, ready for the deployed model.

        Args:
            points: (p, levers) which setting of each lever; −1 leaves it as it is.
        """
        p = len(points)
        columns = {name: np.repeat(held, p) for name, held in self.row.columns.items()}
        for slot, lever in enumerate(self.levers):
            moved = points[:, slot] >= 0
            for name, values in lever.values.items():
                columns[name][moved] = values[points[moved, slot]]
        media = {name: np.broadcast_to(held, (p, *held.shape[1:])) for name, held in self.row.media.items()}
        return Rows(ids=np.repeat(self.row.ids, p), columns=columns, media=media)

    def distance(self, points: NDArray[np.intp]) -> Floats:
        """(p,) sum of the costs of what is changed."""
        total = np.zeros(len(points))
        for slot, lever in enumerate(self.levers):
            moved = points[:, slot] >= 0
            total[moved] += lever.costs[points[moved, slot]]
        return total


@dataclass(slots=True)
class _Noted:
    """What there is to say about columns, gathered."""

    never: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unbounded: list[str] = field(default_factory=list)
    stepped: list[str] = field(default_factory=list)

    def sentences(self) -> tuple[str, ...]:
        low, high = (f"{100 * end:g}" for end in USUAL)
        return tuple(
            words
            for words in (
                f"Not recorded for this row, so not changed: {listed(self.missing)}." if self.missing else "",
                f"No low or high is declared for {listed(self.unbounded)}: what lies between the {low}st and the {high}th "
                "percentile of training rows was tried."
                if self.unbounded
                else "",
                f"Tried in steps: {listed(self.stepped, shown=6)}." if self.stepped else "",
            )
            if words
        )


def levers(columns: Sequence[Column], row: Rows, training: Rows, *, fixed: Sequence[str] = ()) -> Levers:
    """What could be otherwise about a row.

    Args:
        columns: What the model reads; texts, dates, images and series do not change.
        row: The one row.
        training: Rows whose spread is the unit of distance, and whose categories and, where none are declared, usual range
            are tried.
        fixed: Columns that may not change, such as sensitive ones.
    """
    noted = _Noted()
    found: list[Lever] = []
    sets: dict[str, list[Column]] = {}
    for column in columns:
        if column.one_of is not None:
            sets.setdefault(column.one_of, []).append(column)
        elif column.name in fixed or column.change == "never":
            noted.never.append(column.name)
        elif column.kind == "boolean":
            found += _exchanged(column, row, noted)
        elif column.numeric:
            found += _number(column, row, training, noted)
        elif column.kind == "category":
            found += _category(column, row, training, noted)
        else:
            noted.never.append(column.name)
    for name, members in sets.items():
        if any(column.name in fixed for column in members):
            noted.never += [column.name for column in members]
        else:
            found += _one_of(name, members, row, noted)
    kept = tuple(lever for lever in found if len(lever))
    return Levers(row=row, levers=kept, fixed=tuple(noted.never), notes=noted.sentences())


def _number(column: Column, row: Rows, training: Rows, noted: _Noted) -> list[Lever]:
    x = float(row.columns[column.name][0])
    if math.isnan(x):
        noted.missing.append(column.name)
        return []
    seen = training.columns[column.name]
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        return []
    low, high = (float(end) for end in np.quantile(seen, USUAL))
    if column.low is None or column.high is None:
        noted.unbounded.append(column.name)
    low, high = (low if column.low is None else column.low), (high if column.high is None else column.high)
    usual = np.clip(seen, *np.quantile(seen, USUAL))  # a few codes such as 999,999 are no spread
    spread = float(usual.std()) or (high - low) or 1.0
    declared = column.step or (1.0 if column.kind == "integer" else None)
    step = declared or round_below(spread / STEPS_A_SPREAD)
    if declared is None and (usual == np.round(usual)).all():
        step = max(step, 1.0)  # whole numbers, whatever the column is declared to be
    reach = (high - low) / step
    if reach > MOST_STEPS:
        step *= round_above(reach / MOST_STEPS)
    if declared is None or step != declared:
        noted.stepped.append(f"{column.name} by {step:g}")
    values = _along(x, low, high, step, whole=declared is not None)
    if column.change == "up":
        values = values[values > x]
    elif column.change == "down":
        values = values[values < x]
    costs = np.abs(values - x) / spread
    order = np.argsort(costs, kind="stable")
    return [Lever(name=column.name, values={column.name: values[order]}, costs=costs[order])]


def _along(x: float, low: float, high: float, step: float, *, whole: bool) -> Floats:
    """Values between the bounds: whole steps from the row, or, of a number that has no step, round ones."""
    start = x if whole else 0.0
    first, last = math.ceil((low - start) / step - 1e-9), math.floor((high - start) / step + 1e-9)
    values = start + step * np.arange(first, last + 1, dtype=np.float64)
    if not whole:  # 0.30000000000000004 is 0.3
        values = np.round(values, max(0, -math.floor(math.log10(step))))
    return np.asarray(values[values != x])


def _exchanged(column: Column, row: Rows, noted: _Noted) -> list[Lever]:
    """A yes that becomes a no, or the other way."""
    x = float(row.columns[column.name][0])
    if math.isnan(x):
        noted.missing.append(column.name)
        return []
    other = 1.0 - x
    if (column.change == "up" and other < x) or (column.change == "down" and other > x):
        return []
    return [Lever(name=column.name, values={column.name: np.array([other])}, costs=np.array([EXCHANGE]))]


def _category(column: Column, row: Rows, training: Rows, noted: _Noted) -> list[Lever]:
    """Other categories; they have no order, so one that may only go up or down does not move."""
    x = row.columns[column.name][0]
    if x is None:
        noted.missing.append(column.name)
        return []
    if column.change != "free":
        noted.never.append(column.name)
        return []
    held = np.array([value for value in training.columns[column.name] if value is not None], dtype=np.str_)
    names, counts = np.unique(held, return_counts=True)
    often = [names[at] for at in np.argsort(-counts, kind="stable") if counts[at] >= FEWEST and names[at] != x]
    values = np.array([str(name) for name in often[:MOST_CATEGORIES]], dtype=object)
    return [Lever(name=column.name, values={column.name: values}, costs=np.full(len(values), EXCHANGE))]


def _one_of(name: str, members: Sequence[Column], row: Rows, noted: _Noted) -> list[Lever]:
    """Another of the columns is 1, as far as both may change; a row of which none or several are 1 stays."""
    x = np.array([float(row.columns[column.name][0]) for column in members])
    if not np.isin(x, (0.0, 1.0)).all() or x.sum() != 1:
        noted.missing.append(name)
        return []
    now = members[int(x.argmax())]
    to = [column for column in members if column is not now and column.change in {"free", "up"}]
    if now.change not in {"free", "down"}:
        to = []
    values = {column.name: np.array([float(column is one) for one in to]) for column in members}
    return [Lever(name=name, values=values, costs=np.full(len(to), EXCHANGE))]


def round_below(value: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is not above.

    >>> round_below(0.37), round_below(1)
    (0.2, 1.0)
    """
    power = 10.0 ** math.floor(math.log10(value) + 1e-12)
    return max(times * power for times in (1, 2, 5) if times * power <= value * (1 + 1e-9))


def round_above(value: float) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that is not below; of a number of at least 1, a whole one.

    >>> round_above(3), round_above(1)
    (5.0, 1.0)
    """
    power = 10.0 ** math.floor(math.log10(value) + 1e-12)
    return min(times * power for times in (1, 2, 5, 10) if times * power >= value * (1 - 1e-9))
