"""What a column's values are, and rows as every check receives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.columns import Column, Kind
from fairwitness.core.errors import ColumnError
from fairwitness.core.subject import Rows
from fairwitness.io.table import Table

FEW = 20
"""Up to this many distinct strings are categories, however few the rows."""

_LONG_TEXT = 50  # mean characters; a label is shorter


def infer(table: Table) -> tuple[Column, ...]:
    """One `Column` per column of the frame, then one per array of pictures or series; kinds are read off the values."""
    columns = [Column(name=series.name, kind=_kind(series)) for series in table.frame]
    media = (Column(name=name, kind="series" if name in table.series else "image") for name in table.media)
    return (*columns, *media)


def as_rows(table: Table, columns: Sequence[Column]) -> Rows:
    """Rows in the form checks and models read.

    Args:
        table: What was read.
        columns: Declarations; their kinds decide the form, their sentinels are read as missing.

    Returns:
        Numeric kinds as float64 with NaN, dates as ISO text, all others as text; None where missing.

    Raises:
        ColumnError: A column is not there, or is declared numeric and holds words.
    """
    made: dict[str, NDArray[Any]] = {}
    for column in columns:
        if column.media:
            continue
        if column.name not in table.frame.columns:
            have = table.frame.columns
            raise ColumnError.missing(column.name, key=f"a {column.kind} column", have=have, source=table.source)
        series = without_sentinels(table.frame[column.name], column.sentinels)
        made[column.name] = numbers(series, column, source=table.source) if column.numeric else as_text(series)
    wanted = {column.name for column in columns if column.media}
    media = {name: values for name, values in table.media.items() if name in wanted}
    return Rows(ids=np.arange(table.frame.height, dtype=np.int64), columns=made, media=media)


def numbers(series: pl.Series, column: Column, *, source: str) -> NDArray[np.float64]:
    """(n,) float64 with NaN for missing.

    Raises:
        ColumnError: The values are not numbers.
    """
    if series.dtype == pl.String:
        lower = series.str.strip_chars().str.to_lowercase().replace({"true": "1", "false": "0"})
        cast = lower.cast(pl.Float64, strict=False)
        lost = (cast.is_null() & series.is_not_null()).arg_true()
        if len(lost):
            row = int(lost[0])
            raise ColumnError(
                f"{source}: column {column.name!r} is declared {column.kind} and holds {series[row]!r} in row {row + 1};"
                f' declare it as kind = "category"'
            )
        series = cast
    elif series.dtype.is_temporal():
        raise ColumnError(
            f'{source}: column {column.name!r} is declared {column.kind} and holds dates; declare it as kind = "date"'
        )
    return np.array(series.cast(pl.Float64).fill_null(float("nan")).to_numpy(), dtype=np.float64)


def as_text(series: pl.Series) -> NDArray[np.object_]:
    """(n,) object of str or None: whole numbers without a point, `true` and `false`, dates in ISO form."""
    if series.dtype.is_float():
        series = series.fill_nan(None)
        if is_whole(series):
            series = series.cast(pl.Int64)
    elif series.dtype == pl.Datetime:
        days_only = (series.dt.truncate("1d") == series).all()
        series = series.dt.date() if days_only else series.dt.strftime("%Y-%m-%dT%H:%M:%S")
    out = np.empty(len(series), dtype=object)
    out[:] = series.cast(pl.String).to_list()
    return out


def without_sentinels(series: pl.Series, sentinels: Sequence[float]) -> pl.Series:
    """The series with declared codes as null; text and dates have none."""
    if not sentinels or not series.dtype.is_numeric():
        return series
    codes = pl.Series([float(code) for code in sentinels], dtype=pl.Float64)  # types must agree: Polars casts no more
    return series.set(series.cast(pl.Float64).is_in(codes.implode()), None)


def is_whole(series: pl.Series) -> bool:
    """Whether every number there is lies on an integer that int64 can hold."""
    held = series.drop_nulls().drop_nans()
    return bool(held.is_finite().all() and (held.abs() < 2**53).all() and (held == held.round()).all())


def _kind(series: pl.Series) -> Kind:
    dtype = series.dtype
    if dtype == pl.Boolean:
        return "boolean"
    if dtype.is_temporal():
        return "date"
    if dtype == pl.String:
        return _kind_of_words(series.drop_nulls())
    held = series.drop_nulls()
    if len(held) and ((held == 0) | (held == 1)).all():
        return "boolean"
    return "integer" if dtype.is_integer() or is_whole(series) else "number"


def _kind_of_words(held: pl.Series) -> Kind:
    if len(held) and _are_dates(held):
        return "date"
    distinct, rows = held.n_unique(), len(held)
    mean_length = held.str.len_chars().mean()
    long = isinstance(mean_length, float) and mean_length >= _LONG_TEXT
    many = 2 * distinct > rows or (long and FEW * distinct > rows)
    return "text" if distinct > FEW and many else "category"


def _are_dates(held: pl.Series) -> bool:
    """ISO 8601 days or moments in every value (the first few are tried first: most columns stop there)."""
    form = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$"
    if not (held.head(5).str.contains(form).all() and held.str.contains(form).all()):
        return False
    return held.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).is_not_null().all()
