"""The Merkle tree of RFC 9162: roots and proofs, as plain functions; their verification stands in `standalone`.

A tree is known by its size and by `Node`, which gives the hash of any full subtree; so a proof reads as few nodes as it
needs, wherever they are kept.

Source: RFC 9162 (Certificate Transparency 2.0), section 2.1; its hashes are those of RFC 6962.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from fairwitness.accountability.ledger.standalone import (
    EMPTY,
    Growing,
    join,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "EMPTY",
    "Growing",
    "Node",
    "consistency",
    "fold",
    "inclusion",
    "leaf_hash",
    "node_hash",
    "root",
    "verify_consistency",
    "verify_inclusion",
]

Node = Callable[[int, int], bytes]
"""(height, place) -> hash of the full subtree over the leaves [place * 2**height, (place + 1) * 2**height)."""


def fold(leaves: Sequence[bytes]) -> bytes:
    """The hash over a full subtree's leaves; their number is a power of two."""
    level = list(leaves)
    while len(level) > 1:
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return level[0]


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
    return join(edge)
