"""How far apart groups are in both error rates at once."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import DECISION, LABEL, Ask
from fairwitness.core.check import About, CheckInfo, Given, NoOptions, Outcome
from fairwitness.core.estimate import Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.fairness.compare import GAP_SOURCES, judged_tally
from fairwitness.fairness.odds import both_gaps


class EqualizedOddsGap:
    info = CheckInfo(
        id="fairness.equalized-odds-gap",
        title="Decisions are right and wrong at similar rates in every group",
        failure_title="Decisions are right or wrong at different rates in different groups",
        measures=(
            "Widest gaps between two groups in the true-positive rate and in the false-positive rate. Both are judged, "
            "each at a level at which the two hold together."
        ),
        does_not_show=(
            "Whether the recorded outcomes are right. Scores that mean the same in every group (calibration) and equal "
            "error rates exclude each other wherever groups differ in how often the outcome occurs: which to prefer is "
            "a choice, not a measurement."
        ),
        advice=(
            "See which of the two gaps is wide, and for whom, and follow the advice of that check. Holding down one "
            "gap can widen the other: look at both after each change."
        ),
        needs=frozenset({"groups", "decisions", "truth", "positive"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.HIGH,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Hardt, Price and Srebro 2016, NeurIPS, definition 2.1",
            "Kleinberg, Mullainathan and Raghavan 2017, ITCS, on what cannot be had together",
            "Šidák 1967, JASA 62(318):626-633: the two rates are of different people, so the rule is exact",
            *GAP_SOURCES,
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [judged_tally(about, LABEL, DECISION)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        return both_gaps(given, given[judged_tally(given.about, LABEL, DECISION)])
