"""Signing checkpoints, and what a log hands out with them: requests to witnesses and proofs of single entries.

Formats: C2SP signed-note, tlog-checkpoint, tlog-cosignature (Ed25519), tlog-witness (the body of add-checkpoint) and
tlog-proof. Reading and verifying stand in `standalone`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from fairwitness.accountability.ledger.keys import Signer
from fairwitness.accountability.ledger.standalone import (
    COSIGNATURE,
    NOTE,
    Checkpoint,
    Line,
    MalformedError,
    Note,
    unbase64,
)

PROOF = "c2sp.org/tlog-proof@v1"


def text(origin: str, size: int, root: bytes) -> str:
    """The text of a checkpoint, to be signed."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def signed(text: str, signers: Sequence[Signer]) -> Note:
    """A note signed by each, as the log itself signs (type 0x01)."""
    return Note(text, tuple(Line(who.name, who.key.id(NOTE), who.raw(text.encode())) for who in signers))


def cosigned(note: Note, witness: Signer, *, time: int) -> Note:
    """A note with one more signature: the witness's, that it saw this and nothing inconsistent with it.

    Args:
        note: A checkpoint.
        witness: Who vouches.
        time: Seconds since 1970.
    """
    message = f"cosignature/v1\ntime {time}\n{note.text}".encode()
    signature = time.to_bytes(8) + witness.raw(message)
    line = Line(witness.name, witness.key.id(COSIGNATURE), signature)
    others = tuple(item for item in note.lines if (item.name, item.id) != (line.name, line.id))
    return Note(note.text, (*others, line))


@dataclass(frozen=True, slots=True)
class Request:
    """What a witness is asked to cosign: a checkpoint, and the proof from the size that it last saw."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, request: str) -> Request:
        """Read the body of tlog-witness's add-checkpoint.

        Raises:
            MalformedError: It is none.
        """
        head, gap, note = request.partition("\n\n")
        first, *lines = head.split("\n")
        word, _, size = first.partition(" ")
        if not gap or word != "old" or not (size.isascii() and size.isdigit()) or str(int(size)) != size:
            raise MalformedError("a request to a witness begins with: old SIZE")
        return cls(int(size), tuple(unbase64(line) for line in lines), Checkpoint.parse(note))

    def __str__(self) -> str:
        return f"old {self.old}\n{_lines(self.proof)}\n{self.checkpoint.note}"


def inclusion_proof(index: int, proof: Sequence[bytes], checkpoint: Checkpoint) -> str:
    """The text of a tlog-proof: that a log holds an entry, whose bytes travel apart."""
    return f"{PROOF}\nindex {index}\n{_lines(proof)}\n{checkpoint.note}"


def _lines(hashes: Sequence[bytes]) -> str:
    return "".join(f"{base64.b64encode(item).decode()}\n" for item in hashes)
