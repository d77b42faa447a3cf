"""Rows equal in everything a model reads, and not in their outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.data.duplicates import equal, row_hashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """Rows whose equals have another class.

    Attributes:
        torn: (n,) whether some row with the same features has another class.
        sizes: (n,) how many rows have the same features, itself among them.
        right: Rows a rule that reads only these features can be right on at most.
    """

    torn: NDArray[np.bool_]
    sizes: NDArray[np.int64]
    right: int

    @property
    def effect(self) -> float:
        """Rows that are torn together, at a row that is torn: so many say no more than one; 1 where none is torn.

        Source:
            Kish 1965, Survey Sampling, section 5.4, on clusters that are alike within; sizes weighted by themselves.
        """
        return float(self.sizes[self.torn].mean()) if self.torn.any() else 1.0


def conflicts(features: Mapping[str, NDArray[Any]], classes: NDArray[Any]) -> Conflicts:
    """Rows that agree in all features, held against their classes.

    Args:
        features: Name to (n,) float64 with NaN, (n,) object of str or None, or (n, ...) images. At least one.
        classes: (n,) object of str, the recorded class.

    Source:
        Fukunaga 1990, Introduction to Statistical Pattern Recognition, 2nd ed., section 3.1: no rule beats the most
        frequent class of each cell.
    """
    hashes = row_hashes(features)
    _, first, cell = np.unique(hashes, return_index=True, return_inverse=True)
    strange = ~equal(features, np.arange(len(hashes)), first[cell])
    cell[strange] = len(first) + np.arange(int(strange.sum()))  # equal hashes of unequal rows: each on its own
    names, coded = np.unique(classes.astype(str), return_inverse=True)
    pairs, sizes = np.unique(cell * len(names) + coded, return_counts=True)
    most = np.zeros(int(cell.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(most, pairs // len(names), sizes)
    kinds = np.bincount(pairs // len(names), minlength=len(most))
    return Conflicts(torn=kinds[cell] > 1, sizes=np.bincount(cell)[cell], right=int(most.sum()))
