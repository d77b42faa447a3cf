"""Crossed groups with too few people for any number about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod

import numpy as np

from fairwitness.core.asks import Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.data.coverage import MOST_CELLS, to_add, uncovered
from fairwitness.data.words import count
from fairwitness.draw.words import FEW, label, listed, plural
from fairwitness.stats.tally import Tally

SHOWN = 50  # of cells, so that a cross of many attributes stays readable


class SmallIntersections:
    info = CheckInfo(
        id="data.small-intersections",
        title="Every intersection of groups that occurs has enough people to be judged",
        failure_title="Some intersections of groups have too few people to be judged",
        measures="Crossed groups over all sensitive attributes together that hold 1 to 29 people.",
        does_not_show=(
            "That anything is wrong for these people: only that a fault could hide there. A few small cells are to be "
            "expected wherever attributes are crossed."
        ),
        advice="Collect more people of these intersections, or say in the report's context that nobody can speak for them.",
        needs=frozenset({"groups"}),
        limit=Limit(at_most=0.0),
        severity=Severity.LOW,
        sources=(
            "Buolamwini and Gebru 2018, PMLR 81:77-91, on faults that single attributes hide",
            "Asudeh, Jin and Jagadish 2019, ICDE, arXiv 1810.06742, on coverage",
            "The threshold of 30 people is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        crossed = _columns(outline)
        if len(crossed) < 2:
            return NotApplicable("there is one sensitive attribute; an intersection needs two")
        return [TallyAsk(by=crossed)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        crossed, people = _columns(given.outline), given.outline.people
        tally: Tally = given[TallyAsk(by=crossed)]
        cells = {name: n for name, n in tally.by(crossed).items() if MISSING not in name.split(CROSS) and n}
        if not cells:
            return NotApplicable("no row has all sensitive attributes recorded")
        small = dict(sorted(((name, n) for name, n in cells.items() if n < FEW), key=lambda cell: cell[1]))
        inside = sum(small.values())
        axes = [[name for name in tally.axes[column] if name != MISSING] for column in crossed]
        possible = prod(len(axis) for axis in axes)
        over = CROSS.join(crossed)
        headline = (
            f"{len(small)} of {plural(len(cells), 'intersection')} of {over} {'has' if len(small) == 1 else 'have'} "
            f"fewer than {FEW} {people}"
            if small
            else f"All {plural(len(cells), 'intersection')} of {over} that occur have at least {FEW} {people}"
        )
        sentences = []
        if small:
            held = listed(f"{name} ({count(n)})" for name, n in small.items())
            sentences.append(f"{count(inside)} {people} are in such, of whom no rate can be told from chance: {held}.")
        if possible > len(cells):
            sentences.append(f"{count(possible - len(cells))} of {count(possible)} possible ones hold nobody.")
        return Measured(
            headline=headline,
            lead=" ".join(sentences),
            judged={
                Key(metric=f"intersections of fewer than {FEW} people"): Estimate.count(
                    len(small), n=sum(cells.values()), unit="number"
                )
            },
            explored=(*_tables(small, cells, axes, possible), *_uncovered(tally, crossed, axes)),
        )


def _columns(outline: Outline) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for grouping in outline.groupings for name in grouping.columns))


def _tables(small: dict[str, int], cells: dict[str, int], axes: list[list[str]], possible: int) -> list[Series]:
    tables = []
    if small:
        title = f"Intersections of fewer than {FEW} people{_cut(len(small))}"
        names, counts = tuple(small)[:SHOWN], tuple(small.values())[:SHOWN]
        tables.append(
            Series(title=title, columns={"intersection": names, "people": counts}, units={"people": "people"})
        )
    if possible > len(cells):
        empty = (name for name in map(CROSS.join, product(*axes)) if name not in cells)
        first = tuple(name for name, _ in zip(empty, range(SHOWN), strict=False))
        title = f"Intersections that hold nobody{_cut(possible - len(cells))}"
        tables.append(Series(title=title, columns={"intersection": first}))
    return tables


def _uncovered(tally: Tally, crossed: Sequence[str], axes: list[list[str]]) -> list[Series]:
    """The widest descriptions with too few people, of one attribute or several, and whom to add."""
    if prod(len(axis) for axis in axes) > MOST_CELLS:
        return []
    places = [[tally.axes[name].index(category) for category in axis] for name, axis in zip(crossed, axes, strict=True)]
    named = dict(zip(crossed, axes, strict=True))
    found = uncovered(tally.dense(list(crossed))[np.ix_(*places)], named, least=FEW)
    if not found:
        return []
    wanted = to_add(found, named, least=FEW)
    shown, added = found[:SHOWN], wanted[:SHOWN]
    return [
        Series(
            title=f"Widest groups of fewer than {FEW} people; all that is narrower lacks people too{_cut(len(found))}",
            columns={
                "group": tuple(_described(pattern.fixed) for pattern in shown),
                "people": tuple(pattern.people for pattern in shown),
            },
            units={"people": "people"},
        ),
        Series(
            title=f"Whom to add, so that each of these has {FEW}{_cut(len(wanted))}",
            columns={
                "group": tuple(_described(fixed) for fixed, _ in added),
                "people": tuple(number for _, number in added),
            },
            units={"people": "people"},
        ),
    ]


def _described(fixed: Mapping[str, str]) -> str:
    return CROSS.join(label(category, [name]) for name, category in fixed.items()) or "everybody"


def _cut(number: int) -> str:
    return f" (first {SHOWN} of {count(number)})" if number > SHOWN else ""
