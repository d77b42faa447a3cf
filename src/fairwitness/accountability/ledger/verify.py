"""Looks through a whole ledger for anything that is not as it was recorded, and names it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from itertools import count, islice
from pathlib import Path

from fairwitness.accountability.ledger import keys as keyring
from fairwitness.accountability.ledger import merkle
from fairwitness.accountability.ledger.entries import decode, decode_all, key_of
from fairwitness.accountability.ledger.errors import LedgerError
from fairwitness.accountability.ledger.keys import Registered
from fairwitness.accountability.ledger.standalone import Checkpoint, Key, Line, MalformedError, Name, Result
from fairwitness.accountability.ledger.store import STEP, Ledger, Row

BLOCK = 1 << STEP
SHOWN = 5
"""Faults of one name that are listed one by one."""


def verify(path: Path, *, keys: Sequence[Key] = (), since: Sequence[str] = ()) -> Result:
    """Check entries, order, kept hashes, checkpoints and their signatures.

    Args:
        path: The ledger.
        keys: Whom the reader trusts: each must have signed the newest checkpoint.
        since: Checkpoints kept elsewhere; the log must only have added to each.

    Returns:
        The faults by name, and what was checked.

    Raises:
        LedgerError: There is no ledger, or keys are given and `cryptography` is missing.
    """
    result = Result()
    if keys:
        keyring.available()
    try:
        with Ledger(path, make=False) as log:
            own = _parsed(log.notes(), "in the ledger", result)
            elsewhere = _parsed(since, "kept elsewhere", result)
            walk = _Walk(log, {point.size for point in (*own, *elsewhere)})
            walk.go(result)
            if missing := log.unguarded():
                result.fault("unguarded", f"triggers that refuse changes are gone: {', '.join(missing)}")
    except sqlite3.DatabaseError as error:
        result.fault("malformed", f"the file's tables are not those of a ledger ({error})")
        return result
    except (TypeError, AttributeError):  # SQLite keeps any kind of value in any column
        result.fault("malformed", "the file's tables hold values that are not those of a ledger")
        return result
    for where, points in (("in the ledger", own), ("kept elsewhere", elsewhere)):
        for point in points:
            _compare(point, walk, where, result)
    _authenticate([*own, *elsewhere], walk, keys, result)
    if keys and own:
        for key in keys:
            max(reversed(own), key=lambda point: point.size).signed_by(key, result)
    elif keys:
        result.fault("unsigned", f"there is no checkpoint that {keys[0].name} could have signed")
    _tell(own, elsewhere, walk, result)
    return result


class _Walk:
    """One pass over the rows: recomputes every hash, and gathers the roots at the sizes that were signed."""

    def __init__(self, log: Ledger, sizes: set[int]) -> None:
        self.log = log
        self.origin, self.size = log.origin, log.size
        self.roots: dict[int, bytes] = {}
        self.registered: dict[str, list[Registered]] = {}
        self._sizes = sorted(sizes | {self.size})
        self._faults: Counter[Name] = Counter()
        self._result = Result()

    def go(self, result: Result) -> None:
        """Look at every row; faults go to `result`."""
        self._result = result
        tree, made = merkle.Growing(), list[bytes]()
        rows = self.log.raw(self.size)
        while block := list(islice(rows, BLOCK)):
            leaves = self._leaves(block, tree.size)
            if leaves is None:
                return self._more()
            for size in self._sizes:
                if tree.size <= size <= tree.size + len(leaves):
                    self.roots[size] = tree.root(leaves[: size - tree.size])
            if len(leaves) == BLOCK:
                made.append(merkle.fold(leaves))
                tree.append(made[-1], STEP)
        self.roots |= {0: merkle.EMPTY}
        self._subtrees(made)
        if not self._faults:
            self.registered = keyring.registered(self.log.read(["key"], until=self.size))
        return self._more()

    def _leaves(self, rows: Sequence[Row], start: int) -> list[bytes] | None:
        """The leaf hashes of rows that should begin at `start`; None where rows are missing."""
        leaves = [sha256(b"\x00" + data).digest() if type(data) is bytes else b"" for _, _, _, _, data in rows]
        if self._sound(rows, start, leaves):
            return leaves
        for (place, leaf, kind, key, data), expected, computed in zip(rows, count(start), leaves, strict=False):
            if place != expected:
                self._fault("truncated", f"the entries {expected} to {place - 1} are gone")
                return None
            try:
                index, entry = decode(data)
            except (ValueError, RecursionError):
                self._fault("tampered", f"entry {place} was changed and is no entry any more")
                continue
            if index != place:
                self._fault("re-ordered", f"entry {index} stands at place {place}")
            elif computed != leaf:
                self._fault("tampered", f"entry {place} was changed after it was recorded")
            elif (kind, key) != (entry.kind, key_of(entry.body)):
                self._fault("tampered", f"entry {place} is filed under what it is not")
        return leaves

    @staticmethod
    def _sound(rows: Sequence[Row], start: int, leaves: Sequence[bytes]) -> bool:
        """Whether all is as it was recorded, looked at together, which takes half the time of one by one."""
        try:
            found = decode_all([data for _, _, _, _, data in rows])
        except (ValueError, RecursionError):
            return False
        return all(
            index == place == expected and computed == leaf and kind == is_ and key == key_of(body)
            for (place, leaf, kind, key, _), (index, is_, body, _), computed, expected in zip(
                rows, found, leaves, count(start), strict=False
            )
        )

    def _subtrees(self, made: list[bytes]) -> None:
        """Compare the kept hashes of full subtrees with those just made."""
        height = STEP
        while made or height == STEP:
            kept, now = self.log.subtrees(height), self.log.size
            if any(place >= now >> height for place in kept):
                self._fault("truncated", f"hashes over {len(kept) << height} entries are kept, the log has {now}")
            elif any(kept.get(place) != item for place, item in enumerate(made)):  # more may come while this looks on
                self._fault("tampered", f"the kept hashes over {1 << height} entries are not those of the entries")
            made = [merkle.fold(made[at : at + BLOCK]) for at in range(0, len(made) - BLOCK + 1, BLOCK)]
            height += STEP

    def _fault(self, name: Name, text: str) -> None:
        self._faults[name] += 1
        if self._faults[name] <= SHOWN:
            self._result.fault(name, text)

    def _more(self) -> None:
        for name, times in self._faults.items():
            if times > SHOWN:
                self._result.fault(name, f"and {times - SHOWN} more")


def _parsed(notes: Sequence[str], where: str, result: Result) -> list[Checkpoint]:
    found = []
    for note in notes:
        try:
            found.append(Checkpoint.parse(note))
        except MalformedError as error:
            result.fault("malformed", f"a checkpoint {where} is none: {error}")
    return found


def _compare(point: Checkpoint, walk: _Walk, where: str, result: Result) -> None:
    """Whether the log only added to what the checkpoint says."""
    if point.origin != walk.origin:
        result.fault("forked", f"the checkpoint {where} is of {point.origin}, this log is {walk.origin}")
    elif point.size > walk.size:
        result.fault("truncated", f"the checkpoint {where} has {point.size} entries, the log {walk.size}")
    elif point.size in walk.roots and walk.roots[point.size] != point.root:
        result.fault("forked", f"at {point.size} entries the log is not the one of the checkpoint {where}")


def _authenticate(points: Sequence[Checkpoint], walk: _Walk, keys: Sequence[Key], result: Result) -> None:
    """Check every signature of a name that is known: registered in the log, or given by the reader."""
    known: dict[str, list[Key]] = {name: [item.key for item in held] for name, held in walk.registered.items()}
    for key in keys:
        known.setdefault(key.name, []).append(key)
    if known and points:
        try:
            keyring.available()
        except LedgerError as error:
            result.facts.append(f"signatures not checked: {error}")
            return
    told = set()
    for point in points:
        for line in point.note.lines:
            states = {line.state(point.note.text, key) for key in known.get(line.name, ())}
            if not states:
                told.add(f"unauthenticated: {line.name} signed a checkpoint, and no key is registered under that name")
            elif states & {"signed", "cosigned"}:
                told.add(f"signed by {line.name}, {_entries(point.size)}{_later(line, point, walk)}")
            elif "wrong" in states:
                result.fault("tampered", f"the checkpoint of {point.size} entries is not what {line.name} signed")
            else:
                result.fault(
                    "re-signed", f"the checkpoint of {point.size} entries is signed as {line.name} by another key"
                )
    result.facts += sorted(told)


def _later(line: Line, point: Checkpoint, walk: _Walk) -> str:
    """What a reader should ask about: whoever can write to the ledger can register a second key in a name."""
    held = walk.registered.get(line.name, [])
    made = [each for each in held if line.state(point.note.text, each.key) in {"signed", "cosigned"}]
    if not made or made[0] is held[0]:
        return ""
    return f", with another key than the first of that name, registered as entry {made[0].index}"


def _tell(own: Sequence[Checkpoint], elsewhere: Sequence[Checkpoint], walk: _Walk, result: Result) -> None:
    """What was looked at, and what nobody vouches for."""
    root = walk.roots[walk.size].hex() if walk.size in walk.roots else "unknown"
    result.facts.insert(0, f"{_entries(walk.size)} of {walk.origin}, root {root}")
    newest = max((point.size for point in (*own, *elsewhere)), default=0)
    if newest < walk.size:
        result.facts.append(f"newer than every checkpoint: {_entries(walk.size - newest)}, nobody vouches for them yet")
    if not elsewhere:
        result.facts.append(
            "not compared with a checkpoint kept elsewhere: who holds the log could have rewritten it; --since shows it"
        )


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
