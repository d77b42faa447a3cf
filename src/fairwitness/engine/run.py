"""Runs planned steps: gives each check what it asked for and turns its failure into an outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fairwitness.carbon.clock import Clock
from fairwitness.carbon.spent import Spent
from fairwitness.core.asks import CostAsk
from fairwitness.core.check import Errored, Given, Measured, Meter, Outcome
from fairwitness.core.digest import generator
from fairwitness.core.subject import Outline
from fairwitness.draw.format import count
from fairwitness.engine.meter import StepMeter
from fairwitness.engine.plan import Step
from fairwitness.engine.progress import Progress
from fairwitness.engine.providers import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One step, what came of it, and what it took.

    Attributes:
        spent: Units of work (queries, passes, models), by what they are.
        took: What it took of the machine.
    """

    step: Step
    outcome: Outcome
    seconds: float
    spent: Mapping[str, int]
    took: Spent


def run(
    steps: Sequence[Step],
    outline: Outline,
    provider: Provider,
    *,
    context: Mapping[str, str],
    level: float,
    seed: int,
    progress: Progress,
    meters: Callable[[Step], StepMeter],
    clock: Clock,
    sampled: tuple[Outline, Provider] | None = None,
) -> Iterator[Ran]:
    """Each step with its outcome and what it took, in the order of the plan; but those that ask for costs come last.

    Steps that are `sampled` are given rows drawn at random, and say so.

    A check that raises becomes `Errored`: the gate does not pass on it, and the other checks still run.
    """
    for done, step in enumerate(sorted(steps, key=lambda each: CostAsk() in each.asks)):
        progress(step.id, done, len(steps))
        before, meter = clock.spent(), meters(step)
        seen = sampled if step.sampled and sampled is not None else (outline, provider)
        outcome = _outcome(step, *seen, context=context, level=level, seed=seed, meter=meter)
        if seen is sampled and isinstance(outcome, Measured):
            note = f"Measured on {count(seen[0].rows)} rows drawn at random from {count(outline.rows)}"
            outcome = replace(outcome, notes=(*outcome.notes, note))
        took = clock.spent() - before
        yield Ran(step=step, outcome=outcome, seconds=took.wall, spent=meter.spent, took=took)
    progress("done", len(steps), len(steps))


def _outcome(
    step: Step,
    outline: Outline,
    provider: Provider,
    *,
    context: Mapping[str, str],
    level: float,
    seed: int,
    meter: Meter,
) -> Outcome:
    if step.skip is not None:
        return step.skip
    try:
        given = Given(
            outline=outline,
            about=step.about,
            level=level,
            limit=step.limit,
            rng=generator(seed, step.check.info.id, step.name or ""),
            context=context,
            made=provider.give(step.asks),
            meter=meter,
        )
        return step.check.run(given, step.options)
    except Exception as error:  # noqa: BLE001 - a broken check must not hide what the others find
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = "" if where is None else f" ({where.tb_frame.f_code.co_filename.rpartition('/')[2]}:{where.tb_lineno})"
        # The kind of error and its place only: its text may hold values of people.
        return Errored(f"the check broke with {type(error).__name__}{place}; please report it")
