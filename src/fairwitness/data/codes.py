"""Numbers that stand for "no value" and are not declared to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.io.sentinels import Sentinel, suspected_sentinels
from fairwitness.stats.tally import number_name


def find(columns: Mapping[str, NDArray[Any]]) -> tuple[list[Sentinel], NDArray[np.bool_]]:
    """Suspected codes of numeric columns, and the rows that hold one.

    A code suspected in one column is looked for in the others, where fewer rows are then enough.

    Args:
        columns: Name to (n,) float64 with NaN; others are skipped.

    Returns:
        Codes by column, in the order given; and (n,) whether the row holds any.
    """
    numbers = {name: values for name, values in columns.items() if values.dtype.kind == "f"}
    known = {code.value for name, values in numbers.items() for code in suspected_sentinels(values, name=name)}
    found: list[Sentinel] = []
    held = np.zeros(len(next(iter(numbers.values()), ())), dtype=bool)
    for name, values in numbers.items():
        codes = suspected_sentinels(values, name=name, known=known)
        found += codes
        if codes:
            held |= np.isin(values, [code.value for code in codes])
    return found, held


def declarations(found: list[Sentinel]) -> list[str]:
    """What to write into the config, a line a column: `[columns.review] sentinels = [999]`."""
    by_column: dict[str, list[str]] = {}
    for code in found:
        by_column.setdefault(code.name, []).append(number_name(code.value))
    return [f"[columns.{_key(name)}] sentinels = [{', '.join(values)}]" for name, values in by_column.items()]


def _key(name: str) -> str:
    """A TOML key: bare where its letters allow it."""
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
