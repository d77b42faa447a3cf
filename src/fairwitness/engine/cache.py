"""Finished pieces of work on disk, so the same command goes on where it was stopped.

A piece appears whole or not at all; its name is the digest of everything it depends on, so a stale one is never read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.digest import digest
from fairwitness.io import atomic

Arrays = Mapping[str, NDArray[Any]]


class Cache:
    """Arrays by key under `directory`; it and the folder above (`private`) are the owner's alone. None: nothing is kept."""

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        if directory is not None:
            atomic.directory(directory.parent, mode=0o700)
            atomic.directory(directory, mode=0o700)

    def arrays(self, key: tuple[Any, ...], make: Callable[[], Arrays]) -> Arrays:
        """What `make` gives, made at most once for a key."""
        if self.directory is None:
            return make()
        path = self.directory / f"{digest(*key)}.npz"
        kept = _load(path)
        if kept is None:
            kept = make()
            atomic.write_npz(path, **kept)
        return kept

    def place(self, key: tuple[Any, ...]) -> Path | None:
        """A path for a piece that writes itself, such as a trained model."""
        return None if self.directory is None else self.directory / digest(*key)


def _load(path: Path) -> Arrays | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return dict(stored)
    except (OSError, ValueError, EOFError, BadZipFile):
        return None  # not there, or not whole: made again
