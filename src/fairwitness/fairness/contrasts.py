"""How far groups are apart in any number that has limits in each of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.estimate import Estimate, Unit
from fairwitness.stats import intervals

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A number of each of k groups: value, limits and people behind it; NaN where it is undefined."""

    value: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]

    @property
    def defined(self) -> Bools:
        return np.asarray(np.isfinite(self.value))

    def place(self, index: int) -> tuple[float | None, float | None, float | None]:
        """Value and limits of one group; None where undefined or without end."""
        value, low, high = (float(each[index]) for each in (self.value, self.low, self.high))
        return tuple(each if np.isfinite(each) else None for each in (value, low, high))  # type: ignore[return-value]  # three of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """The two groups that are furthest apart, lower value first, and how far."""

    groups: tuple[str, str]
    estimate: Estimate


def shares(hits: NDArray[np.int64], n: NDArray[np.int64], *, z: float) -> Known:
    """(k,) shares with Wilson's limits, or exact ones where `z` lies far out (`intervals.FAR_OUT`)."""
    asked = n > 0
    found = np.full((3, len(n)), np.nan)
    if asked.any():
        limits = intervals.clopper_pearson if z > intervals.FAR_OUT else intervals.wilson
        low, high = limits(hits[asked].astype(float), n[asked], z=z)
        found[:, asked] = hits[asked] / n[asked], low, high
    return Known(found[0], found[1], found[2], n)


def combined(parts: Sequence[tuple[float, Known]]) -> Known:
    """A sum of numbers of different people, each times its weight of at least 0.

    Source:
        Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702: distances to limits behave like standard errors.
    """
    value = np.sum([weight * each.value for weight, each in parts], axis=0)
    below = np.sqrt(np.sum([(weight * (each.value - each.low)) ** 2 for weight, each in parts], axis=0))
    above = np.sqrt(np.sum([(weight * (each.high - each.value)) ** 2 for weight, each in parts], axis=0))
    n = np.sum([each.n for _, each in parts], axis=0)
    return Known(value, value - below, value + above, n)


def between(known: Known, first: int, second: int) -> tuple[float | None, float | None, float | None]:
    """Second group's number less the first's, with limits; None where either is undefined, or a limit without end."""
    sides = [known.place(first), known.place(second)]
    (one, low0, high0), (other, low1, high1) = sides
    if one is None or other is None:
        return None, None, None
    value = other - one
    low = None if low1 is None or high0 is None else value - float(np.hypot(other - low1, high0 - one))
    high = None if high1 is None or low0 is None else value + float(np.hypot(high1 - other, one - low0))
    return value, low, high


def recorded(groups: Sequence[str], aside: Collection[str] = (MISSING,)) -> Bools:
    """(k,) whether each is a group of people, and not what is not recorded."""
    return np.array([not any(part in aside for part in (name, *name.split(CROSS))) for name in groups], dtype=bool)


def widest(groups: Sequence[str], known: Known, *, level: float, unit: Unit, method: str) -> Apart | None:
    """The widest difference between two groups, as `stats.gaps.widest_gap` has it of rates.

    Args:
        groups: Names.
        known: Their numbers, with limits at which all pairs hold together (`stats.multiple.all_pairs`).
        level: Two-sided confidence, of all pairs together.
        unit: Of the difference.
        method: How the limits were made.

    Returns:
        The difference, at least 0; `high` is None where a group's number is unknown. None with fewer than two groups.
    """
    filled = np.flatnonzero(known.defined)
    if len(filled) < 2:
        return None
    filled = filled[np.argsort(known.value[filled], kind="stable")]
    first, second = (filled[each] for each in np.triu_indices(len(filled), 1))
    value = known.value[second] - known.value[first]
    low = value - np.hypot(known.value[second] - known.low[second], known.high[first] - known.value[first])
    high = value + np.hypot(known.high[second] - known.value[second], known.value[first] - known.low[first])
    told = recorded(groups)
    return most(
        groups,
        (first, second),
        (value, np.maximum(low, 0.0), high),
        known.n,
        unknown=bool((told & ~known.defined).any()),
        level=level,
        unit=unit,
        method=method if len(filled) == 2 else f"{method}, for all pairs of {len(filled)} groups at once",
    )


def most(
    groups: Sequence[str],
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    ends: tuple[Floats, Floats, Floats],
    n: NDArray[np.int64],
    *,
    unknown: bool,
    level: float,
    unit: Unit,
    method: str,
) -> Apart:
    """The largest of what pairs of groups have (value, low, high), over intervals that hold together.

    Pairs with people whose group is not recorded count once they are firm, as in `stats.gaps`.
    """
    (first, second), (value, low, high) = pairs, ends
    told = recorded(groups)
    told = told if told.sum() > 1 else np.ones_like(told)
    among = told[first] & told[second]
    among = among if among.any() else np.ones_like(among)
    among = among | (low > value[among].max())
    place = int(np.lexsort((low, np.where(among, value, -np.inf)))[-1])
    top = float(high[among].max())
    return Apart(
        groups=(groups[first[place]], groups[second[place]]),
        estimate=Estimate(
            value=float(value[place]),
            low=float(low.max()),
            high=None if unknown or not np.isfinite(top) else top,
            level=level,
            n=int(n[first[place]] + n[second[place]]),
            unit=unit,
            method=method,
        ),
    )
