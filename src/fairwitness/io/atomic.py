"""Writing so that a file is whole or not there, whatever happens in between.

Each write goes to a hidden file in the same folder, is flushed to disk, and takes the name in one step. A writer that
was killed leaves such a file behind; it is never read, and the next write of that name clears it away.
"""

from __future__ import annotations

import io
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import UserError

ABANDONED_AFTER = 3600.0
"""Seconds after which nobody can still be writing a temporary file: the largest takes minutes."""


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write `text` as UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode(), mode=mode)


def write_bytes(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write `data` under `path`, whole or not at all.

    Args:
        path: Where; its folder exists.
        data: The content.
        mode: Permissions, less what the user's umask takes away.

    Raises:
        UserError: The folder is missing or may not be written, or the disk is full.
    """
    with _replacing(Path(path), mode) as file:
        file.write(data)


def write_npz(path: Path, **arrays: NDArray[Any]) -> None:
    """Write arrays as an uncompressed .npz that `numpy.load(..., allow_pickle=False)` reads; owner only (0600).

    Raises:
        ValueError: An array holds Python objects, which would need pickle.
        UserError: As for `write_bytes`.
    """
    held = [name for name, array in arrays.items() if np.asarray(array).dtype.hasobject]
    if held:
        raise ValueError(f"array {held[0]!r} holds Python objects; convert it to text or numbers first")
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    with _replacing(Path(path), 0o600) as file:
        file.write(buffer.getbuffer())


def directory(path: Path, mode: int = 0o755) -> Path:
    """Make a folder and those above it; one that is there already is never left wider than `mode`.

    Raises:
        UserError: A file has that name, or the folder may not be made.
    """
    path = Path(path)
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        now = path.stat().st_mode & 0o777
        if now & ~mode:
            path.chmod(now & mode)
    except OSError as error:
        raise _refused(path, error) from None
    return path


def probe_writable(directory: Path) -> None:
    """Make the folder and try a write in it, before any work is done.

    Raises:
        UserError: Nothing can be written there.
    """
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = _beside(folder / "probe")
        probe.write_bytes(b"probe")
        probe.unlink()
    except OSError as error:
        raise _refused(folder, error) from None


@contextmanager
def _replacing(path: Path, mode: int) -> Iterator[BinaryIO]:
    """A file to write that takes the name `path` when the block ends well, and vanishes when it does not."""
    temporary = _beside(path)
    try:
        _clear_abandoned(path)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from None


def _beside(path: Path) -> Path:
    return path.parent / f".{path.name}.{secrets.token_hex(8)}.tmp"


def _clear_abandoned(path: Path) -> None:
    """Remove what killed writers of this name have left; a file in use is younger than `ABANDONED_AFTER`."""
    prefix, before = f".{path.name}.", time.time() - ABANDONED_AFTER
    for entry in os.scandir(path.parent):
        middle = entry.name.removeprefix(prefix).removesuffix(".tmp")
        if entry.name != f"{prefix}{middle}.tmp" or len(middle) != 16:
            continue
        with suppress(FileNotFoundError):  # another writer cleared it first
            if entry.stat(follow_symlinks=False).st_mtime < before:
                Path(entry.path).unlink()


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut, where the system can (POSIX)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(path: Path, error: OSError) -> UserError:
    why = (error.strerror or str(error)).lower()
    ways = {
        FileNotFoundError: "make the folder first",
        PermissionError: "choose a folder you may write to",
        FileExistsError: "a file has that name; choose another folder",
        NotADirectoryError: "a file stands where a folder should be; choose another folder",
        IsADirectoryError: "a folder has that name; choose another file",
    }
    way_out = ways.get(type(error), "free space or choose another disk")
    return UserError(f"{path}: cannot be written ({why}); {way_out}")
