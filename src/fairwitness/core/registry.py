"""Finds checks by their files, and imports one only when it is wanted.

A check's id is its place: `fairness.selection-rate-gap` is `fairness/checks/selection_rate_gap.py`, which defines one
class with an `info`. So a pillar is a folder and a line in `PILLARS`; nothing else knows its name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

from fairwitness.core.check import Check
from fairwitness.core.errors import ConfigError

PILLARS: dict[str, str] = {
    "data": "Bias in data",
    "fairness": "Fairness of decisions",
    "privacy": "Privacy",
    "explain": "Transparency",
    "accountability": "Accountability",
}
"""Pillar to the name a reader sees, in the order of the report."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A check that exists, not yet imported."""

    id: str
    module: str

    def load(self) -> Check[Any]:
        """Import the file and make its one check.

        Raises:
            TypeError: The file defines no check or several, or the id in its `info` is not its place.
        """
        module = importlib.import_module(self.module)
        found = [
            thing
            for thing in vars(module).values()
            if isinstance(thing, type) and hasattr(thing, "info") and thing.__module__ == self.module
        ]
        if len(found) != 1 or found[0].info.id != self.id:
            raise TypeError(f"{self.module} must define exactly one check, with id {self.id!r}")
        check: Check[Any] = found[0]()
        return check


@cache
def registered() -> tuple[Registered, ...]:
    """Every check there is, by pillar and then by name. Imports none of them."""
    found: list[Registered] = []
    for pillar in PILLARS:
        package = f"fairwitness.{pillar}.checks"
        spec = find_spec(package)
        found += [
            Registered(f"{pillar}.{entry.name.replace('_', '-')}", f"{package}.{entry.name}")
            for entry in pkgutil.iter_modules(spec.submodule_search_locations if spec else [])
        ]
    return tuple(found)


def select(only: Iterable[str], skip: Iterable[str], *, source: str) -> tuple[Registered, ...]:
    """The checks that `only` and `skip` leave; each takes pillars or ids.

    Raises:
        ConfigError: A name that is neither a pillar nor a check.
    """
    known = {entry.id for entry in registered()} | set(PILLARS)

    def chosen(names: Iterable[str], key: str) -> list[str]:
        listed = list(names)
        for name in listed:
            if name not in known:
                raise ConfigError.unknown_check(name, key=key, source=source, have=sorted(known))
        return listed

    wanted, unwanted = chosen(only, "only"), chosen(skip, "skip")

    def among(entry: Registered, names: list[str]) -> bool:
        return entry.id in names or entry.id.partition(".")[0] in names

    return tuple(entry for entry in registered() if (not wanted or among(entry, wanted)) and not among(entry, unwanted))
