"""Two samples of one column, as counts over the same categories: do they differ, and by how much.

Drift is told by two numbers that answer two questions: a p value, whether there is any; and how many points of share have
moved, with an interval, whether it matters. With many rows the first is tiny for drift that nobody need mind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.stats import intervals
from fairwitness.stats.multiple import sidak

Counts = NDArray[np.int64]

LEAST_EXPECTED = 5.0
"""Rows expected in a cell for the chi-square distribution to hold (Cochran 1954, Biometrics 10(4):417-451)."""

MOST_EXACT = 100_000
"""Rows up to which two categories are compared exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How far a column moved.

    Attributes:
        estimate: The widest change in share over all events, in [0, 1], held for all events at once; with its p value.
        place: The event it was observed in: a category, or a cut, by its place.
        signed: After less before, there.
    """

    estimate: Estimate
    place: int
    signed: float


def homogeneity_p(before: ArrayLike, after: ArrayLike, *, ordered: bool = False) -> float:
    """P value of "both samples are drawn from one distribution".

    Args:
        before: (k,) counts by category.
        after: (k,) counts by the same categories.
        ordered: Categories stand in order: neighbours are taken together, else the rarest.

    Returns:
        In (0, 1]: Fisher's exact test of two categories, Pearson's chi-square of more, taken together until 5 rows are
        expected in each (which looks at totals only); 1 where nothing is left to compare.

    Source:
        Fisher 1935; Pearson 1900, Philosophical Magazine 50(302):157-175.
    """
    from scipy import stats

    table = _pooled(_table(before, after), ordered=ordered)
    totals = table.sum(axis=1)
    if table.shape[1] < 2 or not totals.all():
        return 1.0
    if table.shape[1] == 2 and totals.sum() <= MOST_EXACT:
        return min(1.0, float(stats.fisher_exact(table).pvalue))
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def widest_change(before: ArrayLike, after: ArrayLike, *, ordered: bool, level: float = 0.95) -> Change:
    """The widest change in share of an event between two samples.

    Args:
        before: (k,) counts by category, at least one row.
        after: (k,) counts by the same categories, at least one row.
        ordered: Categories stand in order, and events are "at or below": the widest change is then Kolmogorov and
            Smirnov's distance at these cuts. Otherwise each category is an event.
        level: Two-sided confidence, held for all events at once.

    Returns:
        A change in [0, 1]; biased upwards in small samples, as any maximum is, so read its interval.

    Source:
        Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10, for each event; Šidák 1967 for all at once.
    """
    table = _table(before, after)
    hits = table.cumsum(axis=1)[:, :-1] if ordered else table
    if not hits.shape[1]:
        hits = table
    n = table.sum(axis=1)
    low, high = intervals.newcombe(
        (hits[0], hits[1]),
        (np.full(hits.shape[1], n[0]), np.full(hits.shape[1], n[1])),
        level=sidak(level, hits.shape[1]),
    )
    moved = hits[1] / n[1] - hits[0] / n[0]
    place = int(np.argmax(np.abs(moved)))
    least = np.maximum(np.maximum(low, -np.asarray(high)), 0.0)  # of the absolute change, event by event
    most = np.maximum(np.abs(low), np.abs(high))
    value = float(abs(moved[place]))
    return Change(
        estimate=Estimate(
            value=value,
            low=min(float(least.max()), value),
            high=max(float(most.max()), value),
            level=level,
            n=int(n.sum()),
            unit="points",
            method="Newcombe's intervals of the change in share, for all events at once",
            p=homogeneity_p(before, after, ordered=ordered),
        ),
        place=place,
        signed=float(moved[place]),
    )


def _table(before: ArrayLike, after: ArrayLike) -> Counts:
    """(2, k); categories of which nobody is in either are left in, so places stay."""
    table: Counts = np.stack([np.asarray(before, dtype=np.int64), np.asarray(after, dtype=np.int64)])
    if (table < 0).any():
        raise ValueError("counts are not negative")
    return table


def _pooled(table: Counts, *, ordered: bool) -> Counts:
    """Two categories taken together until all have rows enough: it follows from totals, not from the change."""
    table = table[:, table.sum(axis=0) > 0]
    while table.shape[1] > 2:
        totals = table.sum(axis=0)
        if totals.min() * table.sum(axis=1).min() / table.sum() >= LEAST_EXPECTED:
            break
        if ordered:  # the rarest joins its rarer neighbour
            rarest = int(np.argmin(totals))
            beside = np.concatenate([[np.inf], totals, [np.inf]])
            first = rarest - 1 if beside[rarest] <= beside[rarest + 2] else rarest
            table = np.add.reduceat(table, [i for i in range(len(totals)) if i != first + 1], axis=1)
        else:
            order = np.argsort(totals, kind="stable")
            table = np.hstack([table[:, order[2:]], table[:, order[:2]].sum(axis=1, keepdims=True)])
    return table
