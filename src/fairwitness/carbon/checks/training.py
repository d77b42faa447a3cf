"""What training the audited model took, as a range with its method, and what that emits."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.carbon import telling
from fairwitness.carbon.costs import Costs
from fairwitness.carbon.energy import Energy, energy, stated
from fairwitness.carbon.spent import Spent
from fairwitness.core.asks import Ask, CostAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NeedsPerson, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Severity
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt

WANTED = "What did training this model take? Ask who trained it, and write [carbon] training_kwh = ... into the config."


class Training:
    info = CheckInfo(
        id="carbon.training",
        title="Training keeps to its energy budget",
        failure_title="Training took more energy than its budget",
        measures=(
            "Watt-hours that the training of the audited model took, from the least to the most it can have been, each part "
            "measured, modelled or assumed, and the CO₂e of that where the country is told. A limit is in watt-hours."
        ),
        does_not_show=f"{telling.LEFT_OUT} Trainings that came before this one, such as a search for its options, are not in it.",
        advice=(
            "Train a smaller network or for fewer passes, and compare; a model mended after training costs no training. Then "
            "look at where and when it runs."
        ),
        severity=Severity.LOW,
        metered=True,
        sources=telling.SOURCES,
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return [CostAsk()] if outline.columns else NotApplicable("there is no system that could have been trained")

    def run(self, given: Given, options: NoOptions) -> Outcome:
        costs: Costs = given[CostAsk()]
        rows = given.outline.parts.get("train", given.outline.rows)
        if costs.training is not None:
            found = energy(costs.training, costs.told)
            return _measured(costs, found, rows, (*_notes(costs), *_second(costs.training, found)))
        if costs.training_kwh is not None:
            note = "The energy is what the settings say; nobody here has measured it, so it is never judged."
            return _measured(costs, stated(1000 * costs.training_kwh), rows, (note,))
        if costs.origin == "none":
            return NotApplicable(
                "no model is audited here, only decisions on record; [carbon] training_kwh tells what is known"
            )
        return NeedsPerson(WANTED)


def _measured(costs: Costs, found: Energy, rows: int, notes: tuple[str, ...]) -> Measured:
    lead = f"{telling.emissions(found, costs.grid)} {telling.width(found)}"
    return Measured(
        headline=f"Training took {fmt.span(found.low, found.high, 'Wh')}, {found.method}",
        lead=lead.rstrip(),
        judged={Key(metric="energy of training"): telling.estimate(found, n=rows)},
        explored=(telling.parts(found), *(() if costs.grid is None else (telling.emitted(found, costs.grid),))),
        notes=notes,
        to_settle=telling.narrower(found),
    )


def _second(spent: Spent, found: Energy) -> tuple[str, ...]:
    told = telling.second(spent, found)
    return (told,) if told else ()


def _notes(costs: Costs) -> tuple[str, ...]:
    spent = costs.training
    if spent is None:
        return ()
    found = [telling.readable(spent)]
    if not costs.trained_now:
        found.append(
            "The model was trained before this run and found where it was kept; this is what was read then, on "
            f"{spent.machine.processor or 'a processor without a name'}."
        )
    if spent.sittings > 1:
        found.append(
            f"It was trained in {spent.sittings} sittings; all are counted, but for the last seconds before a kill."
        )
    if costs.training_kwh is not None:
        found.append("training_kwh is told too, and not used: the training was read here.")
    return tuple(note for note in found if note)
