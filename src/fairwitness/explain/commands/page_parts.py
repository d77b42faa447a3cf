"""One explained decision about one text or one series, as a page."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from fairwitness.accountability.pages import Block, Chart, Facts, Grid, Item, Items, Mark, Marked, Page, Section, Text
from fairwitness.core.figures import Curve, Curves, Interval, Intervals
from fairwitness.draw import quote
from fairwitness.draw.words import capital, plural
from fairwitness.explain import shown_parts, shown_words
from fairwitness.explain.parted import OfSeries, OfText, Parted
from fairwitness.explain.reasons import SURE, Ranked, Reason
from fairwitness.explain.shown import NOTHING, points
from fairwitness.explain.shown_parts import PartsTold, strength
from fairwitness.explain.vocabulary import Vocabulary

DRAWN = 4
"""Channels that are drawn, at most."""


def page(told: PartsTold, *, today: date) -> Page:
    """A decision about one text or one series; it shows that row, so it belongs below DIR/private."""
    made = told.explained
    sections = [_text(made, made.of) if isinstance(made.of, OfText) else _series(told, made.of)]
    for title, ranked in told.sections:
        items = tuple(
            Item(text=name, detail=". ".join(filter(None, [held, by]))) for name, held, by in told.reasons(ranked)
        )
        blocks: tuple[Block, ...] = (Text(f"{capital(NOTHING)}."),)
        if items:
            chart = Chart(_points(told, title, ranked))
            blocks = (chart,) if told.part == "word" else (chart, Items(items))  # a word is whole in the chart
        sections.append(Section(title=title, blocks=(*blocks, *map(Text, told.remarks(ranked)))))
    if made.removal is not None:
        ways = tuple(Item(text=way) for way in told.ways())
        found: tuple[Block, ...] = (Items(ways),) if ways else ()
        sections.append(Section(title=told.changed(), blocks=(*found, Text(told.looked()))))
    way = (
        f"Shapley values: what each {told.part} adds to the score, averaged over all orders in which they can be put in"
        + (", every one counted." if made.exact else ", of which some were drawn.")
    )
    if isinstance(made.of, OfSeries):
        sections.append(Section(title="Every stretch", blocks=(_stretches(made, made.of),)))
    notes = (("Reasons", way), ("Held against", " ".join(told.how())))
    sections.append(Section(title="How this was found", blocks=(Facts(notes),)))
    return Page(
        kind="One decision, explained",
        day=quote.day(today.isoformat()),
        title=told.title,
        lead=told.score,
        facts=(),
        sections=tuple(sections),
        foot=f"Private: it tells of one person. {shown_parts.CAVEAT}",
    )


def words_page(made: Vocabulary, *, name: str, today: date) -> Page:
    """The words a model goes by; it holds no person's text."""
    blocks: tuple[Block, ...] = (Text(shown_words.nothing(made)),)
    if made.words:
        rows = tuple(
            Interval(label=shown_words.cells(word)[0], value=word.mean, low=word.low, high=word.high, n=word.n)
            for word in made.words[: shown_words.MOST_SHOWN]
        )
        figure = Intervals(
            title="What a word adds to the score",
            caption="Points of score, with intervals that hold for all words at once; beside them, texts that hold it.",
            unit="points",
            rows=rows,
        )
        head = ("Word", "Adds, points", "Decisions that turn without it", "Texts that hold it")
        cells = tuple(shown_words.cells(word) for word in made.words)
        blocks = (Chart(figure), Grid(caption="Every word that surely moves the score", head=head, rows=cells))
    return Page(
        kind="A model, explained",
        day=quote.day(today.isoformat()),
        title=shown_words.title(name),
        lead=shown_words.looked(made),
        facts=(),
        sections=(Section(title="Words that move the score", blocks=blocks),),
        foot=shown_words.CAVEAT,
    )


def _text(made: Parted, of: OfText) -> Section:
    most = float(np.abs(made.values).max())
    levels = [strength(v, most, e) for v, e in zip(made.values.tolist(), made.errors.tolist(), strict=True)]
    parts: list[Mark] = []
    for piece, level in zip(of.pieces, levels, strict=True):
        whole = of.text[piece.start : piece.end]
        parts.append(Mark(text=whole, strength=level, space=whole[-1:].isspace()))
    key = "Blue counted in favour, underlined amber against; the stronger the colour, the more points."
    return Section(title="The text", blocks=(Marked(tuple(parts)), Text(key)))


def _series(told: PartsTold, of: OfSeries) -> Section:
    """The channels that the reasons speak of."""
    stated = [of.stretches[int(reason.player)] for _, ranked in told.sections for reason in ranked.stated]
    shown = list(dict.fromkeys(each.channel for each in stated))[:DRAWN] or [0]
    return Section(title="The series", blocks=tuple(Chart(_line(told, of, channel)) for channel in shown))


def _stretches(made: Parted, of: OfSeries) -> Grid:
    def moved(place: int) -> str:
        reason = Reason(player=str(place), value=float(made.values[place]), error=float(made.errors[place]))
        return points(reason, exact=made.exact)

    rows = tuple((label, *shown_parts.level_of(of, place), moved(place)) for place, label in enumerate(of.labels))
    return Grid(caption="Every stretch", head=("Stretch", "Mean", "Usual mean", "Moves the score by"), rows=rows)


def _line(told: PartsTold, of: OfSeries, channel: int) -> Curves:
    """One channel and what is usual; the stretches that led to the decision are drawn once more over it."""
    steps = tuple(float(step) for step in range(1, of.own.shape[1] + 1))

    def curve(label: str, values: NDArray[np.float64], kept: NDArray[np.bool_]) -> Curve:
        known = tuple(float(v) if np.isfinite(v) and keep else None for v, keep in zip(values, kept, strict=True))
        none = (None,) * len(steps)
        return Curve(label=label, x=steps, y=known, low=none, high=none, n=(1,) * len(steps))

    whole, counted = np.ones(len(steps), dtype=np.bool_), np.zeros(len(steps), dtype=np.bool_)
    heading, main = told.sections[0]
    for each in (of.stretches[int(reason.player)] for reason in main.stated):
        if each.channel == channel:
            counted[each.start : each.end] = True
    curves = [curve("this row", of.own[channel], whole), curve("usual", of.usual[channel], whole)]
    if counted.any():
        curves.append(curve(f"{heading[:1].lower()}{heading[1:]}", of.own[channel], counted))
    named = f"Channel {channel + 1}" if len(of.own) > 1 else "The series"
    return Curves(
        title=f"{named} and what is usual, step by step",
        caption=f"{named}. Usual: the mean of {plural(of.n, of.what)}.",
        x_label="step",
        y_label="value",
        x_unit="number",
        y_unit="number",
        curves=tuple(curves),
    )


def _points(told: PartsTold, title: str, ranked: Ranked) -> Intervals:
    exact = told.explained.exact
    return Intervals(
        title=title,
        caption="Points of score, exact" if exact else "Points of score, with two standard errors on either side",
        unit="points",
        rows=tuple(
            Interval(
                label=told.name(reason.player),
                value=reason.value,
                low=None if exact else reason.value - SURE * reason.error,
                high=None if exact else reason.value + SURE * reason.error,
                n=0,
            )
            for reason in ranked.stated
        ),
    )
