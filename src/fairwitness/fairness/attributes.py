"""What checks share that look at every attribute the settings name in one finding, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import group_column
from fairwitness.core.columns import CROSS, MISSING, Grouping
from fairwitness.core.estimate import Estimate, Limit, Unit
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.fairness.contrasts import Known
from fairwitness.stats.tally import code_categories

MOST_LINES = 25
"""Lines of a table over all attributes, the worst first; the rest is counted."""

Cell = float | int | str | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Divided:
    """Rows by one attribute, or by several crossed.

    Attributes:
        names: Groups that occur.
        codes: (n,) each row's place among them.
    """

    grouping: Grouping
    names: tuple[str, ...]
    codes: NDArray[np.intp]

    @property
    def sizes(self) -> dict[str, int]:
        """Rows of each group."""
        return dict(zip(self.names, np.bincount(self.codes, minlength=len(self.names)).tolist(), strict=True))


def named(outline: Outline) -> tuple[Grouping, ...]:
    """Attributes and crossings that the settings name."""
    return tuple(grouping for grouping in outline.groupings if grouping.named)


def asked(outline: Outline) -> tuple[str, ...]:
    """The columns of attributes these are made of, each once."""
    return tuple(dict.fromkeys(name for grouping in named(outline) for name in grouping.columns))


def divided(rows: Rows, grouping: Grouping) -> Divided:
    """Rows by a grouping whose columns are aboard."""
    names: tuple[str, ...] = ()
    codes = np.zeros(len(rows), dtype=np.intp)
    for name in grouping.columns:
        categories, own = code_categories(rows.columns[group_column(name)])
        held, codes = np.unique(codes * len(categories) + own, return_inverse=True)
        pairs = [divmod(int(cell), len(categories)) for cell in held]
        names = tuple(CROSS.join((*names[first : first + 1], categories[second])) for first, second in pairs)
    return Divided(grouping=grouping, names=names, codes=codes)


def aside(group: str) -> bool:
    """Whether a group is none of people but of what is not recorded."""
    return MISSING in group.split(CROSS)


def each_level(level: float, count: int) -> float:
    """Level of each of `count` statements, which may depend on each other, so that all hold together at `level`."""
    return 1 - (1 - level) / max(1, count)


def known(found: Sequence[Estimate]) -> Known:
    """Numbers of groups as arrays; NaN for what is unknown."""
    ends = [[nan if end is None else end for end in (each.value, each.low, each.high)] for each in found]
    value, low, high = np.array(ends, dtype=np.float64).T
    return Known(value, low, high, np.array([each.n for each in found], dtype=np.int64))


def gravity(found: Estimate, limit: Limit | None) -> tuple[bool, float, float]:
    """Orders differences: what fails first, then what is firmest, then what is widest."""
    most = None if limit is None else limit.at_most
    low = found.low or 0.0
    return most is not None and low > most, low, found.value or 0.0


def table(title: str, lines: Sequence[Mapping[str, Cell]], units: Mapping[str, Unit]) -> Series:
    """The first `MOST_LINES` lines as a table."""
    shown = lines[:MOST_LINES]
    return Series(
        title=title,
        columns={name: tuple(line[name] for line in shown) for name in shown[0]} if shown else {},
        units=units,
    )


def left_out(lines: Sequence[object], what: str) -> tuple[str, ...]:
    """The note on lines a table has no room for."""
    more = len(lines) - MOST_LINES
    return (f"the table has the worst {MOST_LINES} of {fmt.count(len(lines))} {what}",) if more > 0 else ()
