"""Values with whiskers: dot = value, line = interval, shaded = within the limit, arrow = an end nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from fairwitness.core.figures import Interval, Intervals
from fairwitness.draw import format as fmt
from fairwitness.draw.axis import REFERENCE, Axis
from fairwitness.draw.canvas import LOOK, SHAPES, Canvas, Shape, look
from fairwitness.draw.text import breadth, fit, two_lines

MOST_ROWS = 24  # a longer chart is a wall; the rest is named and stands in findings.json
ARROW = 24  # how far an open end runs past its value
PAST = 16  # and at least, though the axis ends before
GAP = 12  # between columns of the wide drawing
TEXT = {"bad": "b tbad", "un": "b tun", "ok": "b tok"}


def intervals(figure: Intervals, *, width: int) -> str:
    """The chart at `width` units: columns side by side when wide, text above each line when slim."""
    rows = figure.rows[:MOST_ROWS]
    canvas = Canvas(width)
    height = (_wide if width >= 500 else _slim)(canvas, figure, rows)
    if len(figure.rows) > len(rows):
        height += 20
        canvas.text(0, height - 6, (f"and {len(figure.rows) - len(rows)} more in findings.json", "ax"))
    return canvas.close(height, sentence(figure), f"ch {'wide' if width >= 500 else 'slim'}")


def sentence(figure: Intervals, *, most: int = 8) -> str:
    """What the chart shows, in words, for those who hear it."""
    told = [
        f"{row.label} {row.note or fmt.measured(row.value, row.low, row.high, figure.unit)}"
        + (f", {fmt.WORDS[row.verdict].lower()}" if row.verdict in LOOK else "")
        for row in figure.rows[:most]
    ]
    rest = f"; and {len(figure.rows) - most} more in the data table" if len(figure.rows) > most else ""
    return f"{figure.title}. {'; '.join(told)}{rest}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Where the columns of the wide drawing begin or end."""

    label: float  # room for labels
    value: float
    n: float | None  # right edge; None: no room, or nobody counted
    verdict: bool


def _value(row: Interval, figure: Intervals) -> tuple[str, str]:
    """The bold number and the interval after it; points carry their unit on the axis."""
    if row.note:
        return "", row.note
    value = fmt.number(row.value, figure.unit) if figure.unit == "share" else fmt.bare(row.value, figure.unit)
    return value, fmt.interval(row.value, row.low, row.high, figure.unit)


def _value_breadth(row: Interval, figure: Intervals) -> float:
    value, span = _value(row, figure)
    return breadth(value, bold=True) + breadth(f" {span}")


def _shape(row: Interval, figure: Intervals) -> Shape:
    """Groups keep their shape, in configuration order, while there are few; pairs of groups are dots."""
    labels = list(dict.fromkeys(each.label for each in figure.rows))
    if figure.unit in REFERENCE or len(labels) > len(SHAPES):
        return "circle"
    return SHAPES[labels.index(row.label)]


def _axis(figure: Intervals, rows: tuple[Interval, ...], *, start: float, end: float, ticks: int) -> Axis:
    ends = [figure.limit.at_most, figure.limit.at_least] if figure.limit else []
    drawn = [value for row in rows if not row.note for value in (row.low, row.value, row.high)]
    return Axis.over([*drawn, *ends], unit=figure.unit, start=start, end=end, ticks=ticks)


def _columns(figure: Intervals, rows: tuple[Interval, ...], width: int) -> _Columns:
    label = min(160.0, max((breadth(row.label) for row in rows), default=0.0))
    value = max((_value_breadth(row, figure) for row in rows), default=0.0)
    verdict = any(row.verdict in LOOK for row in rows)
    n = max((breadth(f"n {fmt.count(row.n)}", size=12) for row in rows if row.n), default=0.0)
    right = width - (breadth("Uncertain", bold=True) + GAP if verdict else 0.0)
    start = right - (n + GAP if n else 0.0) - value
    roomy = start - label >= 180
    return _Columns(
        label=label, value=start if roomy else right - value, n=right if n and roomy else None, verdict=verdict
    )


def _wide(canvas: Canvas, figure: Intervals, rows: tuple[Interval, ...]) -> float:
    columns = _columns(figure, rows, canvas.width)
    axis = _axis(figure, rows, start=columns.label + GAP + 8, end=columns.value - GAP - 16, ticks=6)
    lines = {row.label: two_lines(row.label, columns.label) for row in rows}
    pitch = 38.0 if any(len(each) > 1 for each in lines.values()) else 30.0 if len(rows) <= 12 else 25.0
    y = 22.0 if figure.limit else 4.0
    if figure.limit:
        _limit_label(canvas, figure, axis)
    for section, block in _sections(rows):
        if section:
            canvas.text(0, y + 18, (fit(section, canvas.width, bold=True), "b"))
            y += 30
        _shade(canvas, figure, axis, y, y + pitch * len(block))
        grid = [y + pitch * (i + 0.5) for i in range(len(block))]
        canvas.lines("gr", [(axis.start, middle, axis.end, middle) for middle in grid])
        for row in block:
            middle = y + pitch / 2
            for i, words in enumerate(lines[row.label]):
                canvas.text(0, middle + 4 + 15 * (i - (len(lines[row.label]) - 1) / 2), (words, ""))
            _whisker(canvas, row, axis, middle, _shape(row, figure))
            value, span = _value(row, figure)
            canvas.text(columns.value, middle + 4, *_spans(value, span, muted=bool(row.note)))
            if columns.n is not None and row.n:
                canvas.text(columns.n, middle + 4, (f"n {fmt.count(row.n)}", "ax"), anchor="end")
            if row.verdict in LOOK:
                canvas.text(canvas.width, middle + 4, (fmt.WORDS[row.verdict], TEXT[look(row.verdict)]), anchor="end")
            y += pitch
        y += 4
    return _ticks(canvas, axis, y)


def _slim(canvas: Canvas, figure: Intervals, rows: tuple[Interval, ...]) -> float:
    axis = _axis(figure, rows, start=8, end=canvas.width - PAST - 2, ticks=5)
    y = 18.0 if figure.limit else 2.0
    if figure.limit:
        _limit_label(canvas, figure, axis)
    for section, block in _sections(rows):
        if section:
            canvas.text(0, y + 20, (fit(section, canvas.width, bold=True), "b"))
            y += 30
        for row in block:
            y = _slim_row(canvas, figure, row, axis, y)
    return _ticks(canvas, axis, y + 2)


def _slim_row(canvas: Canvas, figure: Intervals, row: Interval, axis: Axis, y: float) -> float:
    """Label and numbers on one line where both fit, else on two; the mark below. Returns where the next row starts."""
    value, span = _value(row, figure)
    spans = _spans(value, span, muted=bool(row.note))
    room = canvas.width - _value_breadth(row, figure) - GAP
    if row.verdict in LOOK:
        word = fmt.WORDS[row.verdict]
        spans.append((f" {word}", TEXT[look(row.verdict)]))
        room -= breadth(f" {word}", bold=True)
    people = f", n {fmt.count(row.n)}" if row.n else ""
    tight = breadth(row.label) > room
    if people and (tight or breadth(row.label) <= room - breadth(people, size=12)):
        spans.insert(len(spans) - (row.verdict in LOOK), (people, "ax"))
    canvas.text(0, y + 20, (fit(row.label, canvas.width if tight else room), ""))
    if tight:
        y += 18
    canvas.text(canvas.width, y + 20, *spans, anchor="end")
    middle = y + 36
    _shade(canvas, figure, axis, middle - 9, middle + 9)
    canvas.line("gr", axis.start, middle, axis.end, middle)
    _whisker(canvas, row, axis, middle, _shape(row, figure))
    return y + 46


def _spans(value: str, span: str, *, muted: bool) -> list[tuple[str, str]]:
    """At least one span; the value in bold, the interval or note plain."""
    if muted:
        return [(span, "ax")]
    return [(value, "b"), (f" {span}", "")] if span else [(value, "b")]


def _sections(rows: tuple[Interval, ...]) -> Iterator[tuple[str, list[Interval]]]:
    for section, block in groupby(rows, key=lambda row: row.section):
        yield section, list(block)


def _shade(canvas: Canvas, figure: Intervals, axis: Axis, top: float, bottom: float) -> None:
    """What lies within the limit, its ends dashed, and the line of no difference."""
    if figure.limit:
        low, high = figure.limit.at_least, figure.limit.at_most
        left = axis.start if low is None else axis.at(low)
        right = axis.end if high is None else axis.at(high)
        canvas.rect("band", left, top, right - left, bottom - top)
        for end in (low, high):
            if end is not None:
                canvas.line("lim", axis.at(end), top, axis.at(end), bottom)
    if figure.unit in REFERENCE:
        zero = axis.at(REFERENCE[figure.unit])
        canvas.line("zero", zero, top, zero, bottom)


def _limit_label(canvas: Canvas, figure: Intervals, axis: Axis) -> None:
    """Over the middle of the shading, held inside the drawing."""
    if figure.limit is None:
        return
    words = f"within limit, {fmt.limit(figure.limit, figure.unit)}"
    low, high = figure.limit.at_least, figure.limit.at_most
    middle = ((axis.start if low is None else axis.at(low)) + (axis.end if high is None else axis.at(high))) / 2
    half = breadth(words, size=12) / 2
    canvas.text(min(max(middle, half), canvas.width - half), 14, (words, "tlim"), anchor="middle")


def _whisker(canvas: Canvas, row: Interval, axis: Axis, y: float, shape: Shape) -> None:
    """Interval and value; an end that is unknown, while the other is known, runs out in an arrow."""
    if row.note or row.value is None:
        return
    cls, at = look(row.verdict), axis.at(row.value)
    if row.low is not None or row.high is not None:
        left = max(min(axis.start, at - PAST), at - ARROW) if row.low is None else axis.at(row.low)
        right = min(max(axis.end, at + PAST), at + ARROW) if row.high is None else axis.at(row.high)
        canvas.line(f"wh {cls}", left, y, right, y)
        if row.low is None:
            canvas.path(f"wh {cls}", [(left + 5, y - 5), (left, y), (left + 5, y + 5)])
        if row.high is None:
            canvas.path(f"wh {cls}", [(right - 5, y - 5), (right, y), (right - 5, y + 5)])
    canvas.point(cls, at, y, shape)


def _ticks(canvas: Canvas, axis: Axis, y: float) -> float:
    """Axis labels at the bottom, the unit once, on the last where it fits; returns the drawing's height."""
    *others, (x, label) = axis.ticks()
    half = breadth(label, size=12) / 2
    unit = {"share": f"{fmt.THIN}%", "points": " points"}.get(axis.unit, "")
    whole = breadth(label + unit, size=12)
    if canvas.width - whole < others[-1][0] + 24:
        unit, whole = "", 2 * half  # it would run into the label before; the caption names it too
    canvas.ticks(y + 16, [(max(place, breadth(words, size=12) / 2), words) for place, words in others])
    canvas.text(min(x - half, canvas.width - whole), y + 16, (label + unit, "ax"))  # the number under its tick
    return y + 24
