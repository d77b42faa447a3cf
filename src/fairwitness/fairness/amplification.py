"""What a model adds to the gap there is in the labels: both gaps over the same people, and how that moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import LABEL, NO, SCORE, YES
from fairwitness.core.estimate import Estimate
from fairwitness.fairness.cells import FN, FP, TP, Cells
from fairwitness.fairness.contrasts import Apart, most, recorded
from fairwitness.stats.intervals import critical
from fairwitness.stats.multiple import all_pairs
from fairwitness.stats.tally import Tally, bin_names

Floats = NDArray[np.float64]

EDGES = (0.0, 0.01, 0.02, 0.05, *(tenth / 10 for tenth in range(1, 10)), 0.95, 0.98, 0.99, 1.0)
"""Thresholds that are tried, closer together where few scores may lie."""
METHOD = "Wald's interval after half a person is added to each cell, paired"


@dataclass(frozen=True, slots=True, eq=False)
class Added:
    """Of pairs of groups, the gap in decisions less that in records, each as a size, with limits.

    Attributes:
        pairs: Places of both groups of each pair.
        decided: (m,) second group's selection rate less the first's.
        recorded: (m,) likewise of recorded rates.
        value: (m,) |decided| - |recorded|, in [-1, 1].
        low: (m,) lower limit.
        high: (m,) upper limit.
    """

    pairs: tuple[NDArray[np.intp], NDArray[np.intp]]
    decided: Floats
    recorded: Floats
    value: Floats
    low: Floats
    high: Floats


def added(counts: NDArray[Any], *, z: float) -> Added:
    """What decisions add to the gap in records, for all pairs of groups.

    Args:
        counts: (k, 4) confusion cells of groups with people in them.
        z: Critical value.

    Returns:
        Limits that hold for rows in pairs: whoever is decided about is who was recorded. With D the decided gap less the
        recorded one and S their sum, |M| - |L| is the larger of min(D, S) and min(-S, -D), so limits of D and of S at one
        level give its own: where both gaps are far from 0 they are those of D alone, and at a gap of 0 a limit is missed
        by both or by either, which adds up to the same.

    Source:
        Agresti and Min 2005, Statistics in Medicine 24(5):729-740, and Agresti and Caffo 2000, The American Statistician
        54(4):280-288, for the people that are added: z²/2 in each group, a quarter of them in each cell.
    """
    table = np.asarray(counts, dtype=np.float64)
    first, second = np.triu_indices(len(table), 1)

    def moments(
        cells: Floats,
    ) -> tuple[Floats, Floats]:  # mean and its variance of (decided - recorded, decided + recorded)
        n = cells.sum(axis=1)[:, None]
        unlike = (cells[:, FP] - cells[:, FN])[:, None]
        both = (cells[:, FP] + cells[:, FN])[:, None]
        means = np.hstack([unlike, both + 2 * cells[:, TP : TP + 1]]) / n
        squares = np.hstack([both, both + 4 * cells[:, TP : TP + 1]]) / n
        return means, np.maximum(squares - means**2, 0) / n

    plain, _ = moments(table)
    apart = plain[second] - plain[first]  # (m, 2): D and S
    means, spread = moments(table + z**2 / 8)
    middle, half = means[second] - means[first], z * np.sqrt(spread[first] + spread[second])
    low, high = np.minimum(middle - half, apart), np.maximum(middle + half, apart)

    def wider(ends: Floats, turned: Floats) -> Floats:
        return np.asarray(np.maximum(ends.min(axis=1), turned.min(axis=1)))

    return Added(
        pairs=(first, second),
        decided=apart.sum(axis=1) / 2,
        recorded=(apart[:, 1] - apart[:, 0]) / 2,
        value=wider(apart, -apart),
        low=np.maximum(wider(low, -high), -1.0),
        high=np.minimum(wider(high, -low), 1.0),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Amplified:
    """What is added to the gaps between all pairs of groups, and the most of it.

    Attributes:
        groups: Those with people in them; `each.pairs` are places among them.
    """

    groups: tuple[str, ...]
    each: Added
    most: Apart


def amplification(cells: Cells, *, level: float = 0.95) -> Amplified | None:
    """By how much gaps between groups are wider in decisions than in records.

    Args:
        cells: Of the judged people.
        level: Two-sided confidence, of all pairs together.

    Returns:
        In points, in [-1, 1]; below 0 where decisions narrow a gap. None with fewer than two groups.
    """
    filled = np.flatnonzero(cells.n)
    if len(filled) < 2:
        return None
    groups = tuple(cells.groups[place] for place in filled)
    each = added(cells.counts[filled], z=all_pairs(level, len(filled)))
    return Amplified(
        groups=groups,
        each=each,
        most=most(
            groups,
            each.pairs,
            (each.value, each.low, each.high),
            cells.n[filled],
            unknown=bool((recorded(cells.groups) & (cells.n == 0)).any()),
            level=level,
            unit="points",
            method=METHOD if len(filled) == 2 else f"{METHOD}, for all pairs of {len(filled)} groups at once",
        ),
    )


def of_pair(counts: NDArray[Any], *, level: float) -> Estimate:
    """What decisions add to the gap between two groups named beforehand, from their (2, 4) cells; None of nobody."""
    if not counts.sum(axis=1).all():
        return Estimate(value=None, low=None, high=None, level=level, n=int(counts.sum()), unit="points", method=METHOD)
    found = added(counts, z=critical(level))
    value, low, high = (float(each[0]) for each in (found.value, found.low, found.high))
    n = int(counts.sum())
    return Estimate(value=value, low=low, high=high, level=level, n=n, unit="points", method=METHOD)


def at_thresholds(tally: Tally, by: Sequence[str], groups: Sequence[str]) -> NDArray[np.int64]:
    """Confusion cells of groups if people with a score of at least each inner edge of `EDGES` were decided positive.

    Args:
        tally: Over the group columns, `LABEL`, and `SCORE` in bins between `EDGES`.
        by: Group columns.
        groups: Whose.

    Returns:
        (len(EDGES) - 2, len(groups), 4).
    """
    counts = np.zeros((len(EDGES) - 1, len(groups), 2), dtype=np.int64)  # bin, group, recorded
    for place, name in enumerate(bin_names(EDGES)):
        part = tally.where({SCORE: name})
        for label, code in ((NO, 0), (YES, 1)):
            held = part.hits(by, LABEL, label)
            counts[place, :, code] = [held[group] for group in groups]
    above = counts[::-1].cumsum(axis=0)[::-1]  # of this bin and higher
    below = counts.sum(axis=0) - above
    return np.stack([below[..., 0], above[..., 0], below[..., 1], above[..., 1]], axis=-1)[1:]
