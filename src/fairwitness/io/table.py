"""What every input becomes: a frame in memory, pictures beside it, and what reading changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.errors import ColumnError


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """How many people each row of a table stands for: its rows are then combinations that occur, and no person's own.

    Attributes:
        rows: (m,) int64, at least 0.
        missing: Column that the table has no values of, to (m,) int64: of how many people it is not recorded.
        sums: Name to (m,) what the people of each row add up to, and `NAME^2` their squares.
    """

    rows: NDArray[np.int64]
    missing: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    sums: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def where(self, mask: NDArray[np.bool_]) -> Counted:
        """Of the rows of a mask."""
        return Counted(
            rows=self.rows[mask],
            missing={name: each[mask] for name, each in self.missing.items()},
            sums={name: each[mask] for name, each in self.sums.items()},
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Rows in memory, as read: nothing is dropped or changed but what `notes` and `clashes` name.

    Attributes:
        frame: Booleans, whole numbers, float64, text, dates and times; null is the only missing value.
        media: Name to (n, ...) array of pixels or of series, row for row beside `frame`; empty for plain tables.
        series: Which of `media` are series, (n, dimensions, steps) with NaN for missing, and not images.
        source: For messages: a file as the user named it, without folders above, or "DataFrame".
        fingerprint: SHA-256 over content, 64 hex digits; the same bytes in another place have the same one.
        notes: What reading changed, one sentence each.
        split: Column that says which rows train, tune and audit, where the data came divided.
        clashes: Names that occur twice with differing content; neither column is in `frame`.
        counted: What each row stands for, where it is not one person.
    """

    frame: pl.DataFrame
    media: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    series: frozenset[str] = frozenset()
    source: str
    fingerprint: str
    notes: tuple[str, ...] = ()
    split: str | None = None
    clashes: tuple[str, ...] = ()
    counted: Counted | None = None

    def __len__(self) -> int:
        return self.frame.height

    def people(self, mask: NDArray[np.bool_] | None = None) -> int:
        """How many the rows (all, or those of `mask`) stand for."""
        each = np.ones(self.frame.height, dtype=np.int64) if self.counted is None else self.counted.rows
        return int(each.sum() if mask is None else each[mask].sum())

    def where(self, mask: NDArray[np.bool_]) -> Table:
        """The rows of a mask."""
        return replace(
            self,
            frame=self.frame.filter(mask),
            media={name: values[mask] for name, values in self.media.items()},
            counted=None if self.counted is None else self.counted.where(mask),
        )

    def refuse_clash(self, name: str) -> None:
        """Stop the use of a name that two different columns share.

        Raises:
            ColumnError: `name` is in `clashes`.
        """
        if name in self.clashes:
            raise ColumnError(
                f"{self.source}: two columns are called {name!r} and hold different values; rename one in the header"
            )
