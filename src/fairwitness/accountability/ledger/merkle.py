"""The Merkle tree of RFC 9162: roots, proofs and their verification, as plain functions.

A tree is known by its size and by `Node`, which gives the hash of any full subtree; so a proof reads as few nodes as it
needs, wherever they are kept.

Source: RFC 9162 (Certificate Transparency 2.0), section 2.1; its hashes are those of RFC 6962.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH = 32
"""Bytes of a hash."""

EMPTY = sha256().digest()
"""The root of no entries (2.1.1)."""

Node = Callable[[int, int], bytes]
"""(height, place) -> hash of the full subtree over the leaves [place * 2**height, (place + 1) * 2**height)."""


def leaf_hash(data: bytes) -> bytes:
    """The leaf of an entry's bytes (2.1.1): the prefix keeps it from passing for an inner node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The inner node over two others (2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def fold(leaves: Sequence[bytes]) -> bytes:
    """The hash over a full subtree's leaves; their number is a power of two."""
    level = list(leaves)
    while len(level) > 1:
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return level[0]


class Growing:
    """A tree that is only appended to: the full subtrees on its right edge, O(log n) hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []  # one a set bit of size, the largest first

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        bits = self.size
        self.size += 1
        while bits & 1:
            leaf = sha256(b"\x01" + self._edge.pop() + leaf).digest()
            bits >>= 1
        self._edge.append(leaf)

    def root(self) -> bytes:
        """The root of what was appended so far."""
        return _joined(self._edge)


def root(size: int, node: Node) -> bytes:
    """The root of the first `size` leaves (2.1.1)."""
    return _range(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` (2.1.3.1), from the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range(middle, end, node))
            end = middle
        else:
            path.append(_range(start, middle, node))
            start = middle
    return path[::-1]


def consistency(old: int, size: int, node: Node) -> list[bytes]:
    """The proof that the first `old` leaves of the tree of `size` are the tree of `old` (2.1.4.1)."""
    if not 0 < old <= size:
        raise ValueError(f"no consistency proof from {old} to {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range(middle, end, node))
            end = middle
        else:
            path.append(_range(start, middle, node))
            start = middle
    if start:  # the old root itself is known to the verifier, and left out
        path.append(_range(start, end, node))
    return path[::-1]


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
    if old == 0:
        return not proof and old_root == EMPTY and (size > 0 or root == EMPTY)
    if old == size:
        return not proof and old_root == root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for item in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(item, before), node_hash(item, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, item)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _split(width: int) -> int:
    """The largest power of two below `width` (2.1.1)."""
    return 1 << (width - 1).bit_length() - 1


def _range(start: int, end: int, node: Node) -> bytes:
    """The hash over the leaves [start, end), which hang under one node of some tree."""
    edge: list[bytes] = []
    while start < end:
        width = end - start
        height = width.bit_length() - 1
        edge.append(node(height, start >> height))
        start += 1 << height
    return _joined(edge)


def _joined(edge: Iterable[bytes]) -> bytes:
    """Full subtrees from the largest to the smallest, under one root."""
    hashes = list(edge)
    if not hashes:
        return EMPTY
    computed = hashes.pop()
    while hashes:
        computed = node_hash(hashes.pop(), computed)
    return computed


def _hashes(items: Iterable[bytes]) -> bool:
    return all(len(item) == HASH for item in items)
