"""By how much the odds of a decision differ, at worst, between any two groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp

from fairwitness.core.asks import DECISION, FAVORED, Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Estimate, Key, Severity
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import label
from fairwitness.fairness.attributes import Cell, each_level, left_out, named, table
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.differential import Differential, differential
from fairwitness.fairness.rates import Rate, selection_rate

MOST_GROUPS = 1000
"""Groups of all attributes crossed, beyond which they are not compared: pairs of them take too long."""


class DifferentialFairness:
    info = CheckInfo(
        id="fairness.differential-fairness",
        title="No decision is much likelier in one group than in another, crossed groups included",
        failure_title="A decision is much likelier in one group than in another",
        measures=(
            "Epsilon of differential fairness: the largest |ln| of the ratio between two groups' rates of being selected, or of not "
            "being, for each named attribute and for all single ones crossed. Beside it the same of rates smoothed by one person's "
            "worth of prior, which is known where a group has nobody selected."
        ),
        does_not_show=(
            "Whether the difference is deserved. With many small groups the largest ratio is large by chance, the smoothed one "
            "too; the empirical one's interval allows for that. So no limit stands by default: a ratio of four fifths is an epsilon of 0.22."
        ),
        advice="Follow the advice of fairness.impact-ratio for the two groups that are named.",
        needs=frozenset({"groups", "decisions"}),
        severity=Severity.MEDIUM,
        sources=(
            "Foulds, Islam, Keya and Pan 2020, ICDE, arXiv 1807.08362, definitions 2.1 and 4.1, equation 7",
            "Miettinen and Nurminen 1985, Statistics in Medicine 4(2):213-226; Donner and Zou 2012, for many pairs",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        column = _column(outline)
        if column is None:
            return NotApplicable("it needs to know which outcome is good for the person, or positive", "favorable")
        return [judged_tally(grouping, column) for grouping in _crossed(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        column, groupings = _column(given.outline) or FAVORED, _crossed(given.outline)
        level = each_level(given.level, len(groupings))
        rates = {
            grouping: selection_rate(given[judged_tally(grouping, column)], grouping.columns, column)
            for grouping in groupings
        }
        many = tuple(each for each, rate in rates.items() if not each.named and len(rate.totals) > MOST_GROUPS)
        made = {
            grouping: differential(rate, level=level, rng=given.rng)
            for grouping, rate in rates.items()
            if grouping not in many
        }
        found = {grouping: each for grouping, each in made.items() if each is not None}
        if not found:
            return NotApplicable("no attribute has two groups with people in them; a ratio needs two")
        rows = [_line(grouping, each) for grouping, each in found.items()]
        worst = max(found, key=lambda grouping: found[grouping].empirical.low or 0.0)
        return Measured(
            headline=_headline(worst, found[worst]),
            lead=_lead(worst, found[worst]),
            judged={
                Key(metric=f"epsilon by {grouping.name}"): each.empirical
                for grouping, each in found.items()
                if grouping.named
            },
            explored=(table("Epsilon, by attribute and crossed", rows, {}),),
            notes=(*_infinite(found), *_uncompared(many, rates), *left_out(rows, "attributes")),
        )


def _column(outline: Outline) -> str | None:
    if outline.favorable is not None:
        return FAVORED
    return DECISION if outline.positive is not None else None


def _crossed(outline: Outline) -> list[Grouping]:
    """Each named attribute or crossing, and all single attributes crossed."""
    each = list(named(outline))
    every = tuple(grouping.columns[0] for grouping in each if len(grouping.columns) == 1)
    if len(every) > 1 and all(set(grouping.columns) != set(every) for grouping in each):
        each.append(Grouping(columns=every, named=False))
    return each


def _headline(grouping: Grouping, found: Differential) -> str:
    """By the lower end: with many groups the widest ratio is wide by chance."""
    least = found.empirical.low
    if not least:
        return "No decision is likelier for sure in one group than in another, by any attribute or by all crossed"
    times = fmt.number(exp(least), "ratio")
    return f"By {grouping.name}, some decision is at least {times} times as likely in one group as in another"


def _lead(grouping: Grouping, found: Differential) -> str:
    one, other = found.empirical, found.smoothed
    return (
        f"By {grouping.name} epsilon is {fmt.measured(one.value, one.low, one.high, 'number')} of rates as they are, for all "
        f"groups and attributes at once, and {fmt.measured(other.value, other.low, other.high, 'number')} of smoothed rates "
        "(a posterior interval); e to the power of epsilon is how many times as likely."
    )


def _infinite(found: dict[Grouping, Differential]) -> tuple[str, ...]:
    names = [grouping.name for grouping, each in found.items() if each.empirical.value is None]
    return tuple(
        f"{name}: in some group everybody or nobody is selected, so epsilon of the rates as they are is infinite or unknown"
        for name in names
    )


def _uncompared(many: Sequence[Grouping], rates: Mapping[Grouping, Rate]) -> tuple[str, ...]:
    return tuple(
        f"{each.name}: {fmt.count(len(rates[each].totals))} groups, of which no more than {fmt.count(MOST_GROUPS)} are compared "
        "pair by pair, so all attributes crossed are left out"
        for each in many
    )


def _line(grouping: Grouping, found: Differential) -> dict[str, Cell]:
    less, more = (label(group, grouping.columns) for group in found.groups)

    def ends(name: str, each: Estimate) -> dict[str, Cell]:
        return {name: each.value, f"{name}, low": each.low, f"{name}, high": each.high}

    return {
        "attribute": grouping.name,
        "less": less,
        "more": more,
        "of being": "selected" if found.chosen else "not selected",
        **ends("epsilon", found.empirical),
        **ends("smoothed", found.smoothed),
    }
