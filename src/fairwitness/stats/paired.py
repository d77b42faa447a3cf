"""Two shares of the same rows, such as a model's accuracy before and after something is done to what it reads."""

from __future__ import annotations

import math

from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.stats.intervals import critical


def drop(lost: int, gained: int, n: int, *, level: float = 0.95) -> Estimate:
    """By how much a share of the same rows fell.

    Args:
        lost: Rows that were hits and are none any more.
        gained: Rows that were none and are hits now; `lost + gained <= n`.
        n: Rows, at least 1.
        level: Two-sided confidence.

    Returns:
        (lost - gained) / n in points, in [-1, 1], with an interval that holds for pairs.

    Raises:
        TooFewError: There are no rows.

    Source:
        Agresti and Min 2005, Statistics in Medicine 24(5):729-740: Wald's interval after half a row is added to each of the
        four kinds of pairs.
    """
    if n < 1:
        raise TooFewError("no rows, so no share of them fell")
    if min(lost, gained) < 0 or lost + gained > n:
        raise ValueError(f"{lost} lost and {gained} gained do not fit into {n} rows")
    wide = n + 2
    middle = (lost - gained) / wide
    error = math.sqrt(lost + gained + 1 - (lost - gained) ** 2 / wide) / wide
    half = critical(level) * error
    value = (lost - gained) / n
    return Estimate(
        value=value,
        low=min(max(middle - half, -1.0), value),
        high=max(min(middle + half, 1.0), value),
        level=level,
        n=n,
        unit="points",
        method="Agresti-Min interval of pairs",
    )
