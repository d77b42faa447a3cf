"""What no measurement can answer: who is responsible, what for, and where a person can turn."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NeedsPerson, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.questions import Question
from fairwitness.core.subject import Outline


class UnansweredQuestions:
    info = CheckInfo(
        id="accountability.unanswered-questions",
        title="A person has answered the question",
        failure_title="A question that only a person can answer is open",
        measures="Whether the config answers a question about the system that only a person can answer.",
        does_not_show="Whether the answer is true, complete, or enough for those affected: it is shown as it was written.",
        advice="Ask the person named, and write the answer into the [context] table of the config; it is published.",
        per="question",
        limit=Limit(at_most=0),
        severity=Severity.MEDIUM,
        sources=(
            "Mitchell et al. 2019, FAT*, 220-229, model cards",
            "Raji et al. 2020, FAT*, 33-44, on accountability by internal audit",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return [] if isinstance(about, Question) else NotApplicable("there is no question to ask")

    def run(self, given: Given, options: NoOptions) -> Outcome:
        question = given.about
        if not isinstance(question, Question):
            return NotApplicable("there is no question to ask")
        answer = " ".join(given.context.get(question.key, "").split())
        if not answer:
            return NeedsPerson(f"{question.asks} Ask {question.whom}.")
        return Measured(
            headline=f"Answered: {question.asks}",
            lead=answer,
            judged={Key(metric="open questions"): Estimate.count(0, n=1, unit="number")},
        )
