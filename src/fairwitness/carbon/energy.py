"""From readings to energy: a range in watt-hours, part by part, each with how it is known.

Measured is what a counter said; modelled, what follows from readings by a model of the machine; assumed, what nobody
told; told, what a person said. An end that is not known is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import Literal

from fairwitness.carbon.machine import known
from fairwitness.carbon.spent import Spent

Known = Literal["measured", "modelled", "assumed", "told"]
JOULES = 3600.0  # in a watt-hour

COUNTER = 0.05
"""RAPL counters lie within 5 % of a meter at the supply of the processor: Khan et al. 2018, ACM TOMPECS 3(2):9."""
BUSY, IDLE, MOST = (0.5, 3.0), 0.3, 2.0
"""Watts of a busy hardware thread, as multiples of its even share of the processor's watts (half where its unit is shared
with another, threefold where it runs alone and fast); what an idle one takes at the most; and what all of them can."""
UNKNOWN_BUSY, UNKNOWN_IDLE = (1.0, 12.0), 2.0
"""Watts of a hardware thread of an unknown processor: from half of 280 W over 128 threads (EPYC 7763) to more than 241 W
over 24 (Core i9-12900K, at its turbo)."""
MEMORY = (0.1, 0.625)
"""Watts a gigabyte: from 6 W for a module of 64 GB to 5 W, which codecarbon takes for any module, for one of 8 GB."""
SUPPLY = (1.04, 1.40)
"""What is drawn at the socket, to what processor and memory take: supplies waste 4 % (80 PLUS Titanium) to 18 % (Bronze);
the rest is board, drives and fans."""
PUE = (1.0, 2.5)
"""What a building draws, to what its machines do: from a desk at home to a server room cooled as offices are (Shehabi et al.
2016, LBNL-1005775). The mean of data centres is 1.56 (Uptime Institute 2024), so about half of them draw more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a person said about where the work runs.

    Attributes:
        watts: The processor's, at sustained load; None: by its name, else assumed.
        pue: What the building draws, to what its machines do; None: assumed.
    """

    watts: float | None = None
    pue: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Watt-hours of one part; they add up.

    Attributes:
        times: For what is drawn on top of the parts before it: what it multiplies them by, from the least to the most.
    """

    name: str
    low: float
    high: float | None
    known: Known
    how: str
    times: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """A range of watt-hours, and what it is made of."""

    parts: tuple[Part, ...]

    @property
    def low(self) -> float:
        return sum(part.low for part in self.parts)

    @property
    def high(self) -> float | None:
        ends = [part.high for part in self.parts if part.high is not None]
        return sum(ends) if len(ends) == len(self.parts) else None

    @property
    def middle(self) -> float:
        """The geometric mean of both ends: as many times above the one as below the other. The low end, of one alone."""
        return self.low if self.high is None else sqrt(self.low * self.high)

    @property
    def method(self) -> Known:
        """How the processor's part is known: the others rest on it."""
        return self.parts[0].known

    def widths(self) -> tuple[float | None, ...]:
        """Each part's share of what lies between the ends, counted in times and not in watt-hours.

        What multiplies the others has the share of its own factor; the rest goes to the others by their own widths. None
        where there is no width, or no end.
        """
        low, high = self.low, self.high
        if high is None or low <= 0 or high <= low:
            return tuple(None for _ in self.parts)
        every = log(high / low)
        own = [0.0 if part.times is None else log(part.times[1] / part.times[0]) / every for part in self.parts]
        wide = [0.0 if part.times is not None else (part.high or 0.0) - part.low for part in self.parts]
        left, among = 1 - sum(own), sum(wide)
        return tuple(times + (left * width / among if among else 0.0) for times, width in zip(own, wide, strict=True))


BUILDING = "building"
NOTHING_TOLD = Told()


def energy(spent: Spent, told: Told = NOTHING_TOLD) -> Energy:
    """The range of energy behind readings.

    Args:
        spent: Readings.
        told: What a person said, in place of what is assumed.

    Returns:
        Parts in watt-hours: processor, memory, accelerator where there is one, supply and board, building. The range
        holds the truth as far as the assumptions do, each of which is stated; it is not an interval of chance.
    """
    parts = [_processor(spent, told), _memory(spent)]
    if spent.accelerator is None:
        parts.append(
            Part(
                name="accelerator", low=0.0, high=None, known="assumed", how="there is one, and its meter was not read"
            )
        )
    elif spent.accelerator > 0:
        used = spent.accelerator / JOULES
        parts.append(
            Part(
                name="accelerator",
                low=used * (1 - COUNTER),
                high=used * (1 + COUNTER),
                known="measured",
                how="its own meter",
            )
        )
    parts.append(
        _on_top(
            "supply, board, fans", parts, SUPPLY, "assumed", f"{SUPPLY[0]:g} to {SUPPLY[1]:g} times the parts above"
        )
    )
    if told.pue is None:
        parts.append(_on_top(BUILDING, parts, PUE, "assumed", f"{PUE[0]:g} to {PUE[1]:g} times all above"))
    else:
        parts.append(_on_top(BUILDING, parts, (told.pue, told.pue), "told", f"{told.pue:g} times all above"))
    return Energy(parts=tuple(parts))


def stated(watt_hours: float) -> Energy:
    """Energy that a person states: no range, and nobody here has measured it."""
    return Energy(
        parts=(Part(name="as told", low=watt_hours, high=watt_hours, known="told", how="told in the settings"),)
    )


def _processor(spent: Spent, told: Told) -> Part:
    machine = spent.machine
    seconds = f"{spent.cpu:,.1f} processor seconds in {spent.wall:,.1f} s"
    if spent.package is not None:
        share = min(1.0, spent.cpu / (machine.threads * spent.wall)) if spent.wall > 0 else 0.0
        used = spent.package / JOULES
        how = f"the processor's own counter, from our {100 * share:.0f} % of its time to all of it"
        return Part(
            name="processor", low=used * share * (1 - COUNTER), high=used * (1 + COUNTER), known="measured", how=how
        )
    found = known(machine.processor)
    watts = told.watts if told.watts is not None else None if found is None else found.watts
    if watts is None:
        named = f", {machine.processor!r}, whose watts are not known" if machine.processor else ", which cannot be read"
        busy, idle, most = UNKNOWN_BUSY, UNKNOWN_IDLE, UNKNOWN_BUSY[1] + UNKNOWN_IDLE
        how = f"{seconds}, {busy[0]:g} to {busy[1]:g} W a busy thread: assumed of a processor{named}"
    else:
        threads = machine.threads if found is None else found.threads
        each = watts / threads
        busy, idle, most = (BUSY[0] * each, BUSY[1] * each), IDLE * each, MOST * each
        whose = "as told" if told.watts is not None else "by its maker"
        if machine.shared and found is None:  # its processor may have many more threads than it is given
            busy, whose = (min(UNKNOWN_BUSY[0], busy[0]), busy[1]), f"{whose}, or more that a virtual machine hides"
        how = f"{seconds}, {busy[0]:.2g} to {busy[1]:.2g} W a busy thread: {watts:g} W for {threads} threads, {whose}"
    ceiling = most * max(machine.cpus * spent.wall, spent.cpu)
    high = min(busy[1] * spent.cpu + idle * machine.cpus * spent.wall, ceiling)
    return Part(name="processor", low=busy[0] * spent.cpu / JOULES, high=high / JOULES, known="modelled", how=how)


def _memory(spent: Spent) -> Part:
    if spent.dram is not None:
        used = spent.dram / JOULES
        held, size = spent.resident, spent.machine.memory
        share = min(1.0, held / size) if held is not None and size else 0.0
        how = f"the memory's own counter, from our {100 * share:.0f} % of it to all"
        return Part(
            name="memory", low=used * share * (1 - COUNTER), high=used * (1 + COUNTER), known="measured", how=how
        )
    low = MEMORY[0] * (spent.resident or 0.0) * spent.wall / JOULES
    size = spent.machine.memory
    if size is None:
        return Part(name="memory", low=low, high=None, known="assumed", how="how much there is cannot be read")
    how = f"{MEMORY[0]:g} W a GB for the {spent.resident or 0:.1f} GB held, to {MEMORY[1]:g} W a GB for all {size:.1f}"
    return Part(
        name="memory",
        low=low,
        high=MEMORY[1] * max(size, spent.resident or 0.0) * spent.wall / JOULES,
        known="modelled",
        how=how,
    )


def _on_top(name: str, parts: list[Part], times: tuple[float, float], how_known: Known, how: str) -> Part:
    low = sum(part.low for part in parts) * (times[0] - 1)
    ends = [part.high for part in parts if part.high is not None]
    high = sum(ends) * (times[1] - 1) if len(ends) == len(parts) else None
    return Part(name=name, low=low, high=high, known=how_known, how=how, times=times)
