"""Spark, and all that is particular to it: sessions, files, and some rows drawn at random."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from fairwitness.core.digest import generator
from fairwitness.core.errors import DataError
from fairwitness.io import columnar, delimited
from fairwitness.io.cells import EMPTY_WORDS
from fairwitness.io.frames import from_columns
from fairwitness.io.lazily import Lazy
from fairwitness.io.locate import Place
from fairwitness.io.table import Table

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

T = TypeVar("T")

_MORE = 1.2  # of the rows wanted are drawn, so that hardly ever too few come


def session(source: str) -> SparkSession:
    """The running session, or a local one on this machine.

    Raises:
        DataError: Spark or Java is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise DataError(f"{source}: engine = 'spark' needs PySpark; pip install 'fairwitness[spark]'") from None
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    try:
        active = SparkSession.getActiveSession()
        made = SparkSession.builder.appName("fairwitness").config("spark.ui.enabled", "false")
        return active or made.getOrCreate()
    except Exception as error:
        if isinstance(error, MemoryError):
            raise
        why = " ".join(str(error).split())[:120]
        raise DataError.unreadable(
            source, f"Spark does not start ({why})", "check that Java 17 or newer runs"
        ) from None


def open_file(place: Place) -> DataFrame:
    """A file, or a folder of Parquet files, as a Spark frame.

    Raises:
        DataError: It is of another kind, or Spark cannot read it.
    """
    spark = session(place.source)
    if place.path.is_dir() or place.suffix in columnar.PARQUET:
        return _said(place.source, lambda: spark.read.parquet(str(place.path)))
    if place.suffix not in delimited.TEXT:
        raise DataError(f"{place.source}: Spark reads Parquet and CSV here; save it as Parquet")
    head, delimiter = delimited.beginning(place)
    names = [series.name for series in head.frame]
    fields = ", ".join(f"`{name.replace('`', '``')}` STRING" for name in names)
    reader = spark.read.schema(fields).options(header=True, sep=delimiter, mode="FAILFAST", enforceSchema=False)
    cells = _said(place.source, lambda: reader.csv(str(place.path)))
    return cells.select(*(_typed(series) for series in head.frame))


def lazy(frame: DataFrame, *, source: str) -> Lazy:
    """A Spark frame, its rows counted."""
    height = _said(source, frame.count)
    if not height:
        raise DataError(f"{source}: a header and no rows; there is nothing to audit")

    def drawn(n: int, seed: int) -> Table:
        rng = generator(seed, "sample")
        some = frame
        if height > n:
            some = frame.sample(fraction=min(1.0, _MORE * n / height), seed=int(rng.integers(2**31)))
        rows = pl.from_arrow(_said(source, some.toArrow))
        if not isinstance(rows, pl.DataFrame):
            raise TypeError("a frame came back as one column")
        if rows.height > n:
            kept = rng.choice(rows.height, n, replace=False)
            kept.sort()
            rows = rows[kept]
        return from_columns([(series.name, series) for series in rows], source=source)

    return Lazy(frame=frame, source=source, height=height, drawn=drawn)


def _said(source: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark", "py4j")):
            raise
        why = " ".join(str(error).split())[:160]
        raise DataError.unreadable(source, f"Spark cannot read it ({why})", "mend it, or save it as Parquet") from None


def _typed(series: pl.Series) -> Column:
    """A column of cells as the type that the first rows have; words for "no value" are null."""
    from pyspark.sql import functions as sql

    cells = sql.col(f"`{series.name.replace('`', '``')}`")
    held = sql.when(~cells.isin(*EMPTY_WORDS), cells)
    kind = "boolean" if series.dtype == pl.Boolean else "bigint" if series.dtype.is_integer() else "double"
    return (held if series.dtype == pl.String else held.cast(kind)).alias(series.name)
