"""Columns that give the target away: each column alone, held against the recorded class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.estimate import Estimate, Limit, Verdict
from fairwitness.core.subject import Rows
from fairwitness.stats.levels import fold_of, levels, telling

OTHER_ROLES = frozenset({"target", "decision", "score", "split", "unit"})
"""Roles of columns that are made from the target or with it, or that a model never reads."""
AT_MOST = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """What one column alone says of the target.

    Attributes:
        column: Its name.
        auc: How well it tells `category` from the rest; of several classes, the one it tells best.
        category: The class it tells.
    """

    column: str
    auc: Estimate
    category: str


def candidates(columns: Sequence[Column]) -> list[Column]:
    """Columns that could give the target away: all but the target, what was decided or scored, and bookkeeping.

    Pictures and free text are not looked into: no value of theirs comes twice.
    """
    return [
        column for column in columns if column.role not in OTHER_ROLES and column.kind != "text" and not column.media
    ]


def measure(
    rows: Rows,
    labels: NDArray[Any],
    columns: Sequence[Column],
    *,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> list[Leak]:
    """How well each column alone tells the class, the best first.

    Numbers and dates are ranked, in whichever direction and with missing values at whichever end tells more.
    Categories, and numbers with few values, are replaced by how often the class occurs with them in other folds, so
    that a column of ids tells nothing.

    Args:
        rows: Rows with those columns.
        labels: (n,) object of str: the recorded class; rows with None are left out.
        columns: Which columns, from `candidates`.
        level: Confidence of the intervals, simultaneous over all columns and classes (Bonferroni).
        rng: Divides rows into folds.

    Returns:
        One entry a column, none where fewer than two classes are recorded. AUC in [0, 1]; about 0.5 tells nothing.
    """
    known = np.array([label is not None for label in labels], dtype=bool)
    names, coded = np.unique(labels[known].astype(str), return_inverse=True)
    if len(names) < 2 or not columns:
        return []
    fold = fold_of(coded, rng=rng or np.random.default_rng(0))
    sides = range(1, 2) if len(names) == 2 else range(len(names))  # of two classes, telling one tells the other
    share = 1 - (1 - level) / (len(columns) * len(sides))
    found = []
    for column in columns:
        own = levels(rows.columns[column.name][known], column)
        told = dict(zip(sides, telling(own, coded, fold, sides, level=share), strict=True))
        best = max(told, key=lambda side: told[side].value or 0.0)
        found.append(Leak(column=column.name, auc=told[best], category=str(names[best])))
    return sorted(found, key=lambda leak: -(leak.auc.value or 0.0))


def find(
    rows: Rows,
    labels: NDArray[Any],
    columns: Sequence[Column],
    *,
    at_most: float = AT_MOST,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> list[Leak]:
    """Columns that give the target away: the whole interval of their AUC lies above `at_most`. Arguments of `measure`."""
    limit = Limit(at_most=at_most)
    found = measure(rows, labels, columns, level=level, rng=rng)
    return [leak for leak in found if leak.auc.against(limit) is Verdict.FAIL]
