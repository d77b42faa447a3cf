"""How many people a question needs: to settle an uncertain verdict, or to find a gap of a given size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, sqrt

from scipy import optimize, special

from fairwitness.core.estimate import Estimate, Limit, Unit, Verdict
from fairwitness.stats import intervals

_MOST_PEOPLE = 10**10  # more than there are: a point this close to the limit is on it

Sizes = tuple[int, int]


def settle_gap(
    hits: Mapping[str, int],
    totals: Mapping[str, int],
    groups: tuple[str, str],
    limit: Limit,
    *,
    level: float = 0.95,
    z: float | None = None,
) -> dict[str, int] | None:
    """How many more people of two groups would settle whether their gap keeps the limit, if rates stay as they are.

    Args:
        hits: Selected people by group.
        totals: People by group.
        groups: The two.
        limit: On the size of the gap, as a fraction.
        level: Two-sided confidence.
        z: Critical value of the interval for all pairs (`multiple.all_pairs`), where there are more than two groups.

    Returns:
        People to add to each group, the smaller filled up first; zeros if it is settled already. None if no number
        settles it: the observed gap lies on the limit, or a group is empty and its rate unknown.
    """

    def estimate(hits: tuple[float, float], n: tuple[float, float]) -> tuple[float, float]:
        low, high = intervals.difference(hits, n, level=level, z=z)
        return max(0.0, low, -high), max(high, -low)

    return _settle(hits, totals, groups, limit, estimate, unit="points")


def settle_ratio(
    hits: Mapping[str, int],
    totals: Mapping[str, int],
    groups: tuple[str, str],
    limit: Limit,
    *,
    level: float = 0.95,
    z: float | None = None,
) -> dict[str, int] | None:
    """As `settle_gap`, for the ratio of the lower rate to the higher. None also when nobody was selected in either."""

    def estimate(hits: tuple[float, float], n: tuple[float, float]) -> tuple[float, float]:
        lower, higher = sorted((0, 1), key=lambda i: hits[i] / n[i])
        low, high = intervals.quotient((hits[higher], hits[lower]), (n[higher], n[lower]), level=level, z=z)
        return min(low, 1 / high), min(1.0, high)

    if not any(hits.get(group, 0) for group in groups):
        return None
    return _settle(hits, totals, groups, limit, estimate, unit="ratio")


def power_of_gap(rates: tuple[float, float], n: Sizes, *, level: float = 0.95) -> float:
    """Chance that a two-sided test of equal rates finds a true gap, by the normal approximation.

    Args:
        rates: True rates, each in (0, 1).
        n: People in each group, at least 1.
        level: One minus the test's size.

    Returns:
        A chance in (0, 1); a finding in the wrong direction is not counted.

    Source:
        Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, 3rd ed., section 4.6.
    """
    common = (rates[0] * n[0] + rates[1] * n[1]) / (n[0] + n[1])
    under_none = sqrt(common * (1 - common) * (1 / n[0] + 1 / n[1]))
    under_gap = sqrt(sum(rate * (1 - rate) / size for rate, size in zip(rates, n, strict=True)))
    return float(special.ndtr((abs(rates[1] - rates[0]) - intervals.critical(level) * under_none) / under_gap))


def sample_size(rates: tuple[float, float], *, level: float = 0.95, power: float = 0.8) -> int:
    """People needed in each of two equal groups to find a true gap with the given chance.

    Args, Source: as `power_of_gap`.

    Raises:
        ValueError: The rates are equal: no number finds a gap that is not there.
    """
    if rates[0] == rates[1]:
        raise ValueError("equal rates have no gap to find")
    z, common = intervals.critical(level), (rates[0] + rates[1]) / 2
    spread = z * sqrt(2 * common * (1 - common)) + float(special.ndtri(power)) * sqrt(
        sum(rate * (1 - rate) for rate in rates)
    )
    return ceil((spread / (rates[1] - rates[0])) ** 2)


def detectable_gap(rate: float, n: Sizes, *, level: float = 0.95, power: float = 0.8) -> float | None:
    """The smallest gap above a rate that two groups of this size find with the given chance.

    Args:
        rate: True rate of the first group, in (0, 1); the second's lies above it.
        n: People in each group.
        level: One minus the test's size.
        power: The chance.

    Returns:
        The gap, as a fraction; None if not even the widest possible would be found.
    """

    def short(gap: float) -> float:
        return power_of_gap((rate, rate + gap), n, level=level) - power

    widest = 1 - rate
    if short(widest) < 0:
        return None
    return float(optimize.brentq(short, 0, widest))


def _settle(
    hits: Mapping[str, int],
    totals: Mapping[str, int],
    groups: tuple[str, str],
    limit: Limit,
    interval: Callable[[tuple[float, float], tuple[float, float]], tuple[float, float]],
    *,
    unit: Unit,
) -> dict[str, int] | None:
    have = (totals.get(groups[0], 0), totals.get(groups[1], 0))
    if not all(have):
        return None
    rates = (hits.get(groups[0], 0) / have[0], hits.get(groups[1], 0) / have[1])

    def settled(more: int) -> bool:
        n = _grown(have, more)
        low, high = interval((rates[0] * n[0], rates[1] * n[1]), (float(n[0]), float(n[1])))
        found = Estimate(value=None, low=low, high=high, level=None, n=sum(n), unit=unit, method="planned")
        return found.against(limit) is not Verdict.UNCERTAIN

    short, enough = -1, 0
    while not settled(enough):
        short, enough = enough, max(1, 2 * enough)
        if enough > _MOST_PEOPLE:
            return None
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if settled(middle) else (middle, enough)
    grown = _grown(have, enough)
    return {group: after - before for group, before, after in zip(groups, have, grown, strict=True)}


def _grown(have: Sizes, more: int) -> Sizes:
    """Sizes after `more` people: the smaller group is filled up first, then both grow alike."""
    behind = abs(have[0] - have[1])
    shared = max(0, more - behind)
    first, second = shared - shared // 2, shared // 2
    filled = min(more, behind)
    return (
        (have[0] + filled + first, have[1] + second)
        if have[0] <= have[1]
        else (
            have[0] + second,
            have[1] + filled + first,
        )
    )
