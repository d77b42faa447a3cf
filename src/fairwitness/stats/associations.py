"""What each of many columns alone says of an attribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.estimate import Estimate
from fairwitness.stats.levels import FOLDS, Ints, Levels, fold_of, levels, telling
from fairwitness.stats.multiple import benjamini_hochberg

FEW_TO_FIT = 2 * FOLDS
"""A group with fewer people cannot be in every fold twice: it is left out."""
MOST_GROUPS = 12
"""Groups a model is fitted to tell apart: each costs its own trees in every fold."""
BINS = 10
FEW_IN_LEVEL = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """What one feature alone says of the attribute.

    Attributes:
        column: Its name.
        group: The group it tells best from the rest.
        auc: How well, as `levels.telling` measures it; its interval holds for this feature alone.
        v: Cramér's V, corrected for bias, in [0, 1]; numbers in ten bins of equal size.
        p: P value of "unrelated", by chi-squared, adjusted over all features (Benjamini-Hochberg).
    """

    column: str
    group: str
    auc: Estimate
    v: float
    p: float


def judgeable(groups: NDArray[Any]) -> tuple[str, ...]:
    """Groups with enough people to fit and try a model on, at most the `MOST_GROUPS` largest; empty for fewer than two.

    Args:
        groups: (n,) object of str, or None where the attribute is not recorded.
    """
    names, counts = np.unique([str(group) for group in groups if group is not None], return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:MOST_GROUPS]
    enough = tuple(str(names[place]) for place in sorted(largest) if counts[place] >= FEW_TO_FIT)
    return enough if len(enough) > 1 else ()


def within_groups(groups: NDArray[Any], names: Sequence[str]) -> NDArray[np.bool_]:
    """(n,) whether a row's group is recorded and among `names`; a group may itself be called `None`.

    Args:
        groups: As for `judgeable`.
        names: As it gives them.
    """
    return np.asarray(np.isin(groups.astype(str), names) & np.not_equal(groups, np.array(None, dtype=object)))


def associations(
    columns: Mapping[str, NDArray[Any]],
    groups: NDArray[Any],
    features: Sequence[Column],
    *,
    level: float = 0.95,
    rng: np.random.Generator,
) -> list[Association]:
    """What each column alone says of the attribute, the most telling first.

    Args:
        columns: Column name to (n,) float64 with NaN, or object of str or None.
        groups: (n,) object of str, two or more, such as `judgeable` gives.
        features: Which columns.
        level: Confidence of each column's interval, for all groups at once.
        rng: Divides rows into folds.
    """
    names, coded = np.unique(groups.astype(str), return_inverse=True)
    fold = fold_of(coded, rng=rng)
    sides = range(1, 2) if len(names) == 2 else range(len(names))
    rows = []
    for feature in features:
        own = levels(columns[feature.name], feature)
        told = dict(zip(sides, telling(own, coded, fold, sides, level=level), strict=True))
        best = max(told, key=lambda side: told[side].value or 0.0)
        rows.append((feature.name, str(names[best]), told[best], *cramers_v(_coarse(own), coded)))
    adjusted = benjamini_hochberg([p for *_, p in rows])
    found = [
        Association(column=column, group=group, auc=area, v=v, p=float(p))
        for (column, group, area, v, _), p in zip(rows, adjusted, strict=True)
    ]
    return sorted(found, key=lambda each: -(each.auc.value or 0.0))


def cramers_v(codes: Ints, groups: Ints) -> tuple[float, float]:
    """How strongly two sets of categories go together.

    Args:
        codes: (n,) first category of each row, from 0.
        groups: (n,) second.

    Returns:
        (V, p): V in [0, 1], corrected for bias; p of "unrelated" by chi-squared, 1 where either has one category.

    Source:
        Bergsma 2013, Journal of the Korean Statistical Society 42(3):323-328.
    """
    from scipy.special import chdtrc  # only when it is measured

    n, width = len(codes), int(groups.max(initial=0)) + 1
    table = np.bincount(codes * width + groups, minlength=(int(codes.max(initial=0)) + 1) * width).reshape(-1, width)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    rows, across = table.shape
    if min(rows, across) < 2:
        return 0.0, 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / n
    statistic = float(((table - expected) ** 2 / expected).sum())
    freedom = (rows - 1) * (across - 1)
    excess = max(statistic / n - freedom / (n - 1), 0.0)
    smaller = min(rows - (rows - 1) ** 2 / (n - 1), across - (across - 1) ** 2 / (n - 1))
    return float(min(np.sqrt(excess / (smaller - 1)), 1.0)), float(chdtrc(freedom, statistic))


def _coarse(column: Levels) -> Ints:
    """Numbers in ten bins of about equal size, missing apart; categories with too few rows made one."""
    sizes = np.bincount(column.codes, minlength=column.size)
    if column.ordered:
        present = column.size - column.missing
        before = np.cumsum(sizes[:present]) - sizes[:present]
        place = np.append(before * BINS // max(int(sizes[:present].sum()), 1), [BINS] * column.missing)
        return place[column.codes].astype(np.int64)
    often = sizes >= FEW_IN_LEVEL
    return np.where(often, np.arange(column.size), column.size)[column.codes]
