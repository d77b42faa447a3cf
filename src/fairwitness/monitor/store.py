"""What a watch remembers between calls: one SQLite file below OUT/private, changed in whole steps or not at all.

A writer that is killed leaves the last whole step; two at once wait for each other; a batch is known by its fingerprint and
counted once. Of a person it holds a keyed hash of the id, the groups, and the decision until the outcome is known.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fairwitness.core.errors import UserError

PLACE = Path("private") / "watch.sqlite"
VERSION = 1
PATIENCE = 60.0
"""Seconds one watch waits for another."""

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE looks (number INTEGER PRIMARY KEY, batch TEXT UNIQUE, held TEXT NOT NULL);
CREATE TABLE rows (id BLOB PRIMARY KEY, waiting TEXT) WITHOUT ROWID;
CREATE TABLE streams (name TEXT PRIMARY KEY, held TEXT NOT NULL) WITHOUT ROWID;
"""


_REFUSED = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
    }
)


class WatchError(UserError, ValueError):
    """What a watch remembers cannot be read, or belongs to another audit."""

    @classmethod
    def damaged(cls, path: Path, why: str) -> Self:
        return cls(f"{path}: what the watch remembers cannot be read ({why}); --restart begins anew")

    @classmethod
    def other(cls, path: Path) -> Self:
        return cls(
            f"{path}: belongs to another audit or other [monitor] settings; --restart begins anew, and so does its "
            "false-alarm rate"
        )

    @classmethod
    def busy(cls, path: Path) -> Self:
        return cls(f"{path}: another watch has held it for {PATIENCE:.0f} s; try again when it has ended")

    @classmethod
    def refused(cls, path: Path, why: str) -> Self:
        return cls(
            f"{path}: cannot be written ({why}); nothing was counted: make room or allow it, then run the same again"
        )

    @classmethod
    def by(cls, path: Path, error: sqlite3.DatabaseError) -> Self:
        """SQLite's own error: only what is damaged needs a new beginning."""
        code = error.sqlite_errorcode & 0xFF if hasattr(error, "sqlite_errorcode") else sqlite3.SQLITE_CORRUPT
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return cls.busy(path)
        return cls.refused(path, str(error)) if code in _REFUSED else cls.damaged(path, str(error))


@dataclass(frozen=True, slots=True)
class Look:
    """One call of the watch that brought something new.

    Attributes:
        number: From 1.
        batch: Fingerprint of its rows; None where only labels came.
        held: What it measured, as plain values.
    """

    number: int
    batch: str | None
    held: dict[str, Any]


class Store:
    """The memory of one watch; a context manager, and inside it one transaction (`writing`).

    Args:
        path: The file; made for the owner alone.
        about: Digest of the audit and the settings it holds against.

    Raises:
        WatchError: It is damaged, busy, or of another audit.
    """

    def __init__(self, path: Path, *, about: str) -> None:
        self.path = path
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise WatchError.refused(path, getattr(error, "strerror", None) or str(error)) from None
        try:
            with self._plainly():
                self._open(about)
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All that is written inside, or nothing; other watches wait."""
        with self._plainly():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite takes all back by itself where the disk is full
                    self._db.execute("ROLLBACK")
                raise

    def looks(self) -> list[Look]:
        """Every look, in order."""
        rows = self._db.execute("SELECT number, batch, held FROM looks ORDER BY number")
        return [Look(number, batch, json.loads(held)) for number, batch, held in rows]

    def look_at(self, batch: str) -> Look | None:
        """The look that counted a batch."""
        found = self._db.execute("SELECT number, batch, held FROM looks WHERE batch = ?", (batch,)).fetchone()
        return None if found is None else Look(found[0], found[1], json.loads(found[2]))

    def add_look(self, batch: str | None, held: Mapping[str, Any]) -> int:
        """Write a look down; its number."""
        text = json.dumps(held, ensure_ascii=False, allow_nan=False)
        return int(self._db.execute("INSERT INTO looks (batch, held) VALUES (?, ?)", (batch, text)).lastrowid or 0)

    def streams(self) -> dict[str, dict[str, Any]]:
        """State of each stream, by name."""
        return {name: json.loads(held) for name, held in self._db.execute("SELECT name, held FROM streams")}

    def put_streams(self, held: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace the state of streams."""
        self._db.executemany(
            "INSERT INTO streams VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET held = excluded.held",
            [(name, json.dumps(state, allow_nan=False)) for name, state in held.items()],
        )

    def unknown(self, ids: Sequence[str]) -> list[bool]:
        """Which ids no earlier batch had."""
        return [
            self._db.execute("SELECT 1 FROM rows WHERE id = ?", (self._keyed(each),)).fetchone() is None for each in ids
        ]

    def put_rows(self, rows: Iterable[tuple[str, Mapping[str, Any] | None]]) -> None:
        """Remember ids, each with what is needed when its label comes; None where it came already."""
        self._db.executemany(
            "INSERT INTO rows VALUES (?, ?)",
            (
                (self._keyed(each), None if held is None else json.dumps(held, ensure_ascii=False))
                for each, held in rows
            ),
        )

    def take(self, ids: Iterable[str]) -> list[dict[str, Any] | None]:
        """What was kept of ids whose label has come, which is kept no longer; None for ids that are not waiting."""
        found: list[dict[str, Any] | None] = []
        for each in ids:
            key = self._keyed(each)
            row = self._db.execute("SELECT waiting FROM rows WHERE id = ? AND waiting IS NOT NULL", (key,)).fetchone()
            found.append(None if row is None else json.loads(row[0]))
            if row is not None:
                self._db.execute("UPDATE rows SET waiting = NULL WHERE id = ?", (key,))
        return found

    def _keyed(self, text: str) -> bytes:
        return hmac.new(self._salt, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    def _open(self, about: str) -> None:
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            meta = [("about", about), ("salt", secrets.token_hex(32))]
            self._db.executemany("INSERT INTO meta VALUES (?, ?)", meta)
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")
        meta_now = dict(self._db.execute("SELECT name, value FROM meta"))
        if version not in {0, VERSION} or not {"about", "salt"} <= set(meta_now):
            raise WatchError.damaged(self.path, "it is of another version")
        if meta_now["about"] != about:
            raise WatchError.other(self.path)
        self._salt = bytes.fromhex(meta_now["salt"])

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """SQLite's own errors as one line."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise WatchError.by(self.path, error) from None


def set_aside(path: Path, *, when: str) -> Path | None:
    """Move what a watch remembers out of the way, kept under another name; None where there is nothing.

    Raises:
        WatchError: Another watch is writing.
    """
    if not path.exists():
        return None
    name = f"{path.stem}-until-{when.replace(':', '')}"
    names = (path.with_name(f"{name}{'' if i == 1 else f'-{i}'}{path.suffix}") for i in count(1))
    aside = next(each for each in names if not each.exists())
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as db:
            db.execute("BEGIN EXCLUSIVE")  # waits for other watches, and takes back what one that was killed had begun
            return path.replace(aside)
    except sqlite3.DatabaseError as error:
        told = WatchError.by(path, error)
        if str(told) == str(WatchError.busy(path)):
            raise told from None
        # Damaged: what a killed writer meant to take back belongs to it, and must not meet the new file.
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
        return path.replace(aside)
