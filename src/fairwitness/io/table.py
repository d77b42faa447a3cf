"""What every input becomes: a frame in memory, pictures beside it, and what reading changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from numpy.typing import NDArray

from fairwitness.core.errors import ColumnError


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
    """

    frame: pl.DataFrame
    media: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    series: frozenset[str] = frozenset()
    source: str
    fingerprint: str
    notes: tuple[str, ...] = ()
    split: str | None = None
    clashes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.frame.height

    def refuse_clash(self, name: str) -> None:
        """Stop the use of a name that two different columns share.

        Raises:
            ColumnError: `name` is in `clashes`.
        """
        if name in self.clashes:
            raise ColumnError(
                f"{self.source}: two columns are called {name!r} and hold different values; rename one in the header"
            )
