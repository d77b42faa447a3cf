from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest

from fairwitness.accountability import pages
from fairwitness.accountability.cards import CARDS, Kind
from fairwitness.accountability.pages import html, markdown
from fairwitness.core.findings import Document
from fairwitness.core.questions import QUESTIONS
from support.documents import crowd, document, sample
from support.figures import HOSTILE
from support.html import check

GOLDEN = Path(__file__).parents[2] / "golden" / "cards"
KINDS = pytest.mark.parametrize("kind", list(CARDS))
DOCUMENTS = pytest.mark.parametrize("made", [sample(), document(), crowd(30)], ids=["sample", "empty", "crowd"])


def answered(made: Document) -> Document:
    return dataclasses.replace(made, context={question.key: f"Answer to {question.key}." for question in QUESTIONS})


@KINDS
@pytest.mark.parametrize("surface", ["md", "html"])
def test_the_sample_card_is_as_it_was(kind: Kind, surface: str) -> None:
    """After a change that is meant: `FAIRWITNESS_GOLDEN=write pytest tests/accountability`, then look and commit."""
    page = CARDS[kind](sample())
    text = markdown(page) if surface == "md" else html(page)
    path = GOLDEN / f"{kind}.{surface}"
    if os.environ.get("FAIRWITNESS_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@KINDS
@DOCUMENTS
def test_every_card_is_a_sound_page(kind: Kind, made: Document) -> None:
    check(html(CARDS[kind](made)))


@KINDS
def test_hostile_values_are_shown_and_do_nothing(kind: Kind) -> None:
    made = dataclasses.replace(
        sample(),
        headline=HOSTILE,
        context={question.key: HOSTILE for question in QUESTIONS},
        subject=dataclasses.replace(sample().subject, name=HOSTILE, model=HOSTILE, groups=(HOSTILE,), notes=(HOSTILE,)),
    )
    text = html(CARDS[kind](made))
    parsed = check(text)
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "<img src=x onerror=alert(1)>" in "".join(parsed.words)
    marked = re.sub("`[^`]*`", "", markdown(CARDS[kind](made)))  # what stands as code is inert
    assert "<img" not in marked
    assert "[x](javascript" not in marked


@KINDS
def test_open_questions_are_marked_open_and_answers_shown(kind: Kind) -> None:
    bare, full = markdown(CARDS[kind](document())), markdown(CARDS[kind](answered(sample())))
    assert "nobody has said" in bare or "**Open.**" in bare
    assert "nobody has said" not in full
    assert "Answer to purpose." in full


def test_a_model_card_names_every_judged_number_by_group() -> None:
    text = markdown(CARDS["model"](sample()))
    assert "| White and Black | selection-rate gap | **Fail:** 26.0 points" in text.replace("\\_", "_")
    assert "Passes: 3." in text
    assert "The data hold no dates." in text  # what was not looked at


def test_an_audit_that_judged_nothing_claims_nothing() -> None:
    for kind, card in CARDS.items():
        text = markdown(card(document()))
        assert "passes its gate" not in text, kind
    assert "Nothing was judged" in markdown(CARDS["summary"](document()))
    assert "nothing was judged" in markdown(CARDS["model"](document()))


def test_a_data_sheet_has_no_findings_about_the_model() -> None:
    text = markdown(CARDS["data"](sample()))
    assert "data.duplicates" in text
    assert "fairness.selection-rate-gap" not in text


def test_the_summary_says_how_much_it_left_out() -> None:
    text = markdown(CARDS["summary"](crowd(30)))
    assert "and 24 more in the report" in text


def test_no_card_claims_a_law_is_met() -> None:
    for card in CARDS.values():
        text = pages.markdown(card(sample()))
        assert "makes no claim that a law is met" in text
        assert "complian" not in text.lower()
