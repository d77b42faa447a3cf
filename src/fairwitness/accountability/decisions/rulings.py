"""The outcome of an appeal, and what follows from it: the corrected decision and label, who is told, similar cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from fairwitness.accountability.decisions import counts
from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.counts import Change, Stage
from fairwitness.accountability.decisions.errors import AppealError
from fairwitness.accountability.decisions.record import alike
from fairwitness.accountability.decisions.states import Case, State
from fairwitness.accountability.decisions.steps import Act, Rules, acting, person_of, reasoned
from fairwitness.accountability.ledger import JSON

Outcome = Literal["upheld", "overturned", "partly"]
APPLICANT = "the person"
"""Who is always told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a reviewer decides at the end.

    Attributes:
        outcome: Upheld changes nothing.
        reason: In words the person can be told.
        decision: The decision of record from now on; None for the favourable one, of an overturn.
        label: What the next audit reads as the recorded outcome; None for `decision` of an overturn, and for no change
            of a partly upheld one.
        tell: Whom else to tell.
    """

    outcome: Outcome
    reason: str
    decision: str | None = None
    label: str | None = None
    tell: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a ruling did.

    Attributes:
        decision: The decision of record.
        opened: Appeals opened for similar decisions: same model, same reasons, still against the person.
        tell: Who must be told.
    """

    case: Case
    decision: str
    opened: tuple[str, ...]
    tell: tuple[str, ...]


def decide(book: Book, appeal: str, ruling: Ruling, *, by: str, rules: Rules, now: datetime) -> Decided:
    """Decide an appeal. An overturn changes the decision of record and the label, and opens similar cases.

    Raises:
        AppealError: Not this reviewer's, not this step's turn, no reason, or a change that changes nothing.
    """
    reason = reasoned(ruling.reason, "an outcome")
    with acting(book, by, now, rules) as act:
        case = act.mine(appeal)
        person = person_of(book, case)
        payload, _ = book.payload(case.decision, person)
        new = of_record(book, case.decision, payload)
        opened: tuple[str, ...] = ()
        tell = (APPLICANT, *(() if ruling.outcome == "upheld" else rules.recipients), *ruling.tell)
        tell = tuple(dict.fromkeys(tell))
        kept = {"outcome": ruling.outcome, "reason": reason, "tell": list(tell)}
        case = act.step(case, State(ruling.outcome), kept, tell=len(tell))
        if ruling.outcome != "upheld":
            new = _new_decision(case, ruling, payload, new)
            label = new if ruling.label is None and ruling.outcome == "overturned" else ruling.label
            body = {"id": payload["id"], "decision": new, "label": label, "appeal": case.id}
            commitment = book.note(person, "correction", case.decision, body)
            entry: dict[str, JSON] = {"id": case.decision, "by": act.by, "appeal": case.id, "commitment": commitment}
            act.turn.record("correction", entry)
            case = act.step(case, State.CORRECTED)
        if ruling.outcome == "overturned":
            opened = _similar(act, payload, case.id)
        _count(book, case, payload)
    return Decided(case=case, decision=new, opened=opened, tell=tell)


def of_record(book: Book, entry: str, payload: Mapping[str, Any]) -> str:
    """What holds now: the last correction, or the decision as it was made."""
    corrections = book.notes("correction", entry)
    decision: str = corrections[-1][0]["decision"] if corrections else payload["decision"]
    return decision


def corrected_labels(book: Book) -> dict[str, str]:
    """Recorded outcomes that appeals have put right, by the decision's id in the user's books; the last one counts."""
    entries = book.vault.run("SELECT DISTINCT about FROM notes WHERE kind = 'correction' ORDER BY about").fetchall()
    bodies = [body for (entry,) in entries for body, _ in book.notes("correction", entry)]
    return {body["id"]: body["label"] for body in bodies if body["label"] is not None}


def _new_decision(case: Case, ruling: Ruling, payload: Mapping[str, Any], now: str) -> str:
    if ruling.decision is None and ruling.outcome == "partly":
        raise AppealError.no_name("--decision, what holds from now on,")
    new: str = payload["favorable"] if ruling.decision is None else " ".join(ruling.decision.split())
    if not new:
        raise AppealError.no_name("--decision")
    if new == now:
        raise AppealError.same_outcome(case.id)
    return new


def _similar(act: Act, payload: Mapping[str, Any], overturned: str) -> tuple[str, ...]:
    """Open a review of every decision against a person, by the same model for the same reasons, never under appeal."""
    book, kind = act.book, alike(act.book, payload["model"], payload["reasons"])
    if kind is None:
        return ()
    under = {case.decision for case in book.cases().values()}
    opened, changes = [], []
    for entry, handle in book.vault.run("SELECT entry, person FROM decisions WHERE alike = ?", kind).fetchall():
        person = book.known(handle)
        body, _ = book.payload(entry, person)
        if entry in under or body["good"]:
            continue
        reason = f"A decision by the same model for the same reasons was overturned: {overturned}."
        opened.append(act.open(person, entry, "similar", {"reason": reason, "counted": False}).id)
        changes.append(Change(body["groups"], "similar"))
    counts.add(book.vault, changes)
    return tuple(opened)


def _count(book: Book, case: Case, payload: Mapping[str, Any]) -> None:
    """Count the outcome, where the appeal was counted when it was filed."""
    filed, _ = book.notes("appeal", case.id)[0]
    if not filed["counted"] or case.outcome is None:
        return
    groups = payload["groups"]
    stages: dict[State, Stage] = {
        State.UPHELD: "upheld",
        State.OVERTURNED: "overturned",
        State.PARTLY: "partly",
    }
    waited = datetime.fromisoformat(case.decided) - datetime.fromisoformat(case.filed)
    changes = [
        Change(groups, "open", -1, day=case.due),
        Change(groups, "answered", value=waited.total_seconds() / 86_400),
        Change(groups, stages[case.outcome]),
    ]
    if case.overdue(date.fromisoformat(case.decided[:10])):
        changes.append(Change(groups, "late"))
    counts.add(book.vault, changes)
