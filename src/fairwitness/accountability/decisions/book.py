"""The one door through which decisions and appeals are written: vault and ledger together, each fact exactly once.

Two files cannot be committed in one step. So what goes to the ledger is first put into the vault's outbox, in the
transaction that records the rest; then, again under the vault's lock, it is appended and struck from the outbox.
Whoever comes next after a crash finds the outbox full, sees whether the ledger has the batch (it has all or none of
it), and finishes. The vault's lock is held from the look at the state to the write, so two people who act on one
appeal at once act one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fairwitness.accountability.decisions.errors import DecisionError, VaultError
from fairwitness.accountability.decisions.signing import signed
from fairwitness.accountability.decisions.states import Case, fold
from fairwitness.accountability.decisions.vault import Person, Vault, beside
from fairwitness.accountability.ledger import JSON, Entry, Kind, Ledger
from fairwitness.accountability.ledger.keys import Signer


class Turn:
    """What is to be recorded when the turn ends well."""

    def __init__(self, now: datetime, signer: Signer | None) -> None:
        self._signer = signer
        self.time = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.entries: list[Entry] = []

    def record(self, kind: Kind, body: dict[str, JSON]) -> None:
        """An entry for the ledger, signed if who takes the step has a key."""
        if self._signer is not None:
            body = signed(self._signer, kind, self.time, body)
        self.entries.append(Entry(kind=kind, body=body, time=self.time))


class Book:
    """A ledger with its vault.

    Args:
        ledger: The ledger's file; the vault lies beside it.
        make: False: refuse to make them.

    Attributes:
        signer: The key of who is at work; None leaves the steps unauthenticated.

    Raises:
        LedgerError: The ledger is missing or unusable.
        VaultError: The vault is.
    """

    def __init__(self, ledger: Path, *, make: bool = True) -> None:
        if not make and not beside(ledger).exists():
            raise VaultError.none_yet(ledger.parent)
        self.vault = Vault(beside(ledger))
        try:
            self.ledger = Ledger(ledger, make=make)
        except BaseException:
            self.vault.close()
            raise
        self.signer: Signer | None = None
        self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.vault.close()
        self.ledger.close()

    @contextmanager
    def turn(self, now: datetime) -> Iterator[Turn]:
        """One step of work: alone from the first look, recorded whole or not at all."""
        turn = Turn(now, self.signer)
        with self.vault.transaction():
            self._flush()
            yield turn
            if turn.entries:
                batch = [{"kind": each.kind, "body": each.body, "time": each.time} for each in turn.entries]
                self.vault.run("INSERT INTO outbox (entries) VALUES (?)", json.dumps(batch))
        self._finish()

    def _finish(self) -> None:
        if self.vault.run("SELECT 1 FROM outbox").fetchone():
            with self.vault.transaction():
                self._flush()

    def _flush(self) -> None:
        for number, text in self.vault.run("SELECT number, entries FROM outbox ORDER BY number").fetchall():
            entries = [Entry(**each) for each in json.loads(text)]
            if not self._has(entries[0]):
                self.ledger.append(entries)
            self.vault.run("DELETE FROM outbox WHERE number = ?", number)

    def _has(self, entry: Entry) -> bool:
        """Is it in the ledger? Each holds a commitment of its own, so no two are equal."""
        return any(stored.entry == entry for stored in self.ledger.find(entry.kind, str(entry.body["id"])))

    def cases(self) -> dict[str, Case]:
        """Every appeal there is, by id."""
        return fold((stored.index, stored.entry.time, stored.entry.body) for stored in self.ledger.read(["appeal"]))

    def case(self, appeal: str) -> Case | None:
        """One appeal; None if there is none of that id."""
        events = self.ledger.find("appeal", appeal)
        return fold((stored.index, stored.entry.time, stored.entry.body) for stored in events).get(appeal)

    def decision(self, id_: str) -> tuple[str, Person]:
        """The ledger id of a decision, and the person it is about.

        Raises:
            DecisionError: It was never recorded, or is erased.
        """
        row = self.vault.run(
            "SELECT entry, person FROM decisions WHERE handle = ?", self.vault.index("decision", id_)
        ).fetchone()
        if row is None:
            raise DecisionError.unknown()
        return row[0], self.known(row[1])

    def known(self, handle: bytes) -> Person:
        """The person of a handle that a row of the vault holds."""
        person = self.vault.person_of(handle)
        if person is None:
            raise VaultError.tampered(self.vault.path)
        return person

    def payload(self, entry: str, person: Person) -> tuple[dict[str, Any], str]:
        """What was decided, and the commitment to it made anew."""
        sealed = self.vault.run("SELECT sealed FROM decisions WHERE entry = ?", entry).fetchone()[0]
        return person.unseal(sealed, about=entry)

    def note(self, person: Person, kind: str, about: str, body: dict[str, Any]) -> str:
        """Keep what is personal in a step; its commitment is for the ledger."""
        sealed, commitment = person.seal(body, about=f"{kind} {about}")
        self.vault.run(
            "INSERT INTO notes (person, kind, about, sealed) VALUES (?, ?, ?, ?)", person.handle, kind, about, sealed
        )
        return commitment

    def notes(self, kind: str, about: str) -> Sequence[tuple[dict[str, Any], str]]:
        """What was kept of that kind about one thing, in order, each with its commitment."""
        rows = self.vault.run(
            "SELECT person, sealed FROM notes WHERE kind = ? AND about = ? ORDER BY number", kind, about
        ).fetchall()
        return [self.known(handle).unseal(sealed, about=f"{kind} {about}") for handle, sealed in rows]
