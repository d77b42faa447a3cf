"""Recording decisions: added, never rewritten; the same file twice, or half a file and then the whole, adds nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from fairwitness.accountability.decisions import counts
from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.counts import Change
from fairwitness.accountability.decisions.errors import DecisionError
from fairwitness.accountability.decisions.vault import canonical

BATCH = 5000
"""Decisions in one transaction: a crash loses at most the batch that was under way, and the next import adds it."""

CONTEXT = frozenset({"findings", "policy", "owners", "builders"})
"""What holds for a whole import and is kept as it first was: a new owner does not change what was decided before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision about one person, as it was made.

    Attributes:
        id: The decision's own in the user's books: the application's number.
        person: The user's reference of the person.
        decision: What was decided, in the user's words or codes.
        good: It is good for the person.
        favorable: What would have been.
        time: When, ISO 8601; empty where the file does not say.
        score: The model's; None where there is none.
        threshold: What the score was held against.
        reasons: Codes of the principal reasons, the weightiest first.
        change: What could change the outcome, in words.
        groups: Attribute to category, for statistics alone.
        model: Digest of the model; `findings` and `policy` those of the evidence and the rules it ran under.
        decider: Who decided, if a person did.
        owners: Who answered for the model then; `builders` who made it.
    """

    id: str
    person: str
    decision: str
    good: bool
    favorable: str
    time: str = ""
    score: float | None = None
    threshold: float | None = None
    reasons: tuple[str, ...] = ()
    change: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    findings: str = ""
    policy: str = ""
    decider: str = ""
    owners: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()

    def payload(self) -> dict[str, Any]:
        """What the vault keeps: all of it. (`dataclasses.asdict` copies deeply, which took a third of an import.)"""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        new: Recorded now.
        known: Recorded before, with the same content.
        erased: Left out, since the person was erased.
    """

    new: int
    known: int
    erased: int


def record(book: Book, decisions: Iterable[tuple[str, Decision]], *, now: datetime) -> Iterator[Imported]:
    """Record decisions, batch by batch.

    Args:
        book: Where.
        decisions: Each with its place for messages, such as `decisions.csv: row 17`.
        now: The time of the entries.

    Yields:
        What was done so far, after each batch is on the disk.

    Raises:
        DecisionError: One changes what was recorded under its id; batches before it are kept.
    """
    stream, done = iter(decisions), Imported(0, 0, 0)
    while batch := list(islice(stream, BATCH)):
        did = _batch(book, batch, now)
        done = Imported(done.new + did.new, done.known + did.known, done.erased + did.erased)
        yield done


def _batch(book: Book, batch: Sequence[tuple[str, Decision]], now: datetime) -> Imported:
    vault = book.vault
    new = known = erased = 0
    changes: list[Change] = []
    with book.turn(now) as turn:
        for where, decision in batch:
            body = decision.payload()
            handle, seen = vault.index("decision", decision.id), vault.index("print", canonical(_facts(body)).decode())
            row = vault.run("SELECT print FROM decisions WHERE handle = ?", handle).fetchone()
            if row is not None and row[0] == seen:
                known += 1
                continue
            if row is not None:
                raise DecisionError.changed(where, _differences(book, decision))
            if vault.run("SELECT 1 FROM erased WHERE handle = ?", handle).fetchone():
                erased += 1
                continue
            person = vault.admit(decision.person)
            entry = person.pseudonym("decision", decision.id)
            sealed, commitment = person.seal(body, about=entry)
            vault.run(
                "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?)",
                handle,
                entry,
                person.handle,
                alike(book, decision.model, decision.reasons),
                seen,
                sealed,
            )
            turn.record(
                "decision",
                {
                    "id": entry,
                    "person": person.pseudonym("person"),
                    "commitment": commitment,
                    "model": decision.model,
                    "findings": decision.findings,
                    "policy": decision.policy,
                },
            )
            changes.append(Change(decision.groups, "decided"))
            if not decision.good:
                changes.append(Change(decision.groups, "adverse"))
            new += 1
        counts.add(vault, changes)
    return Imported(new, known, erased)


def alike(book: Book, model: str, reasons: Sequence[str]) -> bytes | None:
    """A keyed hash that decisions of one model for the same set of reasons share; None where no reason is recorded."""
    if not reasons:
        return None
    return book.vault.index("alike", model, *sorted(set(reasons)))


def _differences(book: Book, decision: Decision) -> list[str]:
    """Names of the fields in which a decision differs from the one recorded under its id."""
    entry, person = book.decision(decision.id)
    before, _ = book.payload(entry, person)
    now = _facts(decision.payload())
    return [repr(name) for name in now if canonical({"": now[name]}) != canonical({"": before[name]})]


def _facts(body: Mapping[str, Any]) -> dict[str, Any]:
    """The row's own content."""
    return {name: value for name, value in body.items() if name not in CONTEXT}
