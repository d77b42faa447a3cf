"""Entries that do not move by small steps: a category, a yes or no, which of several columns is 1. They are exchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.robustness.attacks.space import Space, discrete
from fairwitness.robustness.attacks.suite import Deployed

MOST_VALUES = 20
"""Other categories that are tried, the most frequent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One entry of every row changed to something else; rows that have it so already are as they were."""

    values: Mapping[str, Any]


def exchanges(columns: Sequence[Column], rows: Rows, *, fixed: Sequence[str] = ()) -> tuple[Exchange, ...]:
    """Every single exchange there is.

    Args:
        columns: What the model reads.
        rows: Whose categories are tried.
        fixed: Columns that may not change.
    """
    free = [c for c in columns if discrete(c) and c.change != "never" and c.name not in fixed]
    sets: dict[str, list[str]] = {}
    found = []
    for column in free:
        if column.one_of is not None:
            sets.setdefault(column.one_of, []).append(column.name)
        elif column.kind == "boolean":
            ends = {"free": (0.0, 1.0), "up": (1.0,), "down": (0.0,)}[column.change]
            found += [Exchange(values={column.name: end}) for end in ends]
        elif column.change == "free":
            held = [value for value in rows.columns[column.name] if value is not None]
            names, counts = np.unique(np.array(held, dtype=np.str_), return_counts=True)
            kept = names[np.argsort(-counts, kind="stable")[:MOST_VALUES]]
            found += [Exchange(values={column.name: str(name)}) for name in kept]
    for members in sets.values():
        for name in members:
            found.append(Exchange(values={other: float(other == name) for other in members}))
    return tuple(found)


def exchanged(
    deployed: Deployed, space: Space, offered: Sequence[Exchange], *, most: int
) -> tuple[Rows, NDArray[np.bool_], int]:
    """Rows after up to `most` exchanges each, the one that brings it nearest first, and which of them turned.

    Args:
        deployed: The model, and the class each row has now.
        space: The rows.
        offered: What may be exchanged.
        most: Exchanges a row.

    Returns:
        The rows; (n,) which of them turned; and how often rows were asked about. One exchange is tried in every way
        there is, so a row that stands cannot be turned by one alone.
    """
    n, everyone = len(space), np.arange(len(space))
    turned, asked = np.zeros(n, dtype=bool), 0
    for _ in range(most):
        best, chosen = np.full(n, -np.inf), np.full(n, -1)
        for place, one in enumerate(offered):
            margins, gone = deployed.asked(space.on(_with(space.rows, one, everyone >= 0)), space.x, everyone)
            margins = np.where(gone, np.inf, margins)
            better = (margins > best) & ~turned
            best[better], chosen[better] = margins[better], place
            asked += n
        rows = space.rows
        for place, one in enumerate(offered):
            rows = _with(rows, one, chosen == place)
        turned |= np.isposinf(best)
        space = space.on(rows)
    return space.rows, turned, asked


def _with(rows: Rows, one: Exchange, mask: NDArray[np.bool_]) -> Rows:
    changed = {}
    for name, value in one.values.items():
        held = rows.columns[name].copy()
        held[mask] = value
        changed[name] = held
    return replace(rows, columns={**rows.columns, **changed})
