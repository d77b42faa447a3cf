"""Equivalence: showing that a difference is small, which "no significant difference" does not show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
from scipy import optimize, special

from fairwitness.core.errors import TooFewError
from fairwitness.stats import intervals

_FARTHEST = 38.0  # standard errors; beyond it a tail is 0 in double precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Two one-sided tests of "the difference lies outside the margin".

    Attributes:
        value: The difference.
        low: Lower end of its interval at level 1 - 2 alpha.
        high: Upper end.
        margin: Differences up to this size, either way, count as none.
        p: The smallest alpha at which the interval lies inside the margin; at most 0.5.
        equivalent: The interval lies inside the margin.
    """

    value: float
    low: float
    high: float
    margin: float
    p: float
    equivalent: bool


def tost(value: float, error: float, *, margin: float, alpha: float = 0.05, freedom: float = inf) -> Equivalence:
    """Two one-sided tests of a difference whose error is normal, or Student's.

    Args:
        value: The difference.
        error: Its standard error, above 0.
        margin: Above 0.
        alpha: Chance of calling a difference as large as the margin none, in (0, 0.5).
        freedom: Degrees of freedom of the error.

    Source:
        Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15(6):657-680.
    """
    _check(margin, alpha)
    if not error > 0:
        raise ValueError(f"the standard error must be above 0, not {error}")
    half = error * float(special.stdtrit(freedom, 1 - alpha) if freedom < inf else special.ndtri(1 - alpha))
    distance = (margin - abs(value)) / error
    p = float(special.stdtr(freedom, -distance) if freedom < inf else special.ndtr(-distance))
    low, high = value - half, value + half
    return Equivalence(
        value=value, low=low, high=high, margin=margin, p=min(p, 0.5), equivalent=-margin < low and high < margin
    )


def tost_rates(hits: tuple[int, int], n: tuple[int, int], *, margin: float, alpha: float = 0.05) -> Equivalence:
    """Two one-sided tests of the difference of two groups' rates, second minus first.

    Args:
        hits: Selected people in each group.
        n: People in each group, at least 1.
        margin: In (0, 1).
        alpha: Chance of calling a difference as large as the margin none, in (0, 0.5).

    Raises:
        TooFewError: A group is empty.

    Source:
        Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10, for the interval.
    """
    _check(margin, alpha)

    def room(z: float) -> float:
        low, high = intervals.newcombe(hits, n, z=z)
        return float(min(margin - high, low + margin))

    low, high = intervals.newcombe(hits, n, level=1 - 2 * alpha)
    value = hits[1] / n[1] - hits[0] / n[0]
    if room(0) <= 0:
        p = 0.5
    elif room(_FARTHEST) > 0:
        p = 0.0
    else:
        p = float(special.ndtr(-optimize.brentq(room, 0, _FARTHEST)))
    inside = -margin < low and high < margin
    return Equivalence(value=value, low=float(low), high=float(high), margin=margin, p=p, equivalent=bool(inside))


def certified_within(hits: Mapping[str, int], totals: Mapping[str, int], *, alpha: float = 0.05) -> float | None:
    """The smallest margin within which all groups' rates are shown to be equal.

    That every pair keeps a margin is claimed only where each pair's own two one-sided tests say so, so no pair's level
    has to be widened for the others (intersection-union).

    Args:
        hits: Selected people by group.
        totals: People by group.
        alpha: Chance of a margin that some true gap is wider than, in (0, 0.5).

    Returns:
        In points, in (0, 1]; None where a group is empty, since its rate is unknown.

    Raises:
        TooFewError: Fewer than two groups.

    Source:
        Berger 1982, Technometrics 24(4):295-300, for all pairs at once; Schuirmann 1987 for one.
    """
    if len(totals) < 2:
        raise TooFewError("a margin needs two groups")
    if not all(totals.values()):
        return None
    _check(1.0, alpha)
    h = np.array([hits.get(name, 0) for name in totals])
    n = np.array(list(totals.values()))
    first, second = np.triu_indices(len(n), 1)
    low, high = intervals.difference((h[first], h[second]), (n[first], n[second]), level=1 - 2 * alpha)
    return float(max(-low.min(), high.max()))


def _check(margin: float, alpha: float) -> None:
    if not margin > 0 or not 0 < alpha < 0.5:
        raise ValueError(f"margin must be above 0 and alpha in (0, 0.5), not {margin} and {alpha}")
