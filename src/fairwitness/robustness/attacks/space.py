"""What may change in rows, how far and in what steps, by what is declared of their columns; and the way back to rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

SPREADS = 4.0
"""Standard deviations that stand in for the range of a column without declared bounds: the middle 95 % of a bell curve."""

SLACK = 1e-6
"""What rounding may take from a whole step."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Space:
    """Rows and the box around each.

    Attributes:
        columns: Number columns in the order of the last axis of `x`; or the one column of images or series.
        rows: The rows.
        x: (n, d) numbers, or (n, ...) an image or series each, in the units of the data; NaN is missing and stays so.
        low: As `x`, the least each number may become; equal to `x` where it may not change.
        high: The most.
        step: As `x` without the first axis: numbers move by whole multiples of it; 0 means any value.
        notes: What stood in for what is not declared.
    """

    columns: tuple[Column, ...]
    rows: Rows
    x: Floats
    low: Floats
    high: Floats
    step: Floats
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)

    @property
    def movable(self) -> NDArray[np.bool_]:
        """(n,) rows of which at least one number can change."""
        return np.asarray((self.high > self.low).any(axis=tuple(range(1, self.x.ndim))))

    def repaired(self, points: Floats, at: NDArray[np.intp]) -> Floats:
        """(m, ...) points inside the box of their rows, whole steps away where there are steps."""
        x = self.x[at]
        whole = x + np.round((points - x) / np.where(self.step > 0, self.step, 1.0)) * self.step
        inside: Floats = np.clip(np.where(self.step > 0, whole, points), self.low[at], self.high[at])
        return inside

    def moved(self, points: Floats, at: NDArray[np.intp]) -> Rows:
        """Raw rows, their numbers put right and in place of the old ones, ready for the deployed model."""
        return put(take(self.rows, at), self.columns, self.repaired(points, at))

    def take(self, at: NDArray[np.intp]) -> Space:
        """Some of the rows."""
        return replace(self, rows=take(self.rows, at), x=self.x[at], low=self.low[at], high=self.high[at])

    def on(self, rows: Rows) -> Space:
        """The same boxes, where what is no number of theirs has become that of other rows."""
        return replace(self, rows=rows)

    def scaled(self, by: float) -> Space:
        """Boxes so many times as wide, as far as they were set by the radius; at most as wide as these."""
        if by > 1:
            raise ValueError(f"a box can be made smaller, not {by:g} times as wide")
        low, high = self.x + by * (self.low - self.x), self.x + by * (self.high - self.x)
        return replace(self, low=snapped(low, self.x, self.step), high=snapped(high, self.x, self.step))


def take(rows: Rows, at: NDArray[np.intp]) -> Rows:
    """Rows by their places."""
    return Rows(
        ids=rows.ids[at],
        columns={name: values[at] for name, values in rows.columns.items()},
        media={name: values[at] for name, values in rows.media.items()},
    )


def snapped(ends: Floats, x: Floats, step: Floats) -> Floats:
    """Ends of boxes drawn in to whole steps from the row."""
    whole = x + np.trunc((ends - x) / np.where(step > 0, step, 1.0) * (1 + SLACK)) * step
    drawn: Floats = np.where(step > 0, whole, ends)
    return drawn


def of_numbers(
    rows: Rows, columns: Sequence[Column], *, eps: float, spread: Mapping[str, float], fixed: Sequence[str] = ()
) -> Space:
    """Boxes around rows of a table.

    Args:
        rows: With the columns.
        columns: Columns, of which numbers move; a boolean does not by small steps, nor does one of a `one_of` set.
        eps: How far a number may move, as a share of its column's range.
        spread: Standard deviation of the columns without declared bounds, over training rows.
        fixed: Columns that may not change, such as sensitive ones.
    """
    columns = [column for column in columns if column.numeric and not discrete(column)]
    n, d = len(rows), len(columns)
    x = np.stack([rows.columns[column.name] for column in columns], axis=1) if columns else np.empty((n, 0))
    low, high, step = x.copy(), x.copy(), np.zeros(d)
    undeclared = []
    for slot, column in enumerate(columns):
        step[slot] = column.step or (1.0 if column.kind == "integer" else 0.0)
        if column.name in fixed or column.change == "never":
            continue
        declared = column.low is not None and column.high is not None
        width = (column.high or 0.0) - (column.low or 0.0) if declared else SPREADS * spread.get(column.name, 0.0)
        undeclared += [] if declared else [column.name]
        if column.change != "up":
            least = -np.inf if column.low is None else column.low
            low[:, slot] = np.minimum(x[:, slot], np.maximum(x[:, slot] - eps * width, least))
        if column.change != "down":
            most = np.inf if column.high is None else column.high
            high[:, slot] = np.maximum(x[:, slot], np.minimum(x[:, slot] + eps * width, most))
    return Space(
        columns=tuple(columns),
        rows=rows,
        x=x,
        low=snapped(low, x, step),
        high=snapped(high, x, step),
        step=step,
        notes=(_undeclared(undeclared),) if undeclared else (),
    )


def discrete(column: Column) -> bool:
    """Whether a column's values are exchanged for one another rather than moved."""
    return column.kind in {"boolean", "category"} or column.one_of is not None


def of_media(rows: Rows, column: Column, *, eps: float) -> Space:
    """Boxes around images or series.

    Args:
        rows: With the column among their media.
        column: Of images or series.
        eps: How far a pixel or value may move, as a share of the range.
    """
    held = rows.media[column.name]
    whole = held.dtype == np.uint8
    least, most = ends(column, held)
    undeclared = not whole and (column.low is None or column.high is None)
    x = held.astype(np.float64)
    width = eps * (most - least)
    step = np.full(x.shape[1:], column.step or (1.0 if whole else 0.0))
    low, high = np.minimum(x, np.maximum(x - width, least)), np.maximum(x, np.minimum(x + width, most))
    if column.change in {"up", "never"}:
        low = x.copy()
    if column.change in {"down", "never"}:
        high = x.copy()
    return Space(
        columns=(column,),
        rows=rows,
        x=x,
        low=snapped(low, x, step),
        high=snapped(high, x, step),
        step=step,
        notes=(f"{column.name}: no low and high are declared, so the range is that of these rows.",)
        if undeclared
        else (),
    )


def ends(column: Column, held: NDArray[np.generic]) -> tuple[float, float]:
    """The least and the most a pixel or a value can be: as declared, 0 to 255 of bytes, else as seen."""
    if column.low is not None and column.high is not None:
        return column.low, column.high
    if held.dtype == np.uint8:
        return 0.0, 255.0
    seen = held[np.isfinite(held.astype(np.float64))].astype(np.float64)
    return (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)


def put(rows: Rows, columns: Sequence[Column], points: Floats) -> Rows:
    """Rows with these numbers in place of their own."""
    if columns and columns[0].media:
        name = columns[0].name
        return replace(rows, media={**rows.media, name: points.astype(rows.media[name].dtype)})
    moved = {column.name: points[:, slot] for slot, column in enumerate(columns)}
    return replace(rows, columns={**rows.columns, **moved})


def _undeclared(names: Sequence[str]) -> str:
    from fairwitness.draw.words import listed

    return (
        f"{listed(names)}: no low and high are declared, so {SPREADS:g} standard deviations of the training rows stand in "
        "for the range."
    )
