"""Every criterion of fairness side by side, and which of them exclude each other here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fairwitness.core.asks import DECISION, LABEL, SCORE, Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Limit, Severity, Unit
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import label, listed, members
from fairwitness.fairness.attributes import Cell, left_out, named, table
from fairwitness.fairness.calibration import EDGES
from fairwitness.fairness.cells import Cells
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.words import event, outcome

if TYPE_CHECKING:
    from fairwitness.fairness.criteria import Criterion, Forced

DRAWN = (
    "demographic parity",
    "equal opportunity",
    "predictive equality",
    "predictive parity",
    "negative predictive parity",
    "calibration (record at equal score)",
)
"""Criteria that are drawn; the table has all."""
FORCED_UNITS: dict[str, Unit] = {
    "first": "share",
    "second": "share",
    "gap": "points",
    "low": "points",
    "high": "points",
    "seen": "points",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CriteriaOptions:
    """What is called equal.

    Attributes:
        within: A criterion holds where the whole interval of the difference lies within so much of 0, either way.
    """

    within: float = 0.10

    def __post_init__(self) -> None:
        if not 0 < self.within < 1:
            raise ValueError(f"within is {self.within:g}; it lies between 0 and 1 (0.10 is 10 points)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One attribute's two largest groups."""

    grouping: Grouping
    pair: tuple[str, str]
    criteria: list[Criterion]
    forced: list[Forced]

    @property
    def bases(self) -> Criterion:
        return self.criteria[0]

    @property
    def apart(self) -> bool:
        """Whether base rates differ for sure."""
        low, high = self.bases.low, self.bases.high
        return low is not None and high is not None and not low <= 0 <= high

    def told(self, holds: str, within: float) -> list[str]:
        return [each.name for each in self.criteria[1:] if each.holds(within) == holds]


class Criteria:
    info = CheckInfo(
        id="fairness.criteria",
        title="The criteria of fairness, side by side",
        failure_title="Criteria of fairness contradict each other",
        measures=(
            "For the two largest groups of each single attribute, every criterion that decisions, records and scores settle: what "
            "would be equal, its difference with an interval, and whether it holds; then what equality of some would force on the "
            "others, base rates being what they are."
        ),
        does_not_show=(
            "Which criterion is the right one: that is a choice about who bears which error. Smaller groups are compared in the "
            "check of each criterion, which also judges; here nothing is."
        ),
        advice="Choose the criterion whose error costs people most, write down why, and judge by its check.",
        needs=frozenset({"groups", "decisions", "truth", "positive"}),
        severity=Severity.LOW,
        sources=(
            "Chouldechova 2017, Big Data 5(2):153-163, equation 2.6",
            "Kleinberg, Mullainathan and Raghavan 2017, ITCS; Barocas, Hardt and Narayanan 2023, chapter 3",
            "Newcombe 1998 and Zou and Donner 2008, for differences; Sato 1989, Biometrics 45(4):1323-1324, at equal score",
        ),
    )
    Options = CriteriaOptions

    def asks(self, outline: Outline, about: About, options: CriteriaOptions) -> Sequence[Ask] | NotApplicable:
        asked = [judged_tally(grouping, LABEL, DECISION) for grouping in _single(outline)]
        if not asked:
            return NotApplicable("no setting names a single sensitive attribute")
        if "scores" not in outline.offers:
            return asked
        return [*asked, *map(_scores, _single(outline))]

    def run(self, given: Given, options: CriteriaOptions) -> Outcome:
        sides = [side for grouping in _single(given.outline) if (side := _side(given, grouping)) is not None]
        if not sides:
            return NotApplicable("no attribute has two groups of people with a decision and a recorded outcome")
        most = max(sides, key=lambda side: (len(side.told("broken", options.within)), abs(side.bases.value or 0.0)))
        rows = [_line(side, each) for side in sides for each in side.forced]
        return Measured(
            headline=_headline(most, options.within),
            lead=" ".join(_choice(given, side) for side in sides),
            explored=(
                *(_table(side, options.within) for side in sides),
                table(
                    "What equality of some would force on others",
                    rows,
                    FORCED_UNITS,
                ),
            ),
            figures=(_figure(sides, options.within, given.level),),
            notes=(_compared(sides), *left_out(rows, "lines")),
        )


def _single(outline: Outline) -> list[Grouping]:
    """Crossings have no two groups that stand for the rest."""
    return [grouping for grouping in named(outline) if len(grouping.columns) == 1]


def _scores(grouping: Grouping) -> TallyAsk:
    """As fairness.calibration-gap asks, so that it is counted once."""
    return replace(judged_tally(grouping, LABEL, SCORE), edges=((SCORE, EDGES),), sums=(SCORE,))


def _side(given: Given, grouping: Grouping) -> _Side | None:
    from fairwitness.fairness import criteria  # pulls in SciPy

    cells = Cells.of(given[judged_tally(grouping, LABEL, DECISION)], grouping.columns)
    places = criteria.two_largest(cells)
    if places is None:
        return None
    pair = cells.groups[places[0]], cells.groups[places[1]]
    found = criteria.of_decisions(cells, places, level=given.level)
    if "scores" in given.outline.offers:
        found += criteria.of_scores(given[_scores(grouping)], grouping.columns, pair, level=given.level)
    return _Side(
        grouping=grouping,
        pair=pair,
        criteria=found,
        forced=criteria.forced(cells, places, level=given.level, rng=given.rng),
    )


def _headline(side: _Side, within: float) -> str:
    broken, holds = side.told("broken", within), side.told("holds", within)
    about = f"By {side.grouping.name}"
    if broken and holds:
        return f"{about}, {listed(holds, shown=4)} {_verb(holds, 'holds', 'hold')} and {listed(broken, shown=4)} {_verb(broken, 'does', 'do')} not"
    if broken:
        return f"{about}, {listed(broken, shown=4)} {_verb(broken, 'is', 'are')} broken, and no other criterion holds for sure"
    if holds:
        return f"{about}, {listed(holds, shown=4)} {_verb(holds, 'holds', 'hold')}, and none is broken for sure"
    return f"{about}, too few people to say of any criterion whether it holds"


def _verb(names: Sequence[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many


def _choice(given: Given, side: _Side) -> str:
    """Why the criteria cannot all hold, in this subject's numbers."""
    columns, people = side.grouping.columns, given.outline.people
    first, second = (members(group, columns, people) for group in side.pair)
    bases, fpr = side.bases, side.forced[0]
    start = (
        f"{outcome(given.outline)} is {event(given.outline)} for {fmt.number(bases.first, 'share')} of {first} and "
        f"{fmt.number(bases.second, 'share')} of {second}, {fmt.measured(bases.value, bases.low, bases.high, 'points')} apart"
    )
    if not side.apart:
        return f"{start}: not for sure, so it is not shown that criteria exclude one another here."
    if fpr.first is None or fpr.second is None:
        return f"{start}; {_unknown(side)}, so it is unknown what equal predictive values would force."
    if fpr.first == fpr.second:  # of unequal base rates only where both are 0
        return f"{start}; but no positive decision is wrong, so equal predictive values and equal error rates can all hold."
    gap = fpr.gap
    return (
        f"{start}. So if positive decisions were right equally often in both and found the same share of those with the "
        f"outcome, false-positive rates would have to be {fmt.number(fpr.first, 'share')} and {fmt.number(fpr.second, 'share')}, "
        f"{fmt.measured(gap.value, gap.low, gap.high, 'points')} apart ({fmt.number(fpr.seen, 'points')} seen){_impossible(fpr)}: "
        "predictive parity, equal opportunity and equal false-positive rates cannot all hold. Which to give up is a choice, "
        "not a measurement."
    )


def _unknown(side: _Side) -> str:
    """Why nothing can be said of what equal predictive values force."""
    if 1.0 in (side.bases.first, side.bases.second):
        return "everybody of a group has the outcome"
    predictive = next(each for each in side.criteria if each.name == "predictive parity")
    if predictive.first is None and predictive.second is None:
        return "nobody is decided positive"
    return "no positive decision is right"


def _impossible(found: Forced) -> str:
    beyond = max(found.first or 0.0, found.second or 0.0) > 1
    return ", more than everybody" if beyond else ""


def _table(side: _Side, within: float) -> Series:
    first, second = (label(group, side.grouping.columns) for group in side.pair)
    each = side.criteria
    return Series(
        title=f"Criteria by {side.grouping.name}: {first} (first), {second} (second)",
        columns={
            "criterion": tuple(one.name for one in each),
            "first": tuple(one.first for one in each),
            "second": tuple(one.second for one in each),
            "difference": tuple(one.value for one in each),
            "low": tuple(one.low for one in each),
            "high": tuple(one.high for one in each),
            "n": tuple(one.n for one in each),
            f"within {fmt.number(within, 'points')}": ("", *(one.holds(within) for one in each[1:])),
        },
        units={
            "first": "share",
            "second": "share",
            "difference": "points",
            "low": "points",
            "high": "points",
            "n": "people",
        },
    )


def _line(side: _Side, each: Forced) -> dict[str, Cell]:
    return {
        "attribute": side.grouping.name,
        "given": each.given,
        "forces": each.forces,
        "first": each.first,
        "second": each.second,
        "gap": each.gap.value,
        "low": each.gap.low,
        "high": each.gap.high,
        "seen": each.seen,
    }


def _figure(sides: Sequence[_Side], within: float, level: float) -> Intervals:
    rows = tuple(
        Interval(
            label=each.name,
            value=each.value,
            low=each.low,
            high=each.high,
            n=each.n,
            section=f"{label(side.pair[1], side.grouping.columns)} less {label(side.pair[0], side.grouping.columns)}",
            note="" if each.value is not None else "undefined",
        )
        for side in sides
        for each in side.criteria
        if each.name in DRAWN
    )
    return Intervals(
        title="Criteria side by side",
        caption=(
            f"Points. Line: {fmt.level(level)}, Newcombe's interval, at equal score Sato's. Shaded: what is called equal."
        ),
        unit="points",
        rows=rows,
        limit=Limit(at_most=within, at_least=-within),
    )


def _compared(sides: Sequence[_Side]) -> str:
    pairs = [
        f"{label(side.pair[0], side.grouping.columns)} (first) and {label(side.pair[1], side.grouping.columns)} (second)"
        for side in sides
    ]
    return f"compared are the two largest groups: {listed(pairs, shown=12)}; intervals hold one by one"
