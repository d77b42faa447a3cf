"""A question stays open until a person has answered it."""

from __future__ import annotations

import pytest

from fairwitness.core.check import NeedsPerson, NotApplicable
from fairwitness.core.estimate import Verdict
from fairwitness.core.questions import QUESTIONS, Question
from support.given import check, measured, run, verdict

CHECK = check("accountability.unanswered-questions")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)
def test_without_an_answer_it_needs_a_person_and_says_whom(question: Question) -> None:
    outcome = run(CHECK, {}, about=question)
    assert outcome == NeedsPerson(f"{question.asks} Ask {question.whom}.")


def test_white_space_is_no_answer() -> None:
    assert isinstance(run(CHECK, {}, about=QUESTIONS[0], context={QUESTIONS[0].key: " \n "}), NeedsPerson)


def test_an_answer_passes_and_is_shown_as_written_without_the_others() -> None:
    context = {"owner": "Ada Byron,\n  head of lending", "purpose": "not this one"}
    found = measured(CHECK, {}, about=QUESTIONS[0], context=context)
    assert found.headline == "Answered: Who answers for this system by name?"
    assert found.lead == "Ada Byron, head of lending"
    assert "not this one" not in str(found)
    assert verdict(CHECK, {}, about=QUESTIONS[0], context=context) is Verdict.PASS


def test_without_a_question_there_is_nothing_to_ask() -> None:
    assert run(CHECK, {}) == NotApplicable("there is no question to ask")


def test_it_says_what_it_is() -> None:
    info = CHECK.info
    assert info.id == "accountability.unanswered-questions"
    assert info.per == "question"
    assert info.title != info.failure_title
    assert all((info.measures, info.does_not_show, info.advice, *info.sources))
