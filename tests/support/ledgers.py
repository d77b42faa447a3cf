"""Entries to record, and the Merkle tree as the RFC defines it: recursive, slow, and written from its text alone."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import time
import traceback
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


def write_batches(path: Path, told: Path, batches: int) -> None:
    """What a writer process does: batches of 1 to 7 entries, and a line in `told` for each that is recorded."""
    with told.open("a", buffering=1, encoding="utf-8") as file:
        for batch in range(batches):
            made = [Entry(kind="decision", body={"id": f"{told.name}-{batch}-{n}"}) for n in range(batch % 7 + 1)]
            with Ledger(path) as log:
                log.append(made)
            file.write(f"{batch}\n")


def writer(path: Path, told: Path, batches: int) -> int:
    """The process id of a writer of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            write_batches(path, told, batches)
        except BaseException:  # noqa: BLE001 - a fork must never go on as its parent
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return pid


def main(path: Path, folder: Path, writers: int, batches: int, kills: int, seed: int) -> None:
    """`python ledgers.py PATH FOLDER WRITERS BATCHES KILLS SEED`: writers at a time, killed at random moments or let be.

    It runs by itself because a fork of a process that is a test is no test.
    """
    dice = random.Random(seed)  # noqa: S311 - when to kill
    for round_ in range(max(kills // writers, 1)):
        files = [folder / f"w{round_}x{number}" for number in range(writers)]
        running = [writer(path, file, batches) for file in files]
        while kills and not any(file.exists() and file.stat().st_size for file in files):
            time.sleep(0.001)
        for pid in running:
            if kills:
                time.sleep(dice.uniform(0, 0.06))
                os.kill(pid, signal.SIGKILL)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if status not in {0, -signal.SIGKILL}:
                sys.exit(status)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *(int(word) for word in sys.argv[3:]))
