"""Numbers that look like codes for "no value": 999, 666, 1000000, −9, far from everything else in the column.

They are suspected, never removed: what a number means is for a person to say. None of the libraries in use looks for
them; the rule is checked by its alarms on columns that are known to hold codes, known not to, and drawn at random.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AT_LEAST = 2
"""Rows that share a code. One row far out may be an outlier; the same odd number twice seldom is."""

_FAR = 5.0
"""A code of equal digits is this many times the largest ordinary value: 999 beside ages of up to 120 is one."""

_FAR_ROUND = 50.0
"""A power of ten is what people also pay and earn, so it must lie farther out."""

_MOST = 0.5  # share of rows: beyond it the rest is the exception
_RARE = 0.05  # share of rows: −1 beside 0 and 1 is a code when few have it, a third answer when many do
_EDGE = 20  # distinct values at either end that are looked at: what lies far out lies there
_MACHINE = frozenset({32767.0, 65535.0, 2147483647.0, 4294967295.0, 2.0**63})
_EQUAL_DIGITS = re.compile(r"(9{2,}|8{2,}|7{2,}|6{3,}|9+8|9+7)")
_NEGATIVE = re.compile(r"-(1|9|8|7|9{2,}|8{2,}|7{2,}|6{3,}|9+8|9+7)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinel:
    """One suspected code.

    Attributes:
        name: The column.
        value: The code.
        rows: How many rows hold it.
        nearest: The ordinary value nearest to it.
    """

    name: str
    value: float
    rows: int
    nearest: float


def suspected_sentinels(
    values: NDArray[np.float64], *, name: str, known: Collection[float] = ()
) -> tuple[Sentinel, ...]:
    """Values of a column that look like codes.

    Args:
        values: (n,) float64; NaN is skipped.
        name: The column's name.
        known: Codes already suspected in other columns of the same data: these need one row only.

    Returns:
        In order of value. Empty for a column of codes alone: with one ordinary value or none there is nothing to lie
        far from.
    """
    held = values[np.isfinite(values)]
    distinct, counts = np.unique(held, return_counts=True)
    coded = np.zeros(len(distinct), dtype=bool)
    for place in {*range(len(distinct))[:_EDGE], *range(len(distinct))[-_EDGE:]}:
        coded[place] = _is_coded(float(distinct[place]))
    found = []
    for value, rows in zip(distinct[coded].tolist(), counts[coded].tolist(), strict=True):
        near_codes = coded & (np.sign(distinct) == np.sign(value)) & (np.abs(distinct) >= abs(value) / 2)
        if value < 0:
            near_codes = coded & (distinct < 0)
        rest = distinct[~near_codes & (distinct != value)]
        enough = rows >= AT_LEAST or value in known
        if enough and rows < _MOST * len(held) and len(rest) > 1 and _far(value, rest, share=rows / len(held)):
            nearest = float(rest[np.abs(rest - value).argmin()])
            found.append(Sentinel(name=name, value=value, rows=rows, nearest=nearest))
    return tuple(found)


def _is_coded(value: float) -> bool:
    """Whether somebody might have typed it, or a machine put it, for want of a value."""
    size = abs(value)
    if size in _MACHINE or size >= 1e20:
        return True
    digits = f"{math.trunc(size)}"
    if not size.is_integer():  # 999999 kept in too few bits: 999999.375, 999999.4
        return value > 0 and len(digits) >= 5 and set(digits) == {"9"}
    if value < 0:
        return bool(_NEGATIVE.fullmatch(f"-{digits}"))
    return bool(_EQUAL_DIGITS.fullmatch(digits)) or _is_round(size)


def _is_round(size: float) -> bool:
    return size >= 1e5 and set(f"{size:.0f}"[1:]) == {"0"} and f"{size:.0f}"[0] == "1"


def _far(value: float, rest: NDArray[np.float64], *, share: float) -> bool:
    if value >= 0:
        return value >= (_FAR_ROUND if _is_round(value) else _FAR) * float(np.abs(rest).max())
    if rest.min() < 0:
        return False
    if value == -1:
        whole = bool((rest == np.round(rest)).all())
        return whole and bool(rest.min() > 0 or (rest.max() <= 1 and share <= _RARE))
    return True
