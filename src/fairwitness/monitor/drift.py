"""Which columns have moved since the audit, by how much, and what is new in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Estimate
from fairwitness.draw import format as fmt
from fairwitness.monitor.profile import OTHER, Profile, Scale, Values
from fairwitness.stats.multiple import holm
from fairwitness.stats.two_sample import widest_change

LEAST_NAMED = 5
"""Rows of a new category before it is named: a value few have may tell who they are."""

MOST_NAMED = 5

SAME_FACTOR = 0.2
"""By how much factors between tenths may differ, of their logarithm, for one changed unit to explain them all."""
LEAST_FACTOR = 1.5
LEAST_ROWS = 20
"""Rows below which tenths say nothing of a unit."""

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One column, then and now.

    Attributes:
        change: The widest change in share, with its interval; its p value is Holm's over all columns.
        where: What share changed: `at or below 40.5`, `is Black`.
        before: That share then.
        after: And now.
        new: Categories the audit never saw, those few have left out, and their rows.
        new_rows: Rows of any category the audit never saw, or beyond every audited number.
        times: About how many times as large numbers are, where all of them are: a unit has changed.
    """

    column: str
    change: Estimate
    where: str
    before: float
    after: float
    new: Counts
    new_rows: int
    times: float | None

    def told(self, *, alpha: float, least: float) -> bool:
        """Whether it has drifted: it surely has at all, and by enough to matter."""
        p, value = self.change.p, self.change.value
        return p is not None and value is not None and p <= alpha and value >= least


def drifts(
    before: Profile, after: Mapping[str, Counts], values: Mapping[str, Values], *, level: float = 0.95
) -> tuple[Drift, ...]:
    """Every column of two samples that both have, the surest drift first.

    Args:
        before: What was audited.
        after: Column to rows by category, on the same scales.
        values: The columns of numbers as they came, to tell a changed unit.
        level: Of each interval.
    """
    shared = [name for name in before.scales if sum(after.get(name, {}).values()) and sum(before.counts[name].values())]
    found = [_drift(name, before, after[name], values.get(name), level) for name in shared]
    if not found:
        return ()
    corrected = holm([1.0 if each.change.p is None else each.change.p for each in found]).tolist()
    told = [replace(each, change=replace(each.change, p=p)) for each, p in zip(found, corrected, strict=True)]
    return tuple(sorted(told, key=lambda each: (each.change.p or 0.0, -(each.change.value or 0.0), each.column)))


def _drift(name: str, profile: Profile, after: Counts, values: Values | None, level: float) -> Drift:
    scale, before = profile.scales[name], profile.counts[name]
    order = _order(scale, before, after)
    then, now = (np.array([counts.get(value, 0) for value in order]) for counts in (before, after))
    change = widest_change(then, now, ordered=scale.ordered, level=level)
    new = {value: n for value, n in after.items() if n and not before.get(value) and value not in {MISSING, OTHER}}
    if scale.edges:
        new = {value: n for value, n in new.items() if value[0] in "<>"}
    frequent = sorted(((n, value) for value, n in new.items() if n >= LEAST_NAMED), reverse=True)
    first, last = (np.cumsum(counts) if scale.ordered else counts for counts in (then, now))
    return Drift(
        column=name,
        change=change.estimate,
        where=_where(scale, order, change.place, frequent=max(then[change.place], now[change.place]) >= LEAST_NAMED),
        before=float(first[change.place] / then.sum()),
        after=float(last[change.place] / now.sum()),
        new={} if scale.edges else {value: n for n, value in frequent[:MOST_NAMED]},
        new_rows=sum(new.values()),
        times=None if values is None else _times(scale, before, values),
    )


def _order(scale: Scale, before: Counts, after: Counts) -> list[str]:
    """Categories of either: by size where ordered, `(missing)` last."""
    every = {*scale.names, *before, *after} - {MISSING}
    order = sorted(every, key=_size) if scale.ordered else [*dict.fromkeys([*scale.names, *sorted(every)])]
    return [*order, MISSING] if before.get(MISSING) or after.get(MISSING) else order


def _size(name: str) -> float:
    """Where a number or a bin stands: `< a` below its edge, `> b` above the last."""
    if name.startswith("<"):
        return -np.inf
    if name.startswith(">"):
        return np.inf
    try:
        return float(name.lstrip("[").split(",")[0])
    except ValueError:
        return np.inf


def _where(scale: Scale, order: list[str], place: int, *, frequent: bool) -> str:
    """The event in words; values that few have, as the smallest and largest audited, may tell who they are."""
    name = order[place]
    if not scale.ordered:
        return "not recorded" if name == MISSING else f"is {name}" if frequent else "is one value that few have"
    if place + 1 < len(order) and order[place + 1] == MISSING:
        return "recorded"
    if name.startswith("<"):
        return "below the smallest audited"
    if name.startswith("[") and name.endswith("]"):
        return "at most the largest audited"
    end = name[1:-1].partition(", ")[2] if name.startswith("[") else name.lstrip("<> ")
    below = name.endswith(")") or name.startswith("<")
    return f"{'below' if below else 'at most'} {fmt.bare(float(end), 'number')}"


def _times(scale: Scale, before: Counts, values: Values) -> float | None:
    """How many times as large numbers are, if one factor explains every tenth; None otherwise."""
    held = values[~np.isnan(values)] if values.dtype.kind == "f" else values[:0]
    if len(scale.edges) < 4 or len(held) < LEAST_ROWS:
        return None
    counts = np.array([before.get(name, 0) for name in scale.names], dtype=np.float64)
    cuts, reached = np.array(scale.edges[1:-1]), np.cumsum(counts)[:-1] / counts.sum()
    now = np.quantile(held, reached, method="higher")
    usable = (cuts != 0) & (now * cuts > 0)
    if usable.sum() < 3 or usable.mean() < 0.8:
        return None
    factors = np.log(now[usable] / cuts[usable])
    middle = float(np.median(factors))
    alike = np.abs(factors - middle).max() <= SAME_FACTOR * max(abs(middle), 1.0)
    return float(np.exp(middle)) if alike and abs(middle) >= np.log(LEAST_FACTOR) else None
