"""The letter about a decision: what was decided, why, what could change, and how to object; for who has to read it.

Plain words, at most four reasons (12 CFR 1002.9, comment 9(b)(2)-1: more are not helpful), and what the law gives.
It goes to one person, so it is never part of a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.errors import DecisionError
from fairwitness.accountability.decisions.rulings import of_record
from fairwitness.accountability.decisions.steps import Rules, last_day
from fairwitness.draw.text import plain

if TYPE_CHECKING:
    from jinja2 import Template

MOST_REASONS = 4

RIGHTS = (
    "Ask that a person who had no part in this decision looks at it again, before seeing what a computer said.",
    "Say why you see it differently, and send whatever we did not know.",
    "Ask what data about you we used, get a copy, and have what is wrong put right.",
    "Complain to the supervisory authority, or go to court.",
)
"""After GDPR articles 15(1)(h), 16, 22(3), 77 and 79, and the AI Act's article 86(1), in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What only those who send the letter know.

    Attributes:
        sender: The organisation.
        contact: Where an appeal goes: address, e-mail, telephone.
        reasons: Reason code to words a stranger understands.
        decisions: Decision to words: `{"0": "refused"}`.
        about: What was decided on, such as "your application for a mortgage".
        rights: In place of `RIGHTS`, as the law of the place has them.
    """

    sender: str = ""
    contact: str = ""
    about: str = "your application"
    reasons: Mapping[str, str] | None = None
    decisions: Mapping[str, str] | None = None
    rights: tuple[str, ...] = RIGHTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The letter's content, ready for any form."""

    title: str
    sender: str
    written: str
    reference: str
    person: str
    when: str
    opening: str
    how: str
    reasons: tuple[str, ...]
    change: str
    contact: str
    last_day: str
    rights: tuple[str, ...]


def compose(book: Book, id_: str, *, wording: Wording, rules: Rules, today: date) -> Letter:
    """The letter about one decision.

    Raises:
        DecisionError: There is no such decision, it is good for the person, or nobody said where an appeal goes.
    """
    entry, person = book.decision(id_)
    payload, _ = book.payload(entry, person)
    if of_record(book, entry, payload) == payload["favorable"]:
        raise DecisionError.nothing_to_explain()
    if not wording.contact.strip():
        raise DecisionError.no_contact()
    outcome = (wording.decisions or {}).get(payload["decision"], "not approved")
    last = last_day(book, entry, payload, rules)
    words = wording.reasons or {}
    return Letter(
        title=plain(f"Our decision on {wording.about}"),
        sender=_lines(wording.sender),
        written=_day(today),
        reference=plain(payload["id"]),
        person=plain(payload["person"]),
        when=_when(payload["time"], next(book.ledger.find("decision", entry)).entry.time),
        opening=plain(f"We have {outcome} {wording.about}."),
        how=_how(payload["decider"], scored=payload["score"] is not None),
        reasons=tuple(plain(words.get(code, code)) for code in payload["reasons"][:MOST_REASONS]),
        change=plain(payload["change"]),
        contact=_lines(wording.contact.strip()),
        last_day="" if last is None else _day(last),
        rights=tuple(map(plain, wording.rights)),
    )


def _lines(text: str) -> str:
    """An address keeps its lines."""
    return "\n".join(map(plain, text.splitlines()))


def html(letter: Letter) -> str:
    """The letter as one page that prints, is read aloud well, and loads nothing."""
    return _template().render(letter=letter)


def text(letter: Letter) -> str:
    """The letter as plain text."""
    parts = [letter.sender, letter.written, f"Reference: {letter.reference}", letter.title, letter.opening]
    parts += [f"{letter.when} {letter.how}", "Why"]
    parts += ["\n".join(f"{place}. {reason}" for place, reason in enumerate(letter.reasons, start=1)) or NO_REASONS]
    parts += ["What could change this", letter.change] if letter.change else []
    parts += ["If you disagree", _until(letter), letter.contact, "You have the right to:"]
    parts += ["\n".join(f"- {right}" for right in letter.rights)]
    return "\n\n".join(part for part in parts if part) + "\n"


NO_REASONS = "The reasons are not recorded here. You can ask us for them, and we must answer."


def _until(letter: Letter) -> str:
    end = f" until {letter.last_day}" if letter.last_day else " at any time"
    return f"You can appeal{end}. It costs nothing. Write or call, and give the reference above:"


def _how(decider: str, *, scored: bool) -> str:
    if decider:
        return "A computer program gave a score, and a person decided." if scored else "A person decided."
    if scored:
        return "A computer program gave a score. We have no record that a person decided."
    return "We have no record of who or what decided."


def _when(decided: str, recorded: str) -> str:
    if decided:
        return f"This was decided on {_day(date.fromisoformat(decided[:10]))}."
    return f"This is on record since {_day(date.fromisoformat(recorded[:10]))}."


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    source = (files(__package__) / "letter.html").read_text(encoding="utf-8")
    made = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    made.filters["until"] = _until
    made.globals["no_reasons"] = NO_REASONS
    return made.from_string(source)
