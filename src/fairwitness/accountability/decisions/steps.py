"""Taking one step of an appeal: who may, in what state, and what of it is written where."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from fairwitness.accountability.decisions.book import Book, Turn
from fairwitness.accountability.decisions.errors import AppealError, DecisionError
from fairwitness.accountability.decisions.signing import may_act
from fairwitness.accountability.decisions.states import Case, Origin, State, Step, advance, due
from fairwitness.accountability.decisions.vault import Person
from fairwitness.accountability.ledger import keys
from fairwitness.accountability.policy.people import alike, same_person


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How appeals are handled here.

    Attributes:
        days: From filing to the outcome; None for one calendar month.
        file_within: Days from the decision in which it can be appealed; None for no end.
        recipients: Who is told of a corrected decision beside the person, such as whoever was given the old one.
        owners: Who answer for the system now; who did at the time of the decision is kept with it.
        builders: Who build it now; likewise.
    """

    days: int | None = None
    file_within: int | None = None
    recipients: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Somebody at work on appeals, alone until done.

    Attributes:
        by: Who.
    """

    book: Book
    turn: Turn
    by: str
    rules: Rules

    def open(self, person: Person, entry: str, origin: Origin, kept: Mapping[str, Any]) -> Case:
        """File an appeal against the decision of that entry; `kept` goes into the vault."""
        appeal = f"A-{secrets.token_hex(5)}"
        last = due(date.fromisoformat(self.turn.time[:10]), self.rules.days).isoformat()
        commitment = self.book.note(person, "appeal", appeal, {"step": "filed", **kept})
        self.turn.record(
            "appeal",
            {
                "id": appeal,
                "step": "filed",
                "by": self.by,
                "decision": entry,
                "origin": origin,
                "due": last,
                "commitment": commitment,
            },
        )
        step = Step(step="filed", by=self.by, time=self.turn.time, commitment=commitment)
        return Case(id=appeal, decision=entry, origin=origin, due=last, state=State.FILED, steps=(step,))

    def step(self, case: Case, step: str, kept: Mapping[str, Any] | None = None, **public: Any) -> Case:  # noqa: ANN401 - fields of a `Step`
        """Take a step; one that cannot follow is refused before anything is written.

        Args:
            case: Where the appeal is.
            step: A `State`, or `told`.
            kept: What goes into the vault.
            public: What goes into the ledger.
        """
        after = advance(case, Step(step=step, by=self.by, time=self.turn.time, **public))
        note = {"step": str(step), **(kept or {})}
        commitment = self.book.note(person_of(self.book, case), "appeal", case.id, note)
        body = {"id": case.id, "step": str(step), "by": self.by, "commitment": commitment, **public}
        self.turn.record("appeal", body)
        return after

    def independent(self, case: Case, reviewer: str) -> None:
        """Refuse who owned, built, first decided or once reviewed what is appealed, and anybody while roles are open.

        Raises:
            AppealError: With the part the reviewer had.
        """
        payload, _ = self.book.payload(case.decision, person_of(self.book, case))
        owners, builders = [*self.rules.owners, *payload["owners"]], [*self.rules.builders, *payload["builders"]]
        for missing, names in (("owner", owners), ("builder", builders)):
            if not names:
                raise AppealError.roles_unknown(missing)
        parts = {"the owner": owners, "a builder": builders, "the first decider": [payload["decider"]]}
        for role, names in parts.items():
            if any(name and alike(name, reviewer) for name in names):
                raise AppealError.barred(reviewer, role)
        before = appeals_of(self.book, person_of(self.book, case))
        seen = [other for other in before if other.decision == case.decision and other.id != case.id]
        if any(step.step == State.REVIEWED and alike(step.by, reviewer) for other in seen for step in other.steps):
            raise AppealError.saw_the_score(reviewer)

    def mine(self, appeal: str) -> Case:
        """The appeal, if it is this reviewer's and they are independent.

        Raises:
            AppealError: It is somebody else's.
        """
        case = known(self.book, appeal)
        if case.reviewer and not same_person(case.reviewer, self.by):
            raise AppealError.not_reviewer(case.id, self.by)
        self.independent(case, self.by)
        return case


@contextmanager
def acting(book: Book, by: str, now: datetime, rules: Rules | None = None) -> Iterator[Act]:
    """Work of one person on appeals; recorded whole or not at all.

    Raises:
        AppealError: The name is empty, or has a registered key that is not the one at hand.
    """
    name = named(by, "--as")
    with book.turn(now) as turn:
        if not may_act(book.signer, name, keys.registered(book.ledger.read(["key"]))):
            raise AppealError.key_missing(name)
        yield Act(book=book, turn=turn, by=name, rules=rules or Rules())


def known(book: Book, which: str) -> Case:
    """The appeal of that id, or the last one against the decision of that id.

    Raises:
        AppealError: There is none.
    """
    case = book.case(which)
    if case is not None:
        return case
    try:
        entry, person = book.decision(which)
    except DecisionError:
        raise AppealError.unknown() from None
    cases = [case for case in appeals_of(book, person) if case.decision == entry]
    if not cases:
        raise AppealError.none_of_decision()
    return cases[-1]


def person_of(book: Book, case: Case) -> Person:
    """Whom an appeal is about.

    Raises:
        AppealError: The person was erased.
    """
    row = book.vault.run("SELECT person FROM decisions WHERE entry = ?", case.decision).fetchone()
    if row is None:
        raise AppealError.erased(case.id)
    return book.known(row[0])


def appeals_of(book: Book, person: Person) -> Sequence[Case]:
    """Every appeal about a person, the first first."""
    rows = book.vault.run(
        "SELECT about FROM notes WHERE kind = 'appeal' AND person = ? GROUP BY about ORDER BY min(number)",
        person.handle,
    )
    return [known(book, appeal) for (appeal,) in rows.fetchall()]


def last_day(book: Book, entry: str, payload: Mapping[str, Any], rules: Rules) -> date | None:
    """The last day on which a decision can be appealed; None where there is no end."""
    if rules.file_within is None:
        return None
    decided = payload["time"] or next(book.ledger.find("decision", entry)).entry.time
    return date.fromisoformat(decided[:10]) + timedelta(days=rules.file_within)


def reasoned(words: str, what: str) -> str:
    """Words with the space around them gone.

    Raises:
        AppealError: There are none.
    """
    if not words.strip():
        raise AppealError.no_reason(what)
    return words.strip()


def named(words: str, what: str) -> str:
    """A name, spaces made one.

    Raises:
        AppealError: It is empty.
    """
    if not words.strip():
        raise AppealError.no_name(what)
    return " ".join(words.split())
