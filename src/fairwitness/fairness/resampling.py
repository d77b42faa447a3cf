"""Rows drawn again so that what is rare counts for more: copies of real rows, none made up."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairwitness.fairness.reweighing import reweighing

Ints = NDArray[np.int64]


def evened(
    groups: ArrayLike, outcomes: ArrayLike, *, weights: ArrayLike | None = None, rng: np.random.Generator
) -> Ints:
    """Places of rows such that group and outcome are independent: each cell as large as chance would have it.

    Args:
        groups: (n,) the group of each row.
        outcomes: (n,) its recorded outcome.
        weights: (n,) how much each row counts; None: all alike.
        rng: Chooses which rows of a cell are copied once more, or left out.

    Returns:
        Rising places, about n of them. No row of a cell is there more than once oftener than another.

    Source:
        Kamiran and Calders 2012, Knowledge and Information Systems 33:1-33, section 5.4, uniform sampling.
    """
    factors = reweighing(groups, outcomes, weights)
    return _drawn(_cells(groups, outcomes), factors, rng=rng)


def oversampled(groups: ArrayLike, outcomes: ArrayLike, *, up_to: float, rng: np.random.Generator) -> Ints:
    """Places of all rows, and of copies of rows of small groups.

    Args:
        groups: (n,) the group of each row.
        outcomes: (n,) its recorded outcome; its shares within a group stay as they are, up to a row.
        up_to: Each group reaches this share of the largest one's rows, in [0, 1].
        rng: Chooses which rows are copied once more.

    Returns:
        Rising places, each at least once.
    """
    codes = np.unique(np.asarray(groups).astype(np.str_), return_inverse=True)[1]
    sizes = np.bincount(codes)
    factors = np.maximum(up_to * sizes.max(initial=0) / np.maximum(sizes, 1), 1.0)
    return _drawn(_cells(groups, outcomes), factors[codes], rng=rng)


def _cells(groups: ArrayLike, outcomes: ArrayLike) -> Ints:
    """(n,) cell of group and outcome."""
    first = np.unique(np.asarray(groups).astype(np.str_), return_inverse=True)[1]
    second = np.unique(np.asarray(outcomes).astype(np.str_), return_inverse=True)[1]
    cells: Ints = (first * (second.max(initial=0) + 1) + second).astype(np.int64)
    return cells


def _drawn(cells: Ints, factors: NDArray[np.float64], *, rng: np.random.Generator) -> Ints:
    """Each row as often as its factor says, alike within a cell; the part of a copy left over goes by lot."""
    times = np.zeros(len(cells), dtype=np.int64)
    for cell in np.unique(cells):
        rows = np.flatnonzero(cells == cell)
        whole, rest = divmod(round(float(factors[rows[0]]) * len(rows)), len(rows))
        times[rows] = whole
        times[rng.choice(rows, rest, replace=False)] += 1
    return np.repeat(np.arange(len(cells)), times)
