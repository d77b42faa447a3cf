"""Impact ratios as New York City's Local Law 144 counts them: each category's rate over the highest one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import NO, YES
from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.estimate import Estimate
from fairwitness.fairness.rates import Rate
from fairwitness.stats import intervals
from fairwitness.stats.multiple import all_pairs
from fairwitness.stats.tally import Tally

SMALLEST = 0.02
"""A category with a smaller share of the data may be left out of the ratios, 6 RCNY 5-301(d)."""

ABOVE = "@above"
"""Whether a score lies above the sample's median: "yes" or "no"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactRatios:
    """One table of the law.

    Attributes:
        rate: Counts of every known category with people in it, also of those left out of the ratios.
        highest: The category with the highest rate, to which the others are compared; of equal ones, the largest.
        ratios: Category to its rate over the highest, in [0, 1], with an interval; the intervals hold together.
        left_out: Categories that are too small for a ratio.
        unknown: People whose category is not known.
    """

    rate: Rate
    highest: str
    ratios: Mapping[str, Estimate]
    left_out: tuple[str, ...]
    unknown: int

    @property
    def lowest(self) -> str:
        """The category whose ratio is lowest, another than the highest; the larger of equal ones."""
        others = [name for name in self.ratios if name != self.highest]
        return min(others, key=lambda name: (self.ratios[name].value or 0.0, -self.rate.totals[name]))


def impact_ratios(rate: Rate, *, smallest: float = SMALLEST, level: float = 0.95) -> ImpactRatios | None:
    """Each category's rate over the highest.

    Args:
        rate: Counts by category; those with a part that is not known are counted as unknown and compared with nobody.
        smallest: Categories with a smaller share of the people of known category get no ratio and are no yardstick.
        level: Two-sided confidence, of all intervals together.

    Returns:
        None where fewer than two categories are left to compare. Ratios and their limits are None where nobody was
        selected in any of them: the ratio of two zeros is unknown.

        An interval covers the rate over the highest *true* rate, whichever category that is: over all that may be it,
        the lowest of the lower limits and of the upper ones.

    Source:
        6 RCNY 5-300, 5-301(b) to (d), for the numbers; `stats.gaps.lowest_ratio` for the intervals.
    """
    known = {name: n for name, n in rate.totals.items() if n and MISSING not in name.split(CROSS)}
    people = sum(known.values())
    kept = [name for name, n in known.items() if n / people >= smallest]
    if len(kept) < 2:
        return None
    shares = {name: rate.hits[name] / known[name] for name in kept}
    highest = max(kept, key=lambda name: (shares[name], known[name]))
    limits = _limits([rate.hits[name] for name in kept], [known[name] for name in kept], level=level)
    several = f", for {len(kept)} categories at once" if len(kept) > 2 else ""
    ratios = {}
    for name, low, high in zip(kept, *limits, strict=True):
        selected = shares[highest] > 0
        ratios[name] = Estimate(
            value=shares[name] / shares[highest] if selected else None,
            low=low if selected else None,
            high=high if selected else None,
            level=level,
            n=known[name] if name == highest else known[name] + known[highest],
            unit="ratio",
            method=f"score interval{several}",
        )
    return ImpactRatios(
        rate=Rate({name: rate.hits[name] for name in known}, known),
        highest=highest,
        ratios=ratios,
        left_out=tuple(name for name in known if name not in kept),
        unknown=rate.people - people,
    )


def scoring_rate(groups: Mapping[str, NDArray[Any]], scores: NDArray[np.float64]) -> tuple[Rate, float | None]:
    """Share of each category that scores above the median of everybody who has a score.

    Args:
        groups: Attribute to the (n,) categories, None where not known; several are crossed.
        scores: (n,) higher is better for the person; NaN where there is none, and such people are not counted.

    Returns:
        The counts, and the median (None where nobody has a score). A score that equals the median is not above it.

    Source:
        6 RCNY 5-300, "scoring rate".
    """
    there = ~np.isnan(scores)
    if not there.any():
        return Rate({}, {}), None
    median = float(np.median(scores[there]))
    answers = np.where(scores[there] > median, YES, NO).astype(object)
    tally = Tally.of({**{name: categories[there] for name, categories in groups.items()}, ABOVE: answers})
    return Rate.of(tally, tuple(groups), ABOVE), median


def _limits(hits: Sequence[int], n: Sequence[int], *, level: float) -> tuple[list[float], list[float]]:
    """Lower and upper limits of each rate over the highest true one, in [0, 1]."""
    hits_, n_ = np.asarray(hits, dtype=np.float64), np.asarray(n, dtype=np.float64)
    own, other = np.nonzero(~np.eye(len(n_), dtype=bool))
    low, high = intervals.quotient((hits_[other], hits_[own]), (n_[other], n_[own]), z=all_pairs(level, len(n_)))
    shape = (len(n_), len(n_) - 1)
    return (
        np.minimum(low.reshape(shape).min(axis=1), 1.0).tolist(),
        np.minimum(high.reshape(shape).min(axis=1), 1.0).tolist(),
    )
