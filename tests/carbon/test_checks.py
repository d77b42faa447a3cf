"""Both checks on planted readings, and in audits from beginning to end."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fairwitness
from fairwitness.accountability.policy.reproduced import of_numbers
from fairwitness.carbon import spent as readings
from fairwitness.carbon.costs import Costs
from fairwitness.carbon.energy import Told
from fairwitness.carbon.grid import grid
from fairwitness.carbon.machine import Machine
from fairwitness.carbon.spent import Spent
from fairwitness.core.asks import CostAsk
from fairwitness.core.check import Measured, NeedsPerson, NotApplicable
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.findings import Finding
from fairwitness.io import findings as documents
from support import given

MACHINE = Machine(processor="Some Processor", cpus=4, threads=4, memory=16.0, shared=True)
HOUR = Spent(machine=MACHINE, cpu=3600.0, wall=1800.0, resident=2.0)
"""1.144 to 47.04 Wh by hand; see test_energy."""


def planted(**changes: Any) -> Costs:
    told: dict[str, Any] = {"training": HOUR, "trained_now": True, "origin": "here", "audit": HOUR}
    return Costs(**{**told, **changes})


def outcome(name: str, costs: Costs) -> Any:
    return given.run(given.check(name), {}, made={CostAsk(): costs}, rows=100, parts={"train": 60})


def test_the_range_its_method_and_what_it_emits() -> None:
    found = outcome("carbon.training", planted(grid=grid(None, grams=500.0, year=None)))
    assert isinstance(found, Measured)
    assert found.headline == "Training took 1.14 to 73.5 Wh, modelled"
    assert found.lead.startswith("That emits 0.572 to 36.8 g CO₂e at 500 g a kWh (as told). The processor makes ")
    (energy,) = found.judged.values()
    assert (energy.low, energy.high) == pytest.approx((1.144, 73.5))
    assert (energy.unit, energy.claim) == ("Wh", "bracket")
    assert energy.n == 60
    emitted = given.series(found, "What that emits")
    assert emitted["low"] == pytest.approx((0.572,))
    assert emitted["high"] == pytest.approx((36.75,))
    parts = given.series(found, "What the range is made of")
    assert sum(parts["low"][:-1]) == pytest.approx(parts["low"][-1])
    assert sum(parts["high"][:-1]) == pytest.approx(parts["high"][-1])
    assert sum(parts["of the width"][:-1]) == pytest.approx(1)
    assert any("a virtual machine hides it" in note for note in found.notes)


@pytest.mark.parametrize("name", ["carbon.training", "carbon.audit"])
def test_no_country_no_emissions(name: str) -> None:
    found = outcome(name, planted())
    assert isinstance(found, Measured)
    assert 'CO₂e is not evaluated: say the country, [carbon] country = "FRA"' in found.lead
    assert "What that emits" not in [table.title for table in found.explored]


def test_an_open_end_fails_and_never_passes() -> None:
    found = outcome("carbon.training", planted(training=replace(HOUR, accelerator=None)))
    assert isinstance(found, Measured)
    (energy,) = found.judged.values()
    assert energy.claim == "lower bound"
    assert energy.high is None
    assert energy.against(Limit(at_most=1.0)) is Verdict.FAIL
    assert energy.against(Limit(at_most=1e9)) is Verdict.UNCERTAIN
    assert found.headline == "Training took at least 1.14 Wh, modelled"
    assert "meter = 'codecarbon'" in found.to_settle


def test_what_is_told_is_never_judged() -> None:
    found = outcome("carbon.training", planted(training=None, origin="elsewhere", training_kwh=1.5))
    assert isinstance(found, Measured)
    assert found.headline == "Training took 1.5 kWh, told"
    (energy,) = found.judged.values()
    assert {energy.against(Limit(at_most=limit)) for limit in (1.0, 1e6)} == {Verdict.UNCERTAIN}
    assert "never judged" in found.to_settle


def test_what_would_narrow_the_range_is_what_nobody_told() -> None:
    blind = outcome("carbon.training", planted())
    told = outcome("carbon.training", planted(told=Told(pue=1.2)))
    read = outcome("carbon.training", planted(training=replace(HOUR, package=36_000.0), told=Told(pue=1.2)))
    assert "processor_watts" in blind.to_settle
    assert "pue" in blind.to_settle
    assert "pue" not in told.to_settle
    assert "Measure at the socket" in read.to_settle


def test_nobody_knows() -> None:
    """A model from elsewhere asks a person; decisions on record were made by no model that is here."""
    assert isinstance(outcome("carbon.training", planted(training=None, origin="elsewhere")), NeedsPerson)
    assert isinstance(outcome("carbon.training", planted(training=None, origin="saved")), NeedsPerson)
    assert isinstance(outcome("carbon.training", planted(training=None, origin="none")), NotApplicable)


def test_an_earlier_run_and_several_sittings_are_said() -> None:
    found = outcome("carbon.training", planted(training=replace(HOUR, sittings=3), trained_now=False))
    assert isinstance(found, Measured)
    assert any("trained before this run" in note and "Some Processor" in note for note in found.notes)
    assert any("3 sittings" in note for note in found.notes)


def test_pillars_and_what_came_before_them_are_all_of_it() -> None:
    part = replace(HOUR, cpu=600.0, wall=300.0)
    found = outcome("carbon.audit", planted(pillars={"data": part, "privacy": part}))
    assert isinstance(found, Measured)
    table = given.series(found, "Which pillar took it")
    assert table["pillar"] == ("reading the data, asking the model", "data", "privacy")
    assert table["processor seconds"] == pytest.approx((2400, 600, 600))
    assert sum(table["low"]) == pytest.approx(found.judged[next(iter(found.judged))].low)


def test_a_second_opinion_is_told_and_where_it_lies() -> None:
    """Processor and memory together: 1.1 to 21 Wh by hand, so 36 kJ (10 Wh) lie inside and 360 kJ do not."""
    for said, where in ((36_000.0, "10 Wh for processor, memory and accelerators, inside"), (360_000.0, "OUTSIDE")):
        for name in ("carbon.training", "carbon.audit"):
            heard = replace(HOUR, beside=said)
            found = outcome(name, planted(training=heard, audit=heard))
            assert isinstance(found, Measured)
            (note,) = [note for note in found.notes if "codecarbon" in note]
            assert where in note
            assert "1.1 to 21 Wh" in note


def people(n: int = 300) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=n), rng.normal(size=n)
    yes = x + z + rng.normal(size=n) > 0
    return {"x": x, "z": z, "kind": rng.choice(["a", "b"], n), "y": np.where(yes, "yes", "no")}


def audit(out: Path | None = None, **config: Any) -> fairwitness.Report:
    config = {"model": {"options": {"epochs": 2}}, "checks": {"only": ["carbon", "data.exact-duplicates"]}, **config}
    return fairwitness.audit(people(), target="y", positive="yes", groups=["kind"], train="mlp", out=out, config=config)


def of(report: fairwitness.Report, name: str) -> Finding:
    return next(each for each in report.findings if each.check == name)


def test_an_audit_tells_both_and_every_step_its_energy() -> None:
    report = audit()
    training, whole = of(report, "carbon.training"), of(report, "carbon.audit")
    assert training.verdict is whole.verdict is Verdict.EXPLORED
    assert training.metered
    (energy,) = training.evidence
    assert energy.low is not None
    assert energy.high is not None
    assert 0 < energy.low < energy.high
    for each in report.findings:
        assert each.watt_hours is not None
        assert each.watt_hours[1] is not None
        assert 0 <= each.watt_hours[0] <= each.watt_hours[1]
    order = [each.pillar for each in report.findings]
    assert order.index("data") < order.index("carbon")


def test_a_budget_is_a_limit_in_watt_hours() -> None:
    limits = {"carbon.training": {"at_most": 1e6}, "carbon.audit": {"at_most": 0.0}}
    report = audit(limits=limits)
    assert of(report, "carbon.training").verdict is Verdict.PASS
    assert of(report, "carbon.audit").verdict is Verdict.FAIL
    assert of(report, "carbon.audit").what_to_do


def test_a_model_found_again_has_the_cost_of_the_run_that_trained_it(tmp_path: Path) -> None:
    first = of(audit(tmp_path / "out"), "carbon.training")
    second = of(audit(tmp_path / "out"), "carbon.training")
    assert second.evidence == first.evidence
    assert any("trained before this run" in note for note in second.notes)
    assert not any("trained before this run" in note for note in first.notes)
    for file in (tmp_path / "out").rglob(readings.NAME):
        assert file.stat().st_mode & 0o077 == 0
        file.unlink()
    assert of(audit(tmp_path / "out"), "carbon.training").verdict is Verdict.NEEDS_PERSON


def test_numbers_of_meters_are_not_what_makes_two_audits_differ() -> None:
    one, two = (audit(carbon={"country": "DEU"}) for _ in range(2))
    assert of(one, "carbon.audit").evidence != of(two, "carbon.audit").evidence
    assert documents.digest(one.document) == documents.digest(two.document)
    assert of_numbers(one.document, two.document) == []


def test_a_verdict_about_energy_is_part_of_the_digest() -> None:
    document = audit().document
    other = replace(document, findings=tuple(replace(each, verdict=Verdict.FAIL) for each in document.findings))
    assert documents.digest(document) != documents.digest(other)


def test_training_is_not_counted_with_the_audit() -> None:
    """400 passes take longer than one check of 300 rows."""
    report = audit(model={"options": {"epochs": 400, "patience": 400}})
    training, whole = (of(report, name).evidence[0].low for name in ("carbon.training", "carbon.audit"))
    assert training is not None
    assert whole is not None
    assert whole < training


def test_no_network_and_nothing_heavy() -> None:
    """The pillar itself asks nobody and loads no library of its own."""
    import subprocess

    code = "import sys, fairwitness.carbon.telling, fairwitness.carbon.clock; print(sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in ("torch", "codecarbon", "pandas", "requests", "'ssl'", "http.client"):
        assert name not in out
