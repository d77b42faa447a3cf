"""Differential fairness: by how much the odds of any decision differ, at worst, between any two groups."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.fairness.contrasts import recorded
from fairwitness.fairness.rates import Rate
from fairwitness.stats.gaps import Widest, lowest_ratio

Floats = NDArray[np.float64]

CONCENTRATION = 1.0
"""People's worth of the prior that a rate is smoothed by: half a person of either decision (Jeffreys)."""
DRAWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Differential:
    """Epsilon of some groups.

    Attributes:
        groups: The two furthest apart in smoothed rates of what is decided, the lower first.
        chosen: Whether they differ most in being selected; otherwise in not being.
        empirical: From rates as they are; value None where a group has no one of either decision, whose log is infinite.
        smoothed: From rates with `CONCENTRATION` people of the prior added, with a credible interval.
    """

    groups: tuple[str, str]
    chosen: bool
    empirical: Estimate
    smoothed: Estimate


def epsilon(rates: Floats) -> Floats:
    """(...) the widest |ln of a ratio| of two groups' (..., k) rates, or of what they lack to 1; infinite at 0 and 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [np.log(rates), np.log1p(-rates)]
        return np.asarray(np.max([np.max(each, axis=-1) - np.min(each, axis=-1) for each in logs], axis=0))


def smoothed_rates(hits: NDArray[np.int64], n: NDArray[np.int64], *, concentration: float = CONCENTRATION) -> Floats:
    """(k,) rates with half of `concentration` people added to either decision.

    Source:
        Foulds, Islam, Keya and Pan 2020, ICDE, equation 7.
    """
    return np.asarray((hits + concentration / 2) / (n + concentration))


def differential(
    rate: Rate,
    *,
    level: float = 0.95,
    rng: np.random.Generator,
    concentration: float = CONCENTRATION,
    draws: int = DRAWS,
) -> Differential | None:
    """Epsilon between groups: no decision is more than e^epsilon times as likely in one as in another.

    Args:
        rate: Selected people by group; groups of people not recorded are left out.
        level: Two-sided confidence.
        rng: Of the posterior's draws.
        concentration: People's worth of prior.
        draws: From the posterior.

    Returns:
        Epsilon at least 0, infinite ends None. The empirical one's interval follows from simultaneous ones of all ratios, of
        selected and of refused, each at half the error. The smoothed one's is a posterior interval under a Beta prior,
        and no confidence interval: with many small groups its draws lie above what is true. None with fewer than two groups.

    Source:
        Foulds, Islam, Keya and Pan 2020, ICDE, definitions 2.1 and 4.1.
    """
    told = dict(zip(rate.totals, recorded(list(rate.totals)), strict=True))
    kept = {group: n for group, n in rate.totals.items() if n and told[group]}
    if len(kept) < 2:
        return None
    sides = {True: {group: rate.hits[group] for group in kept}}
    sides[False] = {group: n - sides[True][group] for group, n in kept.items()}
    ends = [_log(lowest_ratio(hits, kept, level=(1 + level) / 2)) for hits in sides.values()]
    hits, n = (np.array(list(each.values())) for each in (sides[True], kept))
    drawn = epsilon(rng.beta(hits + concentration / 2, n - hits + concentration / 2, size=(draws, len(n))))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]).tolist()
    rates = smoothed_rates(hits, n, concentration=concentration)
    value = float(epsilon(rates))
    least, *_, most = np.argsort(rates, kind="stable").tolist()  # two groups, where all rates are equal too
    chosen = bool(rates[most] / rates[least] >= (1 - rates[least]) / (1 - rates[most]))
    names = list(kept)
    return Differential(
        groups=(names[least], names[most]) if chosen else (names[most], names[least]),
        chosen=chosen,
        empirical=_together(ends, level, int(n.sum())),
        smoothed=Estimate(
            value=value,
            low=min(low, value),
            high=max(high, value),
            level=level,
            n=int(n.sum()),
            unit="number",
            method=f"posterior of a Beta prior worth {concentration:g} person, {draws:,} draws",
        ),
    )


def _log(found: Widest) -> tuple[float | None, float | None, float | None]:
    """Minus the logarithm of the lowest ratio, with ends; None where infinite or unknown."""

    def minus(ratio: float | None) -> float | None:
        return None if not ratio else max(0.0, -log(ratio))

    each = found.estimate
    return minus(each.value), minus(each.high), minus(each.low)


def _together(sides: list[tuple[float | None, float | None, float | None]], level: float, n: int) -> Estimate:
    """The larger of both; unknown or infinite where one is."""
    values, lows, highs = zip(*sides, strict=True)
    known = [each for each in values if each is not None]
    ends = [each for each in highs if each is not None]
    return Estimate(
        value=max(known) if len(known) == len(sides) else None,
        low=max(each or 0.0 for each in lows),
        high=max(ends) if len(ends) == len(sides) else None,
        level=level,
        n=n,
        unit="number",
        method="logarithms of score intervals of ratios, for all pairs and both decisions at once",
    )
