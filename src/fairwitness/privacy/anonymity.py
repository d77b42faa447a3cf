"""Who stands out: how many people share the values that others may know of a person, and what those then give away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Classes:
    """Rows divided by the values they have in some columns.

    Attributes:
        code: (n,) the class of each row, from 0.
        people: (n,) different units in the row's class, the row's own among them; 1 means unique.
    """

    code: Ints
    people: Ints

    @property
    def k(self) -> int:
        """The size of the smallest class (k-anonymity)."""
        return int(self.people.min())

    @property
    def unique(self) -> NDArray[np.bool_]:
        """(n,) rows of somebody whose values nobody shares."""
        return np.asarray(self.people == 1)


def classes(columns: Sequence[NDArray[Any]], units: NDArray[Any] | None = None) -> Classes:
    """Divide rows by their values; what is missing is a value like any other.

    Args:
        columns: (n,) each, numbers (NaN for missing) or text (None for missing); at least one, of at least one row.
        units: (n,) whose row it is; None: each row is somebody else's.

    Source:
        Sweeney 2002, International Journal of Uncertainty, Fuzziness and Knowledge-Based Systems 10(5):557-570.
    """
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values = _codes(column)
        code = np.unique(code * (values.max() + 1) + values, return_inverse=True)[1].astype(np.int64)
    if units is None:
        return Classes(code, np.bincount(code)[code])
    owner = _codes(units)
    different = np.unique(code * (owner.max() + 1) + owner)  # one entry a class and unit
    return Classes(code, np.bincount(different // (owner.max() + 1))[code])


def distinct(found: Classes, values: NDArray[Any]) -> Ints:
    """(n,) different values of a sensitive column in the class of each row; 1 means that the class gives it away.

    Source:
        Machanavajjhala et al. 2007, ACM TKDD 1(1):3, distinct l-diversity.
    """
    codes = _codes(values)
    pairs = np.unique(found.code * (codes.max() + 1) + codes)
    return np.asarray(np.bincount(pairs // (codes.max() + 1))[found.code])


def _codes(column: NDArray[Any]) -> Ints:
    if column.dtype.kind == "O":
        column = np.array(["" if value is None else f"={value}" for value in column], dtype=np.str_)
    return np.unique(column, return_inverse=True)[1].astype(np.int64)  # NaNs are one value to NumPy
