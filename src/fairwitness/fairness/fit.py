"""How well a generative model fits each group's rows, and how far the worst fitted lies behind the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.stats.intervals import critical
from fairwitness.stats.multiple import all_pairs

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Nats a unit over a group's rows.

    Attributes:
        value: All its nats over all its units.
        error: Standard error of the logarithm of `value`, over rows.
        rows: How many rows.
    """

    value: float
    error: float
    rows: int

    def interval(self, *, level: float) -> tuple[float, float]:
        """Low and high end, above 0."""
        times = exp(critical(level) * self.error)
        return self.value / times, self.value * times


def fit(nats: Floats, units: Floats) -> Fit:
    """The ratio of two sums over rows.

    Args:
        nats: (n,) of each row, n at least 2; their sum must be above 0.
        units: (n,) what they are spread over, above 0.

    Raises:
        TooFewError: Fewer than two rows, which say nothing of their spread.

    Source:
        Cochran 1977, Sampling Techniques, section 6.4, the variance of a ratio.
    """
    n = len(nats)
    if n < 2:
        raise TooFewError("how well rows are fitted needs at least two of them")
    value = float(nats.sum() / units.sum())
    spread = float((((nats - value * units) ** 2).sum() * n / (n - 1)) ** 0.5)
    return Fit(value=value, error=spread / float(nats.sum()), rows=n)


def widest_ratio(fits: Mapping[str, Fit], *, level: float = 0.95) -> tuple[tuple[str, str], Estimate]:
    """How many times as many nats a unit the worst fitted group needs as the best fitted one.

    Args:
        fits: Two groups or more.
        level: At which the intervals of all pairs hold together.

    Returns:
        The two groups, the better fitted first, and the ratio (at least 1) with the interval of the widest there truly
        is: the largest low end of any pair, and the largest high end.
    """
    many = all_pairs(level, len(fits))
    pairs = []
    for one, other in combinations(fits, 2):
        better, worse = sorted((one, other), key=lambda name: fits[name].value)
        apart = log(fits[worse].value / fits[better].value)
        error = many * float(np.hypot(fits[better].error, fits[worse].error))
        pairs.append((apart, max(apart - error, 0.0), apart + error, (better, worse)))
    widest = max(pairs)
    estimate = Estimate(
        value=exp(widest[0]),
        low=exp(max(low for _, low, _, _ in pairs)),
        high=exp(max(high for _, _, high, _ in pairs)),
        level=level,
        n=sum(each.rows for each in fits.values()),
        unit="ratio",
        method="ratios of sums over rows on a logarithmic scale, held together for all pairs (Tukey)",
    )
    return widest[3], estimate
