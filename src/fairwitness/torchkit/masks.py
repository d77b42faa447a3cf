"""Which rows each of many networks learns from: cross-fitting and shadow models. What belongs together stays together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def halves(units: NDArray[Any], count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(count, n) masks in pairs that share the units, (n,), out between them, so every row is in half of the masks.

    Raises:
        ValueError: `count` is odd or below 2.
    """
    if count < 2 or count % 2:
        raise ValueError(f"{count} masks cannot hold every row in half of them; ask for an even number")
    names, codes = np.unique(units, return_inverse=True)
    masks = np.empty((count, len(units)), dtype=bool)
    for first in range(0, count, 2):
        chosen = rng.permutation(len(names)) < len(names) // 2
        masks[first], masks[first + 1] = chosen[codes], ~chosen[codes]
    return masks


def all_but_one_fold(
    units: NDArray[Any],  # (n,)
    count: int,
    rng: np.random.Generator,
    *,
    labels: NDArray[Any] | None = None,  # (n,) what folds should hold equally much of
) -> NDArray[np.bool_]:
    """(count, n) masks, each of all rows but one fold's; every row is left out of exactly one.

    Folds hold equally many units, up to one; with labels, also of each label, by a unit's first row.

    Raises:
        ValueError: There are fewer than 2 folds, or fewer units than folds.
    """
    names, first, codes = np.unique(units, return_index=True, return_inverse=True)
    if not 2 <= count <= len(names):
        raise ValueError(f"{count} folds of {len(names)} units; at least 2 folds, each with a unit")
    kinds = np.zeros(len(names), dtype=np.int64) if labels is None else np.unique(labels, return_inverse=True)[1][first]
    fold = np.empty(len(names), dtype=np.int64)
    fold[np.lexsort((rng.random(len(names)), kinds))] = np.arange(len(names)) % count
    masks: NDArray[np.bool_] = fold[codes] != np.arange(count)[:, None]
    return masks


def out_of_fold(
    scores: NDArray[np.float64],  # (m, n, ...) of each network, about all rows
    learn: NDArray[np.bool_],  # (m, n) what each has seen
) -> NDArray[np.float64]:
    """(n, ...) what the networks say about rows they have not seen; the mean where that are several.

    Raises:
        ValueError: All networks have seen a row.
    """
    if learn.all(axis=0).any():
        raise ValueError(f"all networks have seen {int(learn.all(axis=0).sum())} of the rows; leave each out of one")
    unseen = (~learn).reshape(*learn.shape, *([1] * (scores.ndim - 2)))
    mean: NDArray[np.float64] = np.mean(scores, axis=0, where=unseen)
    return mean
