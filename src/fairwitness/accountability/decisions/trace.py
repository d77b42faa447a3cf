"""One decision, or all about one person, with everything that answers for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from fairwitness.accountability.decisions.appeals import to_tell
from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.errors import VaultError
from fairwitness.accountability.decisions.rulings import of_record
from fairwitness.accountability.decisions.signing import authenticated
from fairwitness.accountability.decisions.states import Case
from fairwitness.accountability.decisions.steps import appeals_of
from fairwitness.accountability.ledger import Kind, Stored, keys
from fairwitness.accountability.ledger.merkle import verify_inclusion

EVIDENCE: tuple[Kind, ...] = ("audit", "training", "release", "assessment", "sign-off", "waiver", "alert")
"""Kinds of entries that can speak for a model."""

Tree = dict[str, Any]


def trace(book: Book, id_: str, *, today: date) -> Tree:
    """Everything recorded about one decision.

    While an appeal waits for its reviewer, score, threshold and reasons are withheld from everybody.

    Args:
        book: Where.
        id_: The decision's id in the user's books.
        today: Says which appeals are overdue.

    Returns:
        `decision`: what was decided, on whom, what holds now. `responsible`: model, owners, builders, first decider.
        `ledger`: place and proof of inclusion, and whether the commitment opens to what is shown. `evidence`: audits,
        releases, sign-offs and the like that name the same model or findings. `appeals`: their steps.

    Raises:
        DecisionError: It was never recorded, or is erased.
    """
    entry, _ = book.decision(id_)
    return _traced(book, entry, today)


def trace_person(book: Book, reference: str, *, today: date) -> list[Tree]:
    """Everything decided about one person, the first decision first.

    Raises:
        VaultError: Nothing is recorded of the person.
    """
    person = book.vault.person(reference)
    if person is None:
        raise VaultError.no_person()
    rows = book.vault.run("SELECT entry FROM decisions WHERE person = ? ORDER BY rowid", person.handle).fetchall()
    return [_traced(book, entry, today) for (entry,) in rows]


def _traced(book: Book, entry: str, today: date) -> Tree:
    (handle,) = book.vault.run("SELECT person FROM decisions WHERE entry = ?", entry).fetchone()
    person = book.known(handle)
    payload, commitment = book.payload(entry, person)
    cases = [case for case in appeals_of(book, person) if case.decision == entry]
    stored = next(book.ledger.find("decision", entry))
    blind = next((case.id for case in cases if case.blind), None)
    shown = {name: payload[name] for name in ("id", "person", "time", "decision", "score", "threshold", "reasons")}
    if blind is not None:
        shown |= {"score": None, "threshold": None, "reasons": [], "withheld": _withheld(blind)}
    shown |= {"of_record": of_record(book, entry, payload), "change": payload["change"], "groups": payload["groups"]}
    names = ("model", "findings", "policy", "owners", "builders", "decider")
    return {
        "decision": shown,
        "responsible": {name: payload[name] for name in names},
        "ledger": _place(book, stored, opens=commitment == stored.entry.body["commitment"]),
        "evidence": list(_evidence(book, payload)),
        "appeals": [_appeal(book, case, today) for case in cases],
    }


def _withheld(appeal: str) -> str:
    return f"score, threshold and reasons are shown when the reviewer of {appeal} has decided"


def _place(book: Book, stored: Stored, *, opens: bool) -> Tree:
    size = book.ledger.size
    root, proof = book.ledger.root(size), book.ledger.inclusion(stored.index, size)
    return {
        "entry": stored.index,
        "recorded": stored.entry.time,
        "commitment_opens": opens,
        "included": verify_inclusion(leaf=stored.leaf, index=stored.index, size=size, proof=proof, root=root),
        "leaf": stored.leaf.hex(),
        "size": size,
        "root": root.hex(),
        "proof": [step.hex() for step in proof],
    }


def _evidence(book: Book, payload: Mapping[str, Any]) -> Iterator[Tree]:
    """Entries that name the decision's model, findings or policy."""
    digests = {payload[name] for name in ("model", "findings", "policy")} - {""}
    for stored in book.ledger.read(EVIDENCE) if digests else ():
        if digests & set(_texts(stored.entry.body)):
            yield {"kind": stored.entry.kind, "entry": stored.index, "time": stored.entry.time, **stored.entry.body}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _appeal(book: Book, case: Case, today: date) -> Tree:
    """An appeal's steps, each with what the vault keeps of it."""
    kept = {commitment: body for body, commitment in book.notes("appeal", case.id)}
    entries = {stored.index: stored for stored in book.ledger.find("appeal", case.id)}
    registered = keys.registered(book.ledger.read(["key"]))
    tell, steps = to_tell(book, case), []
    for step in case.steps:
        words: Tree = {
            name: value for name, value in kept.get(step.commitment, {}).items() if name not in {"step", "counted"}
        }
        if step.reviewer:
            words["to"] = step.reviewer
        if step.told is not None and tell:
            words["to"] = tell[step.told]
        steps.append(
            {
                "step": step.step,
                "by": step.by,
                "authenticated": authenticated(entries[step.index], registered),
                "time": step.time,
                "entry": step.index,
                **words,
            }
        )
    return {
        "id": case.id,
        "origin": case.origin,
        "state": str(case.state),
        "due": case.due,
        "overdue": case.overdue(today),
        "reviewer": case.reviewer,
        "steps": steps,
    }
