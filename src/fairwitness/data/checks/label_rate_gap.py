"""What the recorded outcomes say about groups, before any model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairwitness.core.asks import FAVORED_LABEL, LABEL, Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Estimate, Key, Limit, Severity, Verdict
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.subject import Outline
from fairwitness.data.words import count, is_recorded, points, target_of, within
from fairwitness.draw import format as show
from fairwitness.draw.words import FEW, TOO_FEW, listed, members, plural, share_of, whichever
from fairwitness.stats.bounds import Bounds, doubted
from fairwitness.stats.clusters import Drawn
from fairwitness.stats.gaps import Widest, rates, widest_gap
from fairwitness.stats.intervals import newcombe
from fairwitness.stats.multiple import all_pairs
from fairwitness.stats.power import settle_gap
from fairwitness.stats.tally import Tally

MOST_GROUPS, MOST_PAIRS = 40, 12
"""Rows of a figure: the largest groups, the widest gaps; the verdict does not depend on it."""


class LabelRateGap:
    info = CheckInfo(
        id="data.label-rate-gap",
        title="Recorded outcomes are about as good in every group",
        failure_title="Recorded outcomes differ between groups",
        measures=(
            "Widest gap between two groups in the share of rows whose recorded outcome is the favorable one (the "
            "positive one, where no favorable is declared), over all rows."
        ),
        does_not_show=(
            "Why: unequal treatment, unequal circumstances, errors of recording that differ by group, and who comes to be "
            "recorded at all look the same in these numbers. A model that learns from these labels learns the gap."
        ),
        advice=(
            "Ask how the recorded outcomes came about, and who recorded them. Have a random sample of each group labelled again by "
            "somebody who does not see the group; re-weight or re-sample the training rows if the gap should not be learnt."
        ),
        needs=frozenset({"labels", "groups", "positive"}),
        tasks=frozenset({"binary", "multi-class"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.HIGH,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10; Tukey's critical value over pairs",
            "Suresh and Guttag 2021, EAAMO, arXiv 1901.10002, on historical and measurement bias",
            "The limit of 10 points is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if outline.decisions_from == "labels":
            return NotApplicable("the recorded outcomes are audited as decisions: see fairness.selection-rate-gap")
        return [_ask(outline, about)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        outline, grouping = given.outline, given.grouping
        tally: Tally = given[_ask(outline, grouping)]
        totals = tally.by(grouping.columns)
        if sum(n > 0 for n in totals.values()) < 2:
            return NotApplicable(f"{grouping.name!r} holds {plural(len(totals), 'group')}; a gap needs two")
        hits = tally.hits(grouping.columns, _outcome(outline))
        drawn = Drawn.of(tally, grouping.columns, _outcome(outline))
        gap = widest_gap(hits, totals, level=given.level, rng=given.rng, drawn=drawn)
        alone = rates(hits, totals, level=given.level, drawn=drawn)
        doubt = None if drawn or len(grouping.columns) > 1 else _doubted(hits, totals, given)
        low, high = gap.groups
        good = "favorable" if outline.favorable is not None else "positive"
        value = outline.favorable if outline.favorable is not None else outline.positive
        return Measured(
            headline=(
                f"{_share(alone[low], hits[low])} of {members(low, grouping.columns, outline.people)} and "
                f"{_share(alone[high], hits[high])} of {members(high, grouping.columns, outline.people)} have the "
                f"{good} outcome on record ({target_of(outline)} is {value})"
            ),
            lead=(
                f"The two rates are {points(gap.estimate.value)} {within(gap.estimate)} apart, the widest gap of "
                f"{plural(len(alone), 'group')}; the interval holds for all pairs at once.{_chance(gap)}"
                f"{'' if drawn else _against_the_rest(hits, totals, given)} These are the "
                f"outcomes as recorded over all {count(sum(totals.values()))} rows, not those of a model."
            ),
            judged={Key(metric="gap in recorded outcomes", groups=gap.groups): gap.estimate},
            explored=() if doubt is None else (doubt.series(),),
            figures=(_rates_figure(alone, given, good), _gaps_figure(gap, given)),
            notes=(
                *([drawn.words] if drawn else []),
                *_notes(totals),
                *([] if doubt is None else [_in_doubt(doubt, given)]),
            ),
            to_settle="" if drawn else _to_settle(hits, totals, gap, given),
        )


def _share(rate: Estimate, hits: int) -> str:
    """The rate, weighted where rows are; of few people, counts."""
    return share_of(hits, rate.n) if rate.n < FEW or rate.value is None else show.number(rate.value, "share")


def _doubted(hits: Mapping[str, int], totals: Mapping[str, int], given: Given) -> Bounds | None:
    error = given.outline.group_errors.get(given.grouping.name, 0.0)
    return doubted(hits, totals, error=error, level=given.level)


def _in_doubt(found: Bounds, given: Given) -> str:
    return whichever(
        given.grouping.name,
        given.outline.people,
        (found.least, found.most),
        (found.low, found.high),
        unknown=found.unknown,
        error=found.error,
        limit=None if given.limit is None else given.limit.at_most,
    )


def _outcome(outline: Outline) -> str:
    return FAVORED_LABEL if outline.favorable is not None else LABEL


def _ask(outline: Outline, about: About) -> TallyAsk:
    return TallyAsk(by=about.columns if isinstance(about, Grouping) else (), of=(_outcome(outline),))


def _chance(gap: Widest) -> str:
    p = gap.estimate.p
    if p is None:
        return ""
    often = "less than once in 1,000 shuffles" if p < 0.001 else f"with probability {show.probability(p)}"
    return f" Were all rates equal, chance alone would give a gap this wide {often}."


def _against_the_rest(hits: Mapping[str, int], totals: Mapping[str, int], given: Given) -> str:
    """The largest group beside all others together: small groups say more as one."""
    known = {group: n for group, n in totals.items() if n and is_recorded(group)}
    if len(known) < 3:
        return ""
    largest = max(known, key=lambda group: known[group])
    n = sum(known.values()) - known[largest]
    h = sum(hits[group] for group in known) - hits[largest]
    low, high = newcombe((h, hits[largest]), (n, known[largest]), level=given.level)
    gap = hits[largest] / known[largest] - h / n
    name = members(largest, given.grouping.columns, given.outline.people)
    return (
        f" Of {name} it is {share_of(hits[largest], known[largest])} ({count(hits[largest])} of {count(known[largest])}), "
        f"of all others with a recorded {given.grouping.name} {share_of(h, n)} ({count(h)} of {count(n)}): a difference of "
        f"{show.measured(gap, low, high, 'points')}."
    )


def _to_settle(hits: Mapping[str, int], totals: Mapping[str, int], gap: Widest, given: Given) -> str:
    filled = sum(n > 0 for n in totals.values())
    z = all_pairs(given.level, filled) if filled > 2 else None
    more = settle_gap(hits, totals, gap.groups, given.limit, level=given.level, z=z) if given.limit else None
    if not more or not any(more.values()):
        return ""
    people, columns = given.outline.people, given.grouping.columns
    wanted = listed(f"{count(n)} more {members(group, columns, people)}" for group, n in more.items() if n)
    return f"Collect {wanted}: if the rates stay as they are, that settles it."


def _notes(totals: Mapping[str, int]) -> tuple[str, ...]:
    few = [f"{name} ({count(n)})" for name, n in totals.items() if n < FEW]
    notes = [f"fewer than {FEW} people, so counts and no rate are shown: {listed(few)}"] if few else []
    if len(totals) > MOST_GROUPS:
        notes.append(f"the figure shows the {MOST_GROUPS} largest of {count(len(totals))} groups; all are judged")
    return tuple(notes)


def _rates_figure(alone: Mapping[str, Estimate], given: Given, good: str) -> Intervals:
    return Intervals(
        title=f"Recorded {good} outcomes by {given.grouping.name}",
        caption=f"Share of rows with {show.level(given.level)} Wilson intervals, each on its own.",
        unit="share",
        rows=tuple(
            Interval(label=name, value=None, low=None, high=None, n=each.n, note=TOO_FEW)
            if each.n < FEW
            else Interval(label=name, value=each.value, low=each.low, high=each.high, n=each.n)
            for name, each in sorted(alone.items(), key=lambda item: -item[1].n)[:MOST_GROUPS]
        ),
    )


def _gaps_figure(gap: Widest, given: Given) -> Intervals:
    def row(groups: tuple[str, str], estimate: Estimate) -> Interval:
        return Interval(
            label=f"{groups[1]} − {groups[0]}",
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
            n=estimate.n,
            verdict=estimate.against(given.limit) if given.limit and groups == gap.groups else Verdict.EXPLORED,
        )

    return Intervals(
        title=f"Gaps in recorded outcomes between groups of {given.grouping.name}",
        caption=f"Points, with intervals that hold at {show.level(given.level)} for all pairs at once.",
        unit="points",
        rows=tuple(
            row(pair.groups, gap.estimate if pair.groups == gap.groups else pair.estimate)
            for pair in gap.pairs[:MOST_PAIRS]
        ),
        limit=given.limit,
    )
