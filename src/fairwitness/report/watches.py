"""A watch as a page and for a terminal: what is worse than audited, since when, and what cannot be told."""

from __future__ import annotations

from markupsafe import Markup

from fairwitness.core.watch import Watch
from fairwitness.draw import format as fmt
from fairwitness.draw import page, quote
from fairwitness.draw.words import capital, plural
from fairwitness.report.as_html import asset, environment, style

MOST_ROWS = 60


def html(watch: Watch) -> str:
    """The whole page: nothing fetched, no script."""
    css = style() + asset("comparison.css")
    return (
        environment()
        .get_template("watch.html")
        .render(
            w=quote.clean(watch),
            capital=capital,
            plural=plural,
            since=since,
            grown=grown,
            css=Markup(css),  # noqa: S704 - our own file
            symbols=Markup(page.symbols()),  # noqa: S704 - our own file
            policy=Markup(page.policy(css)),  # noqa: S704 - a hash alone
            most=MOST_ROWS,
        )
    )


def text(watch: Watch) -> str:
    """Lines: the headline, what this call did, each alarm, each thing watched, and notes."""
    clean = quote.clean(watch)
    lines = [clean.headline, clean.latest, ""]
    lines += [
        f"{'✗' if alarm.stands else '·'} {capital(alarm.words)} ({since(alarm.look, alarm.when)}{'' if alarm.stands else ', passed'})"
        for alarm in clean.alarms
    ]
    lines += [""] if clean.alarms else []
    lines += [
        f"  {capital(each.name)}: {grown(each.times)}; an alarm at {grown(each.alarm_at)}" for each in clean.evidence
    ]
    return "\n".join([*lines, "", *(f"Note: {note}" for note in clean.notes)]).rstrip() + "\n"


def since(look: int, when: str) -> str:
    """`look 3, 5 October 2026`."""
    return f"look {look}, {quote.day(when)}" if look else quote.day(when)


def grown(times: float) -> str:
    """`0.4 times`, `4,000 times`, `more than a million times`."""
    if times >= 1e6:
        return "more than a million times"
    return f"{fmt.bare(round(times) if times >= 100 else times, 'number')} times"
