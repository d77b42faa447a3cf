"""Roots and proofs against the RFC's text, its published vectors, and pymerkle."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from fairwitness.accountability.ledger import merkle
from support.ledgers import Tree

# The inputs and roots of Certificate Transparency's reference tests (RFC 6962 tree, SHA-256), as in its C++ and Go code.
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 130


def source(leaves: list[bytes]) -> merkle.Node:
    return lambda height, place: merkle.fold(leaves[place << height : (place + 1) << height])


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(f"entry {number}".encode()) for number in range(count)]


def test_empty_and_published_roots() -> None:
    assert sha256(b"").digest() == merkle.EMPTY
    tree = merkle.Growing()
    made = [merkle.leaf_hash(item) for item in INPUTS]
    for size, (leaf, root) in enumerate(zip(made, ROOTS, strict=True), 1):
        tree.append(leaf)
        assert tree.root().hex() == merkle.root(size, source(made)).hex() == root


def test_roots_and_proofs_are_those_of_the_rfc_for_every_size() -> None:
    all_leaves = leaves(MOST)
    for size in range(1, MOST + 1):
        some = all_leaves[:size]
        node, tree = source(some), Tree(some)
        root = tree.root()
        assert merkle.root(size, node) == root
        for index in {0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size)):
            proof = merkle.inclusion(index, size, node)
            assert proof == tree.path(index)
            assert merkle.verify_inclusion(leaf=some[index], index=index, size=size, proof=proof, root=root)
        for old in {1, 2, size // 3, size // 2, size - 1, size} & set(range(1, size + 1)):
            proof = merkle.consistency(old, size, node)
            assert proof == tree.proof(old)
            before = Tree(some[:old]).root()
            assert merkle.verify_consistency(old=old, size=size, old_root=before, root=root, proof=proof)


def test_pymerkle_has_the_same_roots_and_accepts_the_same_paths() -> None:
    theirs = InmemoryTree(algorithm="sha256")
    data = [f"entry {number}".encode() for number in range(MOST)]
    made = [merkle.leaf_hash(item) for item in data]
    assert theirs.get_root() == merkle.EMPTY
    for size, item in enumerate(data, 1):
        theirs.append_entry(item)
        assert theirs.get_root() == merkle.root(size, source(made[:size]))
        if size % 13 == 0:
            for index in range(0, size, 7):
                path = theirs.prove_inclusion(index + 1, size).path
                assert merkle.inclusion(index, size, source(made)) == [bytes(step) for step in path[1:]]


def test_subtrees_may_be_appended_whole() -> None:
    made = leaves(64 + 16 + 3)
    tree = merkle.Growing()
    tree.append(merkle.fold(made[:64]), 6)
    tree.append(merkle.fold(made[64:80]), 4)
    assert tree.root(made[80:]) == Tree(made).root()


def turns(old: int, size: int) -> list[str]:
    """On which side each hash of a consistency proof stands, by the RFC's SUBPROOF on sizes alone."""
    if old == size:
        return []
    half = 1 << (size - 1).bit_length() - 1
    return [*turns(old, half), "right"] if old <= half else [*turns(old - half, size - half), "left"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 64, 65, 100, 129])
def test_both_sizes_are_used_up(size: int) -> None:
    """hash-tree 0.1.1 left the second size unconsumed, and so accepted proofs for trees that never were.

    Sizes that ask for the same turns cannot be told apart by any path: the root, signed with its size, is what does.
    """
    made = leaves(size)
    node, root = source(made), Tree(made).root()
    for old in range(1, size + 1):
        proof, before = merkle.consistency(old, size, node), Tree(made[:old]).root()
        for wrong in {*range(old, 2 * size + 3), 1 << 40} - {size}:
            accepted = merkle.verify_consistency(old=old, size=wrong, old_root=before, root=root, proof=proof)
            assert accepted <= (turns(old, wrong) == turns(old, size))
        for wrong in set(range(2 * old + 2)) - {old}:
            accepted = merkle.verify_consistency(old=wrong, size=size, old_root=before, root=root, proof=proof)
            assert not accepted


def test_a_wrong_size_or_index_is_not_accepted_for_a_leaf() -> None:
    """A path may fit other sizes that ask for the same turns; the root, signed with its size, is what binds them."""
    for size in range(1, 40):
        made = leaves(size)
        node, root = source(made), Tree(made).root()
        for index in range(size):
            proof = merkle.inclusion(index, size, node)
            for wrong in set(range(2 * size)) - {index}:
                assert not merkle.verify_inclusion(leaf=made[index], index=wrong, size=size, proof=proof, root=root)
            for longer in ([*proof, merkle.EMPTY], proof[:-1], [merkle.EMPTY, *proof]):
                if longer != proof:
                    assert not merkle.verify_inclusion(
                        leaf=made[index], index=index, size=size, proof=longer, root=root
                    )


FIXED = settings(max_examples=150, deadline=None, derandomize=True, database=None)


@st.composite
def mutations(draw: st.DrawFn) -> Callable[[list[bytes]], list[bytes]]:
    """A change to a list of hashes: one flipped bit, one left out, doubled, moved, cut short or put in."""
    kind = draw(st.sampled_from(["flip", "drop", "double", "swap", "cut", "insert"]))
    place, bit = draw(st.integers(0, 30)), draw(st.integers(0, 255))

    def change(hashes: list[bytes]) -> list[bytes]:
        changed = list(hashes)
        if kind == "insert" or not changed:
            changed.insert(place % (len(changed) + 1), merkle.leaf_hash(bytes([bit])))
            return changed
        at = place % len(changed)
        if kind == "flip":
            value = int.from_bytes(changed[at]) ^ (1 << bit)
            changed[at] = value.to_bytes(32)
        elif kind == "drop":
            del changed[at]
        elif kind == "double":
            changed.insert(at, changed[at])
        elif kind == "swap":
            changed.insert(0, changed.pop(at))
        else:
            changed[at] = changed[at][: bit % 32]
        return changed

    return change


@FIXED
@given(size=st.integers(1, 300), a=st.integers(0, 299), b=st.integers(1, 300), change=mutations())
def test_no_mutated_proof_is_accepted(size: int, a: int, b: int, change: Callable[[list[bytes]], list[bytes]]) -> None:
    made = leaves(size)
    node, root = source(made), Tree(made).root()
    index, old = a % size, 1 + (b - 1) % size
    proof = merkle.inclusion(index, size, node)
    changed = change(proof)
    accepted = merkle.verify_inclusion(leaf=made[index], index=index, size=size, proof=changed, root=root)
    assert accepted == (changed == proof)
    proof, before = merkle.consistency(old, size, node), Tree(made[:old]).root()
    changed = change(proof)
    accepted = merkle.verify_consistency(old=old, size=size, old_root=before, root=root, proof=changed)
    assert accepted == (changed == proof)


def test_nothing_is_consistent_with_the_empty_tree_but_the_empty_proof() -> None:
    root = Tree(leaves(3)).root()
    assert merkle.verify_consistency(old=0, size=3, old_root=merkle.EMPTY, root=root, proof=[])
    assert not merkle.verify_consistency(old=0, size=3, old_root=merkle.EMPTY, root=root, proof=[root])
    assert not merkle.verify_consistency(old=0, size=3, old_root=root, root=root, proof=[])


def test_what_is_not_there_has_no_proof() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion(index, size, source(leaves(3)))
    for old, size in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="no consistency"):
            merkle.consistency(old, size, source(leaves(3)))
