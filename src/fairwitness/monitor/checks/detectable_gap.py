"""How wide a gap must become before a monitor notices, and how many people that takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from fairwitness.core.asks import CORRECT, DECISION, FAVORED, YES, Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import MISSING, Grouping
from fairwitness.core.estimate import Estimate, Key, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import members
from fairwitness.monitor.power import draws_needed, of_blocks
from fairwitness.monitor.streams import LEAST_AUDITED, Stream
from fairwitness.stats.betting import Wager

WORSE = (0.05, 0.10, 0.20)
"""Points beyond what the audit left open."""
JUDGED = 0.10
_GAP = {FAVORED: "", DECISION: "", CORRECT: "in right decisions "}


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectableGapOptions:
    """What is planned for.

    Attributes:
        alpha: Chance that the monitor ever raises a false alarm.
        limit: A gap that is acceptable anyway.
        power: Share of monitors that must have noticed.
    """

    alpha: float = 0.05
    limit: float = 0.10
    power: float = 0.8

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha is {self.alpha}; it lies between 0 and 0.5")
        if not 0 < self.power < 1:
            raise ValueError(f"power is {self.power}; it lies between 0 and 1")
        if not 0 <= self.limit < 1:
            raise ValueError(f"limit is {self.limit}; it lies between 0 and 1")


class DetectableGap:
    info = CheckInfo(
        id="monitor.detectable-gap",
        title="How soon a monitor would notice a wider gap",
        failure_title="A monitor would notice a wider gap only late",
        measures=(
            "How many new people must be decided on until `fairwitness watch` has noticed, in 8 of 10 cases, that the widest "
            "gap is 10 points beyond what this audit left open. Planned by simulation from the audit's own counts; groups come "
            "as often as in the audit."
        ),
        does_not_show=(
            "Whether the gap will change. A gap that widens by less than the audit left open is never noticed: a larger audit "
            "leaves less open."
        ),
        advice=(
            "If so many people are not decided on in the time that harm may last, audit on more rows, so that less is left "
            "open, or set [monitor] gap to what must not be passed whatever was audited."
        ),
        needs=frozenset({"groups", "decisions"}),
        per="grouping",
        limit=None,
        severity=Severity.LOW,
        sources=(
            "Chugg, Cortes-Gomez, Wilder and Ramdas 2023, Auditing Fairness by Betting, NeurIPS",
            "Waudby-Smith and Ramdas 2024, JRSS-B 86(1):1-27, for the bets",
            "Ville 1939, Étude critique de la notion de collectif, for the chance of a false alarm",
        ),
    )
    Options = DetectableGapOptions

    def asks(self, outline: Outline, about: About, options: DetectableGapOptions) -> Sequence[Ask] | NotApplicable:
        if _column(outline) is None:
            return NotApplicable("it needs to know which outcome is good for the person, or positive", "favorable")
        if not isinstance(about, Grouping):
            return NotApplicable("it needs a sensitive attribute", "groups")
        if not about.named:
            return NotApplicable("only attributes and crossings that the config names are watched")
        return [_ask(outline, about)]

    def run(self, given: Given, options: DetectableGapOptions) -> Outcome:
        column = _column(given.outline) or FAVORED
        columns = given.grouping.columns
        tally = given[_ask(given.outline, given.grouping)]
        totals, hits = tally.by(columns), tally.hits(columns, column, YES)
        stream = Stream.of_gap(hits, totals, limit=options.limit, level=given.level)
        if stream is None:
            return NotApplicable(
                f"fewer than two groups have {LEAST_AUDITED} people in the audit, so no gap can be watched"
            )
        plan = _Plan.of(stream, hits, totals, alarm_at=2 * _streams(given.outline) / options.alpha)
        needed = {worse: plan.people(worse, given.rng, power=options.power) for worse in WORSE}
        return _told(given, needed, plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The pair whose audited rates lie furthest apart, and the bet that the gap between them has grown."""

    higher: str
    lower: str
    sizes: tuple[int, int]  # rows in a block of each
    rates: tuple[float, float]
    people_a_block: float  # new people of all groups until both have a block
    wager: Wager
    log_alarm: float

    @classmethod
    def of(cls, stream: Stream, hits: Mapping[str, int], totals: Mapping[str, int], *, alarm_at: float) -> Self:
        rates = {group: hits.get(group, 0) / n for group, n in totals.items() if n}
        known = [pair for pair in stream.pairs if not any(MISSING in group for group in pair.groups)]
        pair = max(known or stream.pairs, key=lambda each: abs(rates[each.groups[0]] - rates[each.groups[1]]))
        wager, (higher, lower), (a, b) = pair.above, pair.groups, pair.sizes
        if rates[higher] < rates[lower]:
            wager, higher, lower, a, b = pair.below, lower, higher, b, a
        return cls(
            higher=higher,
            lower=lower,
            sizes=(a, b),
            rates=(rates[higher], rates[lower]),
            people_a_block=sum(totals.values()) * max(a / totals[higher], b / totals[lower]),
            wager=wager,
            log_alarm=math.log(len(stream.wagers) * alarm_at),  # the other bets are taken to have lost all
        )

    def people(self, worse: float, rng: np.random.Generator, *, power: float) -> int | None:
        """New people of all groups until the alarm, two digits; None where it never comes, or no gap can be so wide."""
        gap = self.wager.bound + worse
        if gap >= 1:
            return None
        top = max(self.rates[0], gap)  # the lower rate falls as far as it can, then the higher one rises
        values, shares = of_blocks((top, top - gap), self.sizes)
        draws = draws_needed(self.wager, values, shares, log_alarm=self.log_alarm, rng=rng, power=power)
        if draws is None:
            return None
        people = draws * self.people_a_block
        digits = 10 ** max(0, math.floor(math.log10(people)) - 1)
        return int(math.ceil(people / digits) * digits)


def _told(given: Given, needed: Mapping[float, int | None], plan: _Plan) -> Measured:
    columns, people = given.grouping.columns, given.outline.people
    between = f"{members(plan.higher, columns, people)} and {members(plan.lower, columns, people)}"
    found = needed[JUDGED]
    told = "would not be noticed" if found is None else f"would be noticed after about {fmt.count(found)} new {people}"
    return Measured(
        headline=f"A gap {_GAP[_column(given.outline) or FAVORED]}10 points beyond what the audit left open {told}",
        lead=(
            f"Between {between} the audit found {fmt.number(plan.rates[0] - plan.rates[1], 'points')} and left open up to "
            f"{fmt.number(plan.wager.bound, 'points')}; a monitor holds new decisions against that."
        ),
        judged={
            Key(metric="new people until it is noticed", groups=(plan.higher, plan.lower)): Estimate(
                value=None if found is None else float(found),
                low=None,
                high=None,
                level=None,
                n=0,
                unit="people",
                method="simulated, in 8 of 10 cases",
                claim="assumed",
            )
        },
        explored=(
            Series(
                title="New people until a wider gap is noticed",
                columns={
                    "beyond what was left open": tuple(needed),
                    "true gap then": tuple(plan.wager.bound + worse for worse in needed),
                    "new people": tuple("never" if n is None else fmt.count(n) for n in needed.values()),
                },
                units={"beyond what was left open": "points", "true gap then": "points"},
            ),
        ),
    )


def _streams(outline: Outline) -> int:
    """Streams a monitor of this subject shares its false-alarm rate among."""
    named = sum(grouping.named for grouping in outline.groupings)
    if "truth" not in outline.offers:
        return max(named, 1)
    return (1 if _column(outline) == CORRECT else 2) * named + 1


def _column(outline: Outline) -> str | None:
    """What is watched first: who is favoured, else who is decided positive, else whose decision is right."""
    if outline.favorable is not None:
        return FAVORED
    if outline.positive is not None:
        return DECISION
    return CORRECT if "truth" in outline.offers else None


def _ask(outline: Outline, about: Grouping) -> TallyAsk:
    return TallyAsk(by=about.columns, of=(_column(outline) or FAVORED,), judged=True)
