"""Whether decisions about some groups are overturned on appeal more often: a sign that they were wrong more often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fairwitness.accountability.decisions.compared import SOURCES, Told, asked, compare, counted, table
from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Limit, Severity
from fairwitness.core.subject import Outline


class OverturnRateGap:
    info = CheckInfo(
        id="accountability.overturn-rate-gap",
        title="Appeals succeed at similar rates in all groups",
        failure_title="Decisions about one group are overturned more often than about another",
        measures=(
            "Widest gap between two groups in the share of answered appeals that changed the decision, in whole or in part."
        ),
        does_not_show=(
            "How often decisions are wrong: only those that were appealed were looked at again, and groups may differ in "
            "who appeals. Nor whether the reviewers were right."
        ),
        advice=(
            "Read the overturned decisions of the group with most of them: what did the model not know, or weigh wrongly? "
            "Review the similar cases that the overturns opened, and train again with the corrected outcomes."
        ),
        needs=frozenset({"groups"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.HIGH,
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
        told = Told(
            metric="overturn-rate gap",
            rate="Changed on appeal",
            opening="Appeals changed the decision about",
            among=" whose appeal was answered",
        )
        changed = counts.by(by, "overturned", "partly")
        outcome = compare(given, changed, counts.by(by, "answered"), told)
        if not isinstance(outcome, Measured):
            return outcome
        least = table(changed, counts.by(by, "adverse"), given, title="Decisions against a person known to be wrong")
        note = (
            "the last table holds what appeals changed among all decisions against a person: at least so many were wrong, "
            "since most were never looked at again"
        )
        return replace(outcome, explored=(*outcome.explored, least), notes=(*outcome.notes, note))
