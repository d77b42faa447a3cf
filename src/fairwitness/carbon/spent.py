"""What work took of a machine: raw readings, from which a range of energy is made later."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from fairwitness.carbon.machine import Machine
from fairwitness.io import atomic

NAME = "spent.json"
"""In a model's folder: what training it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Readings of clocks and counters over a stretch of work.

    Attributes:
        machine: Where it ran.
        cpu: Seconds of processors, user and system, over all threads, and of child processes that have ended.
        wall: Seconds that went by.
        resident: The most memory the process has held, in gigabytes; None where that is not known.
        package: Joules of the processor's own counter, everybody's work on it included; None where it cannot be read.
        dram: Joules of the memory's counter; None likewise.
        accelerator: Joules that an accelerator used, by its own meter; None where there is one and it was not read.
        beside: Joules that codecarbon says processor, memory and accelerators used; None where it was not asked.
        sittings: How many times the work was begun and gone on with.
    """

    machine: Machine
    cpu: float
    wall: float
    resident: float | None
    package: float | None = None
    dram: float | None = None
    accelerator: float | None = 0.0
    beside: float | None = None
    sittings: int = 1

    def __add__(self, other: Spent) -> Spent:
        """Both together; what is not known of one is not known of both."""
        held = [each for each in (self.resident, other.resident) if each is not None]
        return replace(
            self,
            cpu=self.cpu + other.cpu,
            wall=self.wall + other.wall,
            resident=max(held, default=None),
            package=_sum(self.package, other.package),
            dram=_sum(self.dram, other.dram),
            accelerator=_sum(self.accelerator, other.accelerator),
            beside=_sum(self.beside, other.beside),
        )

    def __sub__(self, other: Spent) -> Spent:
        """This stretch without an earlier or inner one; never below nothing."""
        return replace(
            self,
            cpu=max(0.0, self.cpu - other.cpu),
            wall=max(0.0, self.wall - other.wall),
            package=_less(self.package, other.package),
            dram=_less(self.dram, other.dram),
            accelerator=_less(self.accelerator, other.accelerator),
            beside=_less(self.beside, other.beside),
        )

    def to_json(self) -> dict[str, Any]:
        """As `of_json` reads it."""
        return asdict(self)


def of_json(told: Any) -> Spent | None:  # noqa: ANN401 - whatever a file held
    """Readings that were kept; None where they are not whole."""
    try:
        made = Spent(**{**told, "machine": Machine(**told["machine"])})
        return made if _whole(made) else None
    except (TypeError, KeyError, ValueError):
        return None


def save(folder: Path, spent: Spent) -> None:
    """Keep readings beside the model that they are of."""
    atomic.write_text(folder / NAME, json.dumps(spent.to_json(), indent=1) + "\n", mode=0o600)


def load(folder: Path) -> Spent | None:
    """Readings kept beside a model; None where there are none, or they are not whole."""
    try:
        return of_json(json.loads((folder / NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _whole(spent: Spent) -> bool:
    machine = spent.machine
    numbers = (spent.resident, spent.package, spent.dram, spent.accelerator, spent.beside, machine.memory)
    known = [spent.cpu, spent.wall, *(each for each in numbers if each is not None)]
    return (
        all(isfinite(each) and each >= 0 for each in known) and min(machine.cpus, machine.threads, spent.sittings) >= 1
    )


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(0.0, one - other)
