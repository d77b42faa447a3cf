"""Columns that give the target away: against scikit-learn's AUC, on planted leaks, ids, and real data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.subject import Rows
from fairwitness.data import leaks
from fairwitness.stats.levels import fold_of

Look = Callable[..., Any]
AT_MOST = Limit(at_most=0.95)
YES_NO = np.array(["0", "1"], dtype=object)


def rows(**columns: NDArray[Any]) -> tuple[Rows, list[Column]]:
    length = len(next(iter(columns.values())))
    kinds = [Column(name=name, kind="number" if v.dtype.kind == "f" else "category") for name, v in columns.items()]
    return Rows(ids=np.arange(length), columns=columns), kinds


def only(found: list[leaks.Leak]) -> float:
    (leak,) = found
    assert leak.auc.value is not None
    return leak.auc.value


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_number_is_ranked_in_the_better_direction(sign: float) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    x = rng.normal(size=500) + y
    data, kinds = rows(x=sign * x)
    assert only(leaks.measure(data, YES_NO[y], kinds)) == pytest.approx(roc_auc_score(y, x))


def test_missing_numbers_stand_at_the_end_that_tells_more() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 500)
    x = rng.normal(size=500) - 0.3 * y
    x[(y == 1) & (rng.random(500) < 0.6)] = np.nan
    ends = [roc_auc_score(y, np.where(np.isnan(x), at, x)) for at in (-99, 99)]
    data, kinds = rows(x=x)
    assert only(leaks.measure(data, YES_NO[y], kinds)) == pytest.approx(max(*ends, *(1 - end for end in ends)))


def test_categories_are_told_by_rates_in_other_folds() -> None:
    """A slow rewrite: each row scored by its category's rate in the other folds, shrunken to the overall one."""
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 300)
    x = np.array([f"c{(i * 7 + 3 * k) % 11}" for i, k in enumerate(y)], dtype=object)
    fold = fold_of(y, rng=np.random.default_rng(0))
    scores = np.empty(300)
    for i in range(300):
        out = fold != fold[i]
        same = out & (x == x[i])
        scores[i] = (y[same].sum() + 2 * y.mean()) / (same.sum() + 2)
    data, kinds = rows(x=x)
    found = leaks.measure(data, YES_NO[y], kinds, rng=np.random.default_rng(0))
    assert only(found) == pytest.approx(roc_auc_score(y, scores.round(12)))


def test_codes_in_any_order_are_seen_through() -> None:
    """1 and 3 approved, 2 rejected: ranks would not tell, levels do."""
    y = np.random.default_rng(3).integers(0, 2, 1_000)
    code = np.where(y == 1, np.where(np.arange(1_000) % 2, 1.0, 3.0), 2.0)
    data, kinds = rows(code=code)
    assert [leak.column for leak in leaks.find(data, YES_NO[y], kinds)] == ["code"]


def test_dates_are_ranked() -> None:
    """A decision date after the deadline gives the rejection away although every date is another."""
    y = np.random.default_rng(4).integers(0, 2, 400)
    days = np.random.default_rng(4).permutation(400) + 400 * y
    dates = np.array([str(np.datetime64("2020-01-01") + int(day)) for day in days], dtype=object)
    data = Rows(ids=np.arange(400), columns={"when": dates})
    assert len(leaks.find(data, YES_NO[y], [Column(name="when", kind="date")])) == 1
    assert leaks.find(data, YES_NO[y], [Column(name="when", kind="category")]) == []


def test_ids_and_noise_are_never_leaks() -> None:
    """Random ids, names shared by few, and noise, at small and middling sizes: no alarm in 60 runs."""
    rng = np.random.default_rng(5)
    for n in (30, 300) * 30:
        y = rng.integers(0, 2, n)
        ids = np.array([f"id{i}" for i in range(n)], dtype=object)
        few = np.array([f"g{i}" for i in rng.integers(0, n // 2, n)], dtype=object)
        noise = {f"x{i}": rng.normal(size=n) for i in range(10)}
        data, kinds = rows(id=ids, few=few, number=np.arange(float(n)), **noise)
        assert leaks.find(data, YES_NO[y], kinds) == []


def test_of_several_classes_the_best_told_is_named() -> None:
    y = np.random.default_rng(6).integers(0, 4, 800)
    data, kinds = rows(x=np.where(y == 2, 5.0, 0.0) + np.random.default_rng(7).normal(size=800) * 0.1)
    (leak,) = leaks.find(data, np.array(list("abcd"), dtype=object)[y], kinds)
    assert leak.category == "c"


def test_one_class_or_no_labels_finds_nothing() -> None:
    data, kinds = rows(x=np.arange(5.0))
    assert leaks.measure(data, np.array(["1"] * 5, dtype=object), kinds) == []
    assert leaks.measure(data, np.array([None] * 5, dtype=object), kinds) == []


@pytest.mark.parametrize(("n", "expected"), [(1_000, Verdict.FAIL), (12, Verdict.UNCERTAIN)])
def test_a_planted_leak_at_two_sizes(look: Look, n: int, expected: Verdict) -> None:
    y = np.arange(n) % 2
    columns = {"y": YES_NO[y], "copy": y.astype(float)}
    assert worst(look("data.target-leaks", columns, target="y", positive="1")) is expected


def test_without_a_leak_it_passes(look: Look) -> None:
    rng = np.random.default_rng(0)
    columns = {"y": YES_NO[rng.integers(0, 2, 500)], "x": rng.normal(size=500)}
    assert worst(look("data.target-leaks", columns, target="y", positive="1")) is Verdict.PASS


def worst(outcome: object) -> Verdict:
    assert isinstance(outcome, Measured)
    found = {estimate.against(AT_MOST) for estimate in outcome.judged.values()}
    return next(each for each in (Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS) if each in found)


def test_loanapp_action_and_reject(look: Look, loanapp: dict[str, NDArray[Any]]) -> None:
    outcome = look("data.target-leaks", loanapp, target="approve", positive="1")
    assert outcome.headline.startswith("action (1.000) and reject (1.000) give approve away")
    failing = [key.column for key, each in outcome.judged.items() if each.against(AT_MOST) is Verdict.FAIL]
    assert failing == ["action", "reject"]
    excluded = look(
        "data.target-leaks",
        loanapp,
        target="approve",
        positive="1",
        roles={"action": "ignore", "reject": "ignore"},
    )
    assert worst(excluded) is Verdict.PASS
    assert "excluded ones would: action (1.000) and reject (1.000)" in excluded.headline


def test_compas_is_recid(compas: dict[str, NDArray[Any]]) -> None:
    """Nobody reoffends within two years who does not reoffend: 3,251 of 3,471 against none of 3,743."""
    columns = {name: values for name, values in compas.items() if name != "two_year_recid"}
    data, kinds = rows(**columns)
    found = {leak.column: leak.auc.value for leak in leaks.find(data, compas["two_year_recid"], kinds)}
    exact = roc_auc_score(compas["two_year_recid"] == "1", compas["is_recid"])
    assert found["is_recid"] == pytest.approx(exact, abs=0.003)
    assert "decile_score" not in found


def test_a_number_as_target_is_not_applicable(look: Look) -> None:
    columns = {"y": np.arange(9.0), "x": np.arange(9.0)}
    assert isinstance(look("data.target-leaks", columns, task="regression", target=None), NotApplicable)
