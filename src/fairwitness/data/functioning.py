"""Does a column mean the same in every group: items of one thing held against one another, and stand-ins against the truth.

Several columns that measure one thing (symptoms of an illness, payments of a month) tell when one of them works
differently for a group: among people alike in the others it lies higher (uniform), follows them less (not uniform), or
scatters more. Others may differ between groups as they like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.stats.multiple import all_pairs, holm
from fairwitness.stats.nested import Nested, crossed, dummies, linear

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FEWEST_ITEMS = 3
"""With two, the one could be read off the other, and nobody could say which of them is at fault."""
NEGLIGIBLE = 0.035
"""Gain in R² below which an item is taken to work alike (Jodoin and Gierl 2001, class A); from 0.07, class C, it is large."""
LARGE = 0.07
COHERENT = 0.5
"""Reliability below which columns hardly measure one thing, so that one can say nothing of another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """How one column of a set works by group.

    Attributes:
        column: Its name.
        gain: R² gained by group and group × others over the others alone; its interval holds for all items at once.
        p: P value of "works alike", for this item alone.
        uniform: P value of "lies equally high among people alike in the others".
        crossing: P value of "follows the others equally closely".
        spread: P value of "scatters equally", by Brown and Forsythe.
        scatter: Largest standard deviation of a group around what the others let expect, over the smallest.
        shifts: By group, how much higher than for everybody alike in the others, in standard deviations of the item.
    """

    column: str
    gain: Estimate
    p: float
    uniform: float
    crossing: float
    spread: float
    scatter: float | None
    shifts: Mapping[str, float]


def items(columns: Mapping[str, Floats], groups: NDArray[np.object_], *, level: float = 0.95) -> list[Item]:
    """How each column of a set that measures one thing works by group, the least alike first.

    Each is held against the mean of the others (as normal scores of ranks, turned so that all point one way). That mean is an
    imperfect measure, and groups whose means differ would look unlike for that alone; so it is drawn towards the group's
    mean by its reliability first.

    Args:
        columns: `FEWEST_ITEMS` columns or more, (n,) with NaN for missing; rows with any missing are left out.
        groups: (n,) object of str, of two groups or more.
        level: Two-sided confidence, for all items together (Bonferroni).

    Source:
        Swaminathan and Rogers 1990, Journal of Educational Measurement 27(4):361-370, for the two-step test; Jodoin and
        Gierl 2001, Applied Measurement in Education 14(4):329-349, for the sizes; Shealy and Stout 1993, Psychometrika
        58(2):159-194, on the correction for groups that differ; van der Waerden 1952, Indagationes Mathematicae
        14:453-458, on scores; Brown and Forsythe 1974, JASA 69(346):364-367.
    """
    if len(columns) < FEWEST_ITEMS:
        raise ValueError(f"{len(columns)} columns; an item is held against two others at least")
    table = np.column_stack(list(columns.values()))
    whole = ~np.isnan(table).any(axis=1)
    names, codes = np.unique(groups[whole].astype(str), return_inverse=True)
    scaled = _turned(normal_scores(table[whole]))
    each = 1 - (1 - level) / len(columns)
    found = []
    for place, column in enumerate(columns):
        others = np.delete(scaled, place, axis=1)
        found.append(_item(column, scaled[:, place], _matched(others, codes), codes, names, level=each))
    return sorted(found, key=lambda item: -(item.gain.value or 0.0))


def coherence(columns: Mapping[str, Floats], groups: NDArray[np.object_]) -> float:
    """Cronbach's alpha of a set of columns within groups: how far they measure one thing, in [0.05, 1]."""
    table = np.column_stack(list(columns.values()))
    whole = ~np.isnan(table).any(axis=1)
    codes = np.unique(groups[whole].astype(str), return_inverse=True)[1]
    return reliability(_apart(_turned(normal_scores(table[whole])), codes))


def all_alike_p(found: list[Item]) -> float:
    """P value of "every item works alike", over all items (Holm)."""
    return float(holm([item.p for item in found]).min(initial=1.0))


def widest(found: list[Item]) -> Estimate:
    """The largest gain of any item; its interval holds whichever item that truly is."""
    gains = [item.gain for item in found]
    first = max(gains, key=lambda gain: gain.value or 0.0)
    return replace(
        first,
        low=max(gain.low or 0.0 for gain in gains),
        high=max(gain.high or 0.0 for gain in gains),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """How the truth behind a stand-in differs between people with the same value of it.

    Attributes:
        groups: The two furthest apart, the one with less of the truth first.
        gap: Their difference in the truth at equal stand-in, in standard deviations of the truth; at least 0, its
            interval held for all pairs of groups at once.
        nested: The test of slopes and levels, over all groups.
        bins: (bins, groups) mean truth by tenths of the stand-in; NaN where nobody is.
        counts: (bins, groups) people.
        errors: (bins, groups) standard errors of the means.
        edges: (bins + 1,) where the tenths begin and end.
        names: The groups, in the order of the columns of `bins`.
    """

    groups: tuple[str, str]
    gap: Estimate
    nested: Nested
    bins: Floats
    counts: Codes
    errors: Floats
    edges: Floats
    names: tuple[str, ...]


def against_truth(
    proxy: Floats, truth: Floats, groups: NDArray[np.object_], *, level: float = 0.95, bins: int = 10
) -> Truth | None:
    """Same value of the stand-in, different truth: by group, at equal stand-in.

    The truth is compared within tenths of the stand-in, weighted by all people in them, so no shape is supposed of how
    the two go together; slopes and levels are tested by straight lines besides.

    Args:
        proxy: (n,) the column that stands for something; NaN for missing.
        truth: (n,) what it stands for, where it was recorded; NaN elsewhere.
        groups: (n,) object of str.
        level: Two-sided confidence of all pairs of groups.
        bins: How many parts of about equal size the stand-in is cut into.

    Returns:
        None where fewer than two groups have both, or the truth is the same of all.

    Source:
        Obermeyer, Powers, Vogeli and Mullainathan 2019, Science 366(6464):447-453.
    """
    known = ~(np.isnan(proxy) | np.isnan(truth))
    names, codes = np.unique(groups[known].astype(str), return_inverse=True)
    if len(names) < 2 or not np.ptp(truth[known]):
        return None
    x, y = proxy[known], truth[known]
    edges = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)))
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, max(len(edges) - 2, 0))
    shape = (max(len(edges) - 1, 1), len(names))
    cell = place * shape[1] + codes
    count = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    total = np.bincount(cell, weights=y, minlength=count.size).reshape(shape)
    squares = np.bincount(cell, weights=y**2, minlength=count.size).reshape(shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / count
        variance = np.where(count > 1, (squares - total * mean) / np.maximum(count - 1, 1), np.nan)
    z = all_pairs(level, len(names))
    scale = float(y.std())
    pairs = [
        _at_equal(mean, variance, count, (a, b), z=z, scale=scale)
        for a in range(len(names))
        for b in range(a + 1, len(names))
    ]
    told = [pair for pair in pairs if pair is not None]
    if not told:
        return None
    (a, b), value, _ = max(told, key=lambda pair: abs(pair[1]))
    low, high = (a, b) if value >= 0 else (b, a)
    gap = Estimate(
        value=abs(value),
        low=max(0.0, *(max(v - half, -v - half) for _, v, half in told)),
        high=max(abs(v) + half for _, v, half in told),
        level=level,
        n=len(y),
        unit="number",
        method=f"difference within {shape[0]} parts of the stand-in, for all pairs at once",
    )
    marks = dummies(codes)
    centred = (x - x.mean())[:, None] / (x.std() or 1.0)
    tested = linear(y, centred, np.hstack([marks, crossed(centred, marks)]), even=False)
    group_names = tuple(str(name) for name in names)
    return Truth(
        groups=(group_names[low], group_names[high]),
        gap=gap,
        nested=tested,
        bins=mean,
        counts=count,
        errors=np.sqrt(variance / np.maximum(count, 1)),
        edges=edges,
        names=group_names,
    )


def _at_equal(
    mean: Floats, variance: Floats, count: Codes, pair: tuple[int, int], *, z: float, scale: float
) -> tuple[tuple[int, int], float, float] | None:
    """Second group's mean truth less the first's, over the bins that hold two of each, and half its interval."""
    first, second = pair
    both = (count[:, first] > 1) & (count[:, second] > 1)
    if not both.any():
        return None
    weight = count[both].sum(axis=1) / count[both].sum()
    gap = float(weight @ (mean[both, second] - mean[both, first])) / scale
    error = np.sqrt(
        weight**2 @ (variance[both, first] / count[both, first] + variance[both, second] / count[both, second])
    )
    return pair, gap, z * float(error) / scale


def _item(column: str, item: Floats, matched: Floats, codes: Codes, names: NDArray[np.str_], *, level: float) -> Item:
    others, marks = matched[:, None], dummies(codes)
    slopes = crossed(others, marks)
    joint = linear(item, others, np.hstack([marks, slopes]), level=level, even=False)
    residual = item - np.column_stack([np.ones(len(item)), matched]) @ _fit(item, matched)
    nothing = Estimate(value=0.0, low=0.0, high=1.0, level=level, n=len(item), unit="number", method="gain in R²")
    per_group = [residual[codes == code] for code in range(len(names))]
    spread = [float(part.std()) for part in per_group if len(part) > 1]
    return Item(
        column=column,
        gain=joint.gain or nothing,
        p=joint.p,
        uniform=linear(item, others, marks, even=False).p,
        crossing=linear(item, np.hstack([others, marks]), slopes, even=False).p,
        spread=_brown_forsythe(per_group),
        scatter=max(spread) / min(spread) if spread and min(spread) > 0 else None,
        shifts={str(name): float(part.mean()) for name, part in zip(names, per_group, strict=True)},
    )


def _fit(item: Floats, matched: Floats) -> Floats:
    beta, *_ = np.linalg.lstsq(np.column_stack([np.ones(len(item)), matched]), item, rcond=None)
    return np.asarray(beta)


def _brown_forsythe(parts: list[Floats]) -> float:
    from scipy.stats import levene

    if min(len(part) for part in parts) < 3 or all(not np.ptp(part) for part in parts):
        return 1.0
    return float(levene(*parts, center="median").pvalue)


def normal_scores(table: Floats) -> Floats:
    """Columns as normal scores of their ranks, of mean 0 and spread 1: a few huge values then set no pace."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    scores = ndtri((rankdata(table, axis=0) - 0.5) / len(table))
    spread = scores.std(axis=0)
    return np.asarray((scores - scores.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _turned(scaled: Floats) -> Floats:
    """Columns that fall where the others rise, turned round."""
    first = np.linalg.svd(scaled, full_matrices=False)[2][0]
    return np.asarray(scaled * np.where(first < 0, -1.0, 1.0))


def _matched(others: Floats, codes: Codes) -> Floats:
    """(n,) mean of the others, drawn towards the group's own by its reliability within groups (Kelley's true score)."""
    score = others.mean(axis=1)
    size = np.maximum(np.bincount(codes), 1)
    centre = (np.bincount(codes, weights=score) / size)[codes]
    return np.asarray(centre + reliability(_apart(others, codes)) * (score - centre))


def _apart(columns: Floats, codes: Codes) -> Floats:
    """Columns with each group's own mean taken out."""
    size = np.maximum(np.bincount(codes), 1)
    return np.column_stack([column - (np.bincount(codes, weights=column) / size)[codes] for column in columns.T])


def reliability(columns: Floats) -> float:
    """Cronbach's alpha of (n, k) columns of like scale, in [0.05, 1].

    Source:
        Cronbach 1951, Psychometrika 16(3):297-334.
    """
    k = columns.shape[1]
    whole = float(columns.sum(axis=1).var())
    if k < 2 or not whole:
        return 1.0
    return float(np.clip(k / (k - 1) * (1 - columns.var(axis=0).sum() / whole), 0.05, 1.0))
