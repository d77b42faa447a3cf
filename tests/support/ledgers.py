"""Entries to record, and the Merkle tree as the RFC defines it: recursive, slow, and written from its text alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fairwitness.accountability.ledger.entries import Entry, Kind
from fairwitness.accountability.ledger.store import Ledger


def entries(count: int, *, kind: Kind = "audit") -> list[Entry]:
    """Different entries with an id and a fixed time."""
    return [
        Entry(kind=kind, body={"id": f"id-{number}", "rate": number / 7}, time="2026-01-02T03:04:05Z")
        for number in range(count)
    ]


@dataclass(frozen=True)
class Tree:
    """RFC 9162, section 2.1, on leaf hashes: MTH, PATH and SUBPROOF."""

    leaves: Sequence[bytes]

    def root(self) -> bytes:
        if not self.leaves:
            return sha256(b"").digest()
        if len(self.leaves) == 1:
            return self.leaves[0]
        left, right = self.halves()
        return sha256(b"\x01" + left.root() + right.root()).digest()

    def path(self, m: int) -> list[bytes]:
        if len(self.leaves) == 1:
            return []
        left, right = self.halves()
        k = len(left.leaves)
        return [*left.path(m), right.root()] if m < k else [*right.path(m - k), left.root()]

    def proof(self, m: int) -> list[bytes]:
        return self.subproof(m, whole=True)

    def subproof(self, m: int, *, whole: bool) -> list[bytes]:
        if m == len(self.leaves):
            return [] if whole else [self.root()]
        left, right = self.halves()
        k = len(left.leaves)
        if m <= k:
            return [*left.subproof(m, whole=whole), right.root()]
        return [*right.subproof(m - k, whole=False), left.root()]

    def halves(self) -> tuple[Tree, Tree]:
        k = 1
        while k * 2 < len(self.leaves):
            k *= 2
        return Tree(self.leaves[:k]), Tree(self.leaves[k:])


def log_of(path: Path, count: int = 300) -> Path:
    """A ledger of `count` entries, more than one kept subtree's worth by default."""
    with Ledger(path) as log:
        log.append(entries(count))
    return path


def tamper(path: Path, *statements: str) -> None:
    """Change a ledger as somebody with the file in hand can: triggers off, statements, triggers back on."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        for _, sql in triggers:
            db.execute(sql)


def rewrite(path: Path, first: int) -> None:
    """Forge history from place `first` on, hashes and all: what only a checkpoint kept elsewhere can show."""
    with Ledger(path) as log:
        kept, origin, size = [stored.entry for stored in log.read(until=first)], log.origin, log.size
        notes = log.notes()
    path.unlink()
    forged = [Entry(kind="audit", body={"id": f"forged-{n}"}, time="2026-01-02T03:04:05Z") for n in range(size - first)]
    with Ledger(path) as log:
        log.append([*kept, *forged])
    tamper(path, "DROP TABLE meta", "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("INSERT INTO meta VALUES ('origin', ?)", (origin,))
        db.executemany("INSERT INTO checkpoints VALUES (?, 0, ?)", enumerate(notes))


def write_batches(path: Path, name: str, told: Path, batches: int) -> None:
    """What a writer process does: batches of 1 to 7 entries, and a line in `told` for each that is recorded."""
    with told.open("a", buffering=1, encoding="utf-8") as file:
        for batch in range(batches):
            made = [Entry(kind="decision", body={"id": f"{name}-{batch}-{n}"}) for n in range(batch % 7 + 1)]
            with Ledger(path) as log:
                log.append(made)
            file.write(f"{batch}\n")
