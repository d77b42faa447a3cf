"""Recorded labels beside those of rows that were checked again: which are wrong, in which direction, about whom."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fairwitness.core.estimate import Estimate
from fairwitness.stats import intervals
from fairwitness.stats.multiple import all_pairs, holm
from fairwitness.stats.two_sample import homogeneity_p

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

EVEN = 1.25
"""Rows may be drawn this unevenly within a group and still be taken as drawn evenly, so that Fisher's test is exact."""
TYPICAL_FLIP = 0.2
"""Share of true positives recorded as negative that a plan of re-labelling looks for, where nothing else is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """How often one true class is recorded as the other, by group.

    Attributes:
        truly: Whether it is the positives (recorded as negative) or the negatives (recorded as positive).
        shares: Group to the share recorded wrongly, with its interval.
        groups: The two furthest apart, the lower share first.
        gap: Their difference, at least 0; its interval holds for all pairs of groups at once.
        p: P value of "equally often in every group".
    """

    truly: bool
    shares: dict[str, Estimate]
    groups: tuple[str, str]
    gap: Estimate
    p: float


def wrong(recorded: Flags, gold: Floats, groups: NDArray[np.object_], *, level: float = 0.95) -> tuple[Wrong, ...]:
    """Labels recorded wrongly, of true positives and of true negatives, by group.

    Rows are often chosen for checking by what was recorded. So each group's rows are weighted by how many of its rows
    have that label over how many of them were checked; within a group and a recorded label the checked rows must be a
    random sample.

    Args:
        recorded: (n,) bool, the label on record, of all rows.
        gold: (n,) 1 or 0 as found on checking; NaN for rows that were not checked.
        groups: (n,) object of str.
        level: Two-sided confidence.

    Returns:
        Up to two, true positives first; none where fewer than two groups have checked rows of a class.

    Source:
        Neyman 1938, JASA 33(201):101-116, on two-phase samples; Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10.
    """
    names, codes = np.unique(groups.astype(str), return_inverse=True)
    cell = 2 * codes + recorded

    def counted(mask: Flags) -> Floats:
        """(groups, recorded as 0 or 1) rows of a mask."""
        return np.bincount(cell[mask], minlength=2 * len(names)).reshape(-1, 2).astype(float)

    every, checked = counted(np.ones(len(gold), dtype=bool)), counted(~np.isnan(gold))
    told = []
    for truly in (True, False):
        among = counted(gold == float(truly))
        if (among.sum(axis=1) > 0).sum() > 1:
            told.append(_wrong(truly, every, checked, among, names, level=level))
    return tuple(told)


def all_alike_p(found: tuple[Wrong, ...]) -> float:
    """P value of "labels are wrong equally often in every group, in both directions" (Holm); 1 where nothing is known."""
    return float(holm([each.p for each in found]).min(initial=1.0))


def rows_to_separate(
    gap: float, positives: float, *, groups: int = 2, level: float = 0.95, power: float = 0.8
) -> int | None:
    """Rows to check again until label bias large enough to explain a gap in recorded rates would be found.

    If labels alone made the gap, a share of `gap / positives` of the true positives of one group is recorded as
    negative; the power is that of Fisher's test of the share in two groups, of which `positives` of the checked rows tell.

    Args:
        gap: Difference in recorded rates, as a fraction.
        positives: Share of true positives, in (0, 1]: the rate of the group with the higher one.
        groups: Groups to be checked, in equal numbers.
        level: One minus the test's size.
        power: Chance of finding it.

    Returns:
        Rows in all; None where there is no gap to explain.
    """
    if gap <= 0 or not 0 < positives <= 1:
        return None
    each = fisher_size((0.0, min(gap / positives, 1.0)), level=level, power=power)
    return groups * ceil(each / positives)


def fisher_size(rates: tuple[float, float], *, level: float = 0.95, power: float = 0.8) -> int:
    """People needed in each of two equal groups for Fisher's exact test to find a difference with the given chance.

    Args:
        rates: True rates, in [0, 1], different.
        level: One minus the test's size.
        power: The chance.

    Source:
        Casagrande, Pike and Smith 1978, Biometrics 34(3):483-486.
    """
    if rates[0] == rates[1]:
        raise ValueError("equal rates have no gap to find")
    distance, common = abs(rates[1] - rates[0]), sum(rates) / 2
    spread = intervals.critical(level) * sqrt(2 * common * (1 - common)) + float(special.ndtri(power)) * sqrt(
        sum(rate * (1 - rate) for rate in rates)
    )
    return ceil((spread / distance) ** 2 / 4 * (1 + sqrt(1 + 4 * distance / spread**2)) ** 2)


def doubtful(recorded: Flags, chance: Floats, groups: NDArray[np.object_]) -> dict[str, tuple[int, int]]:
    """Rows whose recorded label a model doubts, by group: a hint where to look, and no evidence of a wrong label.

    A row is doubted where the model's chance of the other class reaches the mean it gives rows recorded so in the same
    group, and its chance of the recorded class does not.

    Args:
        recorded: (n,) bool.
        chance: (n,) chance of the positive class, from a model that has not seen the row.
        groups: (n,) object of str.

    Returns:
        Group to (doubted rows, rows).

    Source:
        Northcutt, Jiang and Chuang 2021, JAIR 70:1373-1411, with thresholds of each group.
    """
    told = {}
    for group in np.unique(groups.astype(str)):
        inside = groups.astype(str) == group
        y, p = recorded[inside], chance[inside]
        high = p[y].mean() if y.any() else np.inf
        low = (1 - p[~y]).mean() if (~y).any() else np.inf
        positive, negative = p >= high, 1 - p >= low
        told[str(group)] = (int((y & negative & ~positive).sum() + (~y & positive & ~negative).sum()), len(y))
    return told


def _wrong(
    truly: bool,  # noqa: FBT001 - which class, not a switch
    every: Floats,
    checked: Floats,
    among: Floats,
    names: NDArray[np.str_],
    *,
    level: float,
) -> Wrong:
    """Of (groups, 2) counts by what was recorded: all rows, the checked, and those of them that are truly of the class."""
    present = np.flatnonzero(among.sum(axis=1) > 0)
    every, checked, among, names = every[present], checked[present], among[present], names[present]
    hits, counts = among[:, int(not truly)], among.sum(axis=1)
    drawn = np.where(every > 0, checked / np.maximum(every, 1), np.nan)
    even = bool(np.all(np.nanmax(drawn, axis=1) <= EVEN * np.nanmin(drawn, axis=1)))
    rate, n = (hits / counts, counts) if even else _weighted(every, checked, among, wrong=int(not truly))
    method = "Newcombe's interval" + ("" if even else ", rows weighted by how they were chosen")
    value, groups, p = _gap(rate, n, level=level)
    low, high = intervals.wilson(rate * n, n, level=level)
    return Wrong(
        truly=truly,
        shares={
            str(name): Estimate(
                value=float(rate[i]),
                low=float(low[i]),
                high=float(high[i]),
                level=level,
                n=int(counts[i]),
                unit="share",
                method=method.replace("Newcombe", "Wilson"),
            )
            for i, name in enumerate(names)
        },
        groups=(str(names[groups[0]]), str(names[groups[1]])),
        gap=Estimate(
            value=value[0],
            low=value[1],
            high=value[2],
            level=level,
            n=int(counts.sum()),
            unit="points",
            method=method + (", for all pairs at once" if len(names) > 2 else ""),
        ),
        p=_homogeneous(counts, hits) if even else p,
    )


def _weighted(every: Floats, checked: Floats, among: Floats, *, wrong: int) -> tuple[Floats, Floats]:
    """(groups,) shares recorded wrongly, checked rows weighted, and how many evenly drawn rows would tell as much.

    The odds of wrong are rows times share of the class in either half, so the variances of their logarithms add; half a
    row is added to each count there, so that none has no variance.
    """
    odd = every * among / np.maximum(checked, 1)
    share = odd[:, wrong] / odd.sum(axis=1)
    part = (among + 0.5) / (checked + 1)
    spread = ((1 - part) / ((checked + 1) * part) + 1 / np.maximum(every, 1)).sum(axis=1)
    smooth = np.clip(share, 0.5 / (among.sum(axis=1) + 1), 1 - 0.5 / (among.sum(axis=1) + 1))
    return share, np.clip(1 / (smooth * (1 - smooth) * spread), 1.0, None)


def _gap(rate: Floats, n: Floats, *, level: float) -> tuple[tuple[float, float, float], tuple[int, int], float]:
    """(value, low, high) of the widest gap, the two groups, and a p value by the normal law over all pairs."""
    first, second = np.triu_indices(len(rate), 1)
    swap = rate[first] > rate[second]
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    z = all_pairs(level, len(rate))
    low, high = intervals.difference((rate[first] * n[first], rate[second] * n[second]), (n[first], n[second]), z=z)
    value = rate[second] - rate[first]
    widest = int(np.argmax(value))
    common = (rate * n).sum() / n.sum()
    error = np.sqrt(max(common * (1 - common), 1e-12) * (1 / n[first] + 1 / n[second]))
    p = min(1.0, len(value) * float(2 * special.ndtr(-(value / error).max())))
    ends = (float(value[widest]), max(0.0, float(low.max())), float(high.max()))
    return ends, (int(first[widest]), int(second[widest])), p


def _homogeneous(counts: NDArray[Any], hits: NDArray[Any]) -> float:
    """Fisher's test of two groups, Pearson's of more."""
    if len(counts) == 2:
        from scipy.stats import fisher_exact

        return min(1.0, float(fisher_exact(np.stack([hits, counts - hits])).pvalue))
    if not hits.any() or (hits == counts).all():
        return 1.0
    return homogeneity_p(hits, counts - hits)
