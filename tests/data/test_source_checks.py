"""The checks of the five sources on people with a fault, without it, and too few to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Grounds
from support.given import check

Look = Callable[..., Any]
ITEMS = Grounds(indicators={"skill": ("x1", "x2", "x3")})


def hired(n: int, fault: Mapping[str, float] = MappingProxyType({}), *, seed: int = 1) -> dict[str, NDArray[Any]]:
    """Applicants; `fault` shifts x1 of women, flips labels of theirs, bends their relation, or lowers their outcome."""
    rng = np.random.default_rng(seed)
    women = rng.random(n) < 0.5
    z = rng.normal(size=n)
    x = z[:, None] + 0.6 * rng.normal(size=(n, 3))
    score = x.sum(axis=1) / 2 - women * (fault.get("lower", 0) + fault.get("bend", 0) * x[:, 1])
    truth = rng.random(n) < 1 / (1 + np.exp(-score))
    recorded = truth & ~(women & (rng.random(n) < fault.get("flip", 0)))
    gold = np.where(truth, "1", "0").astype(object)
    gold[rng.random(n) > fault.get("checked", 0.3)] = None
    votes = [np.where(rng.random(n) < 0.9 - fault.get("quarrel", 0) * women, truth, ~truth) for _ in range(2)]
    return {
        "sex": np.where(women, "women", "men").astype(object),
        "x1": x[:, 0] + fault.get("shift", 0) * women,
        "x2": x[:, 1],
        "x3": np.where(rng.random(n) < fault.get("hide", 0) * women + 0.05, np.nan, x[:, 2]),
        "need": x[:, 0] + rng.normal(size=n) + fault.get("need", 0) * women,
        "year": rng.integers(2015, 2025, n).astype(float),
        "hired": np.where(recorded, "1", "0").astype(object),
        "@gold": gold,
        "r1": np.where(votes[0], "1", "0").astype(object),
        "r2": np.where(votes[1], "1", "0").astype(object),
    }


ASIDE = dict.fromkeys(("@gold", "r1", "r2", "need", "year"), "ignore")


def seen(look: Look, name: str, columns: dict[str, NDArray[Any]], **known: Any) -> Measured:
    outcome = asked(look, name, columns, **known)
    assert isinstance(outcome, Measured), outcome
    return outcome


def asked(look: Look, name: str, columns: dict[str, NDArray[Any]], **known: Any) -> Any:
    return look(
        name,
        columns,
        group=("sex",),
        target="hired",
        positive="1",
        roles=ASIDE,
        offers=frozenset({"positive", "features"}),
        people="applicants",
        **known,
    )


def verdict(name: str, outcome: Measured) -> Verdict:
    limit = check(name).info.limit
    assert limit is not None
    return min(
        (each.against(limit) for each in outcome.judged.values()),
        key=[Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS].index,
    )


CASES: dict[str, tuple[dict[str, float], Grounds]] = {
    "data.unequal-measurement": ({"shift": 1.0}, ITEMS),
    "data.stand-in-gap": ({"need": 0.8}, Grounds(truths={"x1": "need"})),
    "data.label-error-gap": ({"flip": 0.3}, Grounds(gold="@gold")),
    "data.annotator-gap": ({"quarrel": 0.25}, Grounds(annotators={"r1": "", "r2": ""})),
    "data.unlike-relations": ({"bend": 2.0}, Grounds()),
    "data.unexplained-gap": ({"lower": 1.5}, Grounds(legitimate=("x1", "x2"))),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_fails_its_absence_passes_and_a_few_people_do_neither(look: Look, name: str) -> None:
    fault, grounds = CASES[name]
    assert verdict(name, seen(look, name, hired(8000, fault), grounds=grounds)) is Verdict.FAIL
    assert verdict(name, seen(look, name, hired(8000), grounds=grounds)) is Verdict.PASS
    mild = {kind: size / 4 for kind, size in fault.items()}
    few = asked(look, name, hired(40, mild, seed=2), grounds=grounds)
    assert isinstance(few, NotApplicable) or verdict(name, few) is Verdict.UNCERTAIN


@pytest.mark.parametrize("name", sorted(set(CASES) - {"data.unlike-relations"}))
def test_nothing_is_judged_that_nobody_declared(look: Look, name: str) -> None:
    """A default audit gains no verdict from these."""
    outcome = asked(look, name, hired(2000))
    assert isinstance(outcome, NotApplicable) or not outcome.judged


def test_later_findings_name_what_explains_them(look: Look) -> None:
    columns = hired(8000, {"flip": 0.4})
    gap = seen(look, "data.unexplained-gap", columns, grounds=Grounds(legitimate=("x1",), gold="@gold"))
    assert "Found before it: label bias (data.label-error-gap)" in gap.lead
    bent = seen(look, "data.unlike-relations", columns, grounds=Grounds(gold="@gold", indicators=ITEMS.indicators))
    assert "label bias (data.label-error-gap)" in bent.lead
    assert "measurement" not in bent.lead


def test_history_and_labels_cannot_be_told_apart_and_it_says_how_they_could(look: Look) -> None:
    columns = hired(8000, {"lower": 1.0})
    gap = seen(look, "data.unexplained-gap", columns, grounds=Grounds(legitimate=("x1", "x2", "x3")))
    assert "cannot be told apart" in gap.lead
    assert "rows again, half of each" in gap.lead
    source = seen(look, "data.bias-source", columns, grounds=ITEMS)
    assert "historical or of label bias" in source.headline
    assert "rows again" in source.lead
    (table,) = source.explored
    assert table.columns["reading"] == ("not looked for", "not found", "not looked for", "not found", "found")
    told = seen(look, "data.bias-source", columns, grounds=Grounds(gold="@gold", indicators=ITEMS.indicators))
    assert told.headline == "By sex, historical bias is found in the data"


def test_without_a_second_look_the_rows_to_check_are_counted(look: Look) -> None:
    hint = seen(look, "data.label-error-gap", hired(4000, {"flip": 0.3}))
    assert not hint.judged
    assert "would find that out four times in five" in hint.lead
    (table,) = hint.explored
    assert sum(int(n or 0) for n in table.columns["rows"]) == 4000


def test_noise_and_years_are_tabled(look: Look) -> None:
    gap = seen(
        look, "data.unexplained-gap", hired(6000, {"lower": 1.0}), grounds=Grounds(legitimate=("x1",), date="year")
    )
    noise = gap.explored[1]
    assert noise.columns["reliability"] == (1.0, 0.9, 0.8, 0.7)
    assert gap.figures[1].kind == "curves"
    assert len(gap.figures[1].curves[0].x) == 10


@pytest.mark.slow
def test_many_factors_are_learned_and_taken_out(look: Look) -> None:
    rng = np.random.default_rng(9)
    columns = hired(4000, {"lower": 1.5}) | {f"f{place}": rng.normal(size=4000) for place in range(2)}
    grounds = Grounds(legitimate=("x1", "x2", "x3", "f0", "f1"))
    gap = seen(look, "data.unexplained-gap", columns, grounds=grounds)
    (judged,) = gap.judged.values()
    assert "double machine learning" in judged.method
    assert verdict("data.unexplained-gap", gap) is Verdict.FAIL


def test_columns_that_do_not_measure_one_thing_are_not_held_against_one_another(look: Look) -> None:
    rng = np.random.default_rng(1)
    columns = hired(500) | {name: rng.normal(size=500) for name in ("x1", "x2", "x3")}
    outcome = asked(look, "data.unequal-measurement", columns, grounds=ITEMS)
    assert isinstance(outcome, NotApplicable)
    assert "hardly measure one thing" in outcome.reason


def test_missing_given_the_rest(look: Look) -> None:
    found = seen(look, "data.unexplained-missingness", hired(4000, {"hide": 0.2}))
    assert found.headline.startswith("Among people alike in the rest, x3 is missing")
    assert "more often for women than for men" in found.headline
    assert not found.judged
    none = hired(4000) | {"x3": np.zeros(4000)}
    assert isinstance(asked(look, "data.unexplained-missingness", none), NotApplicable)


def test_explored_crossings_are_left_to_each_attribute(look: Look) -> None:
    columns = hired(500)
    made = check("data.unlike-relations")
    outcome = asked(look, "data.unlike-relations", columns)
    assert isinstance(outcome, Measured)
    crossed = Grouping(columns=("sex", "race"), named=False)
    from support.given import outline

    assert isinstance(made.asks(outline(), crossed, made.Options()), NotApplicable)


def test_groups_told_apart_wholly_leave_nobody_to_compare(look: Look) -> None:
    columns = hired(1000)
    columns["x1"] = np.where(columns["sex"] == "women", 1.0, 0.0)
    outcome = asked(look, "data.unexplained-gap", columns, grounds=Grounds(legitimate=("x1",)))
    assert isinstance(outcome, NotApplicable)
    assert "nobody is left to compare" in outcome.reason


def test_one_outcome_or_one_group_is_not_applicable(look: Look) -> None:
    columns = hired(400) | {"sex": np.full(400, "men", dtype=object)}
    for name in CASES:
        assert isinstance(asked(look, name, columns, grounds=CASES[name][1]), NotApplicable)


def wages(n: int, *, bend: float = 0.0, lower: float = 0.0, seed: int = 2) -> dict[str, NDArray[Any]]:
    """Wages by skill; for women they rise less with it (`bend`), or lie lower at every skill."""
    rng = np.random.default_rng(seed)
    women = rng.random(n) < 0.5
    skill = rng.normal(size=(n, 3))
    wage = skill.sum(axis=1) * (1 - bend * women) - lower * women + rng.normal(size=n)
    return {f"x{i}": skill[:, i] for i in range(3)} | {
        "sex": np.where(women, "women", "men").astype(object),
        "wage": wage,
    }


def of_wages(look: Look, name: str, columns: dict[str, NDArray[Any]]) -> Any:
    return look(name, columns, group=("sex",), roles={"wage": "target"}, task="regression", quantity="wage")


@pytest.mark.parametrize(
    ("bend", "lower", "own"), [(0.6, 0.0, ["Aggregation"]), (0.0, 0.5, ["Historical"]), (0.0, 0.0, [])]
)
def test_sources_of_a_quantity(look: Look, bend: float, lower: float, own: list[str]) -> None:
    outcome = of_wages(look, "data.bias-source", wages(1_500, bend=bend, lower=lower))
    table = outcome.explored[0].columns
    assert [name for name, said in zip(table["source"], table["reading"], strict=True) if said == "found"] == own
    assert table["test"][3:] == ("group × column, F test", "outcome by group, factors the same, F test")
    unlike = of_wages(look, "data.unlike-relations", wages(1_500, bend=bend, lower=lower))
    assert verdict("data.unlike-relations", unlike) is (Verdict.FAIL if bend else Verdict.PASS)
    assert "F test of group × column" in unlike.lead
