"""How a step of long work tells how far it is, and finds again what an earlier run of it has finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fairwitness.core.check import Arrays
from fairwitness.engine.cache import Cache
from fairwitness.engine.progress import Progress


@dataclass(slots=True)
class StepMeter:
    """The meter of one step.

    Attributes:
        key: Everything the step's result depends on.
        spent: Units of work done, by what they are (queries, passes, models).
    """

    name: str
    key: tuple[Any, ...]
    cache: Cache
    progress: Progress
    spent: dict[str, int] = field(default_factory=dict)

    def spend(self, units: int, *, of: int, what: str) -> None:
        """So many more units are done, of so many planned."""
        self.spent[what] = self.spent.get(what, 0) + units
        self.progress(f"{self.name}: {what}", self.spent[what], of)

    def piece(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """What `make` gives, made at most once for this step; kept across runs where the subject has a fingerprint."""
        return self.cache.arrays(("piece", *self.key, name), make)
