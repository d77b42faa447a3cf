"""Many questions at once: adjusted p values, and critical values under which many intervals hold together."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairwitness.stats.intervals import critical


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p values for confirming: the chance of a single false alarm stays below the level they are held to.

    Args:
        p: (m,) in [0, 1]; NaN where there was no test, which is carried and not counted.

    Returns:
        (m,) in the order given.

    Source:
        Holm 1979, Scandinavian Journal of Statistics 6(2):65-70.
    """
    return _stepwise(p, lambda ordered: np.maximum.accumulate(ordered * np.arange(len(ordered), 0, -1)))


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p values for exploring: of what is flagged, at most that share is false alarm on average.

    Args, Returns: as `holm`.

    Source:
        Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57(1):289-300.
    """

    def step_up(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
        ranks = np.arange(1, len(ordered) + 1)
        return np.minimum.accumulate((ordered * len(ordered) / ranks)[::-1])[::-1]

    return _stepwise(p, step_up)


def sidak(level: float, count: int) -> float:
    """Level each of `count` independent intervals needs so that all hold together at `level`."""
    if not 0 < level < 1 or count < 1:
        raise ValueError(f"no level for {count} intervals at {level}")
    return float(level ** (1 / count))


@cache
def all_pairs(level: float, groups: int) -> float:
    """Critical value under which the intervals of all pairs of `groups` means hold together, in standard errors.

    Args:
        level: Of the family, in (0, 1).
        groups: How many means, at least 2; with 2 it is the ordinary critical value.

    Returns:
        The quantile of the studentised range over the square root of 2.

    Source:
        Tukey 1953; Hochberg and Tamhane 1987, Multiple Comparison Procedures, chapter 3.
    """
    if groups < 2:
        raise ValueError(f"{groups} groups make no pair")
    if groups == 2:
        return critical(level)
    from scipy.stats import studentized_range  # takes most of a second to import

    return float(studentized_range.ppf(level, groups, np.inf) / np.sqrt(2))


def _stepwise(p: ArrayLike, adjust: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> NDArray[np.float64]:
    values = np.asarray(p, dtype=np.float64)
    tested = np.flatnonzero(~np.isnan(values))
    if ((values[tested] < 0) | (values[tested] > 1)).any():
        raise ValueError("p values must lie in [0, 1]")
    order = tested[np.argsort(values[tested], kind="stable")]
    adjusted = np.full(values.shape, np.nan)
    adjusted[order] = np.minimum(adjust(values[order]), 1)
    return adjusted
