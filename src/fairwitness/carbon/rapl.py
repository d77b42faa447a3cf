"""The processor's own energy counters (RAPL), as Linux shows them under powercap; most often only root may read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/class/powercap")
MOST_WATTS = 1000.0
"""No package draws more: a counter that could have run round at this power since it was last read is not believed."""


@dataclass(slots=True)
class Zone:
    """One counter: of a package (cores, caches and what is beside them) or of the memory that hangs on it."""

    path: Path
    memory: bool
    span: float  # joules after which it begins again from 0
    last: float


@dataclass(slots=True)
class Counters:
    """Joules since the beginning, over all zones.

    Attributes:
        lost: Whether a counter could not be read, or may have run round unseen.
    """

    zones: list[Zone]
    at: float  # clock at the last reading, in seconds
    package: float = 0.0
    memory: float = 0.0
    lost: bool = False

    def read(self, now: float) -> None:
        """Add what was used since the last reading; to be called at least every few minutes."""
        for zone in self.zones:
            value = _joules(zone.path / "energy_uj")
            if value is None or (now - self.at) * MOST_WATTS > zone.span:
                self.lost = True
                continue
            used = value - zone.last + (zone.span if value < zone.last else 0.0)
            zone.last = value
            if zone.memory:
                self.memory += used
            else:
                self.package += used
        self.at = now

    @property
    def has_memory(self) -> bool:
        return any(zone.memory for zone in self.zones)


def counters(now: float, root: Path = ROOT) -> Counters | None:
    """The counters of every package, and of memory where there are some; None where they may not be read.

    Counters of the cores alone and of the whole platform are left out: they are a part of the package, or hold it.
    """
    zones = [zone for place in _places(root) if (zone := _zone(place)) is not None]
    return Counters(zones=zones, at=now) if any(not zone.memory for zone in zones) else None


def _places(root: Path) -> Sequence[Path]:
    try:
        return sorted(root.glob("intel-rapl:*"))
    except OSError:
        return []


def _zone(place: Path) -> Zone | None:
    try:
        name = (place / "name").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    value, span = _joules(place / "energy_uj"), _joules(place / "max_energy_range_uj")
    if value is None or span is None or not (name.startswith("package") or name == "dram"):
        return None
    return Zone(path=place, memory=name == "dram", span=span, last=value)


def _joules(path: Path) -> float | None:
    try:
        return int(path.read_text(encoding="ascii")) / 1e6
    except (OSError, ValueError):
        return None
