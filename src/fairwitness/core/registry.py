"""Finds checks and remedies by their files, and imports one only when it is wanted.

An id is a place: `fairness.selection-rate-gap` is `fairness/checks/selection_rate_gap.py`, which defines one class with an
`info`; remedies lie in `remedies/`. So a pillar is a folder and a line in `PILLARS`; nothing else knows its name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

from fairwitness.core.errors import ConfigError, hint
from fairwitness.core.remedy import Remedy

PILLARS: dict[str, str] = {
    "data": "Bias in data",
    "fairness": "Fairness of decisions",
    "privacy": "Privacy",
    "robustness": "Robustness",
    "explain": "Transparency",
    "accountability": "Accountability",
    "monitor": "Monitoring",
    "carbon": "Carbon",
    "federated": "Federation",
}
"""Pillar to the name a reader sees, in the order of the report."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A check or a remedy that exists, not yet imported."""

    id: str
    module: str

    def load(self) -> Any:  # noqa: ANN401 - a Check or a Remedy, by the folder it lies in
        """Import the file and make its one check or remedy.

        Raises:
            TypeError: The file defines none or several, or the id in its `info` is not its place.
        """
        module = importlib.import_module(self.module)
        found = [
            thing
            for thing in vars(module).values()
            if isinstance(thing, type) and hasattr(thing, "info") and thing.__module__ == self.module
        ]
        if len(found) != 1 or found[0].info.id != self.id:
            raise TypeError(f"{self.module} must define exactly one class with an info, of id {self.id!r}")
        return found[0]()


def registered() -> tuple[Registered, ...]:
    """Every check there is, by pillar and then by name. Imports none of them."""
    return _found("checks")


def remedies() -> tuple[Registered, ...]:
    """Every remedy there is, by pillar and then by name. Imports none of them."""
    return _found("remedies")


def remedy(name: str, *, source: str) -> Remedy:
    """The remedy of that id.

    Raises:
        ConfigError: There is none.
    """
    for entry in remedies():
        if entry.id == name:
            made: Remedy = entry.load()
            return made
    raise ConfigError(f"{source}: no remedy {name!r}; {hint(name, [entry.id for entry in remedies()])}")


@cache
def answering(check: str) -> tuple[str, ...]:
    """Ids of the remedies that say they answer this check, in the order of the registry."""
    return tuple(entry.id for entry in remedies() if check in entry.load().info.answers)


@cache
def _found(kind: str) -> tuple[Registered, ...]:
    """What lies in the folders of that name."""
    found: list[Registered] = []
    for pillar in PILLARS:
        package = f"fairwitness.{pillar}.{kind}"
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
