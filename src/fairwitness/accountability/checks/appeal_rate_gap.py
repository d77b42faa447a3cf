"""Whether some groups appeal less often than others against decisions that went against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fairwitness.accountability.decisions.compared import SOURCES, Told, asked, compare, counted, table
from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Limit, Severity
from fairwitness.core.subject import Outline


class AppealRateGap:
    info = CheckInfo(
        id="accountability.appeal-rate-gap",
        title="Groups appeal at similar rates",
        failure_title="Some groups appeal less often than others",
        measures="Widest gap between two groups in the share of decisions against a person that the person appealed.",
        does_not_show=(
            "Why: a group that appeals less may be treated well, or may not know how to appeal, or not dare to. Decisions "
            "made lately may still be appealed."
        ),
        advice=(
            "Ask people of the group that appeals least whether they know that they can, and how; look at the letter, its "
            "language, and what an appeal costs them."
        ),
        needs=frozenset({"groups"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.LOW,
        sources=SOURCES,
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return asked(outline, about)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        counts = counted(given)
        if isinstance(counts, NotApplicable):
            return counts
        by = given.grouping.columns
        told = Told(metric="appeal-rate gap", rate="Appealed", opening="Appeals came from", among=" decided against")
        appealed, withdrawn = counts.by(by, "appealed"), counts.by(by, "withdrawn")
        outcome = compare(given, appealed, counts.by(by, "adverse"), told)
        if not isinstance(outcome, Measured) or not any(withdrawn.values()):
            return outcome
        return replace(outcome, explored=(*outcome.explored, table(withdrawn, appealed, given, title="Taken back")))
