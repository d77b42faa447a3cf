"""A frontier as a page and for a terminal: what can be had for what, and no choice made."""

from __future__ import annotations

from markupsafe import Markup

from fairwitness.core.frontier import Frontier, Point
from fairwitness.draw import changes, page, quote
from fairwitness.draw import format as fmt
from fairwitness.draw.words import capital, plural
from fairwitness.report.as_html import environment, style
from fairwitness.report.compared import MOST_ROWS


def html(frontier: Frontier) -> str:
    """The whole page: nothing fetched, no script."""
    css = style()
    return (
        environment()
        .get_template("frontier.html")
        .render(
            f=quote.clean(frontier),
            changes=changes,
            capital=capital,
            plural=plural,
            css=Markup(css),  # noqa: S704 - our own file
            symbols=Markup(page.symbols()),  # noqa: S704 - our own file
            policy=Markup(page.policy(css)),  # noqa: S704 - a hash alone
            most=MOST_ROWS,
        )
    )


def text(frontier: Frontier) -> str:
    """Lines: the headline, then each point with its numbers; a tick for those that nothing beats."""
    clean = quote.clean(frontier)
    lines = [clean.headline, ""]
    for each in clean.points:
        lines += [f"{'✓' if each.on_front else ' '} {changes.applied(each.remedies) or 'the model as it is'}"]
        lines += [f"    {line}" for line in _levels(each)]
        lines += [f"    Training: {changes.cost(each.cost)}"] if each.cost is not None else []
    return "\n".join([*lines, "", *(f"Note: {note}" for note in clean.notes)]).rstrip() + "\n"


def _levels(point: Point) -> list[str]:
    said = []
    for level in point.levels:
        by = f" by {level.about}" if level.about else ""
        told = f"{capital(level.metric)}{by}: {fmt.number(level.value, level.unit)}"
        said.append(told + (f" ({changes.against(level)})" if point.remedies else ""))
    return said
