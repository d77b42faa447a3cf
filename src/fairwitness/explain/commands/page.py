"""One explained decision as a page."""

from __future__ import annotations

from datetime import date

from fairwitness.accountability.pages import Block, Chart, Facts, Grid, Item, Items, Page, Picture, Section, Text
from fairwitness.core.figures import Interval, Intervals
from fairwitness.draw import format as fmt
from fairwitness.draw import quote
from fairwitness.draw.png import data_uri
from fairwitness.draw.words import capital
from fairwitness.explain import pictured
from fairwitness.explain.pictured import Pictured, scores_told, title
from fairwitness.explain.reasons import SURE, Ranked
from fairwitness.explain.shown import CAVEAT, ERRORS, EXACT, SUMMARY_NOTES, Told, changed, compared_with, notes, signed
from fairwitness.explain.summary import Summary


def page(told: Told, *, today: date) -> Page:
    """The page; it holds one person's values, so it belongs below DIR/private."""
    made = told.explained
    sides = ((told.main, made.main), (told.other, made.against if made.good else made.in_favor))
    sections = [Section(title=title, blocks=_reasons(told, title, ranked)) for title, ranked in sides]
    if made.search is not None:
        ways = tuple(Item(text=way) for way in told.ways())
        blocks: tuple[Block, ...] = (Items(ways),) if ways else ()
        sections.append(Section(title=changed(made.search), blocks=(*blocks, Text(told.looked()))))
    sections.append(Section(title="How this was found", blocks=_how(told)))
    return Page(
        kind="One decision, explained",
        day=quote.day(today.isoformat()),
        title=told.title,
        lead=" ".join([told.score, told.compared, *told.alarms()]),
        facts=(),
        sections=tuple(sections),
        foot=f"Private: it tells of one person. {CAVEAT}",
    )


def summary_page(summary: Summary, *, name: str, today: date) -> Page:
    """What a model goes by; it holds no person's value."""
    rows = tuple(
        (
            summary.words[weight.player],
            f"{fmt.bare(weight.size, 'points')} {fmt.interval(weight.size, weight.low, weight.high, 'points')}",
            signed(weight.mean),
        )
        for weight in summary.weights
    )
    grid = Grid(caption="Every column", head=("Column", "Mean size, points", "Mean, points"), rows=rows)
    return Page(
        kind="A model, explained",
        day=quote.day(today.isoformat()),
        title=f"{name}: what moves the score of the favourable decision",
        lead=f"Over {fmt.number(summary.n, 'rows')} that decisions are judged on. {compared_with(summary)}",
        facts=(),
        sections=(
            Section(title=summary.figure.title, blocks=(Chart(summary.figure),)),
            Section(title="Every column", blocks=(grid, *map(Text, SUMMARY_NOTES))),
        ),
        foot=CAVEAT,
    )


def picture_page(made: Pictured, *, row: str, target: str, today: date) -> Page:
    """A decision about an image; it shows that image, so it belongs below DIR/private."""
    return Page(
        kind="One decision, explained",
        day=quote.day(today.isoformat()),
        title=title(made, row=row, target=target),
        lead=scores_told(made),
        facts=(),
        sections=(
            Section(
                title="Where it looks",
                blocks=tuple(Picture(data_uri(file), capital(name)) for name, file in made.pictures.items()),
            ),
            Section(title="How this was found", blocks=(Items(tuple(Item(text=note) for note in made.notes)),)),
        ),
        foot=f"Private: it shows one image. {pictured.CAVEAT}",
    )


def _reasons(told: Told, title: str, ranked: Ranked) -> tuple[Block, ...]:
    if not ranked.stated:
        return (Text("Nothing that can be told from chance."),)
    items = tuple(
        Item(text=f"{words}: {value}", detail=f"Of those compared with: {usual}. Moves the score by {by}.")
        for words, value, usual, by in told.reasons(ranked)
    )
    return (Chart(_figure(told, title, ranked)), Items(items), *map(Text, told.remarks(ranked)))


def _figure(told: Told, title: str, ranked: Ranked) -> Intervals:
    exact = told.explained.exact
    return Intervals(
        title=title,
        caption="Points of score, with two standard errors on either side"
        if not exact
        else "Points of score, exact for these compared rows",
        unit="points",
        rows=tuple(
            Interval(
                label=told.words(reason.player),
                value=reason.value,
                low=None if exact else reason.value - SURE * reason.error,
                high=None if exact else reason.value + SURE * reason.error,
                n=told.explained.compared.n,
            )
            for reason in ranked.stated
        ),
    )


def _how(told: Told) -> tuple[Block, ...]:
    exact = told.explained.exact
    way = (
        "Shapley values: what each column adds to the score, averaged over all orders in which columns can be taken from "
        f"those compared with{f', every one counted. {EXACT}' if exact else f', of which some were drawn. {ERRORS}'}"
    )
    facts = Facts((("Reasons", way), ("Compared with", told.compared)))
    return (facts, Items(tuple(Item(text=note) for note in notes(told)))) if notes(told) else (facts,)
