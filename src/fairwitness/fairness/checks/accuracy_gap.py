"""How far apart groups are in how often the decision is the recorded one."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import CORRECT, Ask
from fairwitness.core.check import About, CheckInfo, Given, NoOptions, Outcome
from fairwitness.core.estimate import Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.fairness.compare import GAP_SOURCES, compare_rates, judged_tally
from fairwitness.fairness.rates import accuracy
from fairwitness.fairness.sentences import Told
from fairwitness.fairness.words import outcome


class AccuracyGap:
    info = CheckInfo(
        id="fairness.accuracy-gap",
        title="Decisions are as accurate in every group",
        failure_title="Decisions are less accurate in one group",
        measures=(
            "Widest gap between two groups in the share of people whose decided class is the recorded one, of two "
            "classes or of many."
        ),
        does_not_show=(
            "Which errors are made: two groups can be equally accurate while one is wrongly refused and the other "
            "wrongly approved. Where an outcome is rare, always deciding against it is accurate as well."
        ),
        advice=(
            "Collect more people of the group with the lowest accuracy, or weight them in training, and look at its "
            "errors by kind."
        ),
        needs=frozenset({"groups", "decisions", "truth"}),
        tasks=frozenset({"binary", "multi-class"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.MEDIUM,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Buolamwini and Gebru 2018, FAT*, PMLR 81:77-91, accuracy by group and by intersection",
            *GAP_SOURCES,
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [judged_tally(about, CORRECT)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        rate = accuracy(given[judged_tally(given.about, CORRECT)], given.grouping.columns)
        verb = "agrees" if given.outline.actor == "The model" else "agree"
        told = Told(
            metric="accuracy gap",
            rate="Accuracy",
            opening=f"{given.outline.actor} {verb} with the recorded {outcome(given.outline)} for",
        )
        return compare_rates(given, rate, told)
