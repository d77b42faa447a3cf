"""What the machine is that the work runs on, as far as it can be read; nothing is guessed here."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

HEAD = 16_384
"""Bytes of /proc/cpuinfo that are read: the first processor stands in them, and hundreds follow on a server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine, or the part of one that a container or a virtual machine is given.

    Attributes:
        processor: Its name; empty where it cannot be read.
        cpus: Hardware threads that this process may use, at least 1.
        threads: Hardware threads there are, at least as many.
        memory: Gigabytes (10^9 bytes) of memory in reach; None where that cannot be read.
        shared: Whether this is a virtual machine, so that the processor also serves others.
    """

    processor: str
    cpus: int
    threads: int
    memory: float | None
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """Its maker's figures: watts at sustained load, and hardware threads these watts are for."""

    name: str
    watts: float
    threads: int


@cache
def here() -> Machine:
    """This machine; read once."""
    return read(Path("/proc/cpuinfo"), Path("/sys/fs/cgroup"))


def read(cpuinfo: Path, cgroup: Path) -> Machine:
    """The machine that Linux describes in these places; elsewhere what Python knows of it."""
    text = _text(cpuinfo, HEAD)
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*:\s*(.+)$", text, re.MULTILINE)
    return Machine(
        processor=" ".join((name.group(1) if name else platform.processor()).split()),
        cpus=_cpus(cgroup),
        threads=max(_cpus(cgroup), os.cpu_count() or 1),
        memory=_memory(cgroup),
        shared=flags is not None and "hypervisor" in flags.group(1).split(),
    )


@cache
def known(name: str) -> Processor | None:
    """The maker's figures of a processor, by the name the operating system gives it; None where the table has none.

    >>> known("AMD EPYC 7763 64-Core Processor").watts
    280.0
    >>> known("Intel(R) Xeon(R) Processor") is None
    True
    """
    found = [each for each in _table() if re.search(rf"(?<!\w){re.escape(each.name)}(?![\w+])", name)]
    return max(found, key=lambda each: len(each.name), default=None)


@cache
def _table() -> tuple[Processor, ...]:
    lines = files("fairwitness.carbon").joinpath("processors.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(";") for line in lines if not line.startswith("#")][1:]
    return tuple(Processor(name=name, watts=float(watts), threads=int(threads)) for name, watts, threads in rows)


def _cpus(cgroup: Path) -> int:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _text(cgroup / "cpu.max", 64).partition(" ")
    if quota.isdigit() and period.strip().isdigit():
        count = min(count, -(-int(quota) // int(period)))
    return max(1, count)


def _memory(cgroup: Path) -> float | None:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None
    limit = _text(cgroup / "memory.max", 64).strip()
    return min(size, int(limit)) / 1e9 if limit.isdigit() else size / 1e9


def _text(path: Path, most: int) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(most)
    except OSError:
        return ""
