"""How unequally decisions treat people who deserve alike: generalised entropy of benefits, within and between groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.fairness.cells import FN, FP, TN, TP, Cells
from fairwitness.stats import bootstrap

Floats = NDArray[np.float64]

BENEFITS = np.array([1.0, 2.0, 0.0, 1.0])
"""Of each cell (true negative, false positive, false negative, true positive): decision less record, plus 1."""
DRAWS = 1000
FEW_ERRORS = 10
"""Errors of all below which the bootstrap says too little: of none it draws none, and its interval would be a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inequality:
    """Generalised entropy of benefits, which is the sum of its two parts."""

    whole: Estimate
    within: Estimate
    between: Estimate


def generalised_entropy(counts: NDArray[Any], *, alpha: float = 2.0) -> Floats:
    """Generalised entropy index of benefits.

    Args:
        counts: (..., 4) people by confusion cell, the favourable class as the positive one.
        alpha: Weight of those who gain most; 2 is half the squared coefficient of variation, 1 is Theil's index.

    Returns:
        (...) at least 0; NaN where there is nobody, or nobody has any benefit. It is 0 where all decisions are as
        recorded, and where all are wrong in the same direction.

    Raises:
        ValueError: `alpha` is at most 0: somebody whose benefit is 0 would make it infinite.

    Source:
        Speicher et al. 2018, KDD, equations 1 and 2; Theil 1967, Economics and Information Theory.
    """
    return _entropy(np.asarray(counts, dtype=np.float64), BENEFITS, alpha)


def between_groups(counts: NDArray[Any], *, alpha: float = 2.0) -> Floats:
    """The part that would stay if everybody had the mean benefit of their group.

    Args:
        counts: (..., k, 4) people by group and confusion cell.
        alpha: As in `generalised_entropy`.

    Returns:
        (...) at least 0; the rest, within groups, is `generalised_entropy` of all less this.
    """
    table = np.asarray(counts, dtype=np.float64)
    people = table.sum(axis=-1)
    benefit = np.divide(table @ BENEFITS, people, out=np.zeros_like(people), where=people > 0)
    return np.maximum(_entropy(people, benefit, alpha), 0.0)  # equal means leave rounding below 0


def inequality(
    cells: Cells, *, alpha: float = 2.0, level: float = 0.95, rng: np.random.Generator, draws: int = DRAWS
) -> Inequality:
    """Generalised entropy of all, and its parts within and between groups, with intervals.

    Args:
        cells: By group, the favourable class as the positive one.
        alpha: As in `generalised_entropy`.
        level: Two-sided confidence of each.
        rng: Of the bootstrap.
        draws: Replicates.

    Returns:
        In the index's own unit. The whole and the part within have the percentile interval of the exact bootstrap over
        cells; of fewer than `FEW_ERRORS` errors the interval of the whole reaches as far as the exact limits of a share do,
        and that within as high. The part between groups cannot be negative, so its replicates never reach 0 and would find a difference in
        every sample; its interval is that of the noncentral chi-square, which reaches 0 where chance explains it.

    Source:
        Speicher et al. 2018; Smithson 2003, Confidence Intervals, chapter 4, noncentral intervals, carried over from a
        variance explained to the index it is, to second order, a multiple of.
    """
    counts = cells.counts[cells.n > 0]
    n = int(counts.sum())
    whole = generalised_entropy(counts.sum(axis=0), alpha=alpha)
    between = between_groups(counts, alpha=alpha)
    copies = bootstrap.multinomial(counts, draws=draws, rng=rng)
    wholes, betweens = generalised_entropy(copies.sum(axis=1), alpha=alpha), between_groups(copies, alpha=alpha)
    method = f"percentiles of {draws:,} exact bootstrap tables"
    ends, inside = (bootstrap.interval(each, level=level) for each in (wholes, wholes - betweens))
    everybody = counts.sum(axis=0)
    if everybody[[FP, FN]].sum() < FEW_ERRORS and np.isfinite(whole):
        method = f"{method}, as wide as exact limits at least"
        least, most = _of_few_errors(everybody, alpha=alpha, level=level, rng=rng, draws=draws)
        ends = replace(ends, low=min(ends.low or 0.0, least), high=max(ends.high or 0.0, most))
        inside = replace(inside, low=0.0, high=max(inside.high or 0.0, most))
    return Inequality(
        whole=_estimate(float(whole), ends, level, n, method),
        within=_estimate(float(whole - between), inside, level, n, method),
        between=_between(counts, float(between), level),
    )


def _entropy(weight: Floats, benefit: Floats, alpha: float) -> Floats:
    """Of benefits (..., m) that `weight` (..., m) people have."""
    if alpha <= 0:
        raise ValueError(f"alpha is {alpha}; it must lie above 0, since some have no benefit")
    n = weight.sum(axis=-1)
    mean = (weight * benefit).sum(axis=-1) / np.where(n > 0, n, np.nan)
    share = benefit / np.where(mean > 0, mean, np.nan)[..., None]
    if alpha == 1:
        each = share * np.log(np.where(share == 0, 1.0, share))  # x ln x goes to 0 with x
    else:
        each = (share**alpha - 1) / (alpha * (alpha - 1))
    return np.asarray((weight * each).sum(axis=-1) / n)


def _of_few_errors(
    counts: NDArray[np.int64], *, alpha: float, level: float, rng: np.random.Generator, draws: int
) -> tuple[float, float]:
    """Limits of the index of all, from (4,) cells: draws of what Clopper and Pearson's limits of errors are quantiles of."""
    right = counts[TN] + counts[TP]

    def end(shapes: list[float], chance: float) -> float:
        drawn = rng.standard_gamma(shapes, size=(draws, 3))
        table = np.column_stack([drawn, np.zeros(draws)])
        return float(np.nanquantile(generalised_entropy(table, alpha=alpha), chance))

    tail = (1 - level) / 2
    return (
        end([right + 1, counts[FP], counts[FN]], tail),
        end([right, counts[FP] + 0.5, counts[FN] + 0.5], 1 - tail),
    )


def _estimate(value: float, ends: bootstrap.Percentiles, level: float, n: int, method: str) -> Estimate:
    known = np.isfinite(value) and ends.low is not None and ends.high is not None
    return Estimate(
        value=value if np.isfinite(value) else None,
        low=min(ends.low, value) if known and ends.low is not None else None,
        high=max(ends.high, value) if known and ends.high is not None else None,
        level=level,
        n=n,
        unit="number",
        method=method,
    )


def _between(counts: NDArray[np.int64], value: float, level: float) -> Estimate:
    """By the sum of squares of groups' mean benefits over the spread within, which is noncentral chi-square."""
    from scipy.special import chdtr, chndtrinc

    n, people = int(counts.sum()), counts.sum(axis=1)
    method = "noncentral chi-square interval"
    mean = counts @ BENEFITS / people
    overall = float(counts.sum(axis=0) @ BENEFITS) / n
    spread = float((counts * (BENEFITS - mean[:, None]) ** 2).sum()) / max(n - len(people), 1)
    if len(people) < 2 or spread == 0 or not np.isfinite(value):
        return Estimate(
            value=value if np.isfinite(value) else None,
            low=None,
            high=None,
            level=level,
            n=n,
            unit="number",
            method=method,
        )
    freedom = len(people) - 1
    found = float((people * (mean - overall) ** 2).sum()) / spread
    tail = (1 - level) / 2

    def least(chance: float) -> float:  # of the noncentrality under which so small a statistic has that chance
        return 0.0 if chdtr(freedom, found) <= chance else float(chndtrinc(found, freedom, chance))

    scale = value / found if found > 0 else spread / (2 * n * overall**2)
    low, high = scale * least(1 - tail), scale * least(tail)
    return Estimate(
        value=value, low=min(low, value), high=max(high, value), level=level, n=n, unit="number", method=method
    )
