"""The closed set of figures: typed data in findings, drawn by `draw`, so the report knows no check by name.

Values are in the unit's own scale (shares and points as fractions); `draw` formats them. Every figure carries the
numbers a reader would quote, so its data table is made from it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fairwitness.core.estimate import Limit, Unit, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One row of an interval chart: a value, its interval, and who it is about."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    verdict: Verdict = Verdict.EXPLORED
    section: str = ""  # rows of one section stand under its name
    note: str = ""  # shown in place of a value that may not be shown, e.g. "too few to judge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Values with whiskers, one row each, against a shaded limit. Gaps show zero; rates may have a cut axis."""

    title: str
    caption: str  # unit, interval method, what is shaded
    unit: Unit
    rows: tuple[Interval, ...]
    limit: Limit | None = None
    reading: str = ""
    kind: Literal["intervals"] = "intervals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Counts, one bar each, with the share they make and its interval in the table."""

    title: str
    caption: str
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    shares: tuple[float | None, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]
    expected: tuple[float, ...] = ()  # a reference share per label, drawn as a mark
    reading: str = ""
    kind: Literal["bars"] = "bars"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One named line of points with whiskers."""

    label: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    n: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Lines over a common axis, such as calibration by group; `diagonal` draws y = x for reference."""

    title: str
    caption: str
    x_label: str
    y_label: str
    x_unit: Unit
    y_unit: Unit
    curves: tuple[Curve, ...]
    diagonal: bool = False
    reading: str = ""
    kind: Literal["curves"] = "curves"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """One cell: a value with its interval, or counts only where there are too few people for a rate."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """A table shaded by value, such as rates over an intersection of two attributes."""

    title: str
    caption: str
    unit: Unit
    row_name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[HeatCell, ...], ...]  # (row, column)
    worse: Literal["low", "high"] = "low"  # which end is shaded darker
    reading: str = ""
    kind: Literal["heat"] = "heat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One look of a monitor: what it measured then, and whether it raised the alarm."""

    when: str  # ISO date, or date and time
    value: float | None
    low: float | None
    high: float | None
    n: int
    alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One number look by look, in order, beside what was audited; what lies within the limit is shaded."""

    title: str
    caption: str  # unit, interval method, what is shaded
    unit: Unit
    moments: tuple[Moment, ...]
    audited: float | None = None
    limit: Limit | None = None
    reading: str = ""
    kind: Literal["timeline"] = "timeline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One row of a swarm: how many people lie where along the axis, and what they have of what the row is about.

    Attributes:
        value: What sums the row up, such as a mean size, with its interval.
        n: People in all; those of bins with too few to show are counted here alone.
        counts: People of each bin; 0 where there are too few to show.
        heights: Mean place of their values among all people's, 0 the lowest and 1 the highest; None: too few, or the
            values have no order.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    counts: tuple[int, ...]
    heights: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swarm:
    """Where people lie along one axis, row by row: a beeswarm of counts, so that no mark is a person."""

    title: str
    caption: str
    unit: Unit
    edges: tuple[float, ...]  # of the bins, one more than there are bins
    fewest: int  # people a bin must hold to be shown
    rows: tuple[Cloud, ...]
    value_label: str  # what `value` is
    reading: str = ""
    kind: Literal["swarm"] = "swarm"


Figure = Intervals | Bars | Curves | Heat | Timeline | Swarm
