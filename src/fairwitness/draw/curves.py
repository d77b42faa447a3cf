"""Lines over a common axis: colour, dash and shape per group, whiskers at the points, a key above."""

from __future__ import annotations

from fairwitness.core.estimate import Unit
from fairwitness.core.figures import Curve, Curves
from fairwitness.draw import format as fmt
from fairwitness.draw.axis import Axis
from fairwitness.draw.canvas import SHAPES, Canvas
from fairwitness.draw.text import breadth, fit

MOST_CURVES = 6  # more cannot be told apart; the rest stands in the data table
COLOURS = ("gA", "gB", "gC")


def curves(figure: Curves, *, width: int) -> str:
    """The chart at `width` units; `diagonal` draws y = x. An undefined point breaks its line."""
    shown = figure.curves[:MOST_CURVES]
    canvas = Canvas(width)
    top = _key(canvas, figure, shown) + 8
    canvas.text(0, top + 12, (fit(_named(figure.y_label, figure.y_unit), width, size=12), "ax"))
    top += 24
    ends = (0.0, 1.0) if figure.diagonal and figure.x_unit == "share" else ()
    heights = [value for curve in shown for side in (curve.y, curve.low, curve.high) for value in side]
    bottom = top + (300 if width >= 500 else 230)
    vertical = Axis.over([*heights, *ends], unit=figure.y_unit, start=bottom, end=top, ticks=6)
    left = max(breadth(label, size=12) for _, label in vertical.ticks()) + 10
    places = [x for curve in shown for x in curve.x]
    right = min(width - 22, left + 520)
    horizontal = Axis.over([*places, *ends], unit=figure.x_unit, start=left, end=right, ticks=6 if width >= 500 else 5)
    _frame(canvas, figure, horizontal, vertical)
    for i, curve in enumerate(shown):
        _curve(canvas, curve, i, horizontal, vertical)
    canvas.text(left, bottom + 36, (fit(_named(figure.x_label, figure.x_unit), width - left, size=12), "ax"))
    return canvas.close(bottom + 42, sentence(figure), f"ch {'wide' if width >= 500 else 'slim'}")


def sentence(figure: Curves) -> str:
    """What the chart shows, in words: the ends of each line."""
    told = []
    for curve in figure.curves[:MOST_CURVES]:
        known = [(x, y) for x, y in zip(curve.x, curve.y, strict=True) if y is not None]
        if known:
            (x0, y0), (x1, y1) = known[0], known[-1]
            told.append(
                f"{curve.label} from {fmt.number(y0, figure.y_unit)} at {fmt.number(x0, figure.x_unit)} "
                f"to {fmt.number(y1, figure.y_unit)} at {fmt.number(x1, figure.x_unit)}"
            )
    return f"{figure.title}. {figure.y_label} against {figure.x_label}. {'; '.join(told)}."


def _named(label: str, unit: Unit) -> str:
    """An axis with its unit, since its ticks are bare."""
    return label + {"share": ", %", "points": ", points"}.get(unit, "")


def _style(i: int) -> tuple[str, str]:
    """Class of a line and of its points."""
    colour = COLOURS[i % len(COLOURS)]
    return f"ln {colour}{' dsh' if i >= len(COLOURS) else ''}", colour


def _key(canvas: Canvas, figure: Curves, shown: tuple[Curve, ...]) -> float:
    """Swatch and name of each line, flowing over as many rows as it takes; returns its height."""
    x, y = 0.0, 10.0
    more = len(figure.curves) - len(shown)
    names = [curve.label for curve in shown] + ([f"and {more} more in the data table"] if more else [])
    for i, name in enumerate(names):
        words = fit(name, canvas.width - 40)
        room = 36 + breadth(words) + 14
        if x and x + room > canvas.width:
            x, y = 0.0, y + 20
        if i < len(shown):
            line, colour = _style(i)
            canvas.line(line, x, y, x + 28, y)
            canvas.point(colour, x + 14, y, SHAPES[i % len(SHAPES)])
        canvas.text(x + 36, y + 4, (words, "" if i < len(shown) else "ax"))
        x += room
    return y + 6


def _frame(canvas: Canvas, figure: Curves, horizontal: Axis, vertical: Axis) -> None:
    bottom, top, left, right = vertical.start, vertical.end, horizontal.start, horizontal.end
    across, up = horizontal.ticks(), vertical.ticks()
    canvas.lines("gr", [(left, y, right, y) for y, _ in up] + [(x, top, x, bottom) for x, _ in across])
    for y, label in up:
        canvas.text(left - 6, y + 4, (label, "ax"), anchor="end")
    canvas.ticks(bottom + 17, across)
    if figure.diagonal:
        low, high = max(horizontal.low, vertical.low), min(horizontal.high, vertical.high)
        canvas.line("dg", horizontal.at(low), vertical.at(low), horizontal.at(high), vertical.at(high))


def _curve(canvas: Canvas, curve: Curve, i: int, horizontal: Axis, vertical: Axis) -> None:
    line, colour = _style(i)
    whiskers: list[tuple[float, float, float, float]] = []
    run: list[tuple[float, float]] = []
    runs = [run]
    for x, y, low, high in zip(curve.x, curve.y, curve.low, curve.high, strict=True):
        if y is None:
            run = []
            runs.append(run)
            continue
        at = horizontal.at(x)
        run.append((at, vertical.at(y)))
        if low is not None and high is not None:
            whiskers.append((at, vertical.at(low), at, vertical.at(high)))
    canvas.lines(f"cw {colour}", whiskers)
    for points in runs:
        if len(points) > 1:
            canvas.path(line, points)
    dense = sum(map(len, runs)) > 30
    for points in runs:
        for x, y in points if not dense or len(points) == 1 else []:
            canvas.point(colour, x, y, SHAPES[i % len(SHAPES)])
