"""Checks a bundle of ledger entries without fairwitness: Python 3.11 and `cryptography` are all it needs.

    python standalone.py BUNDLE --key 'NAME+ID+KEY' [--key ...] [--since CHECKPOINT]

Exit code 0: everything holds. 1: something does not, named on a line of its own. 2: it cannot be checked.
Whoever gave you the bundle should not be who gives you the key.

Sources: RFC 9162, section 2.1; C2SP signed-note, tlog-checkpoint and tlog-cosignature; the bundle's own format is described
in the documentation of fairwitness.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

FORMAT = "fairwitness-bundle-1"
NOTE, COSIGNATURE = 0x01, 0x04  # signature types of C2SP signed-note
MOST_SIGNATURES = 100
LARGEST_NOTE = 2**20
LARGEST_BUNDLE = 2**29  # a million entries and more; reading takes eight times as much memory
HASH = 32

EMPTY = sha256().digest()
"""The root of no entries (RFC 9162, 2.1.1)."""

Name = Literal["tampered", "truncated", "re-ordered", "re-signed", "forked", "unsigned", "malformed", "unguarded"]


@dataclass(frozen=True)
class Problem:
    """What is wrong: the name of the fault, and one sentence."""

    name: Name
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass
class Result:
    """What a verification found; nothing in `problems` means that everything that could be checked holds."""

    problems: list[Problem] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def fault(self, name: Name, text: str) -> None:
        self.problems.append(Problem(name, text))


class MalformedError(ValueError):
    """A note, key, checkpoint or bundle is not in its format."""


# The Merkle tree


def leaf_hash(data: bytes) -> bytes:
    """The leaf of an entry's bytes (RFC 9162, 2.1.1): the prefix keeps it from passing for an inner node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The inner node over two others (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


class Growing:
    """A tree that is only appended to: the full subtrees on its right edge, O(log n) hashes."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []  # one a set bit of size, the largest first

    def append(self, item: bytes, height: int = 0) -> None:
        """Add a leaf hash, or that of a full subtree of 2**height leaves, which the size is a multiple of."""
        bits = self.size >> height
        self.size += 1 << height
        while bits & 1:
            item = node_hash(self.edge.pop(), item)
            bits >>= 1
        self.edge.append(item)

    def root(self, more: Iterable[bytes] = ()) -> bytes:
        """The root of what was appended so far, and of `more` leaves if given."""
        grown = Growing()
        grown.size, grown.edge = self.size, list(self.edge)
        for leaf in more:
            grown.append(leaf)
        return join(grown.edge)


def join(edge: Sequence[bytes]) -> bytes:
    """Full subtrees, from the largest to the smallest, under one root."""
    if not edge:
        return EMPTY
    computed = edge[-1]
    for left in reversed(edge[:-1]):
        computed = node_hash(left, computed)
    return computed


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows the leaf at `index` of the tree of `size` with `root` (2.1.3.2); all of it is used up."""
    if not 0 <= index < size or not _hashes([leaf, *proof, root]):
        return False
    place, last, computed = index, size - 1, leaf
    for item in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            computed = node_hash(item, computed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            computed = node_hash(computed, item)
        place, last = place >> 1, last >> 1
    return last == 0 and computed == root


def verify_consistency(*, old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `size` only added to the tree of `old` (2.1.4.2); all of it is used up.

    From an empty tree everything is consistent, and the proof is empty.
    """
    if not 0 <= old <= size or not _hashes([old_root, *proof, root]):
        return False
    if old in {0, size}:
        return not proof and old_root == (root if old else EMPTY)
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for item in path[1:]:
        if last == 0:  # without this, a wrong second size passes
            return False
        if place & 1 or place == last:
            before, after = node_hash(item, before), node_hash(item, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, item)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _hashes(items: Iterable[bytes]) -> bool:
    return all(len(item) == HASH for item in items)


# Keys and signed notes


@dataclass(frozen=True)
class Key:
    """A public Ed25519 key under its holder's name."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, line: str) -> Key:
        """From a C2SP verifier key line, `NAME+ID+KEY`; of a signer (type 0x01) or a witness (0x04).

        Raises:
            MalformedError: It is none, or its ID is not that of its key.
        """
        parts = line.strip().split("+", 2)
        if len(parts) != 3 or not valid_name(parts[0]):
            raise MalformedError("a public key reads NAME+ID+KEY, as `fairwitness key new` prints it")
        material = unbase64(parts[2])
        key = cls(parts[0], material[1:])
        if material[:1] not in {bytes([NOTE]), bytes([COSIGNATURE])} or len(key.public) != 32:
            raise MalformedError("the key is no Ed25519 key")
        if parts[1] != key.id(material[0]).hex():
            raise MalformedError("the key's ID is not that of the key: a character was lost or changed")
        return key

    def id(self, kind: int = NOTE) -> bytes:
        """The four bytes that name the key in a signature line."""
        return sha256(self.name.encode() + b"\n" + bytes([kind]) + self.public).digest()[:4]

    def line(self, kind: int = NOTE) -> str:
        """The verifier key line."""
        return f"{self.name}+{self.id(kind).hex()}+{base64.b64encode(bytes([kind]) + self.public).decode()}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the key's holder signed `message`.

        Raises:
            ImportError: `cryptography` is not installed.
        """
        from cryptography.exceptions import InvalidSignature  # only signatures need it
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Line:
    """One signature of a note: who says to have made it, the key's ID, and the bytes after that."""

    name: str
    id: bytes
    signature: bytes

    def state(self, text: str, key: Key) -> Literal["signed", "cosigned", "wrong", "another key", "another name"]:
        """What the line says about a key: only `signed` and `cosigned` mean that its holder made it."""
        if self.name != key.name:
            return "another name"
        if self.id == key.id(NOTE):
            return "signed" if key.verifies(text.encode(), self.signature) else "wrong"
        if self.id == key.id(COSIGNATURE):
            message = f"cosignature/v1\ntime {self.time}\n{text}".encode()
            return "cosigned" if len(self.signature) == 72 and key.verifies(message, self.signature[8:]) else "wrong"
        return "another key"

    @property
    def time(self) -> int:
        """Of a cosignature: when it was made, in seconds since 1970."""
        return int.from_bytes(self.signature[:8])


@dataclass(frozen=True)
class Note:
    """A text and its signatures (C2SP signed-note)."""

    text: str
    lines: tuple[Line, ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        """Read a note; its signatures are not verified by this.

        Raises:
            MalformedError: It is no signed note.
        """
        if len(note) > LARGEST_NOTE or any(ord(sign) < 0x20 and sign != "\n" for sign in note):
            raise MalformedError("a signed note is short text without control characters")
        text, gap, signatures = note.rpartition("\n\n")
        if not gap or not signatures.endswith("\n"):
            raise MalformedError("a signed note is a text, an empty line, and signature lines")
        rows = signatures[:-1].split("\n")
        if len(rows) > MOST_SIGNATURES:
            raise MalformedError(f"it has more than {MOST_SIGNATURES} signatures")
        return cls(text + "\n", tuple(_line(row) for row in rows))

    def __str__(self) -> str:
        rows = (f"— {line.name} {base64.b64encode(line.id + line.signature).decode()}\n" for line in self.lines)
        return f"{self.text}\n{''.join(rows)}"


def _line(row: str) -> Line:
    parts = row.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not valid_name(parts[1]):
        raise MalformedError("a signature line reads: — NAME SIGNATURE")
    raw = unbase64(parts[2])
    if len(raw) <= 4:
        raise MalformedError("a signature is too short")
    return Line(parts[1], raw[:4], raw[4:])


def valid_name(name: str) -> bool:
    """Whether a key may have the name: something, without spaces, plus signs or control characters."""
    return bool(name) and name.isprintable() and not any(sign.isspace() or sign == "+" for sign in name)


def unbase64(text: str) -> bytes:
    """Standard base64, in its one canonical writing.

    Raises:
        MalformedError: It is not.
    """
    try:
        raw = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError("a hash, key or signature is not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise MalformedError("a hash, key or signature is not in canonical base64")
    return raw


@dataclass(frozen=True)
class Checkpoint:
    """What a log was at a size (C2SP tlog-checkpoint): its name, how many entries, their Merkle root."""

    origin: str
    size: int
    root: bytes
    note: Note

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        """Read a checkpoint; its signatures are not verified by this.

        Raises:
            MalformedError: It is none.
        """
        parsed = Note.parse(note)
        lines = parsed.text.split("\n")
        if len(lines) < 4 or not all(lines[:-1]):
            raise MalformedError("a checkpoint is three lines: the log's name, its size, its root")
        size = lines[1]
        if not (size.isascii() and size.isdigit() and len(size) < 19) or str(int(size)) != size:
            raise MalformedError("a checkpoint's second line is the log's size")
        root = unbase64(lines[2])
        if len(root) != HASH:
            raise MalformedError("a checkpoint's third line is a SHA-256 root")
        return cls(lines[0], int(size), root, parsed)

    def signed_by(self, key: Key, result: Result) -> bool:
        """Whether `key` signed or cosigned it; every way in which it did not is told to `result`."""
        states = [line.state(self.note.text, key) for line in self.note.lines]
        if "wrong" in states:
            result.fault("tampered", f"the checkpoint of {self.size} entries is not what {key.name} signed")
        elif "signed" in states or "cosigned" in states:
            return True
        elif "another key" in states:
            result.fault("re-signed", f"the checkpoint of {self.size} entries is signed as {key.name} by another key")
        else:
            result.fault("unsigned", f"the checkpoint of {self.size} entries is not signed by {key.name}")
        return False


# The bundle


def check(bundle: str, *, keys: Sequence[Key] = (), since: Sequence[str] = ()) -> Result:
    """Verify a bundle.

    Args:
        bundle: Its text.
        keys: Whom the reader trusts; each must have signed or cosigned the bundle's checkpoint.
        since: Checkpoints that the reader kept; the log must only have added to each.

    Raises:
        ImportError: Keys are given and `cryptography` is not installed.
    """
    result = Result()
    try:
        tree = _load(bundle)
        checkpoint = Checkpoint.parse(tree["checkpoint"])
        kept = [Checkpoint.parse(note) for note in since]
        earlier = [(item["size"], unbase64(item["root"]), _proof(item)) for item in tree["earlier"]]
        entries = [_Entry(item["data"].encode(), _index(item["data"]), _proof(item)) for item in tree["entries"]]
    except MalformedError as error:
        result.fault("malformed", str(error))
        return result
    signed = [key.name for key in keys if checkpoint.signed_by(key, result)]
    known = {size: root for size, root, _ in earlier} | {checkpoint.size: checkpoint.root}
    if tree["whole"]:
        known |= _whole(checkpoint, entries, {point.size for point in kept}, result)
    else:
        _part(checkpoint, entries, result)
    for size, root, proof in earlier:
        if not verify_consistency(old=size, size=checkpoint.size, old_root=root, root=checkpoint.root, proof=proof):
            result.fault("forked", f"the log did not grow from what the bundle says it was at {size} entries")
    for point in kept:
        _since(point, checkpoint, known, result)
    share = f"all {len(entries)}" if tree["whole"] else f"{len(entries)} of the {checkpoint.size}"
    result.facts.insert(0, f"{share} entries of {checkpoint.origin}")
    result.facts += [f"signed by {name}" for name in signed]
    if not keys:
        names = ", ".join(dict.fromkeys(line.name for line in checkpoint.note.lines))
        result.facts.append(f"unauthenticated: it says to be signed by {names}; --key, from another source, shows it")
    if not kept:
        result.facts.append("not compared with a checkpoint kept elsewhere; --since does that")
    return result


@dataclass(frozen=True)
class _Entry:
    data: bytes
    index: int
    proof: list[bytes]


def _whole(checkpoint: Checkpoint, entries: Sequence[_Entry], sizes: set[int], result: Result) -> dict[int, bytes]:
    """All entries: they must be as many as was signed, in order, under the root. Gives the roots at `sizes`."""
    tree = Growing()
    roots = {0: EMPTY}
    for place, entry in enumerate(entries):
        if entry.index != place:
            result.fault("re-ordered", f"entry {entry.index} stands at place {place}")
            return {}
        if entry.proof:
            result.fault("malformed", f"entry {place} brings a proof, and a whole log needs none")
        tree.append(leaf_hash(entry.data))
        if tree.size in sizes:
            roots[tree.size] = tree.root()
    if len(entries) < checkpoint.size:
        result.fault("truncated", f"the log has {len(entries)} entries, and {checkpoint.size} were signed")
    elif len(entries) > checkpoint.size:
        result.fault("tampered", f"the log has {len(entries)} entries, and only {checkpoint.size} were signed")
    elif tree.root() != checkpoint.root:
        result.fault("tampered", "the entries do not give the root that was signed")
    return roots


def _part(checkpoint: Checkpoint, entries: Sequence[_Entry], result: Result) -> None:
    before = -1
    for entry in entries:
        if entry.index <= before:
            result.fault("re-ordered", f"entry {entry.index} stands after entry {before}")
        before = entry.index
        leaf = leaf_hash(entry.data)
        if not verify_inclusion(
            leaf=leaf, index=entry.index, size=checkpoint.size, proof=entry.proof, root=checkpoint.root
        ):
            result.fault("tampered", f"entry {entry.index} is not what the checkpoint holds there")


def _since(kept: Checkpoint, now: Checkpoint, known: dict[int, bytes], result: Result) -> None:
    """Whether the log only added to the checkpoint that was kept elsewhere; `known` are its roots by size."""
    if kept.origin != now.origin:
        result.fault("forked", f"the checkpoint kept elsewhere is of {kept.origin}, not of this log")
    elif kept.size > now.size:
        result.fault("truncated", f"the checkpoint kept elsewhere has {kept.size} entries, this log {now.size}")
    elif kept.size not in known:
        result.fault("unsigned", f"no proof from {kept.size} entries in it; ask for one: ledger export --since")
    elif known[kept.size] != kept.root:
        result.fault("forked", f"at {kept.size} entries this log is not the one whose checkpoint was kept elsewhere")
    else:
        result.facts.append(f"it only added to the {kept.size} entries of the checkpoint kept elsewhere")


def dump(tree: dict[str, Any]) -> str:
    """A bundle's text: JSON with sorted keys and one space of indent, so that a bundle has one writing only."""
    return json.dumps(tree, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def _load(bundle: str) -> dict[str, Any]:
    try:
        tree = json.loads(bundle)
        same = dump(tree) == bundle
    except (ValueError, RecursionError):
        raise MalformedError("the bundle is not JSON") from None
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        raise MalformedError(f"the bundle's format is not {FORMAT}")
    if not same or set(tree) != {"format", "checkpoint", "whole", "entries", "earlier"}:
        raise MalformedError("the bundle is not written as one is")
    kinds = {"entries": {"data": str, "proof": list}, "earlier": {"size": int, "root": str, "proof": list}}
    for name, fields in kinds.items():
        items = tree[name]
        if not isinstance(items, list) or not all(
            isinstance(item, dict) and {key: type(value) for key, value in item.items()} == fields for item in items
        ):
            raise MalformedError(f"the bundle's {name} are not written as they are")
    if not isinstance(tree["checkpoint"], str) or not isinstance(tree["whole"], bool):
        raise MalformedError("the bundle's checkpoint is not text")
    return tree


def _proof(item: dict[str, Any]) -> list[bytes]:
    proof = item["proof"]
    if not all(isinstance(line, str) for line in proof):
        raise MalformedError("a proof is a list of hashes")
    return [unbase64(line) for line in proof]


def _index(data: str) -> int:
    """The place that an entry says it has."""
    try:
        index = json.loads(data)["index"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise MalformedError("an entry is not JSON with an index") from None
    if not isinstance(index, int) or isinstance(index, bool):
        raise MalformedError("an entry's index is not a number")
    return index


def main(words: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Check a bundle of a fairwitness ledger.")
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--key", action="append", default=[], help="NAME+ID+KEY of who must have signed; repeatable")
    parser.add_argument("--since", action="append", default=[], type=Path, help="a checkpoint you kept; repeatable")
    given = parser.parse_args(words)
    try:
        keys = [Key.parse(line) for line in given.key]
        since = [path.read_bytes().decode() for path in given.since]
        if given.bundle.stat().st_size > LARGEST_BUNDLE:
            raise MalformedError(
                f"the bundle is larger than {LARGEST_BUNDLE // 2**20} MiB; ask for one of fewer entries"
            )
        result = check(given.bundle.read_bytes().decode(), keys=keys, since=since)
    except ImportError:
        sys.stderr.write("signatures need the package cryptography: pip install cryptography\n")
        return 2
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for said in (*result.facts, *result.problems):  # names in it are a stranger's, and a terminal obeys some characters
        sys.stdout.write("".join(sign if sign.isprintable() else "?" for sign in str(said)) + "\n")
    sys.stdout.write("does not hold\n" if result.problems else "holds\n")
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
