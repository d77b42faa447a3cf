"""What a linear probe reads from rows, pictures, texts or a layer's numbers: ridge regression, tried on rows it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.estimate import Estimate
from fairwitness.core.subject import Rows
from fairwitness.data.design import design
from fairwitness.data.near import SIDE, thumbnails
from fairwitness.stats.auc import areas, auc
from fairwitness.stats.levels import FOLDS, fold_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BUCKETS = 512
"""Words of a text are counted in so many cells, by their hash."""
DRAWS = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How well classes are told from a table of numbers.

    Attributes:
        scores: (n, k) of each class, from fits that never saw the row.
        told: Class to the AUC of telling it from the rest; with two classes only the second.
        heights: (1 + draws,) the highest AUC of any class, as seen and under each permutation.
        p: P value of "nothing is told", by permutation of the classes (within strata, where those are given).
    """

    scores: Floats
    told: dict[str, Estimate]
    heights: Floats
    p: float


def linear(
    table: Floats,
    classes: NDArray[Any],
    *,
    rng: np.random.Generator,
    strata: Ints | None = None,
    draws: int = DRAWS,
    level: float = 0.95,
) -> Probe:
    """Tell classes by ridge regression, cross-fitted; one fit a fold serves every permutation.

    Args:
        table: (n, d) numbers.
        classes: (n,) object of str, two or more kinds.
        rng: Divides rows into folds, and permutes.
        strata: (n,) code; classes are permuted within it alone. None: over all rows.
        draws: Permutations.
        level: Confidence of all intervals together (Bonferroni).

    Source:
        Alain and Bengio 2017, ICLR workshop, arXiv 1610.01644, on linear probes; Phipson and Smyth 2010, Statistical
        Applications in Genetics 9(1):39, for the p value.
    """
    names, codes = np.unique(classes.astype(str), return_inverse=True)
    fold = fold_of(codes, rng=rng)
    spread = table.std(axis=0)
    kept = (table[:, spread > 1e-12] - table[:, spread > 1e-12].mean(axis=0)) / spread[spread > 1e-12]
    sides = [1] if len(names) == 2 else list(range(len(names)))
    shuffled = [codes, *(_permuted(codes, strata, rng) for _ in range(draws))]
    wanted = np.stack([(own == side).astype(float) for own in shuffled for side in sides], axis=1)
    given = _ridge(kept, wanted, fold)
    height = np.array(
        [_height(given[:, i * len(sides) : (i + 1) * len(sides)], own, sides) for i, own in enumerate(shuffled)]
    )
    each = 1 - (1 - level) / len(sides)
    scores = given[:, : len(sides)]
    return Probe(
        scores=np.column_stack([-scores, scores]) if len(names) == 2 else scores,
        told={str(names[side]): auc(scores[:, i], codes == side, level=each) for i, side in enumerate(sides)},
        heights=height,
        p=float((height >= height[0] - 1e-12).mean()),
    )


def readable(rows: Rows, columns: Sequence[Column]) -> Floats:
    """(n, d) numbers a linear probe can read: columns as `design` gives, thumbnails of pictures, counts of words.

    Args:
        rows: With all columns, media aboard.
        columns: Which.
    """
    plain = [column for column in columns if not column.media and column.kind not in {"text", "date"}]
    parts = [design(rows.columns, plain)] if plain else []
    for column in columns:
        if column.kind == "image":
            images = rows.media[column.name]
            side = [min(SIDE, length) for length in images.shape[1:3]]
            parts.append(thumbnails(images, *side).reshape(len(rows), -1))
        elif column.kind == "series":
            parts.append(np.nan_to_num(rows.media[column.name].reshape(len(rows), -1).astype(np.float64)))
        elif column.kind == "text":
            parts.append(_counted(rows.columns[column.name]))
    return np.hstack(parts) if parts else np.zeros((len(rows), 0))


def _counted(texts: NDArray[Any]) -> Floats:
    table = np.zeros((len(texts), BUCKETS))
    for row, text in zip(table, texts, strict=True):
        words = [crc32(word.encode("utf-8", "surrogatepass")) % BUCKETS for word in (text or "").lower().split()]
        np.add.at(row, words, 1.0)
    table = np.log1p(table)
    return np.asarray(table / np.maximum(np.sqrt((table**2).sum(axis=1, keepdims=True)), 1e-12))


def _permuted(codes: Ints, strata: Ints | None, rng: np.random.Generator) -> Ints:
    if strata is None:
        return rng.permutation(codes)
    inside = np.argsort(strata, kind="stable")
    shuffled = np.lexsort([rng.random(len(codes)), strata])
    made = np.empty_like(codes)
    made[inside] = codes[shuffled]
    return made


def _ridge(table: Floats, wanted: Floats, fold: Ints) -> Floats:
    """(n, m) predictions of (n, m) targets by ridge regression fitted on the other folds; the penalty is the width."""
    given = np.zeros_like(wanted)
    width = table.shape[1]
    if not width:
        return given
    if width > len(table):  # the same answer from the rows' products: a hundred rows of a thousand columns cost nothing
        products, centred = table @ table.T, wanted - wanted.mean(axis=0)
        for part in range(FOLDS):
            out, seen = fold == part, fold != part
            inner = products[np.ix_(seen, seen)] + width * np.eye(int(seen.sum()))
            given[out] = products[np.ix_(out, seen)] @ np.linalg.solve(inner, centred[seen])
        return given
    parts = [(table[fold == part], wanted[fold == part]) for part in range(FOLDS)]
    grams = [own.T @ own for own, _ in parts]
    crosses = [own.T @ (target - wanted.mean(axis=0)) for own, target in parts]
    for part in range(FOLDS):
        inner = sum(grams) - grams[part] + width * np.eye(width)
        beta = np.linalg.solve(inner, sum(crosses) - crosses[part])
        given[fold == part] = parts[part][0] @ beta
    return given


def _height(scores: Floats, codes: Ints, sides: Sequence[int]) -> float:
    """The highest AUC of any class."""
    found = []
    for i, side in enumerate(sides):
        order = np.argsort(scores[:, i], kind="stable")
        positive = (codes == side)[order].astype(np.int64)
        found.append(float(areas(1 - positive, positive)))
    return max(found)
