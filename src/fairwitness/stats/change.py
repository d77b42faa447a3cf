"""How far a number moved between two looks at the same rows, with intervals that hold for several numbers at once.

A gap between groups is the widest of many differences. Where two of them are nearly equally wide, either may be the widest
in truth, and an ordinary bootstrap of the widest is wrong. Here the observed widest sets one end of the interval, and all
that may be the widest set the other, so the interval errs to the wide side and never to the narrow one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEAR = 3.0
"""A number so many standard errors below the highest may be the highest in truth."""

MOST_UNDEFINED = 0.05
"""With more replicates than this undefined, an end of the interval is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redrawn:
    """Numbers of which the highest counts, and how they come out when the rows are drawn again.

    Attributes:
        values: (p,) the numbers, p at least 1; −inf where one cannot be the highest.
        deviations: (draws, p) replicate less what it was drawn from; NaN where undefined.
    """

    values: Floats
    deviations: Floats

    @property
    def highest(self) -> float:
        return float(self.values.max())

    def observed(self) -> Floats:
        """(draws,) deviation of the number that was observed highest."""
        return self.deviations[:, int(self.values.argmax())]

    def possible(self) -> Floats:
        """(draws,) highest deviation of all numbers that may be the highest."""
        apart = self.deviations - self.observed()[:, None]
        spread = np.sqrt(np.nansum(apart**2, axis=0) / np.maximum((~np.isnan(apart)).sum(axis=0), 1))
        near = self.values >= self.highest - NEAR * spread
        near[int(self.values.argmax())] = True
        held = self.deviations[:, near]
        filled = np.where(np.isnan(held), -np.inf, held).max(axis=1)
        return np.where(np.isfinite(filled), filled, np.nan)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """A difference, and the two sets of deviations that set the ends of its interval.

    Attributes:
        value: After less before.
        most: (draws,) how far the observed difference may lie above the truth; sets the lower end.
        least: (draws,) how far it may lie below, as negative numbers; sets the upper end.
    """

    value: float
    most: Floats
    least: Floats

    def interval(self, tail: float) -> tuple[float | None, float | None]:
        """The ends, each missed with chance `tail`; None where too many replicates are undefined."""
        if np.isnan(self.most).mean() > MOST_UNDEFINED or np.isnan(self.least).mean() > MOST_UNDEFINED:
            return None, None
        above, below = np.nanquantile(self.most, 1 - tail), np.nanquantile(self.least, tail)
        return self.value - float(above), self.value - float(below)


def between(before: Redrawn, after: Redrawn) -> Change:
    """How far the highest of some numbers moved; the replicates of both are of the same redrawn rows.

    Source:
        The derivative of a maximum along its active set: Fang and Santos 2019, Review of Economic Studies 86(1):377-412;
        one end from the whole active set and the other from the observed maximum, so that it holds near ties too.
    """
    return Change(
        value=after.highest - before.highest,
        most=after.possible() - before.observed(),
        least=after.observed() - before.possible(),
    )


def normal(value: float, error: float, *, draws: int, rng: np.random.Generator) -> Change:
    """A difference whose standard error is known in closed form."""
    deviations = error * rng.standard_normal(draws)
    return Change(value=value, most=deviations, least=deviations)


def alone(level: float) -> float:
    """Chance to miss an end, of one interval by itself."""
    return (1 - level) / 2


def together(family: Sequence[Change], *, level: float) -> float:
    """Chance to miss each end under which the intervals of a whole family hold at once.

    Args:
        family: Differences whose replicates are of the same redrawn rows, so that what moves together costs once.
        level: Of the family.

    Returns:
        At most `alone(level)`, and at least as much as Bonferroni's rule would give.

    Source:
        Mandel and Betensky 2008, Computational Statistics and Data Analysis 52(4):2158-2165, on ranks of replicates.
    """
    known = [each for each in family if np.ptp(np.nan_to_num(each.most)) or np.ptp(np.nan_to_num(each.least))]
    if not known:
        return alone(level)
    draws = len(known[0].most)
    worst = np.ones(draws)
    for each in known:
        worst = np.minimum(worst, np.minimum(_place(-each.most), _place(each.least)))
    bonferroni = alone(level) / len(known)
    return float(np.clip(np.quantile(worst, 1 - level), bonferroni, alone(level)))


def _place(values: Floats) -> Floats:
    """(draws,) share of replicates that lie as low or lower; undefined ones are never extreme."""
    order = np.argsort(np.where(np.isnan(values), np.inf, values), kind="stable")
    places = np.empty(len(values))
    places[order] = (np.arange(len(values)) + 1) / len(values)
    return places
