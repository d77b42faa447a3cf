"""Planted models: one that knows its rows by heart, one that never saw them, one with too few rows to tell."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fairwitness.core.asks import OutputsAsk, RowsAsk, ShadowsAsk, group_column
from fairwitness.core.check import Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import Column, Grouping
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Outline, Rows, Scored, Shadows
from support import given

ATTACKS = ("privacy.membership-inference", "privacy.loss-attack")


def outline(**changes: Any) -> Outline:
    subject = given.outline(
        columns=(Column(name="race", kind="category", role="group"), Column(name="income", kind="number")),
        groupings=(Grouping(columns=("race",)),),
        features=("income",),
        seen="train-part",
    )
    return replace(subject, **changes)


def planted(
    name: str, *, moved: float, n: int = 2_400, shadows: int = 16, subject: Outline | None = None, seed: int = 0
) -> Outcome:
    """A model whose log odds rise by `moved` for rows it has seen; of group B by twice that."""
    rng = np.random.default_rng(seed)
    check, subject = given.check(name), subject or outline()
    race = np.where(rng.random(n) < 0.3, "B", "A").astype(object)
    inside = np.concatenate([[half, ~half] for half in (rng.permutation(n) < n // 2 for _ in range(shadows // 2))])
    parts = np.where(rng.random(n) < 0.55, "train", np.where(rng.random(n) < 0.3, "tune", "audit")).astype(object)
    recorded = rng.integers(0, 2, n)
    base = rng.normal(1, 1.5, n)

    def scores(seen: Any) -> Any:
        sure = base + moved * np.where(race == "B", 2, 1) * seen + rng.normal(size=np.shape(seen))
        right = 1 / (1 + np.exp(-sure))
        return np.where(recorded == 1, right, 1 - right)[..., None]

    answers: dict[type, Any] = {
        OutputsAsk: Scored(ids=np.arange(n), scores=scores(parts == "train"), recorded=recorded, parts=parts),
        ShadowsAsk: Shadows(ids=np.arange(n), inside=inside, scores=scores(inside).astype(np.float32)),
        RowsAsk: Rows(
            ids=np.arange(n), columns={group_column("race"): race, "person": np.arange(n).astype(str).astype(object)}
        ),
    }
    options = check.Options(**({"shadows": shadows} if name == ATTACKS[0] else {}))
    asks = check.asks(subject, None, options)
    if isinstance(asks, NotApplicable):
        return asks
    made = {ask: answers[type(ask)] for ask in asks}
    handed = Given(
        outline=subject,
        about=None,
        level=0.95,
        limit=check.info.limit,
        rng=np.random.default_rng(seed),
        context={},
        made=made,
    )
    return check.run(handed, options)


def verdict(name: str, outcome: Outcome) -> Verdict:
    limit = given.check(name).info.limit
    assert isinstance(outcome, Measured), outcome
    assert limit is not None
    found = [each.against(limit) for each in outcome.judged.values()]
    return min(found, key=[Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS].index)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_model_that_knows_its_rows_fails(name: str) -> None:
    assert verdict(name, planted(name, moved=1.5)) is Verdict.FAIL


@pytest.mark.parametrize("name", ATTACKS)
def test_a_model_that_never_saw_them_is_never_passed_and_never_accused(name: str) -> None:
    """Forty of them: an attack that finds nothing is uncertain, each time."""
    found = [verdict(name, planted(name, moved=0.0, n=900, shadows=8, seed=seed)) for seed in range(40)]
    assert set(found) == {Verdict.UNCERTAIN}


@pytest.mark.parametrize("name", ATTACKS)
def test_few_rows_are_not_told_apart(name: str) -> None:
    outcome = planted(name, moved=3.0, n=60)
    assert isinstance(outcome, NotApplicable)
    assert "at least 30 of each" in outcome.reason


def test_both_figures_are_judged_and_bounds_from_below() -> None:
    outcome = planted(ATTACKS[0], moved=1.5)
    assert isinstance(outcome, Measured)
    assert [key.groups for key in outcome.judged] == [("this model",), ("models trained like it",)]
    for each in outcome.judged.values():
        assert each.low is not None
        assert (each.claim, each.high) == ("lower bound", None)
        assert each.low > 0.03
    assert "one variance holds for all rows; 64 are needed" in " ".join(outcome.notes)


def test_the_group_that_is_moved_further_is_told_better() -> None:
    outcome = planted(ATTACKS[0], moved=1.0)
    assert isinstance(outcome, Measured)
    table = given.series(outcome, "How well training rows are told apart, by race")
    assert table["race"] == ("A", "B")
    assert table["AUC at least, models alike"][1] > table["AUC, models alike"][0]
    assert "TPR" not in table  # no group has 1,000 rows the model has not seen
    (moved,) = outcome.row_values.values()
    assert moved.values.mean() == pytest.approx(1.3, abs=0.1)


def test_a_group_of_a_thousand_others_has_a_rate_of_its_own() -> None:
    outcome = planted(ATTACKS[1], moved=1.0, n=6_000)
    assert isinstance(outcome, Measured)
    table = given.series(outcome, "How well training rows are told apart, by race")
    large, small = table["other rows"]
    assert large >= 1_000 > small
    assert table["TPR"][0] > 0.01
    assert table["TPR"][1] is None


def test_four_shadows_judge_this_model_alone() -> None:
    outcome = planted(ATTACKS[0], moved=1.5, shadows=4)
    assert isinstance(outcome, Measured)
    assert [key.groups for key in outcome.judged] == [("this model",)]
    assert "needs 8 shadow models" in " ".join(outcome.notes)


def test_rows_of_one_person_are_looked_at_once() -> None:
    columns = (*outline().columns, Column(name="person", kind="text", role="unit"))
    outcome = planted(ATTACKS[1], moved=1.5, subject=outline(columns=columns))
    assert isinstance(outcome, Measured)
    assert "Of rows that share 'person' one stands for all" in " ".join(outcome.notes)


def test_a_model_that_may_have_seen_anything_is_not_attacked() -> None:
    outcome = planted(ATTACKS[1], moved=1.0, subject=outline(seen="unknown"))
    assert isinstance(outcome, NotApplicable)
    assert "which rows the model has seen" in outcome.reason


@pytest.mark.parametrize(
    ("rows", "kind", "count"), [(2_000, "number", 16), (20_001, "number", 8), (2_000, "image", 4), (2_000, "text", 4)]
)
def test_costly_models_have_fewer_shadows(rows: int, kind: Any, count: int) -> None:
    check = given.check(ATTACKS[0])
    subject = outline(rows=rows, columns=(Column(name="income", kind=kind),), groupings=())
    assert ShadowsAsk(count=count) in check.asks(subject, None, check.Options())  # type: ignore[operator]  # it asks


def test_shadows_are_even_and_few_or_many() -> None:
    options = given.check(ATTACKS[0]).Options
    assert options(shadows=64).shadows == 64
    for wrong in (2, 7, 514, 1.5):
        with pytest.raises(ValueError, match="even number from 4 to 512"):
            options(shadows=wrong)
