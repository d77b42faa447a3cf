"""Entries to record, and the Merkle tree as the RFC defines it: recursive, slow, and written from its text alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from fairwitness.accountability.ledger.entries import Entry, Kind


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
