"""Counts as bars from zero, each with the share it makes; a mark where a reference says it should end."""

from __future__ import annotations

from fairwitness.core.figures import Bars
from fairwitness.draw import format as fmt
from fairwitness.draw.canvas import Canvas
from fairwitness.draw.text import breadth, fit, two_lines

MOST_BARS = 40
GAP = 12


def bars(figure: Bars, *, width: int) -> str:
    """The chart at `width` units; expected shares are marks at that share of the total count."""
    shown = min(len(figure.labels), MOST_BARS)
    canvas = Canvas(width)
    total = sum(figure.counts)
    expected = [share * total for share in figure.expected]
    longest = max([*figure.counts, *expected, 1])
    y = 2.0
    if expected:
        _key(canvas)
        y = 26.0
    y = (_wide if width >= 500 else _slim)(canvas, figure, shown, longest, y)
    if shown < len(figure.labels):
        y += 20
        canvas.text(0, y - 6, (f"and {len(figure.labels) - shown} more in findings.json", "ax"))
    return canvas.close(y + 4, sentence(figure), f"ch {'wide' if width >= 500 else 'slim'}")


def sentence(figure: Bars, *, most: int = 8) -> str:
    """What the chart shows, in words."""
    told = [
        f"{label} {fmt.count(n)}" + (f", {fmt.number(share, 'share')}" if share is not None else "")
        for label, n, share in zip(figure.labels[:most], figure.counts, figure.shares, strict=False)
    ]
    rest = f"; and {len(figure.labels) - most} more in the data table" if len(figure.labels) > most else ""
    return f"{figure.title}. {'; '.join(told)}{rest}."


def _key(canvas: Canvas) -> None:
    canvas.line("ref", 4, 4, 4, 20)
    canvas.text(14, 16, ("reference share", "ax"))


def _numbers(figure: Bars, i: int) -> list[tuple[str, str]]:
    spans = [(fmt.count(figure.counts[i]), "b")]
    if figure.shares[i] is not None:
        span = fmt.interval(figure.shares[i], figure.lows[i], figure.highs[i], "share")
        spans.append((f", {fmt.number(figure.shares[i], 'share')} {span}".rstrip(), ""))
    return spans


def _breadth(figure: Bars, i: int) -> float:
    return sum(breadth(words, bold=bool(cls)) for words, cls in _numbers(figure, i))


def _bar(canvas: Canvas, figure: Bars, i: int, *, start: float, scale: float, y: float) -> None:
    """One bar, 14 high, with its reference mark, centred on y."""
    canvas.rect("bar", start, y - 7, figure.counts[i] * scale, 14)
    if figure.expected:
        at = start + figure.expected[i] * sum(figure.counts) * scale
        canvas.line("knock", at, y - 11, at, y + 11)
        canvas.line("ref", at, y - 11, at, y + 11)


def _wide(canvas: Canvas, figure: Bars, shown: int, longest: float, y: float) -> float:
    room = min(160.0, max((breadth(label) for label in figure.labels[:shown]), default=0.0))
    start = room + GAP
    value = canvas.width - max((_breadth(figure, i) for i in range(shown)), default=0.0)
    lines = [two_lines(label, room) for label in figure.labels[:shown]]
    pitch = 36.0 if any(len(each) > 1 for each in lines) else 28.0 if shown <= 12 else 24.0
    scale = (value - GAP - start) / longest
    canvas.line("zero", start, y, start, y + pitch * shown)
    for i in range(shown):
        middle = y + pitch * (i + 0.5)
        for k, words in enumerate(lines[i]):
            canvas.text(0, middle + 4 + 15 * (k - (len(lines[i]) - 1) / 2), (words, ""))
        _bar(canvas, figure, i, start=start, scale=scale, y=middle)
        canvas.text(value, middle + 4, *_numbers(figure, i))
    return y + pitch * shown


def _slim(canvas: Canvas, figure: Bars, shown: int, longest: float, y: float) -> float:
    for i in range(shown):
        room = canvas.width - _breadth(figure, i) - GAP
        label = figure.labels[i]
        tight = breadth(label) > room
        canvas.text(0, y + 16, (fit(label, canvas.width if tight else room), ""))
        if tight:
            y += 18
        canvas.text(canvas.width, y + 16, *_numbers(figure, i), anchor="end")
        _bar(canvas, figure, i, start=1, scale=(canvas.width - 4) / longest, y=y + 30)
        canvas.line("zero", 1, y + 20, 1, y + 40)
        y += 44
    return y
