"""How far apart groups are in how often people with the predicted outcome are recognised."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import DECISION, LABEL, Ask
from fairwitness.core.check import About, CheckInfo, Given, NoOptions, Outcome
from fairwitness.core.estimate import Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.fairness.compare import GAP_SOURCES, compare_rates, judged_tally
from fairwitness.fairness.odds import true_positives
from fairwitness.fairness.rates import true_positive_rate


class TruePositiveRateGap:
    info = CheckInfo(
        id="fairness.true-positive-rate-gap",
        title="People with the predicted outcome are recognised at similar rates in every group",
        failure_title="People with the predicted outcome are recognised less often in one group",
        measures=(
            "Widest gap between two groups in the share decided positive among people recorded positive. The rest are "
            "missed: the false-negative rate is one less this share, and its gap is the same."
        ),
        does_not_show=(
            "Whether the recorded outcomes are right: where the record itself is biased, an equal rate of agreement "
            "with it can be unfair. It says nothing about people recorded otherwise."
        ),
        advice=(
            "Look at the people who were missed in the group missed most: too few examples, or columns that mean "
            "something else there? Collect more of them or weight them, and train again."
        ),
        needs=frozenset({"groups", "decisions", "truth", "positive"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.HIGH,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Hardt, Price and Srebro 2016, NeurIPS, equality of opportunity",
            *GAP_SOURCES,
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [judged_tally(about, LABEL, DECISION)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        tally = given[judged_tally(given.about, LABEL, DECISION)]
        return compare_rates(given, true_positive_rate(tally, given.grouping.columns), true_positives(given.outline))
