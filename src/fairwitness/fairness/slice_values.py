"""The values and ranges of values of which slices are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import MISSING, Column
from fairwitness.fairness.slicing import Value
from fairwitness.stats.tally import code_categories, number_name

PARTS = 4
"""Parts of about the same size into which numbers are cut."""
FEW_VALUES = 6
"""A number with at most so many different values is told value by value."""
MOST_LEVELS = 12
"""Categories of a column, those of most rows."""
DIGITS = 3
"""Numbers are cut at values of so many digits, so that no edge is one person's value to the penny."""


def values_of(
    columns: Mapping[str, NDArray[Any]],
    declared: Sequence[Column],
    groups: Mapping[str, NDArray[np.object_]],
    *,
    least: int,
) -> list[Value]:
    """Every value or range that at least `least` rows have, what is not recorded included.

    Args:
        columns: Name to (n,) values of the columns declared.
        declared: Numbers and categories.
        groups: Attribute to (n,) labels.
        least: Rows.
    """
    labels = {column.name: _labels(columns[column.name], column) for column in declared}
    made = []
    for name, held in {**labels, **groups}.items():
        words, codes = code_categories(held)
        counts = np.bincount(codes, minlength=len(words))
        many = [place for place in np.argsort(-counts, kind="stable")[:MOST_LEVELS] if counts[place] >= least]
        if len(words) > 1:
            made += [Value(column=name, words=words[place], holds=codes == place) for place in sorted(many)]
    return made


def _labels(values: NDArray[Any], column: Column) -> NDArray[np.object_]:
    """(n,) each value as a category."""
    if not column.numeric:
        return np.array([MISSING if value is None else str(value) for value in values], dtype=object)
    import polars as pl  # takes its time

    from fairwitness.io.groups import from_edges

    known = np.isfinite(values)
    distinct = np.unique(values[known])
    if len(distinct) <= FEW_VALUES:
        made = np.array([number_name(float(value)) if value == value else MISSING for value in values], dtype=object)  # noqa: PLR0124 - not NaN
    else:
        cuts = np.unique(np.quantile(values[known], np.arange(1, PARTS) / PARTS))
        edges = sorted({float(f"{cut:.{DIGITS}g}") for cut in cuts})
        made = from_edges(pl.Series(column.name, np.where(known, values, 0.0)), edges)
    made[~known] = MISSING
    return made
