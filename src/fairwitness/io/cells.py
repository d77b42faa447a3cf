"""From cells of text to a column of one type: what is missing, what is a number, and what is only nearly one."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

EMPTY_WORDS = ("NA", "N/A", "#N/A", "NaN", "nan", "NULL", "Null", "null", "?")
"""Words that mean "no value" in any column; an empty cell does too."""

NUMERIC_EMPTY_WORDS = ("None", "none", "n/a", "na", ".", "-", "–")
"""Words that mean "no value" where everything else is a number, and may mean something among words."""

_MOSTLY = 0.5  # this share of numbers, and words among them are noted
_CODE = r"^[+-]?0\d+$"
_DECIMAL_COMMA = r"^[+-]?\d+(,\d+)?$"
_SHOWN = 6


@dataclass
class Reading:
    """What reading the cells changed, gathered over columns."""

    decimal_comma: bool = False
    missing: dict[str, dict[str, int]] = field(default_factory=dict)  # word to column to count
    mixed: list[str] = field(default_factory=list)
    commas: list[str] = field(default_factory=list)

    def notes(self) -> tuple[str, ...]:
        """One sentence for each kind of change."""
        words = [
            f"{word!r} read as missing in {_listed([f'{name} ({n})' for name, n in columns.items()])}"
            for word, columns in self.missing.items()
        ]
        commas = [f"decimal comma read in {_listed(self.commas)}"] if self.commas else []
        return (*words, *commas, *self.mixed)


def typed(name: str, cells: pl.Series, reading: Reading) -> pl.Series:
    """The column as Boolean, Int64, Float64 or String.

    Spaces around cells go. Digits with a leading zero stay text: they are codes such as postcodes, not quantities.
    """
    held = cells.str.strip_chars()
    held = _without(held, ["", *EMPTY_WORDS], name, reading)
    if not held.count():
        return held
    lower = held.str.to_lowercase()
    if lower.is_in(["true", "false"]).all(ignore_nulls=True):
        return lower == "true"
    numbers = _numbers(held, name, reading)
    words = held.filter(numbers.is_null() & held.is_not_null())
    if words.is_in(NUMERIC_EMPTY_WORDS).all() and len(words) < held.count():
        held = _without(held, NUMERIC_EMPTY_WORDS, name, reading)
        return _whole_or_float(held, numbers)
    if not len(words):
        return _whole_or_float(held, numbers)
    share = 1 - len(words) / held.count()
    if share >= _MOSTLY:
        row = int((numbers.is_null() & held.is_not_null()).arg_true()[0])
        reading.mixed.append(
            f"{name}: {len(words)} of {held.count()} values are no numbers (first {held[row]!r} in row {row + 1}), "
            f"so the column is read as words"
        )
    return held


def _numbers(held: pl.Series, name: str, reading: Reading) -> pl.Series:
    """Float64, null where the cell is no number; all null where digits are codes."""
    comma = reading.decimal_comma and held.str.contains(",", literal=True).any()
    if comma and held.str.contains(_DECIMAL_COMMA).all(ignore_nulls=True):
        reading.commas.append(name)
        held = held.str.replace(",", ".", literal=True)
    numbers = held.str.replace("−", "-", literal=True).cast(pl.Float64, strict=False)
    if numbers.count() and held.str.contains(_CODE).any():
        return pl.Series(held.name, [None] * len(held), dtype=pl.Float64)
    return numbers


def _whole_or_float(held: pl.Series, numbers: pl.Series) -> pl.Series:
    whole = held.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == held.null_count() else numbers


def _without(held: pl.Series, words: list[str] | tuple[str, ...], name: str, reading: Reading) -> pl.Series:
    gone = held.is_in(list(words)).fill_null(value=False)
    if not gone.any():
        return held
    for word, n in held.filter(gone).value_counts(sort=True).iter_rows():
        if word:
            reading.missing.setdefault(word, {})[name] = n
    return held.set(gone, None)


def _listed(items: list[str]) -> str:
    rest = len(items) - _SHOWN
    return ", ".join(items[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
