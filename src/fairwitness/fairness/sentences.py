"""What is said of a comparison: the fact, for whom and how sure, what changes its meaning, whom to collect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fairwitness.core.columns import MISSING, Grouping
from fairwitness.core.estimate import Estimate, Limit, Unit, Verdict
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, listed, members, share_of, whichever
from fairwitness.fairness.rates import Rate
from fairwitness.fairness.tables import MOST_GROUPS
from fairwitness.fairness.words import chance
from fairwitness.stats import gaps, power
from fairwitness.stats.bounds import Bounds
from fairwitness.stats.gaps import Pair, Widest


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The words of one rate.

    Attributes:
        metric: What is judged: `selection-rate gap`.
        rate: The rate as the title of a chart: `Decided in favour`.
        opening: Start of the headline, up to the groups: `The model decides in favour of`.
        tail: What follows a group's name: ` whose approve is “1”`.
        worse: Which end is shaded in a heat table.
        misses: Name of the opposite rate, if people look for it.
    """

    metric: str
    rate: str
    opening: str
    tail: str = ""
    worse: Literal["low", "high"] = "low"
    misses: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How two rates are compared: `find` and `settle` follow `stats.gaps` and `stats.power`."""

    name: str
    unit: Unit
    find: Callable[[Rate, float, np.random.Generator], Widest]
    settle: Callable[..., dict[str, int] | None]


GAP = Way(
    name="gap",
    unit="points",
    find=lambda rate, level, rng: gaps.widest_gap(rate.hits, rate.totals, level=level, rng=rng, drawn=rate.drawn),
    settle=power.settle_gap,
)
RATIO = Way(
    name="ratio",
    unit="ratio",
    find=lambda rate, level, _: gaps.lowest_ratio(rate.hits, rate.totals, level=level),
    settle=power.settle_ratio,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A comparison and all its sentences draw on.

    Attributes:
        people: The user's word for those the decisions are about.
        named: The pair of the headline.
        limit: In force; None where nothing is judged.
        level: At which the interval holds.
    """

    grouping: Grouping
    people: str
    rate: Rate
    told: Told
    way: Way
    widest: Widest
    named: Pair
    limit: Limit | None
    level: float

    def label(self, group: str) -> str:
        return label(group, self.grouping.columns)

    def members(self, group: str) -> str:
        return members(group, self.grouping.columns, self.people)

    def share(self, group: str) -> str:
        drawn = None if self.rate.drawn is None or self.few(group) else self.rate.drawn.rate(group)
        if drawn is not None:
            return fmt.number(drawn, "share")
        return share_of(self.rate.hits[group], self.rate.totals[group])

    @property
    def counted(self) -> str:
        """What is counted: people, or rows that are not each a person."""
        return self.people if self.rate.drawn is None else "rows"

    def share_of_members(self, group: str) -> str:
        """`64.6 % of Black applicants`, `3 of 5 Asian applicants`."""
        share = self.share(group)
        return f"{share} {self.members(group)}" if self.few(group) else f"{share} of {self.members(group)}"

    def few(self, group: str) -> bool:
        return self.rate.totals[group] < FEW

    @property
    def filled(self) -> list[str]:
        """Groups with people in them, the largest first."""
        return sorted((group for group, n in self.rate.totals.items() if n), key=lambda group: -self.rate.totals[group])

    @property
    def recorded(self) -> list[str]:
        """Those of them whose group is known; all where fewer than two would be left, as in `stats.gaps`."""
        known = [group for group in self.filled if MISSING not in group]
        return known if len(known) > 1 else self.filled

    @property
    def aside(self) -> int:
        """People who stand aside, since their group is not known."""
        totals = self.rate.totals
        return sum(totals[group] for group in self.filled) - sum(totals[group] for group in self.recorded)

    @property
    def unknown(self) -> list[str]:
        """Groups of people whose rate is unknown, since there is nobody."""
        return [group for group in self.widest.undefined if MISSING not in group]


def named_pair(rate: Rate, widest: Widest, limit: Limit | None) -> Pair:
    """The pair to name: the widest; where one of its groups is of few people, the widest that is sure or of many."""
    first = next(pair for pair in widest.pairs if set(pair.groups) == set(widest.groups))

    def of_many(pair: Pair) -> bool:
        return all(rate.totals[group] >= FEW for group in pair.groups)

    if of_many(first):
        return first
    if limit is None:
        recorded = (pair for pair in widest.pairs if not any(MISSING in group for group in pair.groups))
        return next(filter(of_many, recorded), first)
    return next((pair for pair in widest.pairs if pair.estimate.against(limit) is Verdict.FAIL), first)


def headline(case: Case) -> str:
    """Two rates that are far apart; few people are counted and get no rate."""
    lower, higher = case.named.groups
    told, value = case.told, case.named.estimate.value
    if case.share(lower) == case.share(higher) and not (case.few(lower) or case.few(higher)):
        who = f"{case.members(lower)} and {case.members(higher)}{told.tail}"
        return f"{told.opening} a similar share of {who}: {case.share(lower)}"
    ratio = f", a ratio of {fmt.number(value, 'ratio')}" if case.way is RATIO and value is not None else ""
    return f"{told.opening} {case.share_of_members(lower)} and {case.share_of_members(higher)}{told.tail}{ratio}"


def lead(case: Case) -> str:
    """Value and interval, over whom, what chance would give, the other groups, those too small, those unknown."""
    found, told, people = case.widest.estimate, case.told, case.counted
    over = f"over {fmt.count(case.rate.people)} {people}{told.tail} in {len(case.recorded)} groups"
    over += f", {fmt.count(case.aside)} of them with no {case.grouping.name} recorded" if case.aside else ""
    first = f"The {case.way.name} is {_shown(case, found)}, {over}."
    if set(case.named.groups) != set(case.widest.groups):
        furthest = " and ".join(map(case.label, case.widest.groups))
        between = f"Between these two the {case.way.name} is {_shown(case, case.named.estimate)}."
        first = f"{between} It is widest between {furthest}: {_shown(case, found)}, {over}."
    sentences = [first]
    if found.p is not None:
        sentences.append(chance(found.p))
    others = [group for group in case.filled if group not in case.named.groups and not case.few(group)]
    if others:
        which = "Others" if len(others) > 1 else "The other group"
        sentences.append(f"{which}: {listed(f'{case.label(group)} {case.share(group)}' for group in others)}.")
    few = [group for group in case.filled if case.few(group)]
    if few:
        named = listed(f"{case.label(group)} ({case.rate.totals[group]})" for group in few)
        sentences.append(f"Too few to judge alone, under {FEW} {people}: {named}.")
    if case.unknown:
        named = listed(map(case.label, case.unknown))
        sentences.append(f"Of {named} there are no {people}{told.tail}, so the rate there is unknown.")
    return " ".join(sentences)


def notes(case: Case) -> tuple[str, ...]:
    """What changes what the number means: people whose group is not recorded, tables that are cut."""
    found = [] if case.rate.drawn is None else [case.rate.drawn.words]
    if case.aside:
        found.append(
            f"{fmt.count(case.aside)} {case.counted}{case.told.tail} have no {case.grouping.name} recorded; they are counted "
            f"and shown, and a difference with them counts once it is firm"
        )
    if len(case.rate.totals) > MOST_GROUPS:
        found.append(
            f"the tables list the {MOST_GROUPS} largest of {fmt.count(len(case.rate.totals))} groups; the interval "
            "holds for all of them"
        )
    return tuple(found)


def doubt(case: Case, found: Bounds) -> str:
    """What the gap can be, whichever groups people are of."""
    return whichever(
        case.grouping.name,
        f"{case.people}{case.told.tail}",
        (found.least, found.most),
        (found.low, found.high),
        unknown=found.unknown,
        error=found.error,
        limit=None if case.limit is None else case.limit.at_most,
    )


def _shown(case: Case, found: Estimate) -> str:
    if found.value is None:
        return "unknown, since no rate is above zero"
    return fmt.measured(found.value, found.low, found.high, case.way.unit)
