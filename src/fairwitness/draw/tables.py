"""The numbers behind a figure, as text: what a reader would quote, and what is heard in the picture's place."""

from __future__ import annotations

from dataclasses import dataclass

from fairwitness.core.figures import Bars, Cloud, Curves, Figure, Heat, Interval, Intervals, Swarm, Timeline
from fairwitness.draw import format as fmt
from fairwitness.draw.canvas import LOOK


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column; numbers stand to the right."""

    label: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Formatted cells, not yet escaped; the first column names the row."""

    head: tuple[Head, ...]
    rows: tuple[tuple[str, ...], ...]


def table(figure: Figure) -> Table:
    """Every number of a figure."""
    match figure:
        case Intervals():
            return _intervals(figure)
        case Bars():
            return _bars(figure)
        case Curves():
            return _curves(figure)
        case Heat():
            return _heat(figure)
        case Timeline():
            return _timeline(figure)
        case Swarm():
            return _swarm(figure)


def _intervals(figure: Intervals) -> Table:
    sections = any(row.section for row in figure.rows)
    judged = any(row.verdict in LOOK for row in figure.rows)
    head = [Head("Who or what", numeric=False)]
    head += [Head("Of", numeric=False)] * sections
    head += [Head("Value"), Head("Interval"), Head("n")] + [Head("Verdict", numeric=False)] * judged
    rows = []
    for row in figure.rows:
        cells = [row.label] + [row.section] * sections
        cells += [row.note, fmt.DASH] if row.note else [fmt.number(row.value, figure.unit), _span(row, figure)]
        cells += [fmt.count(row.n)] + [fmt.WORDS[row.verdict]] * judged
        rows.append(tuple(cells))
    return Table(tuple(head), tuple(rows))


def _span(row: Interval, figure: Intervals) -> str:
    return fmt.interval(row.value, row.low, row.high, figure.unit) or fmt.DASH


def _bars(figure: Bars) -> Table:
    head = [Head("Who or what", numeric=False), Head("Count"), Head("Share"), Head("Interval")]
    head += [Head("Reference")] * bool(figure.expected)
    rows = []
    for i, label in enumerate(figure.labels):
        span = fmt.interval(figure.shares[i], figure.lows[i], figure.highs[i], "share") or fmt.DASH
        cells = [label, fmt.count(figure.counts[i]), fmt.number(figure.shares[i], "share"), span]
        cells += [fmt.number(figure.expected[i], "share")] if figure.expected else []
        rows.append(tuple(cells))
    return Table(tuple(head), tuple(rows))


def _curves(figure: Curves) -> Table:
    head = (Head("Line", numeric=False), Head(figure.x_label), Head(figure.y_label), Head("Interval"), Head("n"))
    rows = tuple(
        (
            curve.label,
            fmt.number(x, figure.x_unit),
            fmt.number(y, figure.y_unit),
            fmt.interval(y, low, high, figure.y_unit) or fmt.DASH,
            fmt.count(n),
        )
        for curve in figure.curves
        for x, y, low, high, n in zip(curve.x, curve.y, curve.low, curve.high, curve.n, strict=True)
    )
    return Table(head, rows)


def _heat(figure: Heat) -> Table:
    head = (Head(figure.row_name, numeric=False), *(Head(name, numeric=False) for name in figure.columns))
    rows = tuple(
        (
            name,
            *(
                f"{fmt.measured(cell.value, cell.low, cell.high, figure.unit)}, n {fmt.count(cell.n)}"
                if cell.value is not None
                else f"too few to judge, n {fmt.count(cell.n)}"
                for cell in cells
            ),
        )
        for name, cells in zip(figure.rows, figure.cells, strict=True)
    )
    return Table(head, rows)


def _timeline(figure: Timeline) -> Table:
    head = (Head("Look", numeric=False), Head("Value"), Head("Interval"), Head("n"), Head("Alarm", numeric=False))
    rows = tuple(
        (
            f"{place}: {each.when}",
            fmt.number(each.value, figure.unit),
            fmt.interval(each.value, each.low, each.high, figure.unit) or fmt.DASH,
            fmt.count(each.n),
            "alarm" if each.alarm else fmt.DASH,
        )
        for place, each in enumerate(figure.moments, 1)
    )
    return Table(head, rows)


def _swarm(figure: Swarm) -> Table:
    """Each row's sum, and between which edges the middle of those shown lies."""
    head = (
        Head("Who or what", numeric=False),
        Head(figure.value_label),
        Head("Interval"),
        Head("Most lie between"),
        Head("n"),
        Head("Not shown"),
    )
    rows = tuple(
        (
            each.label,
            fmt.number(each.value, figure.unit),
            fmt.interval(each.value, each.low, each.high, figure.unit) or fmt.DASH,
            _crowded(each, figure),
            fmt.count(each.n),
            fmt.count(each.n - sum(each.counts)),
        )
        for each in figure.rows
    )
    return Table(head, rows)


def _crowded(each: Cloud, figure: Swarm) -> str:
    """The shortest run of bins that holds most of those shown."""
    counts, total = each.counts, sum(each.counts)
    if not total:
        return fmt.DASH
    runs = [(i, j) for i in range(len(counts)) for j in range(i, len(counts)) if 2 * sum(counts[i : j + 1]) > total]
    first, last = min(runs, key=lambda run: run[1] - run[0])
    return f"{fmt.bare(figure.edges[first], figure.unit)} and {fmt.bare(figure.edges[last + 1], figure.unit)}"
