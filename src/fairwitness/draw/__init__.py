"""A closed set of figures, drawn with the standard library: typed data in, SVG or an HTML table out.

Drawings carry classes and no colours; `css()` gives the tokens for both schemes and the looks. Everything that comes
from data is escaped here.
"""

from __future__ import annotations

from fairwitness.core.figures import Bars, Curves, Figure, Heat, Intervals, Swarm, Timeline
from fairwitness.draw.bars import bars
from fairwitness.draw.curves import curves
from fairwitness.draw.heat import heat
from fairwitness.draw.intervals import intervals
from fairwitness.draw.swarm import swarm
from fairwitness.draw.tables import Head, Table, table
from fairwitness.draw.text import esc, plain
from fairwitness.draw.timeline import timeline
from fairwitness.draw.tokens import DARK, LIGHT, css

WIDE, SLIM = 660, 342
"""Widths of the two drawings of each chart, in units; the style sheet shows one of them."""

Drawn = Intervals | Bars | Curves | Timeline | Swarm

__all__ = ["DARK", "LIGHT", "SLIM", "WIDE", "Drawn", "Head", "Table", "css", "esc", "html", "plain", "svg", "table"]


def svg(figure: Drawn, *, width: int = WIDE) -> str:
    """One drawing as an SVG element with a sentence for those who cannot see it; wide from 500 units on."""
    match figure:
        case Intervals():
            return intervals(figure, width=width)
        case Bars():
            return bars(figure, width=width)
        case Curves():
            return curves(figure, width=width)
        case Timeline():
            return timeline(figure, width=width)
        case Swarm():
            return swarm(figure, width=width)


def html(figure: Figure, *, label: str = "") -> str:
    """A figure for a page: both drawings, or the shaded table, which needs no drawing.

    `label` sets the table's region apart from others of the same title on the page.
    """
    if isinstance(figure, Heat):
        return heat(figure, label=label)
    return svg(figure, width=WIDE) + svg(figure, width=SLIM)
