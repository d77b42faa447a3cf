"""From counts by group to the outcome of a check: the widest difference, its tables, figures and sentences."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fairwitness.core.asks import TallyAsk
from fairwitness.core.check import About, Given, Measured, NotApplicable
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Estimate, Key
from fairwitness.draw.words import label
from fairwitness.fairness import sentences, tables
from fairwitness.fairness.collect import to_settle
from fairwitness.fairness.rates import Rate
from fairwitness.fairness.sentences import GAP, Case, Told, Way
from fairwitness.stats.bounds import Bounds, doubted
from fairwitness.stats.gaps import Widest

GAP_SOURCES = (
    "Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10, for the gap between two groups",
    "Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702, with Tukey's critical value, for more than two",
    "Phipson and Smyth 2010, Statistical Applications in Genetics and Molecular Biology 9(1):39, shuffles",
    "The limit of 10 points is a convention of this tool, not of a standard",
)
"""Where the intervals and the default limit of gaps come from."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An outcome, and the comparison it tells of."""

    outcome: Measured
    widest: Widest


def judged_tally(about: About, *of: str) -> TallyAsk:
    """Counts of the judged rows over a grouping and what is asked of each person."""
    return TallyAsk(by=about.columns if isinstance(about, Grouping) else (), of=of, judged=True)


def compare_rates(given: Given, rate: Rate, told: Told, *, way: Way = GAP) -> Measured | NotApplicable:
    """The outcome of a check that asks how far groups' rates are apart.

    Args:
        given: What the step was given.
        rate: Counts by group.
        told: The words.
        way: By the widest gap, or by the lowest ratio.
    """
    found = compared(given, rate, told, level=given.level, way=way)
    return found.outcome if isinstance(found, Compared) else found


def compared(given: Given, rate: Rate, told: Told, *, level: float, way: Way = GAP) -> Compared | NotApplicable:
    """As `compare_rates`, at a level of its own, for checks that judge several rates at once."""
    grouping = given.grouping
    reason = too_few_groups(rate, grouping, people=given.outline.people, tail=told.tail)
    if reason:
        return NotApplicable(reason)
    widest = way.find(rate, level, given.rng)
    case = Case(
        grouping=grouping,
        people=given.outline.people,
        rate=rate,
        told=told,
        way=way,
        widest=widest,
        named=sentences.named_pair(rate, widest, given.limit),
        limit=given.limit,
        level=level,
    )
    pairs = tables.pairs_to_show(widest, case.named)
    doubt = _doubted(given, rate, level=level) if way is GAP else None
    outcome = Measured(
        headline=sentences.headline(case),
        lead=sentences.lead(case),
        judged=_judged(case),
        explored=(
            tables.by_group(rate, grouping.columns, level=given.level, misses=told.misses),
            *([] if doubt is None else [doubt.series()]),
        ),
        figures=(
            tables.rate_figure(rate, grouping, told.rate, level=given.level, worse=told.worse),
            tables.pair_figure(
                pairs,
                grouping.columns,
                f"{told.metric[0].upper()}{told.metric[1:]}, by {grouping.name}",
                unit=way.unit,
                limit=given.limit,
                compared=widest.compared,
            ),
        ),
        notes=(*sentences.notes(case), *([] if doubt is None else [sentences.doubt(case, doubt)])),
        to_settle=to_settle(case),
    )
    return Compared(outcome, widest)


def _doubted(given: Given, rate: Rate, *, level: float) -> Bounds | None:
    """What the gap can be where groups are not known or may be wrong; of one attribute, and rows that are people."""
    columns = given.grouping.columns
    if len(columns) > 1 or rate.drawn is not None:
        return None
    return doubted(rate.hits, rate.totals, error=given.outline.group_errors.get(columns[0], 0.0), level=level)


def _judged(case: Case) -> dict[Key, Estimate]:
    """The widest difference; before it the pair of the headline, where that is another."""
    found = {Key(metric=case.told.metric, groups=case.widest.groups): case.widest.estimate}
    if set(case.named.groups) == set(case.widest.groups):
        return found
    named = replace(case.named.estimate, p=case.widest.estimate.p)
    return {Key(metric=case.told.metric, groups=case.named.groups): named, **found}


def too_few_groups(rate: Rate, grouping: Grouping, *, people: str, tail: str = "") -> str:
    """Why there is nothing to compare; empty if there is."""
    filled = [group for group, n in rate.totals.items() if n]
    if len(rate.totals) < 2:
        return f"{grouping.name!r} holds {'one group' if rate.totals else 'nobody'}; a gap needs two"
    if len(filled) < 2:
        have = f"only {label(filled[0], grouping.columns)}" if filled else "no group"
        return f"{have} of {grouping.name!r} has {people}{tail}; a gap needs two"
    return ""
