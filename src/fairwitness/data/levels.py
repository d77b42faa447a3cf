"""How well one column alone tells one class from the rest: counts of its levels are all that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.estimate import Estimate
from fairwitness.stats import intervals

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


def telling(column: Levels, labels: Ints, fold: Ints, sides: Sequence[int]) -> list[float]:
    """How well the column alone tells classes from the rest.

    Ranks are used where the levels have an order, in whichever direction and with missing at whichever end tells
    more. Names are replaced by how often the class occurs with them in the other folds, so that a column of ids, each
    seen once, tells nothing.

    Args:
        column: The column's levels.
        labels: (n,) class of each row, counted from 0.
        fold: (n,) fold of each row, from `fold_of`.
        sides: Classes to tell from the rest; of two classes, telling one tells the other.

    Returns:
        AUC of each side, in [0, 1]; NaN for a class nobody or everybody is in.
    """
    classes = int(labels.max(initial=0)) + 1
    if column.ordered:
        return _by_rank(column, labels, classes, sides)
    return _by_name(merged(column), labels, classes, fold, sides)


def merged(column: Levels) -> Levels:
    """Levels that occur in one row only, made one level: alone they can tell nothing about another row."""
    often = np.bincount(column.codes, minlength=column.size) > 1
    if often.all():
        return column
    place = np.where(often, np.cumsum(often) - 1, often.sum())
    return Levels(place[column.codes], int(often.sum()) + 1, ordered=False, missing=False)


def auc_of_counts(scores: Floats, positive: NDArray[Any], negative: NDArray[Any]) -> float:
    """AUC of cells: the chance that a positive row scores above a negative one, ties counting half.

    Args:
        scores: (cells,) score of each cell.
        positive: (cells,) rows of the class in it.
        negative: (cells,) the other rows in it.

    Returns:
        In [0, 1]; NaN where one side is empty.
    """
    _, place = np.unique(scores, return_inverse=True)
    return _area(np.bincount(place, weights=positive), np.bincount(place, weights=negative))


def auc_estimate(area: float, positives: int, negatives: int, *, level: float) -> Estimate:
    """An area with its interval, of positive width even at 1.

    Args:
        area: In [0, 1].
        positives: Rows of the class, at least 1.
        negatives: The other rows, at least 1.
        level: Two-sided confidence.
    """
    low, high = intervals.auc(area, positives, negatives, level=level)
    method = "rank AUC, Newcombe's method 5"
    return Estimate(
        value=area, low=float(low), high=float(high), level=level, n=positives + negatives, unit="auc", method=method
    )


def _area(up: NDArray[Any], down: NDArray[Any]) -> float:
    """AUC of cells that stand in ascending order of distinct scores."""
    pairs = float(up.sum()) * float(down.sum())
    if not pairs:
        return float("nan")
    return float(up @ (np.cumsum(down) - 0.5 * down)) / pairs


def _by_rank(column: Levels, labels: Ints, classes: int, sides: Sequence[int]) -> list[float]:
    table = np.bincount(column.codes * classes + labels, minlength=column.size * classes).reshape(-1, classes)
    orders = [table, np.roll(table, 1, axis=0)] if column.missing else [table]  # rolled: missing at the other end
    areas = np.array([[_area(at[:, side], at.sum(axis=1) - at[:, side]) for side in sides] for at in orders])
    best: list[float] = np.maximum(areas, 1 - areas).max(axis=0).tolist()
    return best


def _by_name(column: Levels, labels: Ints, classes: int, fold: Ints, sides: Sequence[int]) -> list[float]:
    folds = int(fold.max(initial=0)) + 1
    cell = (fold * column.size + column.codes) * classes + labels
    inside = np.bincount(cell, minlength=folds * column.size * classes).reshape(folds, column.size, classes)
    outside = inside.sum(axis=0) - inside
    seen, whole = outside.sum(axis=2), inside.sum(axis=2)
    areas = []
    for side in sides:
        hits, own = outside[:, :, side], inside[:, :, side]
        prior = hits.sum() / max(seen.sum(), 1)
        scores = (hits + SHRINK * prior) / (seen + SHRINK)
        areas.append(auc_of_counts(scores.ravel(), own.ravel(), (whole - own).ravel()))
    return areas
