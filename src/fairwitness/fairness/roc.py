"""ROC curves by group from score histograms: areas, the area between two curves, and areas across groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, erf, hypot, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import LABEL, NO, SCORE, YES
from fairwitness.core.columns import MISSING
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.fairness.attributes import Divided
from fairwitness.stats.auc import auc_from_histogram
from fairwitness.stats.multiple import sidak
from fairwitness.stats.tally import Tally

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_PLACES = 4096
"""Scores that differ are told apart up to so many; beyond, neighbours by rank share a bin."""

DRAWS = 499
GRID = 64
"""Steps of the false-positive rate over which people are shuffled between groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """One group's scores by outcome.

    Attributes:
        negatives: (bins,) people without the outcome in each bin, by rising score.
        positives: (bins,) people with it.
    """

    negatives: Ints
    positives: Ints

    @property
    def n(self) -> int:
        return int(self.negatives.sum() + self.positives.sum())

    @property
    def both(self) -> bool:
        """Whether there are people of both outcomes; without, there is no curve."""
        return bool(self.negatives.sum() and self.positives.sum())

    def __sub__(self, other: Histogram) -> Histogram:
        return Histogram(negatives=self.negatives - other.negatives, positives=self.positives - other.positives)


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """The area between a group's ROC curve and that of everybody else.

    Attributes:
        estimate: In [0, 1], less what chance alone gives; the interval has 0 in it unless shuffling finds a difference.
        p: P value of "the curves are equal", by shuffling.
    """

    estimate: Estimate
    p: float


def places(scores: Floats) -> tuple[NDArray[np.intp], bool]:
    """(n,) bin of each score, by rank, and whether scores that differ share one, as they do beyond `MOST_PLACES`."""
    distinct, found = np.unique(scores, return_inverse=True)
    each = -(-len(distinct) // MOST_PLACES)
    return found // max(1, each), each > 1


def histograms(bins: NDArray[np.intp], positive: NDArray[np.bool_], by: Divided) -> dict[str, Histogram]:
    """Scores by outcome of each group.

    Args:
        bins: (n,) from `places`.
        positive: (n,) whether the outcome is recorded.
        by: The same rows by group.
    """
    width = int(bins.max(initial=0)) + 1
    code = (by.codes * 2 + positive) * width + bins
    table = np.bincount(code, minlength=len(by.names) * 2 * width).reshape(len(by.names), 2, width)
    return {name: Histogram(negatives=own[0], positives=own[1]) for name, own in zip(by.names, table, strict=True)}


def of_tally(tally: Tally, by: Sequence[str]) -> dict[str, Histogram]:
    """Scores by outcome of each group, from counts over `LABEL` and `SCORE` in bins; those without either are left out."""
    bins = [name for name in tally.axes[SCORE] if name != MISSING]
    counts = {outcome: [tally.where({SCORE: each, LABEL: outcome}).by(by) for each in bins] for outcome in (NO, YES)}
    return {
        name: Histogram(
            negatives=np.array([each.get(name, 0) for each in counts[NO]], dtype=np.int64),
            positives=np.array([each.get(name, 0) for each in counts[YES]], dtype=np.int64),
        )
        for name in tally.by(by)
    }


def tied(whole: Histogram) -> float:
    """The largest error of an area for scores that share a bin: half the share of pairs that meet in one."""
    pairs = float(whole.positives.sum()) * float(whole.negatives.sum())
    return float((whole.positives.astype(float) * whole.negatives).sum()) / pairs / 2 if pairs else 0.0


def area(own: Histogram, *, z: float, coarse: bool = False) -> Estimate:
    """Area under a group's curve.

    Args:
        own: Its scores.
        z: Critical value of the interval.
        coarse: Whether scores that differ share bins: then the interval is as much wider as that can move the area.

    Returns:
        Value None where an outcome does not occur.
    """
    if not own.both:
        return Estimate(value=None, low=None, high=None, level=None, n=own.n, unit="auc", method="undefined")
    found = auc_from_histogram(own.negatives, own.positives, level=erf(z / sqrt(2)))
    most = tied(own) if coarse else 0.0
    return replace(found, low=max(0.0, (found.low or 0.0) - most), high=min(1.0, (found.high or 0.0) + most))


def across(own: Histogram, others: Histogram, *, z: float, coarse: bool = False) -> Estimate:
    """How much likelier a positive of the group is to score above a negative of the others than the other way round.

    Returns:
        In [-1, 1], unit "auc": below 0 the group's positives are ranked too low, or its negatives too high, beside
        everybody else's. The two areas are of different people, so their limits combine as standard errors do.

    Source:
        Kallus and Zhou 2019, NeurIPS, xAUC; Borkan et al. 2019, WWW companion, 491-500, call the two BNSP and BPSN AUC.
    """
    mine = area(Histogram(negatives=others.negatives, positives=own.positives), z=z, coarse=coarse)
    theirs = area(Histogram(negatives=own.negatives, positives=others.positives), z=z, coarse=coarse)
    ends = (mine.value, mine.low, mine.high, theirs.value, theirs.low, theirs.high)
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return Estimate(value=None, low=None, high=None, level=None, n=own.n, unit="auc", method="undefined")
    a, low, high, b, under, over = known
    return Estimate(
        value=a - b,
        low=max(-1.0, a - b - hypot(a - low, over - b)),
        high=min(1.0, a - b + hypot(high - a, b - under)),
        level=mine.level,
        n=own.n,
        unit="auc",
        method="a difference from the limits of each area",
    )


def curve(own: Histogram) -> tuple[Floats, Floats]:
    """False- and true-positive rates at each threshold, from (0, 0) to (1, 1); people tied at one score share a line."""
    return tuple(  # type: ignore[return-value]  # of two
        np.concatenate([[0.0], np.cumsum(counts[::-1]) / counts.sum()]) for counts in (own.negatives, own.positives)
    )


def at(own: Histogram, rates: Floats) -> Floats:
    """True-positive rates at false-positive rates, the highest where a line is upright."""
    x, y = curve(own)
    place = np.searchsorted(x, rates, side="right") - 1
    return np.asarray(np.where(x[place] == rates, y[place], np.interp(rates, x, y)))


def between(one: Histogram, other: Histogram) -> float:
    """The absolute area between two ROC curves (ABROCA), in [0, 1]; exact for curves of straight lines.

    Source:
        Gardner, Brooks and Baker 2019, Learning Analytics & Knowledge, 225-234.
    """
    (x0, y0), (x1, y1) = curve(one), curve(other)
    cuts = np.unique(np.concatenate([x0, x1]))
    width = np.diff(cuts)
    inner = [cuts[:-1] + width * part for part in (0.25, 0.75)]  # inside a piece both are straight and have one value
    first, second = (np.interp(x, x0, y0) - np.interp(x, x1, y1) for x in inner)
    start, end = 1.5 * first - 0.5 * second, 1.5 * second - 0.5 * first
    crossed = start * end < 0
    size = np.abs(start) + np.abs(end)
    with np.errstate(invalid="ignore", divide="ignore"):
        height = np.where(crossed, (start**2 + end**2) / (2 * size), size / 2)
    return float((width * np.where(size > 0, height, 0.0)).sum())


def shuffled(one: Histogram, other: Histogram, *, rng: np.random.Generator, draws: int = DRAWS) -> tuple[float, Floats]:
    """What the area between two curves is, on `GRID` steps, and what it is when people change groups at random.

    People are first placed by the false-positive rate of their own group, so that a group whose scores are all higher is
    not taken for one that is ranked otherwise; then they are shuffled between the two, within their outcome.

    Returns:
        The area, and (draws,) areas under "the curves are equal".

    Source:
        After Venkatraman 2000, Biometrics 56(4):1134-1138, with places by the negatives in place of ranks of all.
    """
    steps = np.linspace(0, 1, GRID + 1)
    sizes = [[int(counts.sum()) for counts in (each.negatives, each.positives)] for each in (one, other)]
    placed = []
    for each, (n, m) in zip((one, other), sizes, strict=True):
        reached = np.rint(m * at(each, steps))
        reached[0] = 0  # those above every negative fall into the first step
        placed.append([np.diff(np.rint(n * steps)), np.diff(reached)])
    total = [placed[0][which] + placed[1][which] for which in (0, 1)]
    drawn = [
        rng.multivariate_hypergeometric(total[which].astype(np.int64), sizes[0][which], size=draws, method="marginals")
        for which in (0, 1)
    ]

    seen, null = (
        _apart((negatives, positives), (total[0] - negatives, total[1] - positives), steps)
        for negatives, positives in ((placed[0][0][None], placed[0][1][None]), drawn)
    )
    return float(seen[0]), null


def _apart(one: Sequence[NDArray[Any]], other: Sequence[NDArray[Any]], steps: Floats) -> Floats:
    """(draws,) mean distance of two curves from (draws, steps) counts of negatives and positives of each."""
    offset = 2.0 * np.arange(len(one[0]))[:, None]  # lays the draws beside each other, so that one call draws all lines
    lines = []
    for counts in (one, other):
        x, y = (
            np.pad(np.cumsum(each, axis=1), ((0, 0), (1, 0))) / each.sum(axis=1, keepdims=True, dtype=np.float64)
            for each in counts
        )
        lines.append(np.interp((steps + offset).ravel(), (x + offset).ravel(), y.ravel()))
    return np.asarray(np.abs(lines[0] - lines[1]).reshape(len(offset), -1).mean(axis=1))


def apart(
    groups: Mapping[str, Histogram],
    *,
    level: float,
    rng: np.random.Generator,
    draws: int = DRAWS,
    coarse: bool = False,
) -> dict[str, Between]:
    """The area between each group's curve and that of everybody else, with an interval and its null.

    The area is never negative, so its own scatter lies above 0 even for equal curves. What shuffling gives on average is
    taken off. The error of the whole curve is at least the error of the area, so an area of A with shuffles below q in
    `level` of draws lies within A - q and A + q. Where so few shuffles cannot tell q of many groups, a group that lies beyond
    all of them is shuffled anew, as often as it takes.

    Args:
        groups: Groups with both outcomes in them; others are left out.
        level: Of the intervals, of all groups together.
        rng: Where shuffles come from.
        draws: Shuffles for each group, at least.
        coarse: As in `area`.

    Raises:
        TooFewError: Fewer than two groups have both outcomes.
    """
    known = {name: own for name, own in groups.items() if own.both}
    if len(known) < 2:
        raise TooFewError("an area between curves needs two groups with both outcomes")
    whole = pooled(known.values())
    count = len(known) if len(known) > 2 else 1  # of two groups each is the other's everybody else
    each = sidak(level, count)
    enough = ceil(1 / (1 - each))
    found: dict[str, Between] = {}
    for name, own in known.items():
        if len(known) == 2 and found:
            found[name] = next(iter(found.values()))
            continue
        others = whole - own
        seen, null = shuffled(own, others, rng=rng, draws=draws)
        if draws < enough and seen > null.max():
            seen, null = shuffled(own, others, rng=rng, draws=enough)
        value, reach = between(own, others), float(np.quantile(null, each, method="higher"))
        reach += tied(own) + tied(others) if coarse else 0.0
        estimate = Estimate(
            value=max(0.0, value - float(null.mean())),
            low=max(0.0, min(value, seen) - reach),
            high=min(1.0, value + reach),
            level=level,
            n=own.n,
            unit="auc",
            method=f"shuffles within outcomes{f', for {count} groups at once' if count > 1 else ''}",
        )
        found[name] = Between(estimate=estimate, p=float(((null >= seen - 1e-12).sum() + 1) / (len(null) + 1)))
    return found


def pooled(groups: Iterable[Histogram]) -> Histogram:
    """Everybody's scores by outcome, of one group or more."""
    every = list(groups)
    return Histogram(
        negatives=np.sum([own.negatives for own in every], axis=0),
        positives=np.sum([own.positives for own in every], axis=0),
    )
