"""Personal data that can be forgotten: one key a person, and nothing readable without it.

Each person's records are AES-256-GCM under a data key of that person's own, which is kept wrapped by a key in a file
beside the vault (mode 0600). Erasing destroys the data key and the ciphertext. The ledger holds only what is keyed
with the data key or a salt inside the ciphertext: pseudonyms and commitments that nobody can test guesses against
once the key is gone. Counts by group are kept apart from people, so figures of the past stay true.

A vault is a file of SQLite with a rollback journal, not a write-ahead log, and `secure_delete`: no copy of an erased
row stays in its files. What the disk, its snapshots and your backups keep is outside its reach.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fairwitness.accountability.decisions.errors import VaultError
from fairwitness.io import atomic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

WAIT = 60.0
"""Seconds to wait for another writer."""
NONCE = 12

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS people (person BLOB PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decisions (
    handle BLOB PRIMARY KEY, entry TEXT NOT NULL UNIQUE, person BLOB NOT NULL REFERENCES people, alike BLOB,
    print BLOB NOT NULL, sealed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS decisions_of ON decisions (person);
CREATE INDEX IF NOT EXISTS decisions_alike ON decisions (alike) WHERE alike IS NOT NULL;
CREATE TABLE IF NOT EXISTS notes (
    number INTEGER PRIMARY KEY, person BLOB NOT NULL REFERENCES people, kind TEXT NOT NULL, about TEXT NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS notes_of ON notes (person);
CREATE INDEX IF NOT EXISTS notes_about ON notes (kind, about);
CREATE TABLE IF NOT EXISTS counts (
    cell TEXT NOT NULL, stage TEXT NOT NULL, day TEXT NOT NULL, n INTEGER NOT NULL, total REAL NOT NULL,
    squares REAL NOT NULL, PRIMARY KEY (cell, stage, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erased (handle BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY, entries TEXT NOT NULL);
"""


def beside(ledger: Path) -> Path:
    """Where the vault of a ledger lies."""
    return ledger.with_name("vault.sqlite")


def canonical(body: Mapping[str, Any]) -> bytes:
    """A mapping as bytes; equal mappings give equal bytes."""
    return _JSON.encode(body).encode()


def keyed(key: bytes, *what: str) -> bytes:
    """HMAC-SHA-256 over texts, each told from the next."""
    parts = [text.encode() for text in what]
    return hmac.digest(key, b"".join(len(part).to_bytes(8, "big") + part for part in parts), "sha256")


def commit(salt: bytes, body: Mapping[str, Any]) -> str:
    """A commitment to `body`: who has neither the salt nor the body learns nothing of it, even by guessing all bodies.

    Args:
        salt: 32 random bytes of this record's own.
        body: What is committed to.

    Returns:
        64 hex digits.
    """
    return hmac.digest(salt, canonical(body), "sha256").hex()


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the vault knows one, and the key to what it holds of that person.

    Attributes:
        handle: Keyed hash of the reference, under the vault's key: finds the rows.
    """

    handle: bytes
    _key: bytes = field(repr=False)
    _cipher: AESGCM = field(repr=False)

    def pseudonym(self, *what: str) -> str:
        """A name for the ledger that cannot be made, or tested against a guess, once the person's key is destroyed."""
        return keyed(self._key, "pseudonym", *what).hex()[:32]

    def seal(self, body: Mapping[str, Any], *, about: str) -> tuple[bytes, str]:
        """The body encrypted, bound to what it is about, and the commitment to it."""
        salt, nonce = secrets.token_bytes(32), secrets.token_bytes(NONCE)
        plain = salt + canonical(body)
        return nonce + self._cipher.encrypt(nonce, plain, about.encode()), commit(salt, body)

    def unseal(self, sealed: bytes, *, about: str) -> tuple[dict[str, Any], str]:
        """The body, and the commitment to it made anew.

        Raises:
            VaultError: It was changed, or put in another's place.
        """
        from cryptography.exceptions import InvalidTag

        try:
            plain = self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], about.encode())
        except InvalidTag:
            raise VaultError.tampered("vault") from None
        body: dict[str, Any] = json.loads(plain[32:])
        return body, commit(plain[:32], body)


class Vault:
    """People's records, each under that person's key.

    Args:
        path: The file; made, with its folder (0700) and its key file (0600), if it is not there.

    Raises:
        VaultError: The extra `ledger` is not installed, the key is missing or another's, or the file is no vault.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key_path = path.with_suffix(".key")
        _cipher(b"\0" * 32)  # refuse before a file is made
        if not path.parent.exists():  # one that is there is somebody's own, and stays as it is
            atomic.directory(path.parent, 0o700)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            with self.transaction():
                for statement in SCHEMA.split(";"):
                    self._db.execute(statement)
                key = self._key()
        except (sqlite3.Error, OSError) as error:
            raise VaultError.unreadable(path, getattr(error, "strerror", None) or str(error)) from None
        self._index = keyed(key, "index")
        self._wrap = _cipher(keyed(key, "wrap"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def _key(self) -> bytes:
        """The key that wraps all others; made with the vault, under its lock."""
        check = self._db.execute("SELECT value FROM meta WHERE name = 'check'").fetchone()
        if check is None and not self.key_path.exists():
            atomic.write_text(self.key_path, secrets.token_hex(32) + "\n", mode=0o600)
        try:
            if os.name == "posix" and self.key_path.stat().st_mode & 0o077:
                raise VaultError.open_to_others(self.key_path)
            text = self.key_path.read_text(encoding="ascii").strip()
            key = bytes.fromhex(text)
        except FileNotFoundError:
            raise VaultError.no_key(self.key_path) from None
        except ValueError:
            raise VaultError.bad_key(self.key_path) from None
        if len(key) != 32:
            raise VaultError.bad_key(self.key_path)
        if check is None:
            self._db.execute("INSERT INTO meta VALUES ('check', ?)", (keyed(key, "check"),))
        elif not hmac.compare_digest(check[0], keyed(key, "check")):
            raise VaultError.wrong_key(self.key_path)
        return key

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and alone: one writer at a time, from its first look to its last."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite itself has rolled back where the disk was full
                self._db.execute("ROLLBACK")
            raise

    def run(self, statement: str, *values: object) -> sqlite3.Cursor:
        """One statement, with its values.

        Raises:
            VaultError: The disk is full, another program keeps the file locked, or the file is damaged.
        """
        try:
            return self._db.execute(statement, values)
        except sqlite3.DatabaseError as error:
            raise self._plainly(error) from None

    def run_many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """One statement for many rows; raises as `run`."""
        try:
            self._db.executemany(statement, rows)
        except sqlite3.DatabaseError as error:
            raise self._plainly(error) from None

    def _plainly(self, error: sqlite3.DatabaseError) -> Exception:
        """What SQLite raises, as a line a user can act on; a fault of ours stays one."""
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_FULL:
                return VaultError.full(self.path)
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return VaultError.busy(self.path, WAIT)
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return VaultError.unreadable(self.path, str(error))
        return error

    def index(self, *what: str) -> bytes:
        """A keyed hash that finds rows; it never leaves the vault."""
        return keyed(self._index, *what)

    def person(self, reference: str) -> Person | None:
        """The person of that reference; None if nothing is held."""
        return self.person_of(self.index("person", reference))

    def person_of(self, handle: bytes) -> Person | None:
        """The person of that handle; None if there is none."""
        row = self.run("SELECT key FROM people WHERE person = ?", handle).fetchone()
        if row is None:
            return None
        from cryptography.exceptions import InvalidTag

        wrapped: bytes = row[0]
        try:
            key = self._wrap.decrypt(wrapped[:NONCE], wrapped[NONCE:], handle)
        except InvalidTag:
            raise VaultError.tampered(self.path) from None
        return Person(handle, key, _cipher(key))

    def admit(self, reference: str) -> Person:
        """The person of that reference, with a new key if nothing is held yet."""
        handle = self.index("person", reference)
        known = self.person_of(handle)
        if known is not None:
            return known
        key, nonce = secrets.token_bytes(32), secrets.token_bytes(NONCE)
        self.run("INSERT INTO people VALUES (?, ?)", handle, nonce + self._wrap.encrypt(nonce, key, handle))
        return Person(handle, key, _cipher(key))

    def forget(self, person: Person) -> None:
        """Destroy the key and every record of a person; counts stay.

        Of each decision a keyed hash of its id stays in the vault, so that a file imported again does not bring the
        person back.
        """
        self.run("INSERT OR IGNORE INTO erased SELECT handle FROM decisions WHERE person = ?", person.handle)
        for table in ("notes", "decisions", "people"):
            self.run(f"DELETE FROM {table} WHERE person = ?", person.handle)  # noqa: S608 - names of our own


def _cipher(key: bytes) -> AESGCM:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise VaultError.no_extra() from None
    return AESGCM(key)
