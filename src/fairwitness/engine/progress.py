"""How the engine tells a surface what it is doing; it prints nothing itself."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives what is being done, and how far it is."""

    def __call__(self, doing: str, done: int, total: int) -> None: ...


def silent(doing: str, done: int, total: int) -> None:
    """Tell nobody."""
