"""Parquet, Arrow, Feather and IPC files, read by Polars within bounds."""

from __future__ import annotations

import hashlib
import io

import polars as pl

from fairwitness.core.errors import DataError
from fairwitness.io.frames import from_columns
from fairwitness.io.locate import LARGEST, Place, content
from fairwitness.io.table import Table

PARQUET = frozenset({".parquet", ".pq"})
ARROW = frozenset({".arrow", ".feather", ".ipc"})


def read(place: Place) -> Table:
    """A columnar file as a table.

    Raises:
        DataError: It is empty, damaged, not of the format its name says, or larger than memory should hold.
    """
    stored = content(place)
    kind = "Parquet" if place.suffix in PARQUET else "Arrow"
    if not stored:
        raise DataError.unreadable(place.source, "the file is empty (0 bytes)", "write it again")
    scan = pl.scan_parquet if kind == "Parquet" else pl.scan_ipc
    try:
        lazy = scan(io.BytesIO(stored))
        cells = int(lazy.select(pl.len()).collect().item()) * max(len(lazy.collect_schema()), 1)
        if cells * 8 > LARGEST:
            raise DataError.unreadable(
                place.source, f"{cells:,} cells unfold to more than {LARGEST // 2**30} GiB", "give a part of it"
            )
        frame = lazy.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        why = " ".join(str(error).split())[:120]
        raise DataError.unreadable(place.source, f"not a readable {kind} file ({why})", "write it again") from None
    columns = [(series.name, series) for series in frame]
    return from_columns(columns, source=place.source, fingerprint=hashlib.sha256(stored).hexdigest())
