"""Rows that belong together, such as those of one person."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def one_of_each(units: NDArray[Any], rng: np.random.Generator) -> NDArray[np.bool_]:
    """(n,) one row of each unit, drawn at random: rows of one person are no evidence of each other.

    Args:
        units: (n,) whom each row belongs to.
        rng: Draws it.
    """
    order = rng.permutation(len(units))
    named = np.array([str(unit) for unit in units])[order]
    chosen = np.zeros(len(units), dtype=bool)
    chosen[order[np.unique(named, return_index=True)[1]]] = True
    return chosen
