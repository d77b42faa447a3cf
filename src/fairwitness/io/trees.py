"""Columns as boosted trees read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column

MOST_NAMES = 250
"""Most categories of a column that are told apart; rarer ones are one."""


def for_trees(
    columns: Mapping[str, NDArray[Any]], features: Sequence[Column]
) -> tuple[NDArray[np.float64], list[bool]]:
    """(n, d) numbers as they are and categories by falling frequency, missing as NaN; and which of the d are categories.

    Args:
        columns: Feature name to (n,) float64 with NaN, or object of str or None.
        features: Which columns, at least one.
    """
    table = np.column_stack([_coded(columns[each.name]) for each in features])
    return table, [columns[each.name].dtype.kind == "O" for each in features]


def _coded(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind == "f":
        return np.where(np.isinf(values), np.nan, values)
    names, codes, counts = np.unique(
        np.array(["" if value is None else value for value in values], dtype=str),
        return_inverse=True,
        return_counts=True,
    )
    rank = np.empty(len(names))
    rank[np.argsort(-counts, kind="stable")] = np.minimum(np.arange(len(names)), MOST_NAMES)
    coded: NDArray[np.float64] = rank[codes]
    coded[[value is None for value in values]] = np.nan
    return coded
