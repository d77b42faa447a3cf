"""A letter a refused applicant can read: whole, plain, escaped."""

from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest

from fairwitness.accountability.decisions import letter, rulings
from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.errors import DecisionError
from fairwitness.accountability.decisions.letter import Letter, Wording
from fairwitness.accountability.decisions.record import record
from support.decisions import FIRST, NOW, RULES

WORDS = Wording(
    sender="First Bank",
    contact="1 Main Street\nappeals@bank.example",
    about="your application for a loan",
    reasons={"debt": "Your debt is high beside your income."},
    decisions={"0": "refused"},
)


def made(book: Book, wording: Wording = WORDS, file_within: int | None = 30) -> Letter:
    return letter.compose(
        book, FIRST.id, wording=wording, rules=replace(RULES, file_within=file_within), today=date(2026, 1, 31)
    )


def test_it_says_what_why_what_could_change_and_until_when(book: Book) -> None:
    text = letter.text(made(book))
    for part in (
        "We have refused your application for a loan.",
        "This was decided on 20 January 2026. A computer program gave a score. We have no record that a person decided.",
        "1. Your debt is high beside your income.\n2. history",  # a code without words is shown as it is
        "a lower rate of debt to income",
        "You can appeal until 19 February 2026.",
        "appeals@bank.example",
        "Ask that a person who had no part in this decision looks at it again",
        "Reference: application-17",
    ):
        assert part in text
    assert "0.43" not in text


def test_both_forms_say_the_same(book: Book) -> None:
    class Words(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[str] = []
            self.inside = False

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.inside = self.inside or tag == "main"

        def handle_data(self, data: str) -> None:
            if self.inside:
                self.found += data.split()

    page = Words()
    page.feed(letter.html(made(book)))
    text = letter.text(made(book))
    marks = {"1.", "2.", "-", "Reference:", "to:"}
    assert set(text.split()) - marks <= set(page.found)


def test_whatever_is_written_stays_text(book: Book) -> None:
    attack = "<script>alert(1)</script>"
    row = replace(FIRST, id="x", person=attack, change=attack, reasons=(attack,))
    list(record(book, [("row 1", row)], now=NOW))
    wording = Wording(sender=attack, contact=attack, about=attack, decisions={"0": attack}, reasons={"x": attack})
    page = letter.html(letter.compose(book, "x", wording=wording, rules=RULES, today=date(2026, 1, 31)))
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_at_most_four_reasons(book: Book) -> None:
    list(record(book, [("row 1", replace(FIRST, id="x", reasons=tuple("abcdef")))], now=NOW))
    found = letter.compose(book, "x", wording=WORDS, rules=RULES, today=date(2026, 1, 31))
    assert found.reasons == tuple("abcd")


def test_what_is_not_known_is_not_made_up(book: Book) -> None:
    list(record(book, [("row 1", replace(FIRST, id="x", reasons=(), change="", time="", score=None))], now=NOW))
    text = letter.text(letter.compose(book, "x", wording=WORDS, rules=RULES, today=NOW.date() + timedelta(days=9)))
    assert "on record since 31 January 2026. We have no record of who or what decided." in text
    assert "The reasons are not recorded here." in text
    assert "What could change this" not in text
    assert "You can appeal at any time." in text


def test_no_letter_without_a_contact_or_about_a_good_decision(book: Book) -> None:
    with pytest.raises(DecisionError, match=r"write \[appeals\] contact"):
        made(book, replace(WORDS, contact=" "))
    with pytest.raises(DecisionError, match="good for the person"):
        letter.compose(book, "application-20", wording=WORDS, rules=RULES, today=date(2026, 1, 31))


def test_a_corrected_decision_holds(book: Book) -> None:
    entry, person = book.decision(FIRST.id)
    with book.vault.transaction():
        book.note(person, "correction", entry, {"id": FIRST.id, "decision": "1", "label": "1", "appeal": "A"})
    assert rulings.of_record(book, entry, book.payload(entry, person)[0]) == "1"
    with pytest.raises(DecisionError, match="good for the person"):
        made(book)
