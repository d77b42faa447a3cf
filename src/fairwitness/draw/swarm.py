"""A beeswarm of counts: along each row a band as thick as people are many, coloured by what they have of it."""

from __future__ import annotations

import math

from fairwitness.core.figures import Cloud, Swarm
from fairwitness.draw import format as fmt
from fairwitness.draw.axis import Axis
from fairwitness.draw.canvas import Canvas, place
from fairwitness.draw.text import breadth, fit, two_lines

MOST_CLOUDS = 20
THICK = 11.0  # of the fullest bin, to either side
THIN = 1.5  # of a bin with hardly anybody
GAP = 14.0
LOW, HIGH = 1 / 3, 2 / 3  # places among all people's values that part low, middle and high
KEY = (("s0", "low values"), ("s1", "middling"), ("s2", "high"))


def swarm(figure: Swarm, *, width: int) -> str:
    """The chart at `width` units; a band's half-thickness grows with the root of the count."""
    shown = figure.rows[:MOST_CLOUDS]
    canvas, wide = Canvas(width), width >= 500
    top = _key(canvas, figure) + 8
    label = min(190.0, max((breadth(each.label) for each in shown), default=0.0)) if wide else 0.0
    value = max((breadth(fmt.number(each.value, figure.unit), bold=True) for each in shown), default=0.0)
    left, right = (label + GAP, width - value - GAP) if wide else (4.0, width - 4.0)
    axis = Axis.over(figure.edges, unit=figure.unit, start=left, end=right, ticks=8 if wide else 5)
    pitch = 30.0 if wide else 48.0
    bottom = top + pitch * len(shown)
    canvas.lines("gr", [(x, top, x, bottom) for x, _ in axis.ticks()])
    if axis.low <= 0 <= axis.high:
        canvas.line("zero", axis.at(0), top, axis.at(0), bottom)
    for i, each in enumerate(shown):
        (_wide if wide else _slim)(canvas, figure, each, axis, top + pitch * i)
    canvas.ticks(bottom + 17, axis.ticks())
    more = len(figure.rows) - len(shown)
    if more:
        canvas.text(0, bottom + 38, (f"and {more} more in the data table", "ax"))
    return canvas.close(bottom + (44 if more else 24), sentence(figure), f"ch {'wide' if wide else 'slim'}")


def _wide(canvas: Canvas, figure: Swarm, each: Cloud, axis: Axis, y: float) -> None:
    lines = two_lines(each.label, axis.start - GAP)
    for i, words in enumerate(lines):
        canvas.text(0, y + 19 + 15 * (i - (len(lines) - 1) / 2), (words, ""))
    canvas.text(canvas.width, y + 19, (fmt.number(each.value, figure.unit), "b"), anchor="end")
    _band(canvas, figure, each, axis, y + 15)


def _slim(canvas: Canvas, figure: Swarm, each: Cloud, axis: Axis, y: float) -> None:
    value = fmt.number(each.value, figure.unit)
    canvas.text(0, y + 15, (fit(each.label, canvas.width - breadth(value, bold=True) - GAP), ""))
    canvas.text(canvas.width, y + 15, (value, "b"), anchor="end")
    _band(canvas, figure, each, axis, y + 32)


def sentence(figure: Swarm, *, most: int = 6) -> str:
    """What the chart shows, in words: the number that sums each row up."""
    told = [f"{each.label} {fmt.number(each.value, figure.unit)}" for each in figure.rows[:most]]
    rest = f"; and {len(figure.rows) - most} more in the data table" if len(figure.rows) > most else ""
    return f"{figure.title}. {figure.value_label}: {'; '.join(told)}{rest}."


def _key(canvas: Canvas, figure: Swarm) -> float:
    """What the colours are, and the number at the right; returns its height."""
    x = 0.0
    for look, words in KEY:
        canvas.rect(look, x, 4, 14, 10)
        canvas.text(x + 20, 13, (words, "ax"))
        x += 20 + breadth(words, size=12) + 14
    label = fit(figure.value_label, canvas.width - x, size=12)
    slim = x + breadth(figure.value_label, size=12) > canvas.width
    canvas.text(canvas.width, 31 if slim else 13, (figure.value_label if slim else label, "ax"), anchor="end")
    return 36.0 if slim else 18.0


def _band(canvas: Canvas, figure: Swarm, each: Cloud, axis: Axis, middle: float) -> None:
    """One block a bin, those of one colour as one element."""
    most = max((count for row in figure.rows for count in row.counts), default=1)
    blocks: dict[str, list[str]] = {}
    for start, end, count, height in zip(figure.edges, figure.edges[1:], each.counts, each.heights, strict=False):
        if count:
            half = max(THICK * math.sqrt(count / most), THIN)
            x1, x2 = place(axis.at(start) + 0.5), place(axis.at(end) - 0.5)
            block = f"M{x1} {place(middle - half)}H{x2}V{place(middle + half)}H{x1}z"
            blocks.setdefault(_look(height), []).append(block)
    for look in sorted(blocks):
        canvas.parts.append(f'<path class="{look}" d="{"".join(blocks[look])}"/>')


def _look(height: float | None) -> str:
    """Class of a colour; `s3` where values have no order."""
    if height is None:
        return "s3"
    return "s0" if height < LOW else "s1" if height <= HIGH else "s2"
