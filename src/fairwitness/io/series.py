"""Time series in the text format of the UCR and UEA archives (`.ts`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.errors import DataError
from fairwitness.io.arrays import LABEL, PART
from fairwitness.io.frames import from_columns
from fairwitness.io.locate import Place, content, unfolded
from fairwitness.io.table import Table

ENDING = ".ts"
SERIES = "series"

Case = tuple[list[NDArray[np.float64]], str | None]  # a series a dimension, and the class

_TRAIN, _TEST = "_TRAIN", "_TEST"


@dataclass(frozen=True, slots=True)
class _File:
    cases: list[Case]
    digest: str


def read(place: Place) -> Table:
    """Series with their classes in the column `label`; NAME_TRAIN.ts brings NAME_TEST.ts with it where it is there.

    Series that differ in length are filled up with missing values at their end.

    Raises:
        DataError: It is damaged, has time stamps, or its cases differ in dimensions.
    """
    files = {"train": _file(place)}
    test = place.path.with_name(place.path.name.replace(_TRAIN, _TEST))
    joined = _TRAIN in place.path.name and test.is_file()
    if joined:
        files["audit"] = _file(Place(test, test.name, ENDING))
    cases = [case for file in files.values() for case in file.cases]
    values, filled = _array(cases, place.source)
    labels = [label for _, label in cases]
    columns = [(LABEL, pl.Series(labels, dtype=pl.String))] if any(labels) else [("row", pl.Series(range(len(cases))))]
    if joined:
        columns += [(PART, pl.Series([part for part, file in files.items() for _ in file.cases]))]
    digest = hashlib.sha256("".join(file.digest for file in files.values()).encode()).hexdigest()
    table = from_columns(columns, source=place.source, fingerprint=digest)
    notes = list(table.notes)
    if joined:
        notes.append(f"{test.name} joined; column {PART!r} says which, as train and audit (test)")
    if filled:
        notes.append(f"{filled} series are shorter than {values.shape[2]} steps and filled with missing values")
    split = PART if joined else None
    return replace(table, media={SERIES: values}, series=frozenset({SERIES}), notes=tuple(notes), split=split)


def _file(place: Place) -> _File:
    stored = content(place)
    try:
        lines = unfolded(stored, place).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError.unreadable(place.source, f"not UTF-8 at byte {error.start}", "save it as UTF-8") from None
    return _File(list(_cases(lines, place.source)), hashlib.sha256(stored).hexdigest())


def _cases(lines: Sequence[str], source: str) -> Iterator[Case]:
    """The cases below `@data`, by what the header says of them."""
    said: dict[str, str] = {}
    start = len(lines)
    for number, line in enumerate(lines):
        key, _, rest = line.strip().lower().partition(" ")
        if key == "@data":
            start = number + 1
            break
        if key.startswith("@"):
            said[key] = rest.split(" ")[0]
    if start >= len(lines):
        raise DataError.unreadable(source, "no cases below a line @data", "give a .ts file of the UCR archive")
    if said.get("@timestamps") == "true":
        raise DataError.unreadable(source, "has time stamps", "save the values at equal steps, without stamps")
    labelled = "true" in {said.get("@classlabel"), said.get("@targetlabel")}
    for number, line in enumerate(lines[start:], start=start + 1):
        if not line.strip():
            continue
        parts = line.strip().split(":")
        label = parts.pop().strip() if labelled else None
        try:
            yield [np.array(part.replace("?", "nan").split(","), dtype=np.float64) for part in parts], label
        except ValueError as error:
            raise DataError.unreadable(source, f"line {number}: {error}", "mend or drop that line") from None


def _array(cases: Sequence[Case], source: str) -> tuple[NDArray[np.float64], int]:
    """(n, dimensions, steps), and how many cases had to be filled up."""
    dimensions = {len(values) for values, _ in cases}
    if len(dimensions) != 1 or dimensions == {0}:
        raise DataError(
            f"{source}: cases have from {min(dimensions)} to {max(dimensions)} dimensions; give all of them"
        )
    steps = max(len(one) for values, _ in cases for one in values)
    made = np.full((len(cases), dimensions.pop(), steps), np.nan)
    for row, (values, _) in enumerate(cases):
        for dimension, one in enumerate(values):
            made[row, dimension, : len(one)] = one
    short = sum(any(len(one) < steps for one in values) for values, _ in cases)
    return made, short
