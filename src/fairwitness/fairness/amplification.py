"""What a model adds to the gap there is in the labels: both gaps over the same people, and how that moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.fairness.cells import FN, FP, TP, Cells
from fairwitness.fairness.contrasts import Apart, most, recorded
from fairwitness.stats.multiple import all_pairs

Floats = NDArray[np.float64]

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


def amplification(cells: Cells, *, level: float = 0.95) -> Apart | None:
    """By how much the gap between two groups is wider in decisions than in records, at most over pairs of groups.

    Args:
        cells: Of the judged people.
        level: Two-sided confidence, of all pairs together.

    Returns:
        In points, in [-1, 1]; below 0 where decisions narrow every gap. None with fewer than two groups.
    """
    filled = np.flatnonzero(cells.n)
    if len(filled) < 2:
        return None
    groups = [cells.groups[place] for place in filled]
    found = added(cells.counts[filled], z=all_pairs(level, len(filled)))
    told = recorded(cells.groups)
    return most(
        groups,
        found.pairs,
        (found.value, found.low, found.high),
        cells.n[filled],
        unknown=bool((told & (cells.n == 0)).any()),
        level=level,
        unit="points",
        method=METHOD if len(filled) == 2 else f"{METHOD}, for all pairs of {len(filled)} groups at once",
    )


def of_pair(cells: Cells, groups: tuple[str, str], *, z: float, level: float) -> tuple[float, float, Estimate]:
    """The gap in records, that in decisions (second group less first), and what is added, of two groups named beforehand."""
    places = [cells.groups.index(name) for name in groups]
    found = added(cells.counts[places], z=z)
    value, low, high = (float(each[0]) for each in (found.value, found.low, found.high))
    estimate = Estimate(
        value=value, low=low, high=high, level=level, n=int(cells.n[places].sum()), unit="points", method=METHOD
    )
    return float(found.recorded[0]), float(found.decided[0]), estimate
