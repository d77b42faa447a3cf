"""Appeals: filed, acknowledged, assigned, reviewed blind, decided, corrected, told, closed.

Who reviews is none of owner, builders, and who decided first, and records a decision of their own before the score is
shown to anybody through this program. Each step is an entry in the ledger; what is personal in it is in the vault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fairwitness.accountability.decisions import counts
from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.counts import Change
from fairwitness.accountability.decisions.errors import AppealError
from fairwitness.accountability.decisions.states import OUTCOMES, TOLD, Case, State
from fairwitness.accountability.decisions.steps import (
    Rules,
    acting,
    appeals_of,
    known,
    last_day,
    named,
    person_of,
    reasoned,
)
from fairwitness.accountability.policy.people import same_person

SUPERSEDED = "The person appeals themselves, in words of their own."
"""Why a review that was opened because of a similar case, and that nobody began, ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a reviewer is shown, and only after deciding alone."""

    decision: str
    score: float | None
    threshold: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An appeal, and who is still to be told of its outcome."""

    case: Case
    left: tuple[str, ...]


def file(book: Book, decision: str, *, reason: str, by: str, rules: Rules, now: datetime, late: str = "") -> Case:
    """File an appeal against a decision.

    Args:
        book: Where.
        decision: The decision's id in the user's books.
        reason: What the person says.
        by: Who takes it down.
        rules: Deadlines.
        now: The time.
        late: Why it is taken although the time to appeal is over.

    Raises:
        DecisionError: There is no such decision.
        AppealError: It is under appeal already, the time is over, or a reason or name is missing.
    """
    reason = reasoned(reason, "an appeal")
    with acting(book, by, now, rules) as act:
        entry, person = book.decision(decision)
        payload, _ = book.payload(entry, person)
        before = [case for case in appeals_of(book, person) if case.decision == entry]
        for case in (case for case in before if case.state is not State.CLOSED):
            if case.origin == "person" or not case.blind:
                raise AppealError.open_already(case.id)
            act.step(act.step(case, State.WITHDRAWN, {"reason": SUPERSEDED}), State.CLOSED)
        last = last_day(book, entry, payload, rules)
        if last is not None and now.date() > last and not late.strip():
            raise AppealError.too_late(last.isoformat())
        own = [case for case in before if case.origin == "person"]
        counted = not payload["good"] and all(case.withdrawn for case in own)  # one that was taken back has no outcome
        case = act.open(person, entry, "person", {"reason": reason, "late": late.strip(), "counted": counted})
        if counted:
            groups = payload["groups"]
            new = [] if own else [Change(groups, "appealed")]
            counts.add(book.vault, [*new, Change(groups, "open", day=case.due)])
    return case


def acknowledge(book: Book, appeal: str, *, by: str, now: datetime) -> Case:
    """Record that the person was told their appeal has arrived."""
    with acting(book, by, now) as act:
        return act.step(known(book, appeal), State.ACKNOWLEDGED)


def assign(book: Book, appeal: str, *, reviewer: str, by: str, rules: Rules, now: datetime) -> Case:
    """Give an appeal to a reviewer who had no part in what is appealed.

    Raises:
        AppealError: The reviewer is owner, builder, or first decider; or it is not known who these are.
    """
    reviewer = named(reviewer, "--reviewer")
    with acting(book, by, now, rules) as act:
        case = known(book, appeal)
        act.independent(case, reviewer)
        return act.step(case, State.ASSIGNED, reviewer=reviewer)


def review(book: Book, appeal: str, *, by: str, decision: str, reason: str, rules: Rules, now: datetime) -> Seen:
    """Record what the reviewer would decide, without having seen the score; then, and only then, return it.

    Raises:
        AppealError: Not this reviewer's, not independent, not this step's turn, or no reason.
    """
    kept = {"decision": named(decision, "--decision"), "reason": reasoned(reason, "a review")}
    with acting(book, by, now, rules) as act:
        act.step(act.mine(appeal), State.REVIEWED, kept)
    return seen(book, appeal)


def seen(book: Book, appeal: str) -> Seen:
    """The model's part in a decision under appeal; refused before the review.

    Raises:
        AppealError: No reviewer has decided yet, or the person was erased.
    """
    case = known(book, appeal)
    if case.blind:
        raise AppealError.wrong_step(case.id, "shown its score", case.state, [State.REVIEWED])
    payload, _ = book.payload(case.decision, person_of(book, case))
    return Seen(
        decision=payload["decision"],
        score=payload["score"],
        threshold=payload["threshold"],
        reasons=tuple(payload["reasons"]),
    )


def told(book: Book, appeal: str, *, names: Sequence[str], by: str, now: datetime) -> Telling:
    """Record who has been told of the outcome; when nobody is left, the appeal is notified.

    Raises:
        AppealError: A name is not among those still to be told, or there is no outcome yet.
    """
    with acting(book, by, now) as act:
        case = known(book, appeal)
        if case.outcome is None:
            raise AppealError.wrong_step(case.id, TOLD, case.state, sorted(OUTCOMES))
        tell = to_tell(book, case)
        for name in names:
            left = [place for place in range(case.tell) if place not in case.told]
            place = next((place for place in left if same_person(tell[place], name)), None)
            if place is None:
                raise AppealError.nobody_to_tell(name, [tell[each] for each in left])
            case = act.step(case, TOLD, told=place)
        if len(case.told) == case.tell:
            case = act.step(case, State.NOTIFIED)
    return Telling(case=case, left=tuple(name for place, name in enumerate(tell) if place not in case.told))


def close(book: Book, appeal: str, *, by: str, now: datetime) -> Case:
    """Close an appeal of whose outcome everybody has been told."""
    with acting(book, by, now) as act:
        return act.step(known(book, appeal), State.CLOSED)


def withdraw(book: Book, appeal: str, *, reason: str, by: str, now: datetime) -> Case:
    """Record that the person takes their appeal back, before there is an outcome.

    Raises:
        AppealError: There is an outcome, no reason, or the appeal is not the person's own: a similar case was overturned.
    """
    kept = {"reason": reasoned(reason, "a withdrawal")}
    with acting(book, by, now) as act:
        case = known(book, appeal)
        if case.origin != "person":
            raise AppealError.not_filed_by_person(case.id)
        filed, _ = book.notes("appeal", case.id)[0]
        case = act.step(case, State.WITHDRAWN, kept)
        if filed["counted"]:
            payload, _ = book.payload(case.decision, person_of(book, case))
            groups = payload["groups"]
            counts.add(book.vault, [Change(groups, "open", -1, day=case.due), Change(groups, "withdrawn")])
    return case


def to_tell(book: Book, case: Case) -> tuple[str, ...]:
    """Who must be told of the outcome, told or not; empty before it."""
    return next((tuple(body["tell"]) for body, _ in book.notes("appeal", case.id) if "tell" in body), ())
