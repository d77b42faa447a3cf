"""Which rows train, tune and audit: fixed by hashing the row's place or its unit, never by who asks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Part
from fairwitness.core.digest import generator
from fairwitness.core.errors import DataError

PARTS: tuple[Part, ...] = get_args(Part)


def by_row(rows: int, *, seed: int, train: float, tune: float) -> NDArray[np.object_]:
    """The part of each row, by its place in the data."""
    with np.errstate(over="ignore"):  # the mixing is modulo 2^64 by design (splitmix64, Steele et al. 2014)
        x = (np.arange(rows, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return _cut(x / 2.0**64, train, tune)


def by_unit(units: Iterable[Any], *, seed: int, train: float, tune: float) -> NDArray[np.object_]:
    """The part of each row, by its unit: all rows of one person stay together."""
    names, codes = np.unique(np.asarray([str(unit) for unit in units], dtype=object), return_inverse=True)
    place = [int.from_bytes(hashlib.blake2b(f"{seed}|{name}".encode(), digest_size=8).digest()) for name in names]
    return _cut(np.asarray(place, dtype=np.float64)[codes] / 2.0**64, train, tune)


def by_column(values: Iterable[Any], *, name: str, source: str) -> NDArray[np.object_]:
    """The part of each row, as a column says.

    Raises:
        DataError: A value that is no part.
    """
    parts = np.asarray(list(values), dtype=object)
    wrong = next((value for value in parts if value not in PARTS), None)
    if wrong is not None or not len(parts):
        raise DataError(f"{source}: split column {name!r} holds {wrong!r}; its values must be {', '.join(PARTS)}")
    return parts


def keep_together(units: Iterable[Any], parts: NDArray[np.object_], *, name: str, source: str) -> None:
    """Refuse a split column that puts one unit's rows into several parts.

    Raises:
        DataError: How many units lie in more than one part.
    """
    first: dict[str, str] = {}
    torn = {str(unit) for unit, part in zip(units, parts, strict=True) if first.setdefault(str(unit), part) != part}
    if torn:
        raise DataError(
            f"{source}: {len(torn):,} values of unit {name!r} lie in several parts; give column or unit, not both"
        )


def to_fit_on(parts: NDArray[np.object_], units: NDArray[Any], *, seed: int) -> NDArray[np.bool_]:
    """(n,) the half of the tune rows that thresholds and the like are fitted on; between remedies the other half chooses.

    Args:
        parts: (n,) part of each row.
        units: (n,) what belongs together stays together.
        seed: Of the audit.
    """
    names, codes = np.unique(units, return_inverse=True)
    chosen: NDArray[np.bool_] = (generator(seed, "tune halves").random(len(names)) < 0.5)[codes]
    picked: NDArray[np.bool_] = (parts == "tune") & chosen
    return picked


def to_choose_on(parts: NDArray[np.object_], units: NDArray[Any], *, seed: int) -> NDArray[np.bool_]:
    """(n,) the half of the tune rows that remedies are chosen on; see `to_fit_on`."""
    picked: NDArray[np.bool_] = (parts == "tune") & ~to_fit_on(parts, units, seed=seed)
    return picked


def _cut(place: NDArray[np.float64], train: float, tune: float) -> NDArray[np.object_]:
    parts = np.full(len(place), "audit", dtype=object)
    parts[place < train + tune] = "tune"
    parts[place < train] = "train"
    return parts
