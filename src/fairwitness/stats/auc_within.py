"""Area under the ROC curve over all rows, beside that of pairs from the same stratum: what telling strata apart adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.stats import intervals
from fairwitness.stats.auc import auc

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Areas over all pairs, and over pairs of one stratum.

    Attributes:
        overall: Of all rows.
        inside: Of pairs that lie in one stratum, each pair counted once.
        gap: `overall` less `inside`, paired.
        areas: Of each stratum alone, by its code; their intervals hold for all of them at once.
        gaps: `overall` less each stratum's area, paired; likewise.
    """

    overall: Estimate
    inside: Estimate
    gap: Estimate
    areas: Mapping[int, Estimate]
    gaps: Mapping[int, Estimate]


def within(scores: Floats, labels: Flags, strata: NDArray[np.int64], *, fewest: int = 2, level: float = 0.95) -> Within:
    """How well scores tell a class overall, and how well between rows of the same stratum.

    Args:
        scores: (n,) finite numbers; only their order matters.
        labels: (n,) True for the positive class.
        strata: (n,) code of each row's stratum.
        fewest: Rows of either class a stratum must hold to count, at least 2: of one row nobody sees how rows vary.
        level: Two-sided confidence.

    Raises:
        TooFewError: No stratum holds rows of both classes, `fewest` of each.

    Source:
        DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44(3):837-845, for areas over shared rows; where a difference has
        no variance to be seen, the ends of Newcombe's interval of the stratum's area.
    """
    overall = auc(scores, labels, level=level)
    area, each = _influence(scores, labels)
    codes = [
        int(code)
        for code in np.unique(strata)
        if min(labels[strata == code].sum(), (~labels[strata == code]).sum()) >= max(fewest, 2)
    ]
    if not codes:
        raise TooFewError("no stratum holds enough rows of both classes")
    alone = 1 - (1 - level) / len(codes)
    areas, gaps, pairs = {}, {}, {}
    inner, mean = np.zeros(len(scores)), 0.0
    for code in codes:
        mine = strata == code
        own, moved = _influence(scores[mine], labels[mine])
        areas[code] = auc(scores[mine], labels[mine], level=alone)
        apart = each.copy()
        apart[mine] -= moved
        gaps[code] = _gap(area - own, apart, areas[code], overall, level=alone)
        pairs[code] = float(labels[mine].sum()) * float((~labels[mine]).sum())
        inner[mine] = pairs[code] * moved
        mean += pairs[code] * own
    total = sum(pairs.values())
    value, inner = mean / total, inner / total
    inside = _inside(value, inner, labels[np.isin(strata, codes)], level=level)
    return Within(
        overall=overall,
        inside=inside,
        gap=_gap(area - value, each - inner, inside, overall, level=level),
        areas=areas,
        gaps=gaps,
    )


def _influence(scores: Floats, labels: Flags) -> tuple[float, Floats]:
    """The area, and what each row moves it by: their squares add up to DeLong's variance."""
    _, place = np.unique(scores, return_inverse=True)
    above, below = np.bincount(place, weights=labels), np.bincount(place, weights=~labels)
    m, n = above.sum(), below.sum()
    beaten = (np.cumsum(below) - 0.5 * below) / n
    beaten_by = 1 - (np.cumsum(above) - 0.5 * above) / m
    area = float((above * beaten).sum() / m)
    freedom = np.where(labels, m * max(m - 1, 1), n * max(n - 1, 1))
    return area, np.where(labels, beaten[place] - area, beaten_by[place] - area) / np.sqrt(freedom)


def _gap(value: float, moved: Floats, own: Estimate, overall: Estimate, *, level: float) -> Estimate:
    half = intervals.critical(level) * float(np.sqrt((moved**2).sum()))
    low, high = value - half, value + half
    if half < 1e-12 and overall.value is not None and own.low is not None and own.high is not None:
        low, high = min(overall.value - own.high, value), max(overall.value - own.low, value)
    method = "DeLong's variance of two areas over shared rows"
    return Estimate(value=value, low=low, high=high, level=level, n=len(moved), unit="number", method=method)


def _inside(value: float, moved: Floats, labels: Flags, *, level: float) -> Estimate:
    half = intervals.critical(level) * float(np.sqrt((moved**2).sum()))
    low, high = max(value - half, 0.0), min(value + half, 1.0)
    if half < 1e-12:
        low, high = intervals.auc(value, int(labels.sum()), int((~labels).sum()), level=level)
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        level=level,
        n=len(labels),
        unit="auc",
        method="DeLong's variance, pairs of one stratum",
    )
