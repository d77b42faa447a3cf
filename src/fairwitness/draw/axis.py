"""A linear axis with round ticks: where a value falls, and what stands below it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from fairwitness.core.estimate import Unit
from fairwitness.draw.format import tick

BOUNDED: frozenset[Unit] = frozenset({"share", "auc"})  # cannot leave [0, 1]
REFERENCE: dict[Unit, float] = {"points": 0.0, "ratio": 1.0}  # "no difference": the axis always shows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Values `low` to `high` over places `start` to `end`; `start > end` runs upwards."""

    low: float
    high: float
    start: float
    end: float
    step: float
    unit: Unit

    @classmethod
    def over(
        cls, values: Iterable[float | None], *, unit: Unit, start: float, end: float, ticks: int, zero: bool = False
    ) -> Axis:
        """The shortest axis with round ends that holds every finite value, and the unit's "no difference"."""
        held = [value for value in values if value is not None and math.isfinite(value)]
        if unit in REFERENCE:
            held.append(REFERENCE[unit])
        if zero:
            held.append(0.0)
        low, high = (min(held), max(held)) if held else (0.0, 1.0)
        if high - low < 1e-9:
            margin = 0.05 if unit in BOUNDED or unit == "points" else max(abs(low) * 0.1, 0.5)
            low, high = low - margin, high + margin
        if unit in BOUNDED:
            low, high = max(low, 0.0), min(high, 1.0)
        step = _step(low, high, ticks)
        low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
        return cls(low=low, high=high, start=start, end=end, step=step, unit=unit)

    def at(self, value: float) -> float:
        """The place of a value; what lies beyond the axis sits on its edge."""
        held = min(max(value, self.low), self.high)
        return self.start + (held - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        """Place and label of each tick, from low to high."""
        steps = round((self.high - self.low) / self.step)
        marks = [self.low + i * self.step for i in range(steps + 1)]
        return [(self.at(mark), tick(mark, self.step, self.unit)) for mark in marks]


def _step(low: float, high: float, ticks: int) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that needs at most `ticks` steps from `low` to `high`."""
    power = 10.0 ** math.floor(math.log10((high - low) / ticks))
    return next(
        power * times
        for times in (1, 2, 5, 10, 20)
        if math.ceil(high / (power * times) - 1e-9) - math.floor(low / (power * times) + 1e-9) <= ticks
    )
