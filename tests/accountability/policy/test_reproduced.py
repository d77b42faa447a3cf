"""Two audits of the same thing: equal, or exactly what differs is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairwitness.accountability.policy.reproduced import (
    COUNTED,
    compared,
    of_appeals,
    of_numbers,
    of_settings,
    of_versions,
)
from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Document, Series
from fairwitness.io import findings as documents
from support.documents import document, evidence, finding, sample

GAP = "fairness.selection-rate-gap"


def one(**changes: Any) -> Document:
    return document((finding(GAP, "race", Verdict.FAIL, evidence=(evidence(0.26, 0.14, 0.39, **changes),)),))


def test_an_audit_reproduces_itself_and_its_written_form() -> None:
    made = sample()
    assert of_numbers(made, documents.load(documents.dump(made))) == []
    assert compared(made) > 50


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"value": 0.27}, "number fairness.selection-rate-gap/race, selection-rate gap: 0.26 then, 0.27 now"),
        ({"low": None}, "number fairness.selection-rate-gap/race, selection-rate gap low: 0.14 then, not set now"),
        ({"high": 0.4}, "number fairness.selection-rate-gap/race, selection-rate gap high: 0.39 then, 0.4 now"),
        ({"p": 0.01}, "number fairness.selection-rate-gap/race, selection-rate gap p: not set then, 0.01 now"),
        ({"n": 835}, "number fairness.selection-rate-gap/race, selection-rate gap n: 834 then, 835 now"),
    ],
)
def test_a_number_that_differs_is_named_by_finding_and_metric(changes: dict[str, Any], told: str) -> None:
    start = evidence(0.26, 0.14, 0.39)
    now = document((finding(GAP, "race", Verdict.FAIL, evidence=(replace(start, **changes),)),))
    assert [each.told() for each in of_numbers(one(), now)] == [told]


def test_the_tolerance_is_a_share_of_the_larger_or_of_one() -> None:
    small, large = (document((finding(GAP, None, Verdict.PASS, evidence=(evidence(v, v, v),)),)) for v in (0.5, 5e6))
    for base, step in ((small, 1e-6), (large, 5.0)):
        value = base.findings[0].evidence[0].value
        assert value is not None
        for factor, count in ((0.9, 0), (1.2, 3)):
            near = value + factor * step
            now = document((finding(GAP, None, Verdict.PASS, evidence=(evidence(near, near, near),)),))
            assert len(of_numbers(base, now, tolerance=1e-6)) == count
            assert len(of_numbers(base, now, tolerance=0)) == 3


@pytest.mark.parametrize(("now", "differs"), [(1.97155258, False), (1.97157, True), (197155.258, True)])
def test_a_cell_of_a_table_is_compared_as_far_as_it_is_written(now: float, *, differs: bool) -> None:
    def with_cell(value: float) -> Document:
        table = Series(title="Epsilon", columns={"epsilon": (value,)}, units={"epsilon": "number"})
        return document((finding(GAP, None, Verdict.PASS, series=(table,)),))

    then = documents.load(documents.dump(with_cell(1.97155258)))
    assert bool(of_numbers(then, with_cell(now))) is differs


def test_findings_and_verdicts_that_differ_are_named() -> None:
    gone = document(())
    assert [each.told() for each in of_numbers(one(), gone)] == [f"finding {GAP}/race: fail then, absent now"]
    assert [each.told() for each in of_numbers(gone, one())] == [f"finding {GAP}/race: absent then, fail now"]
    changed = replace(one(), findings=(replace(one().findings[0], verdict=Verdict.UNCERTAIN),))
    assert [each.told() for each in of_numbers(one(), changed)] == [f"verdict {GAP}/race: fail then, uncertain now"]


def test_settings_are_named_with_their_tables_and_the_seed_by_itself() -> None:
    then = {"seed": 0, "subject": {"groups": ["race"], "features": None}, "limits": {"a.b": {"at_most": 0.1}}}
    now = {"seed": 1, "subject": {"groups": ["race", "sex"]}, "limits": {"a.b": {"at_most": 0.1}}, "level": 0.9}
    assert [each.told() for each in of_settings(then, now)] == [
        "seed: 0 then, 1 now",
        "settings subject.groups: ['race'] then, ['race', 'sex'] now",
        "settings level: not set then, 0.9 now",
    ]
    assert of_settings(then, then) == []


def test_versions_are_named() -> None:
    then = sample()
    prov = replace(then.provenance, version="0.0.9", environment={"python": "3.11.7", "numpy": "1.0", "jax": "1"})
    assert [each.told() for each in of_versions(replace(then, provenance=prov), then)] == [
        "version fairwitness: 0.0.9 then, 0.1.0 now",
        "version numpy: 1.0 then, 2.4.6 now",
        "version jax: 1 then, not there now",
        "version torch: not there then, 2.13.0 now",
    ]


def test_appeals_that_went_on_are_named_as_the_cause() -> None:
    then = document((finding(COUNTED[0], "race", Verdict.PASS, evidence=(evidence(0.26, 0.14, 0.39),)),))
    later = document((finding(COUNTED[0], "race", Verdict.PASS, evidence=(evidence(0.27, 0.14, 0.39),)),))
    later = replace(later, provenance=replace(later.provenance, started="2026-12-24T09:00:00Z"))
    (cause,) = of_appeals(then, later, of_numbers(then, later))
    day = then.provenance.started[:10]
    assert cause.told() == f"appeals as counted on: {day} then, 2026-12-24 now"
    assert of_appeals(then, later, of_numbers(one(), one(n=9))) == []


def test_every_check_that_reads_appeals_is_among_them() -> None:
    asking = {
        path.stem.replace("_", "-")
        for path in (Path(__file__).parents[3] / "src/fairwitness/accountability/checks").glob("*.py")
        if "decisions.compared import" in path.read_text(encoding="utf-8")
    }
    assert {f"accountability.{name}" for name in asking} == set(COUNTED)
