"""A bundle: entries with all that a stranger needs to check them, in one text file."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from fairwitness.accountability.ledger.errors import LedgerError
from fairwitness.accountability.ledger.standalone import FORMAT, Checkpoint, MalformedError, dump
from fairwitness.accountability.ledger.store import Ledger


def make(log: Ledger, *, places: Sequence[int] | None = None, since: Sequence[Checkpoint] = ()) -> str:
    """The text of a bundle under the log's newest checkpoint.

    Args:
        log: Whose entries.
        places: Which of them, each with its proof; all of them, without proofs, if None.
        since: Checkpoints that readers keep, to be shown to be what this log grew from.

    Raises:
        LedgerError: There is no checkpoint, it is older than an entry asked for, or one of `since` is not of this log.
    """
    now = newest(log)
    if places is None:
        entries = [_item(data, []) for _, _, _, _, data in log.raw(now.size)]
    else:
        entries = [_item(log.data(place), proof_of(log, place, now)) for place in sorted(set(places))]
    earlier = []
    for point in since:
        if point.size > now.size or point.origin != now.origin or log.root(point.size) != point.root:
            raise LedgerError(f"{log.path}: the checkpoint of {point.size} entries is not one this log grew from")
        proof = log.consistency(point.size, now.size)
        earlier.append({"size": point.size, "root": base64.b64encode(point.root).decode(), "proof": _text(proof)})
    tree = {
        "format": FORMAT,
        "checkpoint": str(now.note),
        "whole": places is None,
        "entries": entries,
        "earlier": earlier,
    }
    return dump(tree)


def newest(log: Ledger) -> Checkpoint:
    """The log's newest checkpoint.

    Raises:
        LedgerError: There is none.
    """
    notes = log.notes()
    if not notes:
        raise LedgerError(f"{log.path}: nothing is signed yet; `fairwitness ledger checkpoint --as NAME` does it")
    try:
        return max((Checkpoint.parse(note) for note in reversed(notes)), key=lambda point: point.size)
    except MalformedError as error:
        why = f"a checkpoint in it is none ({error})"
        raise LedgerError.unusable(log.path, why, "`fairwitness verify` says more") from None


def proof_of(log: Ledger, place: int, point: Checkpoint) -> list[bytes]:
    """The proof that an entry is under a checkpoint.

    Raises:
        LedgerError: The checkpoint is older than the entry.
    """
    if point.size <= place < log.size:
        raise LedgerError(
            f"{log.path}: entry {place} is newer than the last checkpoint, of {point.size} entries; "
            "`fairwitness ledger checkpoint --as NAME` makes a new one"
        )
    return log.inclusion(place, point.size)


def _item(data: bytes, proof: Sequence[bytes]) -> dict[str, object]:
    return {"data": data.decode(), "proof": _text(proof)}


def _text(proof: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(item).decode() for item in proof]
