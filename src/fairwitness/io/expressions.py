"""The expression grammar `column OP literal`: parsed into a comparison, never evaluated.

- `decile_score >= 5`: a bare name has letters, digits, `_`, `.` and `-`
- "`default payment` == 1": any name, in backticks or quotes
- `race != 'Other'`: text in quotes; a bare word is text too
"""

from __future__ import annotations

import datetime as dt
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

import polars as pl
from numpy.typing import NDArray

from fairwitness.core.errors import ColumnError, ConfigError, DataError

Op = Literal["==", "!=", ">=", "<=", ">", "<"]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_QUOTED = r"`(?:[^`]|``)*`|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""
_BARE = r"[^\W\d][\w.\-]*"
_NUMBER = r"[+\-−]?(?:\d+\.?\d*|\.\d+)(?:[eE][+\-]?\d+)?"
_FORM = re.compile(
    rf"\s*(?P<column>{_QUOTED}|{_BARE})\s*(?P<op>==|!=|>=|<=|>|<)\s*(?P<literal>{_QUOTED}|{_NUMBER}|{_BARE})\s*"
)
_LONGEST = 1000
"""Characters of an expression; more is not something a person has typed."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column held against one literal."""

    column: str
    op: Op
    literal: float | str | bool

    def __str__(self) -> str:
        quoted = self.column.replace("`", "``")
        name = self.column if re.fullmatch(_BARE, self.column) else f"`{quoted}`"
        return f"{name} {self.op} {_written(self.literal)}"

    def missing(self, frame: pl.DataFrame) -> NDArray[Any]:
        """(n,) bool: rows in which the column holds nothing, so the comparison has no answer.

        Raises:
            ColumnError: The column is not there.
        """
        if self.column not in frame.columns:
            raise ColumnError.missing(self.column, key=f"expression {str(self)!r}", have=frame.columns, source="data")
        series = frame[self.column]
        empty = series.is_null() | series.is_nan() if series.dtype.is_float() else series.is_null()
        return empty.to_numpy()

    def apply(self, frame: pl.DataFrame) -> NDArray[Any]:
        """(n,) bool: where the comparison holds.

        Raises:
            ColumnError: The column is not there, or its values cannot be compared with the literal.
            DataError: Rows hold nothing in the column: neither yes nor no would be true of them.
        """
        empty = int(self.missing(frame).sum())
        if empty:
            raise DataError(f"expression {str(self)!r}: {self.column!r} is empty in {empty} rows; fill or drop them")
        series = frame[self.column]
        held = _OPERATORS[self.op](series, self._comparable(series))
        return cast("pl.Series", held).to_numpy()

    def _comparable(self, series: pl.Series) -> float | str | bool | dt.date | dt.datetime:
        """The literal as a value of the column's type."""
        literal, dtype = self.literal, series.dtype
        if dtype.is_numeric() and not isinstance(literal, str):
            return float(literal)
        if dtype == pl.Boolean and self.op in {"==", "!="} and literal in (0, 1):
            return bool(literal)
        if dtype == pl.String and self.op in {"==", "!="} and isinstance(literal, str):
            return literal
        if dtype.is_temporal() and isinstance(literal, str):
            try:
                when = dt.datetime.fromisoformat(literal)
            except ValueError:
                raise self._unfit("holds dates; write the date as '2024-12-31'") from None
            return when.date() if dtype == pl.Date else when
        if dtype == pl.String and self.op in {"==", "!="}:
            raise self._unfit(f"holds text; put the value in quotes: '{_written(literal)}'")
        if dtype == pl.String:
            raise self._unfit("holds text, which has no order; use == or !=")
        if dtype == pl.Boolean:
            raise self._unfit("holds true and false; use == true or == false")
        raise self._unfit("holds numbers; compare it with a number")

    def _unfit(self, why: str) -> ColumnError:
        return ColumnError(f"expression {str(self)!r}: column {self.column!r} {why}")


def parse(text: str, *, source: str) -> Comparison:
    """Read `column OP literal`.

    Args:
        text: What the user wrote.
        source: Where, for messages: the config's file name or the option.

    Raises:
        ConfigError: It is anything else.
    """
    found = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise ConfigError(f"{source}: cannot read expression {text[:80]!r}; {_way_out(text)}")
    literal = _literal(found["literal"])
    if isinstance(literal, float) and not math.isfinite(literal):
        raise ConfigError(f"{source}: {found['literal']!r} in expression {text!r} is too large; use a smaller number")
    return Comparison(_unquoted(found["column"]), cast("Op", found["op"]), literal)


def _way_out(text: str) -> str:
    if re.search(r"(?<![=!<>])=(?!=)", text):
        return "use == for equality"
    if re.search(r"\b(and|or|not)\b|[&|]", text):
        return "it takes one comparison; make a column for a combination"
    if re.match(rf"\s*\w+(\s+\w+)+\s*({'|'.join(_OPERATORS)})", text):
        return "put a name with spaces in backticks: `default payment` == 1"
    return "write it as column OP value, such as decile_score >= 5"


def _unquoted(token: str) -> str:
    if token[0] in "`'\"":
        return token[1:-1].replace(token[0] * 2, token[0])
    return token


def _literal(token: str) -> float | str | bool:
    if token.lower() in {"true", "false"}:
        return token.lower() == "true"
    if re.fullmatch(_NUMBER, token):
        return float(token.replace("−", "-"))
    return _unquoted(token)


def _written(literal: float | str | bool) -> str:  # noqa: FBT001 - a literal is what it is
    if isinstance(literal, bool):
        return str(literal).lower()
    if isinstance(literal, str):
        return "'" + literal.replace("'", "''") + "'"
    return f"{literal:.0f}" if literal.is_integer() and abs(literal) < 1e15 else repr(literal)
