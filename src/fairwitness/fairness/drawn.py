"""The rows that decisions are judged on, for checks that need rows: a declared number of them, one of each unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import DECIDED, RowsAsk, group_column
from fairwitness.core.check import Given
from fairwitness.core.columns import MISSING, Grouping, Part
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import plural
from fairwitness.stats.units import one_of_each


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Rows, and which they are."""

    rows: Rows
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)


def whole(name: str, value: object, low: int, high: int | None = None) -> None:
    """Refuse an option that is no whole number from `low` to `high`.

    Raises:
        ValueError: It is not.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < low or (high is not None and value > high):
        among = f"at least {low}" if high is None else f"from {low} to {high:,}"
        raise ValueError(f"{name} is {value!r}; it is a whole number {among}")


def attributes(outline: Outline) -> tuple[Grouping, ...]:
    """Single attributes that are judged."""
    return tuple(each for each in outline.groupings if each.named and len(each.columns) == 1)


def texts(outline: Outline) -> tuple[str, ...]:
    """Columns of text that the model reads."""
    return tuple(column.name for column in outline.columns if column.name in outline.features and column.kind == "text")


def judged_rows(outline: Outline, columns: Iterable[str], *, at_most: int) -> RowsAsk:
    """Decided rows with some columns, the attributes and the unit aboard."""
    units = [column.name for column in outline.columns if column.role == "unit"]
    part: Part | None = "audit" if outline.parts.get("audit") == outline.judged_rows else None
    groups = dict.fromkeys(name for grouping in outline.groupings for name in grouping.columns)
    return RowsAsk(
        columns=tuple(dict.fromkeys([*columns, *units, DECIDED])), groups=tuple(groups), part=part, at_most=at_most
    )


def drawn(given: Given, ask: RowsAsk) -> Drawn:
    """What `judged_rows` asked for: rows nobody decided about left out, one row of each unit."""
    outline, rows = given.outline, given[ask]
    held: Rows = rows.where(np.not_equal(rows.columns[DECIDED], np.array(None, dtype=object)))
    notes = []
    if len(rows) < outline.judged_rows:
        notes.append(f"A random {fmt.count(len(rows))} of {fmt.count(outline.judged_rows)} rows.")
    for unit in (column.name for column in outline.columns if column.role == "unit"):
        kept = one_of_each(held.columns[unit], given.rng)
        if not kept.all():
            notes.append(f"One row of each {unit}, drawn at random: {plural(int(kept.sum()), 'row')}.")
        held = held.where(kept)
    return Drawn(rows=held, notes=tuple(notes))


def labels(rows: Rows, attribute: str) -> NDArray[np.object_]:
    """(n,) object of str, the attribute's category of each row; what is not recorded is a category of its own."""
    held = rows.columns[group_column(attribute)]
    return np.array([MISSING if label is None else str(label) for label in held], dtype=object)
