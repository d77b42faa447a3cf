"""What the audit itself takes of the machine, step by step, and what training took before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from operator import add

from fairwitness.carbon.beside import CodeCarbon
from fairwitness.carbon.clock import Clock
from fairwitness.carbon.costs import Costs, Origin
from fairwitness.carbon.energy import energy
from fairwitness.carbon.spent import Spent
from fairwitness.core.comparison import Cost
from fairwitness.core.errors import ConfigError
from fairwitness.core.findings import Finding
from fairwitness.engine.config import Config
from fairwitness.engine.progress import Progress
from fairwitness.engine.run import Ran
from fairwitness.engine.subject import Subject

DIGITS = 4
"""Of a step's watt-hours in findings: the range is wider than that by far."""


def begin(config: Config, *, source: str) -> Clock:
    """The clock of an audit, with what the settings want read beside it.

    Raises:
        ConfigError: codecarbon is wanted, and not installed.
    """
    accelerated = config.model.device != "cpu"
    if config.carbon.meter == "own":
        return Clock(accelerated=accelerated)
    try:
        return Clock(accelerated=accelerated, beside=CodeCarbon())
    except ImportError:
        raise ConfigError(
            f"{source}: [carbon] meter = 'codecarbon' needs codecarbon; pip install 'fairwitness[carbon]'"
        ) from None


def ticking(clock: Clock, progress: Progress) -> Progress:
    """Progress that reads energy counters whenever it is told something, so that none runs round unseen."""

    def told(doing: str, done: int, total: int) -> None:
        clock.tick()
        progress(doing, done, total)

    return told


class Metered:
    """Reads one clock through an audit."""

    def __init__(self, subject: Subject, config: Config, clock: Clock | None, *, source: str) -> None:
        """Go on with the clock that runs since the audit began, or begin here."""
        # a training that the clock has seen is told apart from the audit
        self._inside = subject.spent if clock is not None and subject.trained else None
        self.clock = clock or begin(config, source=source)
        self._subject, self._config = subject, config
        self._steps: dict[str, Spent] = {}

    def watched(self, ran: Iterable[Ran]) -> Iterator[Ran]:
        """The same, while what each step took is remembered."""
        for each in ran:
            self._steps[each.step.id] = each.took
            yield each

    def costs(self) -> Costs:
        """Everything that was read until now."""
        audit, settings = self.clock.whole(), self._config.carbon
        return Costs(
            training=self._subject.spent,
            trained_now=self._subject.trained,
            origin=self._origin(),
            audit=audit if self._inside is None else audit - self._inside,
            pillars=self._pillars(),
            told=settings.told(),
            training_kwh=settings.training_kwh,
            grid=settings.grid(),
        )

    def told(self, findings: Iterable[Finding], *, order: Sequence[str]) -> list[Finding]:
        """Findings with the energy of their steps, in the order of the plan."""
        place = {name: number for number, name in enumerate(order)}
        told = self._config.carbon.told()
        found = []
        for each in sorted(findings, key=lambda finding: place[finding.id]):
            made = energy(self._steps[each.id], told)
            found.append(replace(each, watt_hours=(_short(made.low), None if made.high is None else _short(made.high))))
        return found

    def _pillars(self) -> dict[str, Spent]:
        found: dict[str, Spent] = {}
        for step, took in self._steps.items():
            pillar = step.partition(".")[0]
            found[pillar] = found[pillar] + took if pillar in found else took
        return found

    def _origin(self) -> Origin:
        model = self._config.model
        if self._subject.model is None:
            return "none"
        return "here" if model.train is not None else "saved" if model.saved is not None else "elsewhere"


def cost_of(subjects: Sequence[Subject], config: Config) -> Cost | None:
    """What training the models of these subjects took together; None where nobody read it of one of them."""
    read = [each.spent for each in subjects]
    known = [each for each in read if each is not None]
    if not known or len(known) < len(read):
        return None
    spent = reduce(add, known)
    made = energy(spent, config.carbon.told())
    high = None if made.high is None else _short(made.high)
    return Cost(cpu_seconds=round(spent.cpu, 2), low=_short(made.low), high=high, method=made.method)


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
