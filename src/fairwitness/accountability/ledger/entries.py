"""What is recorded, and the bytes it is recorded as.

An entry's bytes are canonical JSON of `{"body", "index", "kind", "time"}`: keys sorted by code point, no spaces, UTF-8,
no NaN or infinity. They hold their own index, so an entry that was moved says so, and two alike are two.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from fairwitness.accountability.ledger.errors import LedgerError

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]

Kind = Literal[
    "audit",
    "release",
    "training",
    "remedy",
    "sign-off",
    "waiver",
    "alert",
    "decision",
    "appeal",
    "correction",
    "erasure",
    "assessment",
    "key",
    "policy",
    "hold",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
_KINDS = frozenset(KINDS)

LARGEST = 4 * 2**20
"""Bytes of one entry: it holds digests and rates, not data."""

DEEPEST = 64
"""Levels of lists and tables in a body; a reader in another language has a stack too."""


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


# Made once: json.loads and json.dumps would make them anew for each entry, at twice the cost.
_READ = json.JSONDecoder(parse_constant=_refuse)
_WRITE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is recorded: no personal data, only digests, rates, keyed hashes and commitments.

    Attributes:
        kind: What happened.
        body: Its facts; `body["id"]`, where it is text, can be looked up with `Ledger.find`.
        time: ISO 8601 in UTC; set when appended, if empty.
    """

    kind: Kind
    body: Mapping[str, JSON]
    time: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What was recorded.

    Attributes:
        index: Its place, from 0.
        entry: What it says.
        leaf: 32 bytes, the hash that the Merkle tree is built on: SHA-256(0x00 || the entry's bytes).
    """

    index: int
    entry: Entry
    leaf: bytes


def encode(entry: Entry, index: int) -> bytes:
    """The bytes an entry is recorded as at `index`.

    Raises:
        LedgerError: It is of no known kind, too large, or holds something JSON has no word for.
    """
    if entry.kind not in KINDS:
        raise LedgerError.kind(entry.kind, KINDS)
    _check(entry.body, entry.kind, 0)
    record = {"body": entry.body, "index": index, "kind": entry.kind, "time": entry.time}
    try:
        data = canonical(record)
    except UnicodeEncodeError:
        raise LedgerError.not_json(entry.kind, "a text in it is not valid Unicode") from None
    if len(data) > LARGEST:
        raise LedgerError.not_json(entry.kind, f"it is larger than {LARGEST // 2**20} MiB")
    return data


def decode(data: bytes) -> tuple[int, Entry]:
    """The index and the entry in an entry's bytes.

    Raises:
        ValueError: They are not what `encode` writes.
    """
    ((index, kind, body, time),) = decode_all([data])
    return index, Entry(kind=kind, body=body, time=time)


def decode_all(rows: Sequence[bytes]) -> list[tuple[int, Kind, dict[str, JSON], str]]:
    """Index, kind, body and time in the bytes of many entries; at less than half the cost of one by one.

    Raises:
        ValueError: Some are not what `encode` writes.
    """
    if not all(type(data) is bytes for data in rows):  # SQLite keeps any kind of value in any column
        raise ValueError("not bytes")
    texts, found = [data.decode() for data in rows], []
    for text in texts:
        record, end = _READ.raw_decode(text)
        if end != len(text) or type(record) is not dict or len(record) != 4:
            raise ValueError("not one table of four")
        found.append(record)
    # Each text is one table and no more, so equal joined they are equal one by one.
    if _WRITE.encode(found) != f"[{','.join(texts)}]":
        raise ValueError("not in canonical form")
    told: list[tuple[Any, Any, Any, Any]] = [
        (record.get("index"), record.get("kind"), record.get("body"), record.get("time")) for record in found
    ]
    for index, kind, body, time in told:
        known = type(kind) is str and kind in _KINDS
        if type(index) is not int or not known or type(body) is not dict or type(time) is not str:
            raise ValueError("not an entry")
    return told


def canonical(value: object) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8; floats as Python writes them, shortest that reads back the same."""
    return _WRITE.encode(value).encode()


def key_of(body: Mapping[str, JSON]) -> str | None:
    """What an entry is filed under, for `Ledger.find`: `body["id"]` where it is text."""
    key = body.get("id")
    return key if isinstance(key, str) else None


def _check(value: object, where: str, depth: int) -> None:
    """Refuse what would not read back as it was."""
    if value is None or isinstance(value, str | bool | int):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise LedgerError.not_json(where, f"it is {value}, not a number")
        return
    if depth >= DEEPEST:
        raise LedgerError.not_json(where, f"it is nested more than {DEEPEST} deep")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise LedgerError.not_json(where, f"a key in it is a {type(key).__name__}, not text")
            _check(item, f"{where}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item, where, depth + 1)
    else:
        raise LedgerError.not_json(where, f"it is a {type(value).__name__}")
