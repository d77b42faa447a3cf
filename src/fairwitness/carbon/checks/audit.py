"""What the audit itself took, as a range with its method, and what that emits."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.carbon import telling
from fairwitness.carbon.costs import Costs
from fairwitness.carbon.energy import energy
from fairwitness.core.asks import Ask, CostAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt

UP_TO_HERE = (
    "This runs after every other check; judging and writing the report come after it and are left out, as is the start of "
    "the program. What an earlier run had kept was not done again, and is not in it."
)


class Audit:
    info = CheckInfo(
        id="carbon.audit",
        title="The audit keeps to its energy budget",
        failure_title="The audit took more energy than its budget",
        measures=(
            "Watt-hours that this run of the audit took, the training of the audited model left out, from the least to the "
            "most it can have been, and the CO₂e of that where the country is told. A limit is in watt-hours."
        ),
        does_not_show=telling.LEFT_OUT,
        advice=(
            "Look at which pillar took most, and lower the budgets of its checks in [options]; what is kept in the output "
            "folder is not done again."
        ),
        severity=Severity.LOW,
        metered=True,
        sources=telling.SOURCES,
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return [CostAsk()] if outline.columns else NotApplicable("there is nothing that was audited")

    def run(self, given: Given, options: NoOptions) -> Outcome:
        costs: Costs = given[CostAsk()]
        found = energy(costs.audit, costs.told)
        lead = f"{telling.emissions(found, costs.grid)} {telling.width(found)}"
        notes = [UP_TO_HERE, telling.readable(costs.audit), telling.second(costs.audit, found)]
        return Measured(
            headline=f"This audit took {fmt.span(found.low, found.high, 'Wh')}, {found.method}",
            lead=lead.rstrip(),
            judged={Key(metric="energy of the audit"): telling.estimate(found, n=given.outline.rows)},
            explored=(
                telling.parts(found),
                *(() if costs.grid is None else (telling.emitted(found, costs.grid),)),
                _pillars(costs),
            ),
            notes=tuple(note for note in notes if note),
            to_settle=telling.narrower(found),
        )


def _pillars(costs: Costs) -> Series:
    """What the checks of each pillar took; what several share counts where it was asked for first."""
    before = costs.audit
    for spent in costs.pillars.values():
        before -= spent
    taken = {"reading the data, asking the model": before, **costs.pillars}
    found = {name: energy(spent, costs.told) for name, spent in taken.items()}
    return Series(
        title="Which pillar took it",
        columns={
            "pillar": tuple(found),
            "processor seconds": tuple(spent.cpu for spent in taken.values()),
            "low": tuple(each.low for each in found.values()),
            "high": tuple(each.high for each in found.values()),
        },
        units={"processor seconds": "number", "low": "Wh", "high": "Wh"},
    )
