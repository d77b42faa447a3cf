"""One number look by look: points with whiskers along an axis of looks, what was audited as a dashed line, alarms marked."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.figures import Moment, Timeline
from fairwitness.draw import format as fmt
from fairwitness.draw.axis import Axis
from fairwitness.draw.canvas import Canvas
from fairwitness.draw.text import breadth, fit

MOST_MOMENTS = 120
"""The latest are drawn; the rest stands in the data table."""

MOST_MARKED = 40
"""With more looks than this, only alarms are marked on the line."""


def timeline(figure: Timeline, *, width: int) -> str:
    """The chart at `width` units. A look without a value breaks the line."""
    shown = figure.moments[-MOST_MOMENTS:]
    first = len(figure.moments) - len(shown) + 1
    canvas = Canvas(width)
    top = _key(canvas, figure)
    limit = figure.limit
    ends = [figure.audited, *(() if limit is None else (limit.at_most, limit.at_least))]
    heights = [value for each in shown for value in (each.value, each.low, each.high)]
    bottom = top + (220 if width >= 500 else 180)
    vertical = Axis.over([*heights, *ends], unit=figure.unit, start=bottom, end=top, ticks=5)
    left = max(breadth(label, size=12) for _, label in vertical.ticks()) + 10
    right = width - 14.0
    step = (right - left) / max(len(shown), 1)
    places = [left + (i + 0.5) * step for i in range(len(shown))]
    _frame(canvas, figure, vertical, (left, right))
    _line(canvas, shown, places, vertical)
    canvas.ticks(bottom + 17, _named(places, first, width=right - left))
    canvas.text(left, bottom + 36, (fit(_span(shown), width - left, size=12), "ax"))
    return canvas.close(bottom + 42, sentence(figure), f"ch {'wide' if width >= 500 else 'slim'}")


def sentence(figure: Timeline) -> str:
    """What the chart shows, in words: the first and last look, what was audited, and which looks raised the alarm."""
    known = [(place, each) for place, each in enumerate(figure.moments, 1) if each.value is not None]
    told = []
    if known:
        (_, start), (_, end) = known[0], known[-1]
        told.append(f"From {fmt.number(start.value, figure.unit)} on {start.when}")
        told[-1] += f" to {fmt.number(end.value, figure.unit)} on {end.when}" if len(known) > 1 else ""
    if figure.audited is not None:
        told.append(f"Audited: {fmt.number(figure.audited, figure.unit)}")
    alarms = [str(place) for place, each in enumerate(figure.moments, 1) if each.alarm]
    told.append(f"Alarm at look {', '.join(alarms[:6])}" if alarms else "No alarm")
    return f"{figure.title}. {'. '.join(told)}."


def _key(canvas: Canvas, figure: Timeline) -> float:
    """What the line, the dashes and the marks are; returns where the drawing begins."""
    x, y = 0.0, 10.0
    names = ["each look"]
    names += ["audited"] if figure.audited is not None else []
    names += ["alarm"] if any(each.alarm for each in figure.moments) else []
    for name in names:
        if name == "audited":
            canvas.line("dg", x, y, x + 28, y)
        else:
            canvas.line("ln gA", x, y, x + 28, y)
            canvas.point("bad" if name == "alarm" else "gA", x + 14, y, "diamond" if name == "alarm" else "circle")
        canvas.text(x + 36, y + 4, (name, ""))
        x += 50 + breadth(name)
    unit = {"share": "%", "points": "points"}.get(figure.unit, "")
    if unit:
        canvas.text(0, y + 24, (unit, "ax"))
    return y + 40


def _frame(canvas: Canvas, figure: Timeline, vertical: Axis, ends: tuple[float, float]) -> None:
    left, right = ends
    if figure.limit is not None:
        low, high = figure.limit.at_least, figure.limit.at_most
        top = vertical.end if high is None else vertical.at(high)
        bottom = vertical.start if low is None else vertical.at(low)
        canvas.rect("band", left, top, right - left, bottom - top)
        for edge in (low, high):
            if edge is not None:
                canvas.line("lim", left, vertical.at(edge), right, vertical.at(edge))
    up = vertical.ticks()
    canvas.lines("gr", [(left, y, right, y) for y, _ in up])
    for y, label in up:
        canvas.text(left - 6, y + 4, (label, "ax"), anchor="end")
    if figure.audited is not None:
        canvas.line("dg", left, vertical.at(figure.audited), right, vertical.at(figure.audited))


def _line(canvas: Canvas, shown: Sequence[Moment], places: Sequence[float], vertical: Axis) -> None:
    whiskers: list[tuple[float, float, float, float]] = []
    runs: list[list[tuple[float, float]]] = [[]]
    for x, each in zip(places, shown, strict=True):
        if each.value is None:
            runs.append([])
            continue
        runs[-1].append((x, vertical.at(each.value)))
        if each.low is not None and each.high is not None:
            whiskers.append((x, vertical.at(each.low), x, vertical.at(each.high)))
    canvas.lines("cw gA", whiskers)
    for run in runs:
        if len(run) > 1:
            canvas.path("ln gA", run)
    dense = len(shown) > MOST_MARKED
    for x, each in zip(places, shown, strict=True):
        if each.value is not None and (each.alarm or not dense):
            canvas.point(
                "bad" if each.alarm else "gA", x, vertical.at(each.value), "diamond" if each.alarm else "circle"
            )


def _named(places: Sequence[float], first: int, *, width: float) -> list[tuple[float, str]]:
    """Numbers of looks below the axis, as many as there is room for."""
    every = max(1, -(-len(places) * 34 // max(int(width), 1)))
    return [(x, str(first + i)) for i, x in enumerate(places) if i % every == 0]


def _span(shown: Sequence[Moment]) -> str:
    if not shown:
        return "no look yet"
    days = [each.when[:10] for each in shown]
    return f"look, {days[0]}" if days[0] == days[-1] else f"look, {days[0]} to {days[-1]}"
