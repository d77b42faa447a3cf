"""A comparison on every surface: what got better, what was given for it, and what cannot be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO

from markupsafe import Markup
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from fairwitness.core.comparison import Comparison, Criterion, Moved, Tried
from fairwitness.core.estimate import Verdict
from fairwitness.core.figures import Interval, Intervals
from fairwitness.draw import changes, page, quote
from fairwitness.draw import format as fmt
from fairwitness.draw.words import capital
from fairwitness.report.as_html import asset, environment, style
from fairwitness.report.as_text import HELD, MARKS

MOST_ROWS = 60
"""Rows of one table; the rest is named and stands in comparison.json."""

MOST_LINES = 25
"""Lines under one heading in a terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The criteria of one grouping, or of everybody.

    Attributes:
        title: `By race`, `Everybody`.
        judged: Gaps and the like.
        shown: Rates of each group, and what is explored.
        figure: Changes of the gaps, drawn; None where there are none.
    """

    title: str
    judged: tuple[Criterion, ...]
    shown: tuple[Criterion, ...]
    figure: Intervals | None


def html(comparison: Comparison) -> str:
    """The whole page: nothing fetched, no script."""
    clean = quote.clean(comparison)
    css = style() + asset("comparison.css")
    return (
        environment()
        .get_template("comparison.html")
        .render(
            c=clean,
            blocks=blocks(clean),
            of=of(clean),
            changes=changes,
            capital=capital,
            paired=paired(clean),
            spent=spent(clean),
            training=training(clean),
            outcome=outcome,
            grave=grave,
            worse=any(map(grave, clean.trades)),
            css=Markup(css),  # noqa: S704 - our own file
            symbols=Markup(page.symbols()),  # noqa: S704 - our own file
            policy=Markup(page.policy(css)),  # noqa: S704 - a hash alone
            most=MOST_ROWS,
        )
    )


def text(comparison: Comparison, *, width: int = 100, colour: bool = False) -> str:
    """For a terminal: the headline with its trade first, then what moved, and what it cost."""
    clean = quote.clean(comparison)
    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(_whole(clean))
    lines = out.getvalue().replace(HELD, "\u00a0").splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def of(comparison: Comparison) -> dict[Moved, tuple[Criterion, ...]]:
    """Judged criteria by which way they moved; of numbers by row of other checks, those that got worse."""
    judged = [each for each in comparison.criteria if each.judged or (each.check and each.moved == "worse")]
    return {way: tuple(each for each in judged if each.moved == way) for way in changes.WORDS}


def blocks(comparison: Comparison) -> list[Block]:
    """Everybody first, then each grouping."""
    found = []
    for about in dict.fromkeys(each.about for each in comparison.criteria):
        mine = [each for each in comparison.criteria if each.about == about]
        judged = tuple(each for each in mine if each.judged)
        shown = tuple(each for each in mine if not each.judged)
        title = "Everybody" if about is None else f"By {about}"
        found.append(Block(title=title, judged=judged, shown=shown, figure=_figure(title, judged, comparison.level)))
    return found


def _figure(title: str, judged: Iterable[Criterion], level: float) -> Intervals | None:
    rows = tuple(
        Interval(
            label=f"{capital(each.metric)}{f', {each.moved}' if each.moved in {'better', 'worse'} else ''}",
            value=each.change,
            low=each.low,
            high=each.high,
            n=each.n,
        )
        for each in judged
        if each.unit in {"points", "share"} and each.change is not None
    )
    if not rows:
        return None
    return Intervals(
        title=f"What changed: {title[:1].lower()}{title[1:]}",
        caption=f"Points, after less before. Line: interval of the paired difference, {fmt.level(level)} for all at once.",
        unit="points",
        rows=rows,
    )


def paired(c: Comparison) -> str:
    """On what the comparison rests."""
    if not c.paired:
        return "Summaries compared; rows were not paired."
    return f"{fmt.number(c.rows, 'rows')} judged in both, paired row by row; intervals at {fmt.level(c.level)}."


def outcome(tried: Tried) -> str:
    """What came of one try: its penalty and accuracy on the rows held for choosing, or why it was not tried."""
    if tried.penalty is None:
        return f"not tried: {tried.reason}"
    accuracy = "" if tried.accuracy is None else f", accuracy {fmt.number(tried.accuracy, 'share')}"
    models = "no model trained" if not tried.trained else "1 model"
    models += "" if tried.cost is None else f", {changes.cost(tried.cost)}"
    return f"penalty {fmt.number(tried.penalty, 'points')}{accuracy}; {models}, {fmt.bare(tried.seconds, 'number')} s"


def spent(c: Comparison) -> str:
    """`2 models trained, 31 s`."""
    return (
        "Spent in this run: "
        + ", ".join(f"{fmt.bare(value, 'number')} {what}" for what, value in c.spent.items())
        + "."
    )


def training(c: Comparison) -> str:
    """What training both models took, where somebody read it."""
    before, after = c.before.training, c.after.training
    if before is None and after is None:
        return ""
    return f"Training took {changes.cost(before)} before, {changes.cost(after)} after."


def _whole(c: Comparison) -> Group:
    moved = of(c)
    parts: list[RenderableType] = [_prose(c.headline, "bold")]
    parts += [_row(Verdict.FAIL if grave(trade) else Verdict.UNCERTAIN, f"WORSE: {trade}") for trade in c.trades]
    parts.append(_prose(paired(c), "bright_black"))
    for way, words in changes.WORDS.items():
        if moved[way]:
            parts += [Text(""), Text(words.upper(), style="bold"), *(_criterion(each) for each in moved[way])]
    if c.shifts:
        parts += [Text(""), Text("VERDICTS THAT CHANGED", style="bold")]
        parts += [
            _row(Verdict(each.after), f"{each.finding}: {each.before} → {each.after}") for each in c.shifts[:MOST_LINES]
        ]
    if c.tried:
        parts += [Text(""), Text("TRIED", style="bold")]
        parts += [
            _prose(f"  {'→' if each.chosen else ' '} {changes.tried(each)}: {outcome(each)}", "") for each in c.tried
        ]
    parts += [Text(""), *(_prose(f"Note: {note}", "bright_black") for note in c.notes)]
    told = [*([training(c)] if training(c) else []), *([spent(c)] if c.spent else [])]
    return Group(*parts, *(_prose(words, "bright_black") for words in told))


def grave(trade: str) -> bool:
    """Whether a trade is beyond doubt."""
    return trade.endswith("beyond doubt.")


def _criterion(each: Criterion) -> Table:
    both = f"{fmt.number(each.before, each.unit)} → {fmt.number(each.after, each.unit)}"
    return _row(changes.MARKS[each.moved], f"{capital(changes.name(each))}: {both}", changes.difference(each))


def _row(verdict: Verdict, *lines: str) -> Table:
    mark, colour = MARKS[verdict]
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=3, justify="right")
    grid.add_column(overflow="fold")
    for i, line in enumerate(lines):
        grid.add_row(Text("" if i else mark, style=colour), _prose(line, "bright_black" if i else ""))
    return grid


def _prose(words: str, style: str) -> Text:
    return Text(words.replace(fmt.THIN, HELD).replace("\u00a0", HELD), style=style)
