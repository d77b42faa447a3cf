"""Forgetting a person, and the legal hold that forbids it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fairwitness.accountability.decisions.book import Book, Turn
from fairwitness.accountability.decisions.errors import VaultError
from fairwitness.accountability.decisions.states import State
from fairwitness.accountability.decisions.steps import acting, appeals_of, named
from fairwitness.accountability.decisions.vault import Person


def erase(book: Book, reference: str, *, by: str, now: datetime) -> int:
    """Destroy a person's key and everything under it, and record that it was done.

    The ledger keeps its entries and every proof about them; nobody can tell any more whom they are about, or what was
    decided. Counts by group stay.

    Returns:
        How many decisions were about the person.

    Raises:
        VaultError: Nothing is held, a legal hold is on the person, or an appeal of theirs is open.
    """
    by = named(by, "--as")
    with acting(book, by, now) as act:
        person = _person(book, reference)
        holds = holding(book, person)
        if holds:
            raise VaultError.held(holds)
        still = [case.id for case in appeals_of(book, person) if case.state is not State.CLOSED]
        if still:
            raise VaultError.open_appeal(still)
        (decisions,) = book.vault.run("SELECT count(*) FROM decisions WHERE person = ?", person.handle).fetchone()
        act.turn.record("erasure", {"id": person.pseudonym("person"), "by": by, "decisions": decisions})
        book.vault.forget(person)
    count: int = decisions
    return count


def hold(book: Book, reference: str, *, name: str, by: str, now: datetime) -> None:
    """Forbid that a person is erased, for a named reason such as a court case.

    Raises:
        VaultError: Nothing is held of the person, or a hold of that name is on them.
    """
    name, by = named(name, "--name"), named(by, "--as")
    with acting(book, by, now) as act:
        person = _person(book, reference)
        if name in holding(book, person):
            raise VaultError.same_hold(name)
        _note(book, act.turn, person, {"name": name, "held": True}, by)


def release(book: Book, reference: str, *, name: str, by: str, now: datetime) -> None:
    """Lift a hold.

    Raises:
        VaultError: No hold of that name is on the person.
    """
    name, by = named(name, "--name"), named(by, "--as")
    with acting(book, by, now) as act:
        person = _person(book, reference)
        have = holding(book, person)
        if name not in have:
            raise VaultError.no_hold(name, have)
        _note(book, act.turn, person, {"name": name, "held": False}, by)


def holding(book: Book, person: Person) -> list[str]:
    """Names of the holds on a person."""
    held: dict[str, bool] = {}
    for body, _ in book.notes("hold", person.pseudonym("person")):
        held[body["name"]] = body["held"]
    return [name for name, on in held.items() if on]


def _note(book: Book, turn: Turn, person: Person, body: dict[str, Any], by: str) -> None:
    about = person.pseudonym("person")
    commitment = book.note(person, "hold", about, body)
    turn.record("hold", {"id": about, "held": body["held"], "by": by, "commitment": commitment})


def _person(book: Book, reference: str) -> Person:
    person = book.vault.person(reference)
    if person is None:
        raise VaultError.no_person()
    return person
