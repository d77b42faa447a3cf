"""How far apart groups are in good decisions, among people alike in what may count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fairwitness.core.asks import DECISION, FAVORED, YES, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Key, Limit, Severity, Unit
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, listed, members
from fairwitness.fairness.attributes import Cell, divided, each_level, left_out, named, table
from fairwitness.fairness.conditional import Alike, conditional_gaps, widest
from fairwitness.fairness.contrasts import recorded
from fairwitness.fairness.drawn import Drawn, drawn, judged_rows
from fairwitness.fairness.spread import unknown
from fairwitness.stats.stratified import strata

MOST_ROWS = 50_000
"""Rows that are compared; of more, so many drawn at random."""


class ConditionalSelectionGap:
    info = CheckInfo(
        id="fairness.conditional-selection-gap",
        title="People alike in what may count are selected at similar rates",
        failure_title="People alike in what may count are selected at different rates",
        measures=(
            "Widest difference between a group and the largest one in the share of decisions that are good for the person, among "
            "people alike in the columns that [subject] legitimate names (numbers in five parts, all crossed)."
        ),
        does_not_show=(
            "A cause: what counts and is not recorded may differ too, and a factor may itself carry unequal treatment, which then "
            "does not show here. Nor anything of people for whom there is nobody alike in the largest group."
        ),
        advice="See which columns tell the group among people alike, and train again without them or with the gap held down.",
        needs=frozenset({"rows", "groups", "decisions"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_most=0.05),
        severity=Severity.HIGH,
        takes=frozenset({"cluster"}),
        sources=(
            "Kamiran, Žliobaitė and Calders 2013, Knowledge and Information Systems 35(3):613-644, conditional parity",
            "Mantel and Haenszel 1959, JNCI 22(4):719-748; Sato 1989, Biometrics 45(4):1323-1324",
            "Wachter, Mittelstadt and Russell 2021, Computer Law & Security Review 41:105567",
            "The limit of 5 points, as in data.unexplained-gap, is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if not outline.grounds.legitimate:
            return NotApplicable("nobody said what may count: declare [subject] legitimate")
        if outline.decisions_from == "labels":
            return NotApplicable("the recorded outcomes are audited as decisions: see data.unexplained-gap")
        if _column(outline) is None:
            return NotApplicable("it needs to know which outcome is good for the person, or positive", "favorable")
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        held = drawn(given, _ask(given.outline))
        made = {grouping: _gaps(given, held, grouping) for grouping in named(given.outline)}
        found = {grouping: one for grouping, one in made.items() if one[1]}
        if not found:
            return NotApplicable("no attribute has two groups of at least 30 people with a decision")
        judged = {
            Key(metric=f"gap among people alike by {grouping.name}", groups=(base, every[0].group)): widest(
                every, level=given.level
            )
            for grouping, (base, every) in found.items()
        }
        small = {grouping: _small(held, grouping) for grouping in made}
        judged |= {
            Key(metric=f"gap among people alike by {grouping.name}"): unknown(len(held), given.level)
            for grouping, names in small.items()
            if names and grouping not in found
        }
        worst = max(found, key=lambda grouping: abs(found[grouping][1][0].within.value or 0.0))
        rows = [_line(grouping, base, each) for grouping, (base, every) in found.items() for each in every]
        rows.sort(key=lambda row: -abs(float(row["gap among people alike"] or 0.0)))
        return Measured(
            headline=_headline(given, worst, *found[worst]),
            lead=_lead(given, found, len(held)),
            judged=judged,
            explored=(table("Groups against the largest one", rows, UNITS),),
            notes=(*held.notes, *_uncompared(small), *left_out(rows, "groups")),
            to_settle="More rows, of the smallest groups above all, would narrow the interval.",
        )


UNITS: dict[str, Unit] = {
    "n": "people",
    "compared": "share",
    "gap": "points",
    "gap among people alike": "points",
    "low": "points",
    "high": "points",
    "odds ratio in strata": "ratio",
    "conditional disparity": "points",
}


def _column(outline: Outline) -> str | None:
    if outline.favorable is not None:
        return FAVORED
    return DECISION if outline.positive is not None else None


def _ask(outline: Outline) -> RowsAsk:
    return judged_rows(outline, (*outline.grounds.legitimate, _column(outline) or FAVORED), at_most=MOST_ROWS)


def _gaps(given: Given, held: Drawn, grouping: Grouping) -> tuple[str, list[Alike]]:
    """Of people whose group is recorded."""
    outline = given.outline
    by = divided(held.rows, grouping)
    inside = recorded(by.names)[by.codes] if by.names else np.zeros(0, dtype=bool)
    if not inside.any():
        return "", []
    columns = {name: held.rows.columns[name][inside] for name in outline.grounds.legitimate}
    return conditional_gaps(
        held.rows.columns[_column(outline) or FAVORED][inside] == YES,
        strata(columns, [outline.column(name) for name in outline.grounds.legitimate]),
        by.codes[inside],
        by.names,
        level=each_level(given.level, len(named(outline))),
    )


def _small(held: Drawn, grouping: Grouping) -> list[str]:
    """Recorded groups of too few people to be compared."""
    by = divided(held.rows, grouping)
    return [
        label(name, grouping.columns)
        for (name, n), told in zip(by.sizes.items(), recorded(by.names), strict=True)
        if told and n < FEW
    ]


def _uncompared(small: Mapping[Grouping, Sequence[str]]) -> tuple[str, ...]:
    names = [name for every in small.values() for name in every]
    return (f"not compared, with fewer than {FEW} people: {listed(names, shown=6)}",) if names else ()


def _headline(given: Given, grouping: Grouping, base: str, every: Sequence[Alike]) -> str:
    first, factors = every[0], listed(given.outline.grounds.legitimate, shown=4)
    who, largest = (members(group, grouping.columns, given.outline.people) for group in (first.group, base))
    value = first.within.value
    if value is None:
        return f"Too few {given.outline.people} are alike in {factors} to compare groups of {grouping.name}"
    size = fmt.number(abs(value), "points")
    return f"Among people alike in {factors}, {who} are selected {size} {'less' if value < 0 else 'more'} often than {largest}"


def _lead(given: Given, found: Mapping[Grouping, tuple[str, list[Alike]]], n: int) -> str:
    sentences = []
    for grouping, (base, every) in found.items():
        first, second = label(every[0].group, grouping.columns), label(base, grouping.columns)
        within = every[0].within
        sentences.append(
            f"By {grouping.name}, {first} against {second}: {fmt.measured(within.value, within.low, within.high, 'points')}, "
            f"{fmt.number(every[0].plain, 'points')} before people alike are compared; "
            f"{fmt.number(every[0].compared, 'share')} of {first} have somebody alike."
        )
    sentences.append(
        f"Over {fmt.count(n)} {given.outline.people}; intervals hold for all groups and attributes at once."
    )
    return " ".join(sentences)


def _line(grouping: Grouping, base: str, each: Alike) -> dict[str, Cell]:
    return {
        "attribute": grouping.name,
        "group": label(each.group, grouping.columns),
        "against": label(base, grouping.columns),
        "n": each.n,
        "compared": each.compared,
        "gap": each.plain,
        "gap among people alike": each.within.value,
        "low": each.within.low,
        "high": each.within.high,
        "odds ratio in strata": each.odds.value,
        "p, equal in all strata": each.same,
        "conditional disparity": each.disparity,
    }
