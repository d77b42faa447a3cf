"""What a gap can be where it is not known, or not surely, which group people are of: its least and its most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import MISSING
from fairwitness.core.errors import TooFewError
from fairwitness.core.findings import Series
from fairwitness.stats import intervals
from fairwitness.stats.multiple import all_pairs

Floats = NDArray[np.float64]

_THIRDS = 80  # of a range that shrinks by a third each time: exact to the last bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The widest gap, whichever groups people truly are of.

    Attributes:
        least: No assignment that is possible makes it narrower; with two groups one makes it just so.
        most: One that is possible makes it so wide, and none wider.
        low: Lower confidence limit of `least`, held over all pairs.
        high: Upper confidence limit of `most`, likewise.
        groups: Between which it is widest then, lower rate first.
        level: Of `[low, high]`, which holds the true gap at least as often.
        unknown: People whose group is not known.
        error: Share of each group's people who may be of another.
    """

    least: float
    most: float
    low: float
    high: float
    groups: tuple[str, str]
    level: float
    unknown: int = 0
    error: float = 0.0

    def series(self) -> Series:
        """The bounds as a table of one line."""
        return Series(
            title="What the gap can be, whichever groups people are of",
            columns={
                "group not known": (self.unknown,),
                "labels that may be wrong": (self.error,),
                "least": (self.least,),
                "most": (self.most,),
                "low": (self.low,),
                "high": (self.high,),
            },
            units={
                "group not known": "people",
                "labels that may be wrong": "share",
                "least": "points",
                "most": "points",
                "low": "points",
                "high": "points",
            },
        )


def gap_bounds(
    hits: Mapping[str, int],
    totals: Mapping[str, int],
    *,
    unknown: tuple[int, int] = (0, 0),
    error: float = 0.0,
    level: float = 0.95,
) -> Bounds:
    """The widest gap between groups' rates over every way of telling who truly is of which group.

    Nothing is assumed of why a group is not known, or is wrong: it may go with the outcome as badly as can be.

    Args:
        hits: Selected people by recorded group.
        totals: People by recorded group; those of nobody are left out.
        unknown: Selected, and all, of the people with no group recorded: each is of one of the groups.
        error: Share of the people recorded in each group who may be of another one, in [0, 1).
        level: Two-sided confidence, of all pairs together.

    Raises:
        TooFewError: Fewer than two groups have people in them.

    Source:
        Manski 2003, Partial Identification of Probability Distributions, for the bounds; Kallus, Mao and Zhou 2022,
        Management Science 68(3):1959-1981, on gaps of groups not observed; Imbens and Manski 2004, Econometrica
        72(6):1845-1857, on intervals of bounds.
    """
    names = [name for name, total in totals.items() if total > 0]
    if len(names) < 2:
        raise TooFewError("bounds of a gap need two groups with people in them")
    if not (0 <= error < 1 and 0 <= unknown[0] <= unknown[1]):
        raise ValueError(f"no bounds for an error of {error} and {unknown} unknown")
    h = np.array([hits.get(name, 0) for name in names], dtype=np.float64)
    n = np.array([totals[name] for name in names], dtype=np.float64)
    below, above = np.nonzero(~np.eye(len(names), dtype=bool))
    lower, upper = _furthest(h, n, below, above, unknown=unknown, error=error)
    apart = upper[0] / upper[1] - lower[0] / lower[1]
    widest = int(apart.argmax())
    _, high = intervals.difference((lower[0], upper[0]), (lower[1], upper[1]), z=all_pairs(level, len(names)))
    return Bounds(
        least=max(0.0, -float(apart.min())),  # a pair that cannot be turned round is at least so far apart
        most=float(apart[widest]),
        low=max(0.0, -float(high.min())),
        high=float(high.max()),
        groups=(names[below[widest]], names[above[widest]]),
        level=level,
        unknown=unknown[1],
        error=error,
    )


def doubted(
    hits: Mapping[str, int], totals: Mapping[str, int], *, error: float = 0.0, level: float = 0.95
) -> Bounds | None:
    """As `gap_bounds`, of one attribute's counts with the group `(missing)` among them.

    Returns:
        None where every group is known and taken as right, or fewer than two have people in them.
    """
    known = {name: total for name, total in totals.items() if name != MISSING and total}
    unknown = hits.get(MISSING, 0), totals.get(MISSING, 0)
    if len(known) < 2 or not (unknown[1] or error):
        return None
    return gap_bounds({name: hits.get(name, 0) for name in known}, known, unknown=unknown, error=error, level=level)


def _furthest(
    h: Floats, n: Floats, below: NDArray[np.intp], above: NDArray[np.intp], *, unknown: tuple[int, int], error: float
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Hits and people of both groups of each pair where their rates lie furthest apart, `above` over `below`.

    People who are selected move to the group above, others to the group below, as many as may be of another. Those of
    third groups have one budget for both; what each further one does falls, so a search by thirds finds the best.
    """
    out, into = np.minimum(error * n[below], h[below]), np.minimum(error * n[above], (n - h)[above])
    low = h[below] - out, n[below] - out + into + (unknown[1] - unknown[0])
    high = h[above] + out + unknown[0], n[above] - into + out + unknown[0]

    def others(each: Floats) -> Floats:
        return np.asarray(each.sum() - each[below] - each[above])

    most_hits, most_misses = others(np.minimum(error * n, h)), others(np.minimum(error * n, n - h))
    budget = others(error * n)

    def rest(taken: Floats) -> Floats:
        return np.asarray(np.minimum(most_misses, budget - taken))

    def apart(taken: Floats) -> Floats:
        return np.asarray((high[0] + taken) / (high[1] + taken) - low[0] / (low[1] + rest(taken)))

    left, right = np.zeros_like(most_hits), most_hits.copy()
    for _ in range(_THIRDS if error else 0):  # else nobody of a third group may move
        first, second = left + (right - left) / 3, right - (right - left) / 3
        better = apart(first) < apart(second)
        left, right = np.where(better, first, left), np.where(better, right, second)
    taken = (left + right) / 2
    return (low[0], low[1] + rest(taken)), (high[0] + taken, high[1] + taken)
