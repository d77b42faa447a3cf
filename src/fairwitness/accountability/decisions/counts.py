"""Decisions and appeals counted by group, apart from people: what erasing leaves, and what the next audit reads."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from fairwitness.accountability.decisions.errors import VaultError
from fairwitness.accountability.decisions.vault import Vault
from fairwitness.core.columns import CROSS, MISSING

Stage = Literal[
    "decided",
    "adverse",
    "appealed",
    "open",
    "answered",
    "late",
    "upheld",
    "overturned",
    "partly",
    "withdrawn",
    "similar",
]
"""What is counted: decisions; those not good for the person; of these, appeals by the person, those still open (by
their last day), answered, answered late, and how, or taken back; and cases opened because a similar one was overturned."""


@dataclass(frozen=True, slots=True)
class Change:
    """One more, or one less, of a stage in a cell of groups.

    Attributes:
        groups: Attribute to category.
        day: The last day, for `open`; else empty.
        value: Days from filing to the outcome, for `answered`.
    """

    groups: Mapping[str, str]
    stage: Stage
    n: int = 1
    day: str = ""
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Moments:
    """A number of values, their sum and the sum of their squares."""

    n: int
    total: float
    squares: float


@dataclass(frozen=True, eq=False)
class Counts:
    """Everything counted, as of a day.

    Attributes:
        cells: (attribute to category, stage, last day, moments).
        today: Open appeals whose last day lies before it are late.
    """

    cells: Sequence[tuple[Mapping[str, str], Stage, str, Moments]]
    today: date
    attributes: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        shared = [frozenset(groups) for groups, _, _, _ in self.cells]
        object.__setattr__(self, "attributes", frozenset.intersection(*shared) if shared else frozenset())

    def by(self, columns: Sequence[str], *stages: Stage) -> dict[str, int]:
        """People by group, summed over stages; a group nobody of whom is counted there has 0."""
        found = Counter[str]()
        for groups, stage, _, moments in self.cells:
            found[self._group(groups, columns)] += moments.n if stage in stages else 0
        return dict(sorted(found.items()))

    def overdue(self, columns: Sequence[str]) -> dict[str, int]:
        """Open appeals by group whose last day is over."""
        found = Counter[str]()
        for groups, stage, day, moments in self.cells:
            over = stage == "open" and date.fromisoformat(day) < self.today
            found[self._group(groups, columns)] += moments.n if over else 0
        return dict(sorted(found.items()))

    def days(self, columns: Sequence[str]) -> dict[str, Moments]:
        """Days from filing to the outcome, by group; only groups with an outcome."""
        found: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
        for groups, stage, _, moments in self.cells:
            if stage == "answered" and moments.n:
                held = found[self._group(groups, columns)]
                found[self._group(groups, columns)] = [
                    held[0] + moments.n,
                    held[1] + moments.total,
                    held[2] + moments.squares,
                ]
        return {group: Moments(int(n), total, squares) for group, (n, total, squares) in sorted(found.items())}

    @staticmethod
    def _group(groups: Mapping[str, str], columns: Sequence[str]) -> str:
        return CROSS.join(groups.get(column, MISSING) for column in columns)


def add(vault: Vault, changes: Iterable[Change]) -> None:
    """Count, inside the transaction that records what is counted."""
    summed: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for change in changes:
        cell = json.dumps(dict(change.groups), sort_keys=True, ensure_ascii=False)
        held = summed[cell, change.stage, change.day]
        held[0] += change.n
        held[1] += change.n * change.value
        held[2] += change.n * change.value**2
    vault.run_many(
        "INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n, "
        "total = total + excluded.total, squares = squares + excluded.squares",
        [(*key, *moments) for key, moments in summed.items()],
    )


def read(path: Path, *, today: date) -> Counts:
    """The counts in a vault's file; neither key nor the extra `ledger` is needed.

    Raises:
        VaultError: There is no vault, or it cannot be read.
    """
    if not path.exists():
        raise VaultError.none_yet(path.parent)
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=60)
        try:
            rows = db.execute("SELECT cell, stage, day, n, total, squares FROM counts").fetchall()
        finally:
            db.close()
    except sqlite3.Error as error:
        raise VaultError.unreadable(path, str(error)) from None
    return Counts(
        [(json.loads(cell), stage, day, Moments(n, total, squares)) for cell, stage, day, n, total, squares in rows],
        today,
    )
