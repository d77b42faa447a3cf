"""How far apart groups are in how often people without the predicted outcome are taken to have it."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import DECISION, LABEL, Ask
from fairwitness.core.check import About, CheckInfo, Given, NoOptions, Outcome
from fairwitness.core.estimate import Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.fairness.compare import GAP_SOURCES, compare_rates, judged_tally
from fairwitness.fairness.odds import false_positives
from fairwitness.fairness.rates import false_positive_rate


class FalsePositiveRateGap:
    info = CheckInfo(
        id="fairness.false-positive-rate-gap",
        title="False alarms are similarly frequent in every group",
        failure_title="False alarms are more frequent in one group",
        measures="Widest gap between two groups in the share decided positive among people not recorded positive.",
        does_not_show=(
            "Whether the recorded outcomes are right, nor why the rates differ: where groups differ in how often the "
            "outcome is recorded, scores that are equally well calibrated can still give unequal false alarms."
        ),
        advice=(
            "Look at the people wrongly taken to have the outcome in the group that has most of them, and at which "
            "columns made it so. A higher threshold lowers false alarms and misses more; decide with those affected."
        ),
        needs=frozenset({"groups", "decisions", "truth", "positive"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.HIGH,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Larson, Mattu, Kirchner and Angwin 2016, ProPublica, How we analyzed the COMPAS recidivism algorithm",
            "Chouldechova 2017, Big Data 5(2):153-163, on calibration and unequal false alarms",
            *GAP_SOURCES,
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [judged_tally(about, LABEL, DECISION)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        tally = given[judged_tally(given.about, LABEL, DECISION)]
        return compare_rates(given, false_positive_rate(tally, given.grouping.columns), false_positives(given.outline))
