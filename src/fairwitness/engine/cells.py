"""Counts as a tally, and a tally as a table whose rows stand for many: so whatever is counted is audited as rows are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.columns import MISSING
from fairwitness.io.counting import ROWS, Wanted, added, count
from fairwitness.io.frames import from_columns
from fairwitness.io.kinds import as_text
from fairwitness.io.table import Counted, Table
from fairwitness.stats.tally import Tally, code_categories, number_name

LACKING = "missing "
"""Begins the name of a tally's sum that counts rows in which a column is missing."""


def tally(frame: object, wanted: Wanted, *, source: str = "DataFrame") -> Tally:
    """Count the rows of a frame, where they lie.

    Args:
        frame: Anything narwhals takes; see `io.counting.count`.
        wanted: What is counted. Of a cut column the tally holds one number a bin, which lies in it.
        source: For messages.

    Raises:
        DataError: There are too many combinations, or the frame's engine gives up.
    """
    return _tally(count(frame, wanted, source=source), wanted)


def table(tally: Tally, *, source: str, fingerprint: str, columns: Sequence[str] = ()) -> Table:
    """A tally as a table whose rows stand for many.

    Args:
        tally: As `count` made it, or several of them added.
        source: For messages.
        fingerprint: Of what was counted.
        columns: Others that the data have; nothing is known of them.
    """
    made = [(name, _values(names, tally.codes[:, i])) for i, (name, names) in enumerate(tally.axes.items())]
    missing = {
        name.removeprefix(LACKING): sums.astype(np.int64)
        for name, sums in tally.sums.items()
        if name.startswith(LACKING)
    }
    unknown = [name for name in dict.fromkeys((*missing, *columns)) if name not in tally.axes]
    made += [(name, pl.Series([None] * len(tally.counts), dtype=pl.String)) for name in unknown]
    read = from_columns(made or [("@", pl.Series([0] * len(tally.counts)))], source=source, fingerprint=fingerprint)
    sums = {name: each for name, each in tally.sums.items() if not name.startswith(LACKING)}
    return Table(
        frame=read.frame,
        source=source,
        fingerprint=fingerprint,
        counted=Counted(
            rows=tally.counts,
            missing={name: each for name, each in missing.items() if name not in tally.axes},
            sums=sums,
        ),
    )


def _tally(cells: pl.DataFrame, wanted: Wanted) -> Tally:
    axes, codes = {}, []
    for i, name in enumerate(wanted.by):
        key = cells[f"@key {i}"]
        if name in wanted.cuts:
            inside = np.array(_within(wanted.cuts[name], whole=name in wanted.whole))
            places = key.cast(pl.Float64).fill_null(math.nan).to_numpy()
            values: NDArray[Any] = np.where(np.isnan(places), np.nan, inside[np.nan_to_num(places).astype(np.int64)])
        elif key.dtype.is_float():
            values = key.cast(pl.Float64).fill_null(math.nan).to_numpy()
        else:
            values = as_text(key)
        axes[name], code = code_categories(values)
        codes.append(code)
    counts = cells[ROWS].cast(pl.Int64).to_numpy()
    sums: dict[str, NDArray[np.float64]] = {}
    for i, name in enumerate(wanted.missing):
        sums[f"{LACKING}{name}"] = (counts - cells[f"@held {i}"].cast(pl.Int64).to_numpy()).astype(np.float64)
    for i, name in enumerate(wanted.sums):
        whole = cells[f"@summed {i}"].cast(pl.Int64).to_numpy() == counts
        for column, as_name in ((f"@sum {i}", name), (f"@square {i}", f"{name}^2")):
            values = added(cells, column).fill_null(math.nan).to_numpy()
            sums[as_name] = np.where(whole, values, np.nan)
    return Tally.of_codes(axes, codes, sums, counts=counts)


def _within(cuts: Sequence[float], *, whole: bool) -> list[float]:
    """A number in each bin, the two outer ones included; whole where the column is, and not where it is not."""
    if whole:
        first = math.ceil(cuts[0])
        return [float(first - 1), *(float(math.ceil(cut)) for cut in cuts)]
    inner = [low + min(0.5, (high - low) / 2) for low, high in pairwise(cuts)]
    return [
        cuts[0] - 0.5,
        *(low if not low < each < high else each for each, (low, high) in zip(inner, pairwise(cuts), strict=True)),
        cuts[-1] + 0.5,
    ]


def _values(names: Sequence[str], codes: NDArray[np.int32]) -> pl.Series:
    """A column of categories again as what they name: numbers where all of them are."""
    known = [None if name == MISSING else name for name in names]
    numbers = [None if name is None else _number(name) for name in known]
    if any(name is not None for name in known) and all(
        number is not None for name, number in zip(known, numbers, strict=True) if name is not None
    ):
        held = pl.Series(numbers, dtype=pl.Float64)
        if all(number is None or number.is_integer() for number in numbers):
            held = held.cast(pl.Int64)
    else:
        held = pl.Series(known, dtype=pl.String)
    return held.gather(codes)


def _number(name: str) -> float | None:
    """The number that a category names, if it is written as `number_name` writes it."""
    try:
        number = float(name)
    except ValueError:
        return None
    return number if math.isfinite(number) and number_name(number) == name else None
