"""Who is in the data, and in what shares: of classes, of groups, against a reference population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import CROSS
from fairwitness.core.estimate import Estimate
from fairwitness.core.figures import Bars
from fairwitness.data.coverage import rake
from fairwitness.draw import format as fmt
from fairwitness.stats import intervals
from fairwitness.stats.multiple import all_pairs
from fairwitness.stats.tally import Tally

Floats = NDArray[np.float64]

CHANCE_DRAWS = 9_999
FEW_EXPECTED = 5
"""Below this many expected rows in any category the chi-squared law is not trusted; draws take its place."""
MOST_BARS = 40
"""Bars that can be told apart on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """The lowest of many ratios, and which one it is.

    Attributes:
        groups: (smallest, largest) of classes; (group,) of shares against a reference.
        estimate: The ratio. Its interval holds for the lowest ratio of the population, whichever that is.
    """

    groups: tuple[str, ...]
    estimate: Estimate


def smallest_to_largest(counts: Mapping[str, int], *, level: float = 0.95) -> Ratio | None:
    """How many rows the smallest class has for each of the largest.

    Given the rows of two classes together, those of one are binomial with odds equal to the ratio wanted; Wilson's
    interval of that share gives the ratio's. The critical value is the studentised range's, so the intervals of all
    pairs hold at once and it does not matter which two turned out smallest and largest.

    Args:
        counts: Rows of each class; a class may have none.
        level: Two-sided confidence.

    Returns:
        A ratio in [0, 1]; None with fewer than two classes or no rows.

    Source:
        Przyborowski and Wilenski 1940, Biometrika 31(3/4):313-323 (the conditional binomial); Tukey-Kramer for pairs.
    """
    names, n = list(counts), np.array(list(counts.values()), dtype=np.float64)
    if len(names) < 2 or not n.any():
        return None
    value = all_pairs(level, len(names))
    small, large = int(n.argmin()), int(n.argmax())
    if small == large:  # all equal
        large = 1 - small if small < 2 else 0
    pairs = n[:, None] + n[None, :]
    inside = (pairs > 0) & ~np.eye(len(n), dtype=bool)
    low, high = intervals.wilson(np.broadcast_to(n[:, None], pairs.shape)[inside], pairs[inside], z=value)
    with np.errstate(divide="ignore"):
        lows, highs = low / (1 - low), np.minimum(high / (1 - high), 1.0)
    estimate = Estimate(
        value=float(n[small] / n[large]),
        low=float(lows.min()),
        high=float(highs.min()),
        level=level,
        n=int(n.sum()),
        unit="ratio",
        method="conditional binomial, Wilson, simultaneous over pairs (studentised range)",
    )
    return Ratio(groups=(names[small], names[large]), estimate=estimate)


def against_reference(
    counts: Mapping[str, int], reference: Mapping[str, float], *, level: float = 0.95
) -> dict[str, Estimate]:
    """Each category's share over its share in the reference population; below 1, it is under-represented.

    Args:
        counts: Rows of each category; one that the reference names and the data lacks counts 0.
        reference: Shares, each above 0; they are scaled to sum to 1.
        level: Confidence of all intervals at once (Wilson, Bonferroni).

    Raises:
        TooFewError: No row is of a category the reference names.
    """
    total = sum(counts.get(name, 0) for name in reference)
    whole = sum(reference.values())
    share = 1 - (1 - level) / len(reference)
    found = {}
    for name, part in reference.items():
        hits, expected = counts.get(name, 0), part / whole
        low, high = intervals.wilson(float(hits), float(total), level=share)
        found[name] = Estimate(
            value=hits / total / expected,
            low=low / expected,
            high=high / expected,
            level=share,
            n=total,
            unit="ratio",
            method=f"Wilson, simultaneous over {len(reference)} categories (Bonferroni)",
        )
    return found


def raked(tally: Tally, margins: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Shares of crossed groups in a population of which only each attribute's are known; see `coverage.rake`.

    Args:
        tally: Of rows by these attributes.
        margins: Attribute to the shares of its categories; they are scaled to sum to 1.

    Returns:
        Crossed group to share; empty where a category of the population is not in the data.
    """
    if not margins:
        return {}
    names = {name: [each for each, part in parts.items() if part > 0] for name, parts in margins.items()}
    have = {name: {category: place for place, category in enumerate(tally.axes[name])} for name in names}
    if any(category not in have[name] for name, wanted in names.items() for category in wanted):
        return {}
    table = tally.dense(list(names))[np.ix_(*([have[name][each] for each in wanted] for name, wanted in names.items()))]
    parts = [np.array([margins[name][each] for each in wanted]) for name, wanted in names.items()]
    shares = rake(table, [each / each.sum() for each in parts])
    if shares is None:
        return {}
    return {CROSS.join(cell): float(part) for cell, part in zip(product(*names.values()), shares.ravel(), strict=True)}


def lowest(ratios: Mapping[str, Estimate], *, level: float) -> Ratio:
    """The lowest of ratios whose intervals hold together: at most the lowest upper end, at least the lowest lower."""
    name = min(ratios, key=lambda each: ratios[each].value or 0.0)
    one = ratios[name]
    estimate = Estimate(
        value=one.value,
        low=min(each.low or 0.0 for each in ratios.values()),
        high=min(each.high for each in ratios.values() if each.high is not None),
        level=level,
        n=one.n,
        unit="ratio",
        method=one.method,
    )
    return Ratio(groups=(name,), estimate=estimate)


def goodness_of_fit(counts: Mapping[str, int], reference: Mapping[str, float], *, rng: np.random.Generator) -> float:
    """P value of "the rows are a random sample of the reference population", by Pearson's chi-squared.

    Where a category expects fewer than 5 rows, the multinomial is drawn from instead of trusting the chi-squared law.

    Args:
        counts: Rows of each category the reference names; a missing one counts 0.
        reference: Shares, each above 0; they are scaled to sum to 1.
        rng: For the draws.

    Returns:
        In (0, 1].
    """
    from scipy.special import chdtrc  # heavy: only when it is measured

    seen = np.array([counts.get(name, 0) for name in reference], dtype=np.float64)
    parts = np.array(list(reference.values()), dtype=np.float64)
    expected = seen.sum() * parts / parts.sum()
    statistic = ((seen - expected) ** 2 / expected).sum()
    if expected.min() >= FEW_EXPECTED:
        return float(chdtrc(len(seen) - 1, statistic))
    draws = rng.multinomial(int(seen.sum()), parts / parts.sum(), size=CHANCE_DRAWS)
    chance = ((draws - expected) ** 2 / expected).sum(axis=1)
    return float((1 + (chance >= statistic * (1 - 1e-12)).sum()) / (1 + CHANCE_DRAWS))


def to_collect(counts: Mapping[str, int], reference: Mapping[str, float], lacking: tuple[str, ...]) -> dict[str, int]:
    """Rows to add of each lacking category, so that all of them reach their reference share at once.

    Args:
        counts: Rows of each category the reference names; a missing one counts 0.
        reference: Shares, each above 0; they are scaled to sum to 1.
        lacking: Categories below their share, not all there are.
    """
    whole = sum(reference.values())
    kept = sum(counts.get(name, 0) for name in reference if name not in lacking)
    part = sum(reference[name] for name in lacking) / whole
    total = kept / (1 - part)
    return {name: max(ceil(reference[name] / whole * total - counts.get(name, 0)), 0) for name in lacking}


def bars(
    counts: Mapping[str, int], *, title: str, caption: str, level: float, expected: Mapping[str, float] | None = None
) -> Bars:
    """Counts as bars with Wilson intervals of the shares, each at `level` on its own; of many the `MOST_BARS` smallest.

    Args:
        counts: Rows by category; at least one row.
        title: Of the figure.
        caption: Of the figure; the interval is added to it.
        level: Two-sided confidence.
        expected: Shares to mark, by category.
    """
    smallest = set(sorted(counts, key=lambda name: counts[name])[:MOST_BARS])
    shown = {name: each for name, each in counts.items() if name in smallest}
    n, total = np.array(list(shown.values()), dtype=np.float64), float(sum(counts.values()))
    low, high = intervals.wilson(n, total, level=level)
    cut = f" The {MOST_BARS} smallest of {fmt.count(len(counts))}." if len(counts) > len(shown) else ""
    return Bars(
        title=title,
        caption=f"{caption}{cut} Shares with {100 * level:.0f}\u202f% Wilson intervals, each on its own.",
        labels=tuple(shown),
        counts=tuple(shown.values()),
        shares=tuple((n / total).tolist()),
        lows=tuple(low.tolist()),
        highs=tuple(high.tolist()),
        expected=tuple((expected or {}).get(name, 0.0) for name in shown) if expected else (),
    )
