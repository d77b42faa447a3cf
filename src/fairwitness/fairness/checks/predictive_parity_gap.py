"""How far apart groups are in how often a positive decision turns out right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fairwitness.core.asks import DECISION, LABEL, Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, Outcome
from fairwitness.core.estimate import Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.fairness.compare import GAP_SOURCES, compare_rates, judged_tally
from fairwitness.fairness.rates import negative_predictive_value, positive_predictive_value
from fairwitness.fairness.sentences import Told
from fairwitness.fairness.tables import by_group
from fairwitness.fairness.words import event, for_whom, outcome


class PredictiveParityGap:
    info = CheckInfo(
        id="fairness.predictive-parity-gap",
        title="A positive decision is right similarly often in every group",
        failure_title="A positive decision is right less often in one group",
        measures=(
            "Widest gap between two groups in the share recorded positive among people decided positive. The share "
            "recorded otherwise among people decided otherwise is shown and not judged."
        ),
        does_not_show=(
            "How often people with the outcome are missed, or people without it wrongly taken to have it: those rates "
            "can differ widely while this one is equal. Where groups differ in how often the outcome occurs, not all "
            "of them can be equal."
        ),
        advice=(
            "Calibrate the scores for the group whose positive decisions are wrong most often, on rows kept for "
            "tuning, or collect more of its people for training."
        ),
        needs=frozenset({"groups", "decisions", "truth", "positive"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.MEDIUM,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Chouldechova 2017, Big Data 5(2):153-163, predictive parity",
            *GAP_SOURCES,
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [judged_tally(about, LABEL, DECISION)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        tally, by = given[judged_tally(given.about, LABEL, DECISION)], given.grouping.columns
        told = Told(
            metric="predictive-parity gap",
            rate="Positive predictive value",
            opening=f"The recorded {outcome(given.outline)} is {event(given.outline)} for",
            tail=for_whom(given.outline, event(given.outline)),
        )
        found = compare_rates(given, positive_predictive_value(tally, by), told)
        if not isinstance(found, Measured):
            return found
        other = negative_predictive_value(tally, by)
        table = by_group(other, by, level=given.level, title="Negative predictive value by group")
        return replace(found, explored=(*found.explored, table))
