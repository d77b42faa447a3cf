"""How well one column alone tells one class from the rest: counts of its levels are all that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.estimate import Estimate
from fairwitness.stats.auc import areas, auc_from_histogram

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FOLDS = 5
FEW_LEVELS = 20
"""A numeric column with no more distinct values than this is read as codes, in any order."""
SHRINK = 2.0
"""Rows' worth of the overall rate that a level's own rate is shrunk by, so rare levels say little."""


@dataclass(frozen=True, slots=True)
class Levels:
    """A column as levels.

    Attributes:
        codes: (n,) int64 in [0, size).
        size: How many levels there are; missing is a level of its own, the last.
        ordered: Levels stand in order, so they may be ranked; otherwise they are names.
        missing: The last level means missing.
    """

    codes: Ints
    size: int
    ordered: bool
    missing: bool


def levels(values: NDArray[Any], column: Column) -> Levels:
    """The levels of a column: numbers and dates in order, categories as they come.

    Args:
        values: (n,) float64 with NaN for missing, or object of str or None.
        column: Its kind decides whether the levels have an order.
    """
    if values.dtype.kind == "f":
        unique, codes = np.unique(values, return_inverse=True)
        missing = bool(len(unique)) and bool(np.isnan(unique[-1]))
        return Levels(codes.astype(np.int64), len(unique), len(unique) - missing > FEW_LEVELS, missing)
    items = values.tolist()  # hashing beats sorting: strings remember their hash
    seen = {item: index for index, item in enumerate(dict.fromkeys(items))}
    codes = np.fromiter(map(seen.__getitem__, items), np.int64, len(items))
    missing, dated = None in seen, column.kind == "date"
    names = sorted(name for name in seen if name is not None) if dated else [n for n in seen if n is not None]
    place = np.empty(max(len(seen), 1), dtype=np.int64)
    for rank, name in enumerate(names):
        place[seen[name]] = rank
    if missing:
        place[seen[None]] = len(names)
    return Levels(place[codes], len(seen), dated and len(names) > FEW_LEVELS, missing)


def fold_of(labels: Ints, *, rng: np.random.Generator, folds: int = FOLDS) -> Ints:
    """(n,) int64 fold of each row, at random and stratified: every fold holds each label equally often, up to one."""
    order = np.argsort(labels, kind="stable")
    shuffled = order[np.lexsort((rng.random(len(labels)), labels[order]))]
    fold = np.empty(len(labels), dtype=np.int64)
    fold[shuffled] = np.arange(len(labels)) % folds
    return fold


def telling(column: Levels, labels: Ints, fold: Ints, sides: Sequence[int], *, level: float) -> list[Estimate]:
    """How well the column alone tells classes from the rest.

    Ranks are used where the levels have an order, in whichever direction and with missing at whichever end tells
    more. Names are replaced by how often the class occurs with them in the other folds, so that a column of ids, each
    seen once, tells nothing.

    Args:
        column: The column's levels.
        labels: (n,) class of each row, counted from 0.
        fold: (n,) fold of each row, from `fold_of`.
        sides: Classes to tell from the rest; of two classes, telling one tells the other.
        level: Two-sided confidence of each interval on its own.

    Returns:
        AUC of each side, in [0, 1].

    Raises:
        TooFewError: Nobody or everybody is of a side's class.
    """
    if column.ordered:
        return _by_rank(column, labels, sides, level)
    return _by_name(merged(column), labels, fold, sides, level)


def merged(column: Levels) -> Levels:
    """Levels that occur in one row only, made one level: alone they can tell nothing about another row."""
    often = np.bincount(column.codes, minlength=column.size) > 1
    if often.all():
        return column
    place = np.where(often, np.cumsum(often) - 1, often.sum())
    return Levels(place[column.codes], int(often.sum()) + 1, ordered=False, missing=False)


def _by_rank(column: Levels, labels: Ints, sides: Sequence[int], level: float) -> list[Estimate]:
    classes = int(labels.max(initial=0)) + 1
    table = np.bincount(column.codes * classes + labels, minlength=column.size * classes).reshape(-1, classes)
    orders = [table, np.roll(table, 1, axis=0)] if column.missing else [table]  # rolled: missing at the other end
    found = []
    for side in sides:
        halves = [(each.sum(axis=1) - each[:, side], each[:, side]) for each in orders]
        halves += [(down[::-1], up[::-1]) for down, up in halves]
        down, up = max(halves, key=lambda half: float(areas(*half)))
        found.append(auc_from_histogram(down, up, level=level))
    return found


def _by_name(column: Levels, labels: Ints, fold: Ints, sides: Sequence[int], level: float) -> list[Estimate]:
    folds, classes = int(fold.max(initial=0)) + 1, int(labels.max(initial=0)) + 1
    cell = (fold * column.size + column.codes) * classes + labels
    inside = np.bincount(cell, minlength=folds * column.size * classes).reshape(folds, column.size, classes)
    outside = inside.sum(axis=0) - inside
    seen, whole = outside.sum(axis=2), inside.sum(axis=2)
    found = []
    for side in sides:
        hits, own = outside[:, :, side], inside[:, :, side]
        prior = hits.sum() / max(seen.sum(), 1)
        scores = (hits + SHRINK * prior) / (seen + SHRINK)
        _, place = np.unique(scores.round(12), return_inverse=True)  # equal up to rounding is a tie
        down, up = (np.bincount(place.ravel(), weights=each.ravel()) for each in (whole - own, own))
        found.append(auc_from_histogram(down, up, level=level))
    return found
