"""Runs that record themselves: what came of them, and, of those that failed or were stopped, how far they were."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import fairwitness
from fairwitness.accountability.ledger.entries import JSON, Entry, Kind
from fairwitness.accountability.ledger.errors import LedgerError
from fairwitness.accountability.ledger.store import Ledger

ONCE: frozenset[Kind] = frozenset({"training", "waiver", "alert"})
"""Kinds that are recorded once for an id: the same model, found again in a cache, was not trained twice; an alarm that
stands is told at every look and was raised once."""


class Watcher(Protocol):
    """Told what is being done, how much of it is done, and how much there is."""

    def __call__(self, doing: str, done: int, total: int) -> None: ...


class Run:
    """A run under way: `finish` says what came of it, `watch` lets a failure say where it was."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.where = "the start"

    def watch(self, watcher: Watcher) -> Watcher:
        """A watcher that passes everything on and remembers the last of it."""

        def both(doing: str, done: int, total: int) -> None:
            self.where = f"{doing} ({done} of {total})" if total > 1 else doing
            watcher(doing, done, total)

        return both

    def finish(self, entries: Sequence[Entry]) -> None:
        """What is recorded when the run ends well."""
        self.entries += entries


@contextmanager
def running(path: Path | None, kind: Kind, about: Mapping[str, JSON]) -> Iterator[Run]:
    """Record a run: what it finishes with, or else that it failed or was stopped, and where.

    Args:
        path: The ledger; None records nothing.
        kind: Of the entry for a run that did not end well.
        about: What such an entry says besides: digests that are known before the run. No personal data.

    Raises:
        LedgerError: The ledger cannot be written; before any work if that can be known.
    """
    run = Run()
    if path is None:
        yield run
        return
    with Ledger(path) as log:
        log.probe()
    try:
        yield run
    except BaseException as error:
        _failed(path, Entry(kind=kind, body=about), run, error)
        raise
    record(path, run.entries)


def record(path: Path, entries: Sequence[Entry]) -> None:
    """Append entries in one step, but those of `ONCE` that are there already.

    Raises:
        LedgerError: They cannot be recorded.
    """
    with Ledger(path) as log:
        new = [entry for entry in entries if not _known(log, entry)]
        if new:
            log.append(new)


def code() -> dict[str, JSON]:
    """What measured: the version, and a SHA-256 over every source file of the package."""
    return {"version": fairwitness.__version__, "source": _source()}


def _known(log: Ledger, entry: Entry) -> bool:
    key = entry.body.get("id")
    return entry.kind in ONCE and isinstance(key, str) and any(True for _ in log.find(entry.kind, key))


def _failed(path: Path, entry: Entry, run: Run, error: BaseException) -> None:
    """Record a run that did not end well; the kind of error only, for its text may hold values of people."""
    outcome = "failed" if isinstance(error, Exception) else "stopped"
    body: dict[str, JSON] = {
        **entry.body,
        "outcome": outcome,
        "error": type(error).__name__,
        "where": run.where,
        "code": code(),
    }
    try:
        record(path, [Entry(kind=entry.kind, body=body)])
    except LedgerError as refused:
        sys.stderr.write(f"fairwitness: that this run {outcome} could not be recorded: {refused}\n")


@cache
def _source() -> str:
    whole = sha256()
    for root in fairwitness.__path__:
        for file in sorted(Path(root).rglob("*.py")):
            whole.update(f"{file.relative_to(root).as_posix()}\n{sha256(file.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()
