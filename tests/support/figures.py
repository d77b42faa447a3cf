"""Figures for documents that never were audited."""

from __future__ import annotations

from typing import Any

from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.figures import (
    Bars,
    Cloud,
    Curve,
    Curves,
    Heat,
    HeatCell,
    Interval,
    Intervals,
    Moment,
    Swarm,
    Timeline,
)

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202edesrever\x1b[31m|*_`[x](javascript:y)"
"""Markup, an attribute's end, a bidirectional override, a terminal escape and Markdown, in one group name."""
AT_MOST_TEN = Limit(at_most=0.10)


def row(label: str, value: float | None, low: float | None, high: float | None, n: int, **more: Any) -> Interval:
    return Interval(label=label, value=value, low=low, high=high, n=n, **more)


RATES = Intervals(
    title="Approved, by race",
    caption="Share approved. Line: 95 % Wilson interval.",
    unit="share",
    rows=(
        row("White", 0.908, 0.894, 0.921, 1681, section="Recorded decisions, all 1,989 applicants"),
        row("Hispanic", 0.766, 0.679, 0.835, 111, section="Recorded decisions, all 1,989 applicants"),
        row("Black", 0.675, 0.607, 0.737, 197, section="Recorded decisions, all 1,989 applicants"),
        row("White", 0.906, 0.883, 0.925, 755, section="Model’s decisions, 896 audit rows"),
        row("Hispanic", 0.790, 0.674, 0.873, 62, section="Model’s decisions, 896 audit rows"),
        row("Black", 0.646, 0.536, 0.742, 79, section="Model’s decisions, 896 audit rows"),
        row("(missing)", None, None, None, 6, section="Model’s decisions, 896 audit rows", note="too few to judge"),
    ),
    reading="The model’s gap is about as wide as the one in the record it learned from.",
)
GAPS = Intervals(
    title="Gap between each pair of groups, against the limit",
    caption="Points. Newcombe intervals; the level is raised so that all pairs hold together at 95 %.",
    unit="points",
    limit=AT_MOST_TEN,
    rows=(
        row("White over Black", 0.26, 0.142, 0.397, 834, verdict=Verdict.FAIL),
        row("Hispanic over Black", 0.145, -0.041, 0.310, 141, verdict=Verdict.UNCERTAIN),
        row("White over Hispanic", 0.116, 0.015, 0.263, 817, verdict=Verdict.UNCERTAIN),
        row("Men over Women", 0.02, -0.031, 0.083, 896, verdict=Verdict.PASS),
        row("White over (missing)", None, None, None, 761, note="too few to judge"),
    ),
)
CROSSED = Heat(
    title="Race and sex together: mostly too few people to say",
    caption="Share approved, audit rows, 95 % Wilson intervals. Under 30 people no rate is shown.",
    unit="share",
    row_name="Race",
    rows=("White", "Hispanic", "Black"),
    columns=("Men", "Women", "Sex not recorded"),
    cells=(
        (
            HeatCell(value=0.895, low=0.868, high=0.917, n=608),
            HeatCell(value=0.951, low=0.902, high=0.976, n=142),
            HeatCell(value=None, low=None, high=None, n=5),
        ),
        (
            HeatCell(value=0.812, low=0.681, high=0.898, n=48),
            HeatCell(value=None, low=None, high=None, n=13),
            HeatCell(value=None, low=None, high=None, n=1),
        ),
        (
            HeatCell(value=0.754, low=0.629, high=0.848, n=57),
            HeatCell(value=None, low=None, high=None, n=21),
            HeatCell(value=None, low=None, high=None, n=0),
        ),
    ),
    reading="Of Black women, 21 were judged: collect more before saying anything about them.",
)
WATCHED = Timeline(
    title="Gap in approvals by race, look by look",
    caption="Points. Line: 95 % interval of that look alone. Shaded: within the bound.",
    unit="points",
    audited=0.26,
    limit=Limit(at_most=0.37),
    moments=(
        Moment(when="2026-10-05", value=0.24, low=0.12, high=0.36, n=210),
        Moment(when="2026-10-12", value=None, low=None, high=None, n=0),
        Moment(when="2026-10-19", value=0.41, low=0.30, high=0.52, n=190),
        Moment(when="2026-10-26", value=0.44, low=0.33, high=0.55, n=201, alarm=True),
    ),
)
CROWD = Swarm(
    title="What moves the score",
    caption="Points of score.",
    unit="points",
    edges=(-0.2, -0.1, 0.0, 0.1),
    fewest=5,
    value_label="mean size",
    rows=(
        Cloud(label="debts", value=0.09, low=0.08, high=0.1, n=200, counts=(40, 0, 158), heights=(0.9, None, 0.4)),
        Cloud(label="town", value=0.01, low=None, high=None, n=200, counts=(0, 99, 98), heights=(None, None, None)),
    ),
)
CALIBRATION = Curves(
    title="Stated against observed approval, by race",
    caption="Share. Dotted: what a calibrated score would give. Whiskers: 95 % Wilson intervals.",
    x_label="Mean score",
    y_label="Approved in the record",
    x_unit="share",
    y_unit="share",
    diagonal=True,
    curves=tuple(
        Curve(
            label=label,
            x=(0.12, 0.31, 0.52, 0.73, 0.94),
            y=tuple(None if y is None else min(1.0, y + shift) for y in (0.10, 0.33, None, 0.76, 0.95)),
            low=tuple(None if y is None else max(0.0, y + shift - 0.06) for y in (0.10, 0.33, None, 0.76, 0.95)),
            high=tuple(None if y is None else min(1.0, y + shift + 0.06) for y in (0.10, 0.33, None, 0.76, 0.95)),
            n=(40, 55, 0, 210, 590),
        )
        for label, shift in (("White", 0.0), ("Hispanic", -0.05), ("Black", -0.09))
    ),
)
COUNTED = Bars(
    title="Who is in the data",
    caption="Rows by race, with the share they make. Mark: share among adults of the county.",
    labels=("White", "Black", "Hispanic", HOSTILE),
    counts=(1681, 197, 111, 3),
    shares=(0.8439, 0.0989, 0.0557, 0.0015),
    lows=(0.8272, 0.0865, 0.0465, 0.0005),
    highs=(0.8592, 0.1128, 0.0667, 0.0044),
    expected=(0.72, 0.14, 0.13, 0.01),
)


def many_groups(n: int = 20) -> Intervals:
    """A chart of many groups with long names."""
    return Intervals(
        title="Approved, by county of residence",
        caption="Share approved, 95 % Wilson intervals.",
        unit="share",
        limit=Limit(at_least=0.5),
        rows=tuple(
            row(
                f"County of {'Saint ' * (i % 4)}Wherever-on-the-Water {i}",
                0.95 - 0.03 * i,
                max(0.0, 0.88 - 0.03 * i),
                min(1.0, 0.99 - 0.03 * i),
                40 + 13 * i,
                verdict=Verdict.PASS if i < 12 else Verdict.UNCERTAIN,
            )
            for i in range(n)
        ),
    )
