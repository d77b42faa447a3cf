"""Frames of any library as one Polars frame with few types, and the digest of what they hold."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.errors import DataError
from fairwitness.io.table import Table

WAY_OUT = "give a path, a pandas, Polars or Arrow frame, or a mapping of names to equally long columns"


def from_frame(data: object, *, source: str = "DataFrame") -> Table:
    """Whatever narwhals takes, or a mapping of names to columns.

    Raises:
        DataError: It is no table, or its columns differ in length.
    """
    notes: list[str] = []
    table = from_columns(_columns(data, source, notes), source=source)
    return replace(table, notes=(*notes, *table.notes))


def from_columns(columns: Sequence[tuple[str, pl.Series]], *, source: str, fingerprint: str | None = None) -> Table:
    """A table of named columns: types made few, equal duplicates merged, differing ones set aside.

    Args:
        columns: Names, which may repeat, and values of equal length.
        source: For messages.
        fingerprint: Digest of the file they come from; None: taken over the columns.
    """
    notes: list[str] = []
    kept = [(name, series) for name, raw in columns if (series := _simple(name, raw, notes)) is not None]
    if not kept:
        raise DataError(f"{source}: it has no columns that can be read; {WAY_OUT}")
    unique, merged, clashes = _without_duplicates(kept)
    if merged:
        notes.append(f"{len(merged)} equal duplicate columns merged: {', '.join(merged)}")
    if clashes:
        notes.append(f"set aside, two differing columns of one name: {', '.join(clashes)}")
    frame = pl.DataFrame([series.alias(name) for name, series in unique.items()])
    return Table(
        frame=frame,
        source=source,
        fingerprint=fingerprint or content_digest(frame),
        notes=tuple(notes),
        clashes=tuple(clashes),
    )


def content_digest(frame: pl.DataFrame, media: Mapping[str, NDArray[Any]] | None = None) -> str:
    """SHA-256 over names and values, the same whichever library held them (1 and 1.0 are one number)."""
    state = hashlib.sha256()
    for series in frame:
        state.update(repr((series.name, len(series))).encode())
        _update(state, series)
    for name, array in (media or {}).items():
        state.update(repr((name, array.shape, array.dtype.str)).encode())
        state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()


def _update(state: Any, series: pl.Series) -> None:  # noqa: ANN401 - hashlib's object has no public type
    missing = series.is_null().to_numpy()
    state.update(np.packbits(missing).tobytes())
    if series.dtype == pl.String:
        lengths = series.str.len_bytes().fill_null(0).to_numpy().astype("<i8")
        state.update(b"text" + lengths.tobytes())
        state.update("".join(series.drop_nulls().to_list()).encode())
        return
    if series.dtype.is_temporal():
        state.update(b"time")
        exact = series.cast(pl.Datetime("us")).dt.epoch("us")
    else:
        state.update(b"bool" if series.dtype == pl.Boolean else b"number")
        exact = series
    values = exact.cast(pl.Float64).fill_null(0.0).to_numpy()
    state.update((np.asarray(values, dtype="<f8") + 0.0).tobytes())  # + 0.0 makes -0.0 and 0.0 one
    if exact.dtype.is_integer() and len(exact) and np.abs(values).max() >= 2**53:
        state.update(exact.fill_null(0).cast(pl.Int64).to_numpy().astype("<i8").tobytes())


def _columns(data: object, source: str, notes: list[str]) -> list[tuple[str, pl.Series]]:
    if isinstance(data, pl.LazyFrame):
        data = data.collect()
    if isinstance(data, pl.DataFrame):
        return [(series.name, series) for series in data]
    if isinstance(data, Mapping):
        named = [(str(name), _from_values(values, str(name), notes)) for name, values in data.items()]
        return _same_length(named, source)
    if type(data).__module__.partition(".")[0] == "pandas" and hasattr(data, "iloc"):
        return _from_pandas(data, notes)
    import narwhals as nw  # only for frames of other libraries

    try:
        native = nw.from_native(data)  # type: ignore[call-overload]  # any object; TypeError where it is no frame
    except TypeError:
        raise DataError(f"{source}: cannot read {type(data).__module__}.{type(data).__name__}; {WAY_OUT}") from None
    eager = native.collect(backend="polars") if isinstance(native, nw.LazyFrame) else native
    return [(series.name, series) for series in eager.to_polars()]


def _from_pandas(data: Any, notes: list[str]) -> list[tuple[str, pl.Series]]:  # noqa: ANN401 - a pandas frame, never imported here
    """Column by column and by place: names may repeat, and pandas may stand alone (its own way needs pyarrow)."""
    columns = []
    for place, label in enumerate(data.columns):
        name = " ".join(map(str, label)) if isinstance(label, tuple) else str(label)
        held = data.iloc[:, place]
        numpy_backed = isinstance(held.dtype, np.dtype) and held.dtype.kind in "fiub"
        if numpy_backed:
            series = pl.Series(values=held.to_numpy())
        else:
            missing = held.isna().to_numpy()
            cells = [None if gone else value for value, gone in zip(held, missing, strict=True)]
            series = _from_values(cells, name, notes)
        columns.append((name, series))
    return columns


def _from_values(values: Any, name: str, notes: list[str]) -> pl.Series:  # noqa: ANN401 - a list, array or series
    """A series from Python values; cells of mixed types become text, nested ones a list, which `_simple` leaves out."""
    if isinstance(values, pl.Series):
        return values
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "fiub":
        return pl.Series(values=values)
    held = [_scalar(value) for value in values]
    kinds = {type(value) for value in held if value is not None}
    dtype, convert = _common_type(kinds, held)
    if dtype == pl.String and kinds > {str}:
        notes.append(f"{name}: cells of {', '.join(sorted(kind.__name__ for kind in kinds))} read as text")
    return pl.Series(values=[None if value is None else convert(value) for value in held], dtype=dtype)


def _common_type(kinds: set[type], held: list[Any]) -> tuple[Any, Callable[[Any], Any]]:
    if kinds and kinds <= {int, float}:
        small = float not in kinds and all(value is None or -(2**63) <= value < 2**63 for value in held)
        return (pl.Int64, int) if small else (pl.Float64, float)
    for kind, dtype in ((bool, pl.Boolean), (dt.date, pl.Date), (dt.datetime, None)):
        if kinds == {kind}:
            return dtype, lambda value: value
    if any(issubclass(kind, list | tuple | dict | set | np.ndarray) for kind in kinds):
        return pl.List(pl.String), lambda _: None
    return pl.String, str


def _scalar(value: Any) -> Any:  # noqa: ANN401 - any cell
    """A cell as a plain Python value; NaN is None."""
    if isinstance(value, np.generic):
        value = value.item()
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    if isinstance(value, decimal.Decimal | fractions.Fraction):
        value = float(value)
    return None if isinstance(value, float) and math.isnan(value) else value


def _same_length(columns: list[tuple[str, pl.Series]], source: str) -> list[tuple[str, pl.Series]]:
    for name, series in columns[1:]:
        first, length = columns[0][0], len(columns[0][1])
        if len(series) != length:
            raise DataError(
                f"{source}: column {name!r} has {len(series)} values and {first!r} has {length}; make them equally long"
            )
    return columns


def _simple(  # noqa: PLR0911 - one return a type
    name: str, series: pl.Series, notes: list[str]
) -> pl.Series | None:
    """The series as one of few types, None where it cannot be a column of values."""
    dtype = series.dtype
    if dtype.is_float() or dtype.is_decimal():
        plain = series.cast(pl.Float64).fill_nan(None)
        endless = int(plain.is_infinite().sum())
        if endless:
            notes.append(f"{name}: {endless} infinite values read as missing")
            plain = plain.set(plain.is_infinite(), None)
        return plain
    if isinstance(dtype, pl.UInt64 | pl.Int128 | pl.UInt128):
        whole = series.cast(pl.Int64, strict=False)
        return whole if whole.null_count() == series.null_count() else series.cast(pl.Float64)
    if dtype.is_integer():
        return series.cast(pl.Int64)
    if isinstance(dtype, pl.Boolean | pl.String | pl.Date):
        return series
    if dtype == pl.Datetime:
        aware = getattr(dtype, "time_zone", None) is not None
        return (series.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if aware else series).dt.cast_time_unit(
            "us"
        )
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Null | pl.Time):
        return series.cast(pl.String)
    if dtype == pl.Duration:
        notes.append(f"{name}: spans of time read as seconds")
        return series.dt.total_microseconds() / 1e6
    if dtype == pl.Object:
        return _simple(name, _from_values(series.to_list(), name, notes), notes)
    notes.append(f"{name}: left out, its cells are lists or other nested values")
    return None


def _without_duplicates(
    columns: Sequence[tuple[str, pl.Series]],
) -> tuple[dict[str, pl.Series], list[str], list[str]]:
    """Columns by name; names merged because their columns are equal; names whose columns differ."""
    unique: dict[str, pl.Series] = {}
    merged, clashes = [], []
    for name, series in columns:
        if name not in unique:
            unique[name] = series
        elif unique[name].dtype == series.dtype and unique[name].equals(series, null_equal=True):
            merged.append(name)
        else:
            clashes.append(name)
    clashes = list(dict.fromkeys(clashes))
    merged = [name for name in dict.fromkeys(merged) if name not in clashes]
    return {name: series for name, series in unique.items() if name not in clashes}, merged, clashes
