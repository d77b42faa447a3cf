"""A witness: vouches for a log's checkpoints, and never for two that contradict each other.

It remembers, for each log, whose key to expect and the last checkpoint it cosigned, in a file of its own. It needs
no copy of the log: a proof of consistency comes with each request.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from fairwitness.accountability.ledger.errors import LedgerError
from fairwitness.accountability.ledger.keys import Signer, available, config_folder, parse
from fairwitness.accountability.ledger.notes import Request, cosigned
from fairwitness.accountability.ledger.standalone import EMPTY, Checkpoint, Key, Note, Result, verify_consistency

PATIENCE = 60.0


class RefusedError(LedgerError):
    """The witness does not cosign, and says what it found."""


def memory() -> Path:
    """Where this user's witnesses remember what they cosigned."""
    return config_folder() / "witness.sqlite"


def last(witness: str, origin: str, *, path: Path) -> Checkpoint | None:
    """The last checkpoint of a log that a witness cosigned; None if there is none."""
    with closing(_open(path)) as db:
        row = db.execute("SELECT note FROM seen WHERE witness = ? AND origin = ?", (witness, origin)).fetchone()
    return None if row is None else Checkpoint.parse(row[0])


def cosign(request: Request, witness: Signer, *, path: Path, key: Key | None = None, now: int | None = None) -> Note:
    """The checkpoint of a request with the witness's signature, remembered before it is given.

    Args:
        request: The checkpoint, and the proof from the size this witness saw last (0 the first time).
        witness: Who vouches.
        path: Its memory, see `memory`.
        key: The log's public key; needed the first time, then remembered.
        now: Seconds since 1970; the clock's if None.

    Raises:
        RefusedError: The checkpoint contradicts the last one, is not signed by the log's key, or the proof starts
            elsewhere.
    """
    available()
    checkpoint = request.checkpoint
    with closing(_open(path)) as db:
        db.execute("BEGIN IMMEDIATE")  # comparing and remembering are one step, or two requests could cross
        row = db.execute(
            "SELECT vkey, note FROM seen WHERE witness = ? AND origin = ?", (witness.name, checkpoint.origin)
        ).fetchone()
        if key is None and row is None:
            raise RefusedError(f"{witness.name} does not know {checkpoint.origin} yet; give the log's key with --key")
        trusted = parse(row[0]) if key is None else key
        _refuse_unsigned(checkpoint, trusted)
        _refuse_inconsistent(request, None if row is None else Checkpoint.parse(row[1]))
        note = cosigned(checkpoint.note, witness, time=int(time.time()) if now is None else now)
        db.execute(
            "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)",
            (witness.name, checkpoint.origin, trusted.line(), str(note)),
        )
        db.execute("COMMIT")
    return note


def _refuse_unsigned(checkpoint: Checkpoint, key: Key) -> None:
    result = Result()
    if not checkpoint.signed_by(key, result):
        raise RefusedError(f"not cosigned: {result.problems[0]}; ask the log's holder for one signed by {key.name}")


def _refuse_inconsistent(request: Request, before: Checkpoint | None) -> None:
    now = request.checkpoint
    size, root = (0, EMPTY) if before is None else (before.size, before.root)
    if now.size < size:
        raise RefusedError(
            f"not cosigned: truncated: {now.size} entries, and {size} were cosigned before; keep both as evidence"
        )
    if request.old != size:
        raise RefusedError(
            f"not cosigned: the proof starts at {request.old} entries, and {size} were cosigned last; "
            f"ask for `fairwitness ledger prove --since {size}`"
        )
    if not verify_consistency(old=size, size=now.size, old_root=root, root=now.root, proof=request.proof):
        raise RefusedError(
            f"not cosigned: forked: {now.size} entries do not continue the {size} cosigned before; "
            "keep both checkpoints as evidence"
        )


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        db.execute("PRAGMA synchronous = EXTRA")  # with a journal that is deleted, FULL may lose the last commit
        db.execute(
            "CREATE TABLE IF NOT EXISTS seen (witness TEXT, origin TEXT, vkey TEXT NOT NULL, note TEXT NOT NULL, "
            "PRIMARY KEY (witness, origin)) WITHOUT ROWID"
        )
    except (OSError, sqlite3.DatabaseError):
        raise LedgerError(f"{path}: the witness's memory cannot be opened; check its folder") from None
    return db
