"""Data that are not read whole: scanned by Polars from Parquet, Arrow or CSV, or held by Spark."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from fairwitness.core.digest import generator
from fairwitness.core.errors import DataError
from fairwitness.io import columnar, delimited
from fairwitness.io.cells import EMPTY_WORDS
from fairwitness.io.engines import Engine
from fairwitness.io.frames import from_columns
from fairwitness.io.locate import Place, locate
from fairwitness.io.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

_ROW = "@row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lazy:
    """Rows that stay where they are.

    Attributes:
        frame: Of Polars (lazy) or of Spark.
        source: For messages.
        height: How many rows there are.
        drawn: Some rows, by how many and a seed, chosen at random; all if there are no more.
    """

    frame: Any
    source: str
    height: int
    drawn: Callable[[int, int], Table]


def is_lazy(data: object) -> bool:
    """Whether rows are left where they are unless somebody says otherwise: a lazy frame of Polars, or one of Spark."""
    return isinstance(data, pl.LazyFrame) or type(data).__module__.startswith("pyspark.sql")


def scan(data: object, *, engine: Engine, base: Path | None = None) -> Lazy:
    """Find data without reading them.

    Args:
        data: A path to Parquet, Arrow, CSV or TSV (or a folder of Parquet files), or a frame.
        engine: `lazy` for Polars, `spark` for Spark.
        base: The folder relative paths start from.

    Raises:
        DataError: There are none, of no kind that can be scanned, or Spark is not installed.
    """
    if isinstance(data, str | Path):
        place = locate(data, base=base)
        if engine == "spark":
            from fairwitness.io import spark  # only when it is wanted

            return spark.lazy(spark.open_file(place), source=place.source)
        return _polars(_scanned(place), source=place.source)
    if type(data).__module__.startswith("pyspark.sql"):
        from fairwitness.io import spark

        return spark.lazy(cast("DataFrame", data), source="DataFrame")
    if engine == "spark":
        raise DataError("DataFrame: engine = 'spark' takes a path or a Spark frame; leave engine out")
    if isinstance(data, pl.LazyFrame):
        return _polars(data, source="DataFrame")
    import narwhals as nw  # only for frames of other libraries

    try:
        native = nw.from_native(data)  # type: ignore[call-overload]  # any object; TypeError where it is no frame
    except TypeError:
        kind = f"{type(data).__module__}.{type(data).__name__}"
        raise DataError(f"DataFrame: engine = 'lazy' cannot scan {kind}; give a path or a frame") from None
    eager = native.collect(backend="polars") if isinstance(native, nw.LazyFrame) else native
    return _polars(eager.to_polars().lazy(), source="DataFrame")


@contextmanager
def readable(source: str) -> Iterator[None]:
    """Turn what an engine says of broken data into one line."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        why = " ".join(str(error).split())[:160]
        raise DataError.unreadable(source, f"cannot be scanned ({why})", "mend it, or save it as Parquet") from None


def _scanned(place: Place) -> pl.LazyFrame:
    with readable(place.source):
        if place.path.is_dir():
            if not next(place.path.rglob("*.parquet"), None):
                raise DataError(f"{place.source}: a folder without .parquet files; name a file, or such a folder")
            return pl.scan_parquet(place.path / "**" / "*.parquet")
        if place.suffix in columnar.PARQUET:
            return pl.scan_parquet(place.path)
        if place.suffix in columnar.ARROW:
            return pl.scan_ipc(place.path)
    if place.suffix not in delimited.TEXT or place.compression is not None:
        raise DataError(
            f"{place.source}: only Parquet, Arrow, CSV and TSV as they are can be scanned; unpack it, or leave engine out"
        )
    head, delimiter = delimited.beginning(place)
    with readable(place.source):
        return pl.scan_csv(
            place.path,
            separator=delimiter,
            null_values=list(EMPTY_WORDS),
            schema={series.name: series.dtype for series in head.frame},
        )


def _polars(frame: pl.LazyFrame, *, source: str) -> Lazy:
    with readable(source):
        height = int(frame.select(pl.len()).collect(engine="streaming").item())
    if not height:
        raise DataError(f"{source}: a header and no rows; there is nothing to audit")

    def drawn(n: int, seed: int) -> Table:
        chosen = frame
        if height > n:
            places = generator(seed, "sample").choice(height, n, replace=False)
            wanted = pl.Series(np.sort(places), dtype=pl.UInt32 if height < 2**32 else pl.UInt64)
            chosen = frame.with_row_index(_ROW).filter(pl.col(_ROW).is_in(wanted.implode())).drop(_ROW)
        with readable(source):
            rows = chosen.collect(engine="streaming")
        return from_columns([(series.name, series) for series in rows], source=source)

    return Lazy(frame=frame, source=source, height=height, drawn=drawn)
