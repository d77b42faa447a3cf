"""Reading what people hand around: checkpoints, requests to witnesses, bundles."""

from __future__ import annotations

from pathlib import Path

from fairwitness.accountability.ledger.errors import LedgerError
from fairwitness.accountability.ledger.notes import Request
from fairwitness.accountability.ledger.standalone import LARGEST_BUNDLE, Checkpoint, MalformedError


def text(path: Path) -> str:
    """A file's text, line ends as they are.

    Raises:
        LedgerError: It cannot be read, is too large, or is not UTF-8.
    """
    try:
        if path.stat().st_size > LARGEST_BUNDLE:
            raise LedgerError(f"{path}: larger than {LARGEST_BUNDLE // 2**20} MiB; give a bundle of fewer entries")
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise LedgerError(f"{path}: not UTF-8 text; give a bundle or a checkpoint") from None
    except OSError as error:
        raise LedgerError(
            f"{path}: cannot be read ({(error.strerror or str(error)).lower()}); check the path"
        ) from None


def checkpoint(path: Path) -> Checkpoint:
    """A checkpoint from a file.

    Raises:
        LedgerError: It cannot be read or is none.
    """
    try:
        return Checkpoint.parse(text(path))
    except MalformedError as error:
        raise _refused(path, error) from None


def request(path: Path) -> Request | Checkpoint:
    """What a witness is given: a request with its proof, or a bare checkpoint.

    Raises:
        LedgerError: It cannot be read or is neither.
    """
    found = text(path)
    try:
        return Request.parse(found) if found.startswith("old ") else Checkpoint.parse(found)
    except MalformedError as error:
        raise _refused(path, error) from None


def is_ledger(path: Path) -> bool:
    """Whether a file is an SQLite database, by its first bytes; a bundle is text."""
    try:
        with path.open("rb") as file:
            return file.read(16) in {b"SQLite format 3\x00", b""}
    except OSError:
        return True  # the ledger says what is wrong with it


def _refused(path: Path, error: MalformedError) -> LedgerError:
    return LedgerError(f"{path}: {error}; give the file that `fairwitness ledger` wrote")
