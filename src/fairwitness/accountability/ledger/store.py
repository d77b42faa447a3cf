"""The log on disk: one SQLite file that is only ever added to.

A transaction holds all of a batch or none of it, and is on the disk when `append` returns: a rollback journal with
synchronous=FULL, which, other than a write-ahead log, leaves one whole file that can be copied and mounted read-only.
Triggers refuse UPDATE, DELETE and a place that is not the next; they stop accidents, the checkpoints stop their author.

Beside the entries are the hashes of full subtrees of 2**8 and 2**16 entries, so a proof reads a few hundred rows.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from fairwitness.accountability.ledger import merkle, notes
from fairwitness.accountability.ledger.entries import Entry, Kind, Stored, decode, encode, key_of
from fairwitness.accountability.ledger.errors import LedgerError
from fairwitness.accountability.ledger.keys import Signer
from fairwitness.accountability.ledger.standalone import Checkpoint, Note

DEFAULT = Path(".fairwitness/ledger.sqlite")
"""Where the ledger is, unless `--ledger PATH` says otherwise."""

APPLICATION = 0x4657_4C47
"""SQLite's application_id of a ledger: FWLG."""

VERSION = 1
"""Of the tables below; SQLite's user_version."""

PATIENCE = 60.0
"""Seconds a writer waits for others to finish."""

STEP = 8
"""Subtree hashes are kept at every eighth height."""

PAGE = 1000
"""Rows read at a time, so that a slow reader holds no lock on writers."""

Row = tuple[int, bytes, str, str | None, bytes]
"""Place, leaf, kind, key, data."""

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
    place INTEGER PRIMARY KEY, leaf BLOB NOT NULL, kind TEXT NOT NULL, key TEXT, data BLOB NOT NULL
);
CREATE INDEX entries_kind ON entries (kind);
CREATE INDEX entries_key ON entries (key, kind) WHERE key IS NOT NULL;
CREATE TABLE nodes (
    height INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (height, place)
) WITHOUT ROWID;
CREATE TABLE checkpoints (number INTEGER PRIMARY KEY, size INTEGER NOT NULL, note TEXT NOT NULL);
CREATE TRIGGER entries_in_order BEFORE INSERT ON entries
    WHEN NEW.place IS NOT (SELECT coalesce(max(place), -1) + 1 FROM entries)
    BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER nodes_once BEFORE INSERT ON nodes
    WHEN EXISTS (SELECT 1 FROM nodes WHERE height = NEW.height AND place = NEW.place)
    BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER checkpoints_in_order BEFORE INSERT ON checkpoints
    WHEN NEW.number IS NOT (SELECT coalesce(max(number), -1) + 1 FROM checkpoints)
    BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
"""


class Ledger:
    """An append-only log; a context manager.

    Args:
        path: The file; made, in a folder of the owner's alone, if it is not there.
        make: False: refuse to make it.

    Raises:
        LedgerError: It is not there and not to be made, is not a ledger, or its folder may not be written.
    """

    def __init__(self, path: Path, *, make: bool = True) -> None:
        self.path = Path(path)
        _prepare(self.path, make=make)
        with self._said_plainly():
            self._db = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; all that was appended is on the disk already."""
        self._db.close()

    def append(self, entries: Sequence[Entry]) -> range:
        """Record entries, all or none; they are on the disk when this returns.

        Returns:
            Their places.

        Raises:
            LedgerError: One cannot be written as JSON, the disk is full, or another writer kept the file too long.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        timed = [entry if entry.time else Entry(kind=entry.kind, body=entry.body, time=now) for entry in entries]
        with self._writing():
            start = self.size
            rows = [_row(entry, start + place) for place, entry in enumerate(timed)]
            self._db.executemany("INSERT INTO entries (place, leaf, kind, key, data) VALUES (?, ?, ?, ?, ?)", rows)
            self._complete(start, start + len(rows), STEP)
        return range(start, start + len(rows))

    def read(self, kinds: Collection[Kind] = (), *, since: int = 0, until: int | None = None) -> Iterator[Stored]:
        """Entries in order: of these kinds (all, if none is named), from place `since` up to but without `until`.

        What is appended meanwhile is not seen.
        """
        end = self.size if until is None else min(until, self.size)
        among = "AND kind IN (SELECT value FROM json_each(?))" if kinds else "AND ? = '[]'"
        query = f"SELECT place, leaf, data FROM entries WHERE place >= ? AND place < ? {among} ORDER BY place LIMIT ?"  # noqa: S608 - our own words
        wanted = json.dumps(list(kinds))
        while since < end:
            with self._said_plainly():
                rows = self._db.execute(query, (since, end, wanted, PAGE)).fetchall()
            for row in rows:
                yield self._stored(*row)
            since = rows[-1][0] + 1 if len(rows) == PAGE else end

    def find(self, kind: Kind, key: str) -> Iterator[Stored]:
        """Entries of a kind whose `body["id"]` is `key`, in order."""
        query = "SELECT place, leaf, data FROM entries WHERE key = ? AND kind = ? ORDER BY place"
        with self._said_plainly():
            rows = self._db.execute(query, (key, kind)).fetchall()
        for row in rows:
            yield self._stored(*row)

    def counts(self) -> dict[Kind, int]:
        """How many entries of each kind there are, by kind; read from the index, not from the entries."""
        with self._said_plainly():
            return dict(self._db.execute("SELECT kind, count(*) FROM entries GROUP BY kind ORDER BY kind").fetchall())

    @property
    def size(self) -> int:
        """How many entries there are."""
        with self._said_plainly():
            found: int = self._db.execute("SELECT coalesce(max(place), -1) + 1 FROM entries").fetchone()[0]
        return found

    @property
    def origin(self) -> str:
        """The log's own name, drawn when it was made; the first line of its checkpoints."""
        with self._said_plainly():
            found: str = self._db.execute("SELECT value FROM meta WHERE name = 'origin'").fetchone()[0]
        return found

    def root(self, size: int | None = None) -> bytes:
        """The Merkle root (32 bytes) of the first `size` entries; of all, if None."""
        return merkle.root(self._within(size), self._node)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The proof that entry `index` is among the first `size`; see `merkle.verify_inclusion`."""
        whole = self._within(size)
        if not 0 <= index < whole:
            raise LedgerError.beyond(index, whole)
        return merkle.inclusion(index, whole, self._node)

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """The proof that the first `size` entries begin with what the log held at `old`."""
        whole = self._within(size)
        if not 0 <= old <= whole:
            raise LedgerError.beyond(old, whole)
        return merkle.consistency(old, whole, self._node) if old else []

    def probe(self) -> None:
        """Find out whether anything can be appended, without appending.

        Raises:
            LedgerError: Nothing can.
        """
        with self._writing():
            pass

    def checkpoint(self, *signers: Signer) -> Checkpoint:
        """Sign what the log is now, keep the checkpoint beside the entries, and give it.

        Raises:
            LedgerError: The log no longer continues the last checkpoint, so whoever signs would vouch for a rewriting.
        """
        before = [Checkpoint.parse(note) for note in self.notes()]
        size = self.size
        if before and (before[-1].size > size or self.root(before[-1].size) != before[-1].root):
            why = "does not continue its last checkpoint, and is not signed"
            raise LedgerError.unusable(self.path, why, "`fairwitness verify` says what was changed")
        note = notes.signed(notes.text(self.origin, size, self.root(size)), signers)
        self.keep(note)
        return Checkpoint.parse(str(note))

    def notes(self) -> list[str]:
        """The checkpoints kept beside the entries, the newest last."""
        with self._said_plainly():
            return [row[0] for row in self._db.execute("SELECT note FROM checkpoints ORDER BY number")]

    def keep(self, note: Note) -> Checkpoint:
        """Keep a checkpoint of this log, such as one that a witness cosigned, beside the entries.

        Raises:
            LedgerError: It is not of this log as it is.
        """
        found = Checkpoint.parse(str(note))
        if found.origin != self.origin or found.size > self.size or self.root(found.size) != found.root:
            raise LedgerError.unusable(self.path, "this checkpoint is of another log", "check which log it belongs to")
        with self._writing():
            query = "INSERT INTO checkpoints SELECT coalesce(max(number), -1) + 1, ?, ? FROM checkpoints"
            self._db.execute(query, (found.size, str(note)))
        return found

    def raw(self, until: int) -> Iterator[Row]:
        """Rows as they lie on the disk, below place `until`, unchecked: for verification and export."""
        query = "SELECT place, leaf, kind, key, data FROM entries WHERE place >= ? AND place < ? ORDER BY place LIMIT ?"
        since = 0
        while True:
            with self._said_plainly():
                rows = self._db.execute(query, (since, until, PAGE)).fetchall()
            yield from rows
            if len(rows) < PAGE:
                return
            since = rows[-1][0] + 1

    def data(self, place: int) -> bytes:
        """An entry's bytes.

        Raises:
            LedgerError: There is no such entry.
        """
        with self._said_plainly():
            row = self._db.execute("SELECT data FROM entries WHERE place = ?", (place,)).fetchone()
        if row is None:
            raise LedgerError.beyond(place, self.size)
        found: bytes = row[0]
        return found

    def subtrees(self, height: int) -> dict[int, bytes]:
        """The kept hashes of full subtrees of a height, by place."""
        with self._said_plainly():
            return dict(self._db.execute("SELECT place, hash FROM nodes WHERE height = ?", (height,)).fetchall())

    def unguarded(self) -> list[str]:
        """The triggers of the schema that are missing or were changed."""
        with self._said_plainly():
            have = dict(self._db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall())
        wanted = {line.split()[2]: line for line in _statements() if line.startswith("CREATE TRIGGER")}
        return [name for name, sql in wanted.items() if have.get(name) != sql.strip().removesuffix(";")]

    def _within(self, size: int | None) -> int:
        have = self.size
        if size is None:
            return have
        if not 0 <= size <= have:
            raise LedgerError.beyond(size, have)
        return size

    def _node(self, height: int, place: int) -> bytes:
        """The hash of a full subtree, from the nearest kept hashes at or below its height."""
        base = height - height % STEP
        first, last = place << (height - base), (place + 1) << (height - base)
        return merkle.fold(self._hashes(base, first, last))

    def _hashes(self, height: int, first: int, last: int) -> list[bytes]:
        with self._said_plainly():
            if height:
                query = "SELECT hash FROM nodes WHERE height = ? AND place >= ? AND place < ? ORDER BY place"
                found = [row[0] for row in self._db.execute(query, (height, first, last))]
            else:
                query = "SELECT leaf FROM entries WHERE place >= ? AND place < ? ORDER BY place"
                found = [row[0] for row in self._db.execute(query, (first, last))]
        if len(found) != last - first:
            raise LedgerError.unusable(self.path, "parts of it are missing", "`fairwitness verify` says which")
        return found

    def _complete(self, start: int, end: int, height: int) -> None:
        """Keep the hashes of the subtrees of `height` that the leaves [start, end) have made full; then those above."""
        first, last = start >> height, end >> height
        if first == last:
            return
        below = height - STEP
        rows = [
            (height, place, merkle.fold(self._hashes(below, place << STEP, (place + 1) << STEP)))
            for place in range(first, last)
        ]
        self._db.executemany("INSERT INTO nodes (height, place, hash) VALUES (?, ?, ?)", rows)
        self._complete(start, end, height + STEP)

    def _stored(self, place: int, leaf: bytes, data: bytes) -> Stored:
        try:
            index, entry = decode(data)
        except (ValueError, RecursionError):
            index, entry = -1, None
        if entry is None or index != place:
            raise LedgerError.unusable(
                self.path, f"entry {place} is not as it was recorded", "`fairwitness verify` says more"
            )
        return Stored(index=place, entry=entry, leaf=leaf)

    def _open(self) -> None:
        self._db.execute("PRAGMA journal_mode = TRUNCATE")
        self._db.execute("PRAGMA synchronous = FULL")
        if self._version() == (0, 0):
            with self._writing():
                if self._version() == (0, 0):  # nobody else made it meanwhile
                    self._make()
        application, version = self._version()
        if application != APPLICATION:
            raise LedgerError.unusable(self.path, "not a ledger", "--ledger PATH names another file")
        if version != VERSION:
            raise LedgerError.version(self.path, version, VERSION)

    def _version(self) -> tuple[int, int]:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        return application, version

    def _make(self) -> None:
        if self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise LedgerError.unusable(self.path, "not a ledger", "--ledger PATH names another file")
        for statement in _statements():
            self._db.execute(statement)
        origin = f"fairwitness-ledger/{secrets.token_hex(16)}"
        self._db.execute("INSERT INTO meta VALUES ('origin', ?)", (origin,))
        self._db.execute(f"PRAGMA application_id = {APPLICATION}")
        self._db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, whole or not at all."""
        with self._said_plainly():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite itself has rolled back where the disk was full
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _said_plainly(self) -> Iterator[None]:
        """What SQLite raises, as a line a user can act on."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            match getattr(error, "sqlite_errorcode", 0) & 0xFF:
                case sqlite3.SQLITE_FULL:
                    raise LedgerError.full(self.path) from None
                case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                    raise LedgerError.busy(self.path, PATIENCE) from None
                case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                    way_out = "choose a place you may write to with --ledger PATH"
                    raise LedgerError.unusable(self.path, "cannot be written", way_out) from None
                case sqlite3.SQLITE_NOTADB:
                    way_out = "--ledger PATH names another file"
                    raise LedgerError.unusable(self.path, "not a ledger", way_out) from None
                case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CORRUPT:
                    way_out = "check the disk; a copy and a checkpoint kept elsewhere show what is lost"
                    raise LedgerError.unusable(self.path, f"the disk refused ({error})", way_out) from None
            raise


def _row(entry: Entry, place: int) -> Row:
    data = encode(entry, place)
    return place, merkle.leaf_hash(data), entry.kind, key_of(entry.body), data


def _statements() -> list[str]:
    """The tables, and a trigger against each way to change what is there."""
    tables = ("meta", "entries", "nodes", "checkpoints")
    guards = [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        "BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END"
        for table in tables
        for verb in ("UPDATE", "DELETE")
    ]
    found, statement = [], ""
    for line in SCHEMA.strip().splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return [*found, *guards]


def _prepare(path: Path, *, make: bool) -> None:
    """The file, empty if new, and its folder: the owner's alone, for who was judged when is nobody else's business."""
    if path.is_dir():
        raise LedgerError.unusable(path, "is a folder", "name a file, such as .fairwitness/ledger.sqlite")
    if path.exists():
        return
    if not make:
        raise LedgerError.missing(path)
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        why = f"cannot be made ({(error.strerror or str(error)).lower()})"
        raise LedgerError.unusable(path, why, "choose another place with --ledger PATH") from None
