"""How far apart groups are in the share of decisions that are good for the person."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import DECISION, FAVORED, Ask
from fairwitness.core.check import About, CheckInfo, Given, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.fairness.compare import GAP_SOURCES, compare_rates, judged_tally
from fairwitness.fairness.rates import selection_rate
from fairwitness.fairness.sentences import Told
from fairwitness.fairness.words import decides, event, favours


class SelectionRateGap:
    info = CheckInfo(
        id="fairness.selection-rate-gap",
        title="Groups are selected at similar rates",
        failure_title="Groups are selected at different rates",
        measures=(
            "Widest gap between two groups in the share of decisions that are good for the person (where that is not "
            "declared, of positive decisions)."
        ),
        does_not_show=(
            "Whether the gap is deserved: groups may differ in what the decision is about, and some of those "
            "differences may themselves come from unequal treatment. Nor why there is a gap."
        ),
        advice=(
            "Compare the gap with the one in the recorded outcomes, look at which columns tell the group, and ask "
            "whether they belong in this decision. Then train again with the gap held down, and see what that costs."
        ),
        needs=frozenset({"groups", "decisions"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.HIGH,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Calders and Verwer 2010, Data Mining and Knowledge Discovery 21(2):277-292, the difference in rates",
            *GAP_SOURCES,
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        column = _column(outline)
        if column is None:
            return NotApplicable("it needs to know which outcome is good for the person, or positive", "favorable")
        return [judged_tally(about, column)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        column = _column(given.outline) or FAVORED
        rate = selection_rate(given[judged_tally(given.about, column)], given.grouping.columns, column)
        good = column == FAVORED
        told = Told(
            metric="selection-rate gap",
            rate="Decided in favour" if good else f"Decided {event(given.outline)}",
            opening=favours(given.outline) if good else decides(given.outline, event(given.outline)),
        )
        return compare_rates(given, rate, told)


def _column(outline: Outline) -> str | None:
    if outline.favorable is not None:
        return FAVORED
    return DECISION if outline.positive is not None else None
