"""The bootstrap over cells: as good as resampling rows, at a price that does not grow with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import TooFewError


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """A percentile interval, and how often there was no number to take one of.

    Attributes:
        low: Lower end; None where the number is not estimable.
        high: Upper end; None likewise.
        undefined: Share of draws in which the number was undefined, such as a rate of nobody.
    """

    low: float | None
    high: float | None
    undefined: float


def multinomial(counts: NDArray[Any], *, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Bootstrap replicates of a table of counts.

    Drawing n rows with replacement and counting them into cells gives multinomial counts, so this has the law of the
    bootstrap over rows, exactly. It holds for independent rows: several rows of one person need their own cells.

    Args:
        counts: Table of any shape, of at least one row in all.
        draws: Replicates, at least 1.
        rng: Where they come from.

    Returns:
        (draws, *shape) int64; each replicate has as many rows as `counts`.

    Raises:
        TooFewError: Nothing was counted.
    """
    cells = np.asarray(counts).ravel()
    total = int(cells.sum())
    if total < 1:
        raise TooFewError("a bootstrap needs at least one row")
    return rng.multinomial(total, cells / total, size=draws).reshape(draws, *np.shape(counts))


def interval(samples: NDArray[np.float64], *, level: float = 0.95, most_undefined: float = 0.05) -> Percentiles:
    """Percentile interval of replicates.

    Not for gaps that cannot be negative, such as max - min: their replicates never reach 0, so the interval would find
    a gap in every sample. Use `stats.gaps`. Nor for rates of small groups, where it is too narrow: use Wilson's.

    Args:
        samples: (draws,) replicates of one number; NaN where it is undefined.
        level: Two-sided confidence.
        most_undefined: Above this share of undefined draws the number is not estimable, and the interval is unknown.
    """
    if not len(samples):
        raise TooFewError("an interval needs at least one replicate")
    undefined = float(np.isnan(samples).mean())
    if undefined > most_undefined:
        return Percentiles(low=None, high=None, undefined=undefined)
    low, high = np.nanquantile(samples, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Percentiles(low=low, high=high, undefined=undefined)
