"""Columns as linear models read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.draw.words import FEW

Floats = NDArray[np.float64]

MOST_COLUMNS = 40
"""Columns a linear model is given; of more, those that go with the outcome most."""
MOST_LEVELS = 10


def design(
    columns: Mapping[str, NDArray[Any]], features: Sequence[Column], outcome: NDArray[np.bool_] | Floats | None = None
) -> Floats:
    """(n, d) columns of mean 0 and spread 1: numbers, whether they are missing, and the most frequent categories.

    Args:
        columns: Feature name to (n,) float64 with NaN, or object of str or None.
        features: Which columns.
        outcome: (n,) bool, or numbers; of more than `MOST_COLUMNS` those that go with it most are kept. None: all.
    """
    n = len(next(iter(columns.values()), ()))
    made = [part for each in features for part in _parts(columns[each.name])]
    told = [part for part in made if np.ptp(part) > 0]
    if not told:
        return np.zeros((n, 0))
    table = np.column_stack(told)
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    if outcome is not None and table.shape[1] > MOST_COLUMNS:
        strength = np.abs(table.T @ (outcome - outcome.mean()))
        table = table[:, np.sort(np.argsort(-strength, kind="stable")[:MOST_COLUMNS])]
    return np.asarray(table)


def _parts(values: NDArray[Any]) -> list[Floats]:
    if values.dtype.kind == "f":
        lacks = ~np.isfinite(values)
        centre = float(values[~lacks].mean()) if not lacks.all() else 0.0
        filled = np.where(lacks, centre, values)
        return [filled, lacks.astype(float)] if lacks.sum() >= FEW else [filled]
    named = ["" if value is None else str(value) for value in values.tolist()]
    names = {name: place for place, name in enumerate(sorted(set(named)))}  # hashing beats sorting: names are few
    codes = np.fromiter(map(names.__getitem__, named), np.int64, len(named))
    counts = np.bincount(codes)
    often = [place for place in np.argsort(-counts, kind="stable")[:MOST_LEVELS] if counts[place] >= FEW]
    return [np.asarray(codes == place, dtype=np.float64) for place in often[: len(names) - 1]]
