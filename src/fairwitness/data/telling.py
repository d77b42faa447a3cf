"""Columns that tell a sensitive attribute, and number columns with the group's mean taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import CROSS, MISSING, Column
from fairwitness.core.remedy import Labels, Learning, labels_of
from fairwitness.core.subject import Rows
from fairwitness.stats.associations import Association, associations, judgeable

MOST_ROWS = 20_000
"""Rows, drawn at random, on which strength is measured."""
SIGNIFICANT = 0.05
"""A column counts only where its p value of "unrelated", adjusted over all columns, is below."""
LEAST = 20
"""A group with fewer values of a column has no mean of its own."""


def proxies_above(learning: Learning, by: str, above: float, *, rng: np.random.Generator) -> list[Association]:
    """Columns that alone tell a group of the attribute from the rest with at least that AUC, the most telling first.

    Text and pictures are not looked into; people with no recorded group, and of groups too small to judge, are left out.
    """
    groups = learning.labels(by)
    recorded = np.array([None if MISSING in label.split(CROSS) else label for label in groups], dtype=object)
    features = [column for column in learning.columns if column.kind != "text" and not column.media]
    names = judgeable(recorded)
    if not names or not features:
        return []
    rows = np.flatnonzero(np.isin(groups.astype(np.str_), names))
    if len(rows) > MOST_ROWS:
        rows = np.sort(rng.choice(rows, MOST_ROWS, replace=False))
    columns = {column.name: learning.rows.columns[column.name][rows] for column in features}
    found = associations(columns, groups[rows], features, rng=rng)
    return [each for each in found if (each.auc.value or 0.0) >= above and each.p < SIGNIFICANT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """Number columns less what the group's mean differs from that of all, in training rows and before each decision.

    Attributes:
        by: The attribute that is read.
        shifts: By column, by group: what is taken off. Of any other group nothing is.
    """

    by: str
    shifts: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, rows: Rows, columns: Sequence[Column], groups: Labels, *, by: str, amount: float) -> Self:
        """The shifts after which a column has no linear relation to the group, or `amount` of the way to them."""
        shifts = {}
        for column in columns:
            values = rows.columns[column.name]
            known = np.isfinite(values)
            sizes = {str(name): known & (groups == name) for name in np.unique(groups.astype(np.str_))}
            large = {name: of for name, of in sizes.items() if of.sum() >= LEAST}
            middle = float(values[known].mean()) if known.any() else 0.0
            shifts[column.name] = {name: amount * (float(values[of].mean()) - middle) for name, of in large.items()}
        return cls(by=by, shifts=shifts)

    def apply(self, rows: Rows) -> Rows:
        groups, columns = labels_of(rows, self.by), dict(rows.columns)
        for name, shifts in self.shifts.items():
            columns[name] = columns[name] - _looked_up(groups, shifts)
        return replace(rows, columns=columns)

    def to_json(self) -> dict[str, Any]:
        return {"by": self.by, "shifts": {name: dict(each) for name, each in self.shifts.items()}}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        shifts = {
            str(name): {str(group): float(shift) for group, shift in each.items()}
            for name, each in saved["shifts"].items()
        }
        return cls(by=str(saved["by"]), shifts=shifts)


def _looked_up(groups: Labels, shifts: Mapping[str, float]) -> NDArray[np.float64]:
    return np.array([shifts.get(name, 0.0) for name in groups], dtype=np.float64)
