"""Reads what a stretch of work takes: processor time with that of children, memory, and energy counters where there are some."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fairwitness.carbon import rapl, spent
from fairwitness.carbon.beside import CodeCarbon
from fairwitness.carbon.machine import Machine, here
from fairwitness.carbon.spent import Spent
from fairwitness.io import atomic

EVERY = 5.0
"""Seconds between two writings of what training has taken so far: a kill loses no more."""


def processor_seconds() -> float:
    """Of this process, all its threads, and its children that have ended."""
    return sum(os.times()[:4])


class Clock:
    """Runs from when it is made."""

    def __init__(
        self,
        *,
        machine: Machine | None = None,
        cpu: Callable[[], float] = processor_seconds,
        wall: Callable[[], float] = time.perf_counter,
        powercap: Path = rapl.ROOT,
        accelerated: bool = False,
        beside: CodeCarbon | None = None,
    ) -> None:
        """Start.

        Args:
            machine: Where it runs; this one if None.
            cpu: Processor seconds so far.
            wall: Seconds so far.
            powercap: Where the energy counters are.
            accelerated: Whether an accelerator works too, whose energy is known only where its meter is read beside.
            beside: Reads meters that we do not.
        """
        self._machine = here() if machine is None else machine
        self._cpu, self._wall = cpu, wall
        self._accelerated = accelerated
        self._beside = beside
        self._start = cpu(), wall()
        self._counters = rapl.counters(self._start[1], powercap)

    def tick(self) -> None:
        """Read the counters, so that none runs round unseen; to be called at least every few minutes."""
        if self._counters is not None:
            self._counters.read(self._wall())

    def spent(self) -> Spent:
        """All since the beginning."""
        now, counters = self._wall(), self._counters
        if counters is not None:
            counters.read(now)
            counters = None if counters.lost else counters
        return Spent(
            machine=self._machine,
            cpu=self._cpu() - self._start[0],
            wall=now - self._start[1],
            resident=_resident(),
            package=None if counters is None else counters.package,
            dram=None if counters is None or not counters.has_memory else counters.memory,
            accelerator=None if self._accelerated else 0.0,
        )

    def whole(self) -> Spent:
        """The same, with what is read beside; that takes some milliseconds."""
        made = self.spent()
        if self._beside is None:
            return made
        total, accelerator = self._beside.read()
        unread = self._accelerated and accelerator == 0
        return replace(made, beside=total, accelerator=None if unread else accelerator)


class Sitting:
    """One stretch of a training: what it and the earlier ones took, kept in the model's folder as it goes."""

    def __init__(self, clock: Clock, folder: Path | None, earlier: Spent | None) -> None:
        self._clock, self._folder, self._earlier = clock, folder, earlier
        self._written = 0.0
        self.spent = clock.spent()

    def tick(self, *, last: bool = False) -> None:
        """Read the clock; to be called now and then, and at the end."""
        this = self._clock.whole() if last else self._clock.spent()
        self.spent = this if self._earlier is None else _gone_on(self._earlier, this)
        if this.wall - self._written >= EVERY:
            self._written = this.wall
            self.keep()

    def keep(self) -> None:
        """Write what is known by now."""
        if self._folder is not None:
            spent.save(atomic.directory(self._folder, mode=0o700), self.spent)


@contextmanager
def sitting(folder: Path | None, *, goes_on: bool, accelerated: bool, beside: bool = False) -> Iterator[Sitting]:
    """A stretch of training; what it takes is kept in `folder`, also where it is stopped.

    Args:
        folder: Of the model; None keeps nothing.
        goes_on: Whether it goes on from an earlier stretch, whose readings lie in the folder.
        accelerated: Whether it runs on an accelerator.
        beside: Whether codecarbon reads meters too.
    """
    earlier = spent.load(folder) if goes_on and folder is not None else None
    made = Sitting(Clock(accelerated=accelerated, beside=CodeCarbon() if beside else None), folder, earlier)
    try:
        yield made
    finally:
        made.tick(last=True)
        made.keep()


def _gone_on(earlier: Spent, this: Spent) -> Spent:
    both = this + earlier  # the machine of today
    return replace(both, sittings=earlier.sittings + 1)


def _resident() -> float | None:
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 1e9 if sys.platform == "darwin" else size * 1024 / 1e9
