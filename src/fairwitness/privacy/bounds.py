"""What is public about each column before anybody looks at the data: its range and step, or its list of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from fairwitness.core.columns import Column
from fairwitness.core.errors import ColumnError, ConfigError, DataError
from fairwitness.io.kinds import as_text, numbers
from fairwitness.io.settings import SettingsTable, read_toml, validate
from fairwitness.io.table import Table

MOST_STEPS = 10**9
EXAMPLE = "[columns.age] low = 18, high = 100, step = 1"


class ReleaseError(ConfigError):
    """A release that would protect nobody, or cannot be made."""

    @classmethod
    def no_bounds(cls) -> Self:
        return cls(
            "release: --bounds is missing; noise of scale 1/epsilon on raw values protects nobody, because without public "
            "bounds one person can move a value by any amount, and a mean that stays close is no test of use: give --bounds "
            f"FILE with what is publicly known of each column ({EXAMPLE}), not read off the data"
        )

    @classmethod
    def missing(cls, name: str, count: int, *, source: str) -> Self:
        return cls(
            f"{source}: {count:,} values of {name!r} are missing or not among its public values, which noise cannot hide; "
            f"give [columns.{name}] otherwise, a public value that takes their place"
        )


class Bounds(SettingsTable):
    """One column, as the file says it: `low`, `high` and `step`, or `values`."""

    low: float | None = Field(default=None, allow_inf_nan=False)
    high: float | None = Field(default=None, allow_inf_nan=False)
    step: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    values: tuple[bool | int | float | str, ...] | None = None
    otherwise: bool | int | float | str | None = None

    @model_validator(mode="after")
    def one_way(self) -> Bounds:
        ends = (self.low, self.high, self.step)
        if self.values is not None:
            if any(end is not None for end in ends):
                raise ValueError("values stand alone; give them, or low, high and step")
            if len({_text(value) for value in self.values}) < max(2, len(self.values)):
                raise ValueError(f"values has {list(self.values)}; give two or more, each once")
            if self.otherwise is not None and _text(self.otherwise) not in map(_text, self.values):
                raise ValueError(f"otherwise is {self.otherwise!r}, which is not one of values")
            return self
        if None in ends:
            raise ValueError("give low, high and step for numbers, or values for categories")
        steps = _exact(self.high) - _exact(self.low)
        if steps <= 0 or (steps / _exact(self.step)).denominator != 1 or steps / _exact(self.step) > MOST_STEPS:
            raise ValueError(
                f"from low {self.low:g} to high {self.high:g} there must be a whole number of steps of {self.step:g}, "
                f"from 1 to {MOST_STEPS:,}"
            )
        if self.otherwise is not None and not isinstance(self.otherwise, int | float):
            raise ValueError(f"otherwise is {self.otherwise!r}; give a number")
        return self


class BoundsFile(SettingsTable):
    """The file: one table a column. Columns it does not name are not released."""

    columns: Mapping[str, Bounds] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A column of numbers on its public grid: place i stands for `low + i * step`, for i from 0 to `steps`."""

    name: str
    low: Decimal
    step: Decimal
    steps: int
    otherwise: float | None

    def places(self, table: Table) -> NDArray[np.int64]:
        """(n,) each value clipped to the bounds and rounded to the grid."""
        values = numbers(table.frame[self.name], Column(name=self.name, kind="number"), source=table.source)
        lost = np.isnan(values)
        if lost.any():
            if self.otherwise is None:
                raise ReleaseError.missing(self.name, int(lost.sum()), source=table.source)
            values = np.where(lost, self.otherwise, values)
        high = float(self.low + self.steps * self.step)
        clipped = np.clip(values, float(self.low), high)
        return np.clip(np.rint((clipped - float(self.low)) / float(self.step)), 0, self.steps).astype(np.int64)

    def mean(self, table: Table) -> float:
        """The mean of what is there, neither clipped nor rounded; NaN where nothing is."""
        values = numbers(table.frame[self.name], Column(name=self.name, kind="number"), source=table.source)
        held = values[np.isfinite(values)]
        return float(held.mean()) if len(held) else float("nan")

    def value(self, place: Fraction | int) -> Fraction:
        """What a place, or a mean of places, stands for."""
        return Fraction(self.low) + place * Fraction(self.step)

    def text(self, place: int) -> str:
        """The value of a place, in plain digits."""
        return f"{self.low + place * self.step:f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A column of categories by their public list: place i stands for `values[i]`."""

    name: str
    values: tuple[str, ...]
    otherwise: str | None

    def places(self, table: Table) -> NDArray[np.int64]:
        """(n,) the place of each value in the list."""
        known = {value: place for place, value in enumerate(self.values)}
        texts = as_text(table.frame[self.name])
        places = np.array([known.get(text, -1) if text is not None else -1 for text in texts], dtype=np.int64)
        lost = places < 0
        if lost.any():
            if self.otherwise is None:
                raise ReleaseError.missing(self.name, int(lost.sum()), source=table.source)
            places[lost] = known[self.otherwise]
        return places


Public = Numbers | Choices


def read(path: Path) -> tuple[Public, ...]:
    """The columns of a bounds file.

    Raises:
        ConfigError: The file is missing, is no TOML, or its bounds make no sense.
    """
    settings = read_toml(path, missing=f"write one: {EXAMPLE}")
    return parse(settings, source=path.name)


def parse(settings: Mapping[str, Any], *, source: str) -> tuple[Public, ...]:
    """Bounds as columns on their grids.

    Raises:
        ConfigError: The first bound that makes no sense.
    """
    if not settings.get("columns"):
        raise ConfigError(f"{source}: no [columns] in it; a column without bounds is not released: write {EXAMPLE}")
    file = validate(BoundsFile, settings, source=source)
    return tuple(_public(name, bounds) for name, bounds in file.columns.items())


def places(table: Table, columns: tuple[Public, ...]) -> dict[str, NDArray[np.int64]]:
    """Each column's values as places on its grid or list.

    Raises:
        ColumnError: A column is not in the data, or holds words where numbers are declared.
        ReleaseError: Values are missing and nothing public takes their place.
        DataError: There are no rows.
    """
    if not len(table):
        raise DataError(f"{table.source}: a header and no rows; there is nothing to release")
    for column in columns:
        table.refuse_clash(column.name)
        if column.name not in table.frame.columns:
            raise ColumnError.missing(column.name, key="bounds", have=table.frame.columns, source=table.source)
    return {column.name: column.places(table) for column in columns}


def originals(table: Table, columns: tuple[Public, ...]) -> dict[str, float]:
    """The mean of each column of numbers as the data have it: NOT private."""
    return {column.name: column.mean(table) for column in columns if isinstance(column, Numbers)}


def _public(name: str, bounds: Bounds) -> Public:
    given = bounds.otherwise
    if bounds.values is not None:
        listed = tuple(_text(value) for value in bounds.values)
        return Choices(name=name, values=listed, otherwise=None if given is None else _text(given))
    low, high, step = (Decimal(str(end)).normalize() for end in (bounds.low, bounds.high, bounds.step))
    steps = int((high - low) / step)
    return Numbers(name=name, low=low, step=step, steps=steps, otherwise=None if given is None else float(given))


def _text(value: bool | float | str) -> str:  # noqa: FBT001 - a value of TOML
    """A value as data hold it: whole numbers without a point, `true` and `false`."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _exact(value: float | None) -> Fraction:
    return Fraction(str(value))
