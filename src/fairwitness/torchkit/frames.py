"""Rows as the user's own code wants them: a polars frame, in pieces. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from fairwitness.core.columns import Column
from fairwitness.core.errors import ColumnError
from fairwitness.core.subject import Rows

BATCH_BYTES = 1 << 24  # inputs of one batch; activations of a network are a multiple of it
BATCH_ROWS = 8_192


def require(columns: Sequence[Column], rows: Rows, *, source: str) -> None:
    """Refuse rows that lack a column the model reads.

    Raises:
        ColumnError: The first that is missing.
    """
    for column in columns:
        held = rows.media if column.media else rows.columns
        if column.name not in held:
            raise ColumnError.missing(column.name, key="the model's features", have=held, source=source)


def rows_frame(rows: Rows, columns: Sequence[Column]) -> pl.DataFrame:
    """The columns but images and series, in this order: numeric kinds as Float64, others as String, null where missing."""
    return pl.DataFrame(
        {
            column.name: pl.Series(rows.columns[column.name], dtype=pl.Float64, nan_to_null=True)
            if column.numeric
            else pl.Series(
                rows.columns[column.name].tolist(), dtype=pl.String
            )  # an array that starts with None is no text
            for column in columns
            if not column.media
        }
    )


def cut(rows: Rows, start: int, stop: int) -> Rows:
    """Rows `start` to `stop`, as views."""
    piece = slice(start, stop)
    return Rows(
        ids=rows.ids[piece],
        columns={name: values[piece] for name, values in rows.columns.items()},
        media={name: values[piece] for name, values in rows.media.items()},
    )


def batches(rows: Rows, *, most: int = BATCH_ROWS) -> Iterator[Rows]:
    """All rows in pieces of nearly equal size, so no piece is a lone row unless it is the only one."""
    per_row = 4 * len(rows.columns) + sum(4 * int(np.prod(media.shape[1:])) for media in rows.media.values())
    most = min(max(2, BATCH_BYTES // max(per_row, 1)), most)
    pieces = -(-len(rows) // most)
    edges = [len(rows) * piece // pieces for piece in range(pieces + 1)] if pieces else []
    for start, stop in pairwise(edges):
        yield cut(rows, start, stop)
