"""Rows to counts where the rows lie: one group-by through narwhals, the same for Polars, Spark, DuckDB or pandas.

What comes back is as long as there are combinations that occur, however many rows there were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from fairwitness.core.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw

MOST_CELLS = 5_000_000
"""Combinations; more than this, and a column names people rather than groups."""

_COARSE, _FINE = 2.0**20, 2.0**32
"""What numbers are multiplied by before they are summed as whole ones. With scores, 2 thousand million rows fit."""

ROWS = "@rows"
"""The column of `count` that says how many rows a combination has; others are `key`, `held`, and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is counted of each row.

    Attributes:
        by: Columns whose values are crossed.
        cuts: Those of them that are cut, with rising edges: a bin takes its lower edge in and leaves its upper out.
        whole: Those of the cut ones that hold whole numbers.
        missing: Columns of which missing values are counted in each combination.
        sums: Columns of which values and their squares are summed.
        sentinels: Column to codes that mean "no value".
    """

    by: tuple[str, ...] = ()
    cuts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    sentinels: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def count(frame: object, wanted: Wanted, *, source: str = "DataFrame") -> pl.DataFrame:
    """Count the rows of a frame in one pass of its own engine.

    Args:
        frame: Anything narwhals takes: frames of Polars (lazy ones are streamed), pandas, Arrow, Spark, DuckDB.
        wanted: What is counted.
        source: For messages.

    Returns:
        A row for each combination that occurs: `@key i`, the value of the i-th column in `by` (how many of its cuts are
        reached, where it has any), `@rows`, `@held i` (rows that have the i-th of `missing`), and of the i-th of `sums`
        `@summed i` (rows that have it), and for `@sum i` and `@square i` two whole numbers each, see `added`.

    Raises:
        DataError: There are too many combinations, or the engine gives up.
    """
    import narwhals as nw  # only for frames that are not read whole

    rows: Any = nw.from_native(frame)
    if isinstance(rows, nw.DataFrame) and (rows.implementation.is_polars() or rows.implementation.is_pyarrow()):
        needed = dict.fromkeys((*wanted.by, *wanted.missing, *wanted.sums))
        rows = nw.from_native(rows.select(*needed).to_polars().lazy())  # streamed, a group-by takes half the time
    types = dict(rows.collect_schema())
    keys = [_key(name, wanted, types[name]).alias(f"@key {i}") for i, name in enumerate(wanted.by)]
    keys = keys or [nw.lit(0).alias("@key")]
    summed = [_held(name, wanted, types[name]).cast(nw.Float64) for name in wanted.sums]
    picked = [
        *keys,
        *(_held(name, wanted, types[name]).alias(f"@held {i}") for i, name in enumerate(wanted.missing)),
        *(part for i, values in enumerate(summed) for part in _parts(values, f"sum {i}")),
        *(part for i, values in enumerate(summed) for part in _parts(values * values, f"square {i}")),
    ]
    made = [nw.len().alias(ROWS)]
    made += [nw.col(f"@held {i}").count() for i in range(len(wanted.missing))]
    for i in range(len(wanted.sums)):
        made += [nw.col(f"@sum {i} coarse").count().alias(f"@summed {i}")]
        made += [nw.col(f"@{what} {i} {part}").sum() for what in ("sum", "square") for part in ("coarse", "fine")]
    grouped = rows.select(*picked).group_by([f"@key {i}" for i in range(len(wanted.by))] or ["@key"]).agg(*made)
    return _collected(grouped, source)


def added(cells: pl.DataFrame, name: str) -> pl.Series:
    """The sums of a column of `count`, `@sum i` or `@square i`, from their two parts."""
    coarse, fine = (cells[f"{name} {part}"].cast(pl.Float64) for part in ("coarse", "fine"))
    return (coarse + fine / _FINE) / _COARSE


def _parts(values: nw.Expr, name: str) -> list[nw.Expr]:
    """Numbers as two whole ones: their sums are the same in whichever order an engine takes the rows."""
    import narwhals as nw

    scaled = values * _COARSE
    coarse = scaled.floor()
    fine = ((scaled - coarse) * _FINE).floor()
    return [coarse.cast(nw.Int64).alias(f"@{name} coarse"), fine.cast(nw.Int64).alias(f"@{name} fine")]


def _held(name: str, wanted: Wanted, dtype: Any) -> nw.Expr:  # noqa: ANN401 - a narwhals type
    """A column's values, null for all that mean "no value"."""
    import narwhals as nw

    values = nw.col(name)
    if dtype.is_float():
        values = nw.when(nw.col(name).is_finite()).then(nw.col(name))
    codes = wanted.sentinels.get(name, ())
    if codes and dtype.is_numeric():
        values = nw.when(~nw.col(name).cast(nw.Float64).is_in([float(code) for code in codes])).then(values)
    return values


def _key(name: str, wanted: Wanted, dtype: Any) -> nw.Expr:  # noqa: ANN401 - a narwhals type
    """What rows are grouped by: a column's values, or how many of its cuts they have reached."""
    import narwhals as nw

    if name not in wanted.cuts:
        return _held(name, Wanted(), dtype)
    values = _held(name, wanted, dtype).cast(nw.Float64)
    reached = [(values >= cut).cast(nw.Int32) for cut in wanted.cuts[name]]
    while len(reached) > 1:  # in pairs: a chain of hundreds is too deep for some engines
        reached = [a + b for a, b in zip(reached[::2], reached[1::2], strict=False)] + reached[len(reached) & ~1 :]
    return reached[0]


def _collected(grouped: Any, source: str) -> pl.DataFrame:  # noqa: ANN401 - a narwhals frame, lazy or not
    import narwhals as nw

    try:
        if not isinstance(grouped, nw.LazyFrame):
            cells: pl.DataFrame = grouped.to_polars()
        elif grouped.implementation.is_polars():
            cells = grouped.collect(engine="streaming").to_native()
        else:
            cells = grouped.collect(backend="polars").to_native()
    except Exception as error:
        if isinstance(error, MemoryError | KeyboardInterrupt):
            raise
        why = " ".join(str(error).split())[:160]
        raise DataError.unreadable(source, f"cannot be counted ({why})", "mend it, or save it as Parquet") from error
    if cells.height > MOST_CELLS:
        raise DataError(
            f"{source}: {cells.height:,} different combinations of groups and outcomes; cut numbers by edges, or name "
            "fewer groups"
        )
    return cells
