"""Proxies dropped and residualised; fairlearn's CorrelationRemover as the oracle of the latter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fairlearn.preprocessing import CorrelationRemover
from numpy.typing import NDArray

from fairwitness.core.asks import group_column
from fairwitness.core.columns import MISSING, Column
from fairwitness.core.errors import UserError
from fairwitness.core.remedy import Learning
from fairwitness.core.subject import Rows
from fairwitness.data.remedies.drop_proxies import DropProxies, DropProxiesOptions
from fairwitness.data.remedies.residualise_proxies import ResidualiseProxies, ResidualiseProxiesOptions
from fairwitness.data.telling import Residuals

SEXES = np.array(["f", "m"], dtype=object)


def learning(n: int = 1500, **columns: NDArray[Any]) -> Learning:
    """`strong` tells sex with an AUC of 0.86, `weak` with 0.64, `town` as a category, `noise` not at all."""
    rng = np.random.default_rng(0)
    man = rng.integers(0, 2, n)
    made = columns or {
        "strong": rng.normal(size=n) + 1.5 * man,
        "weak": rng.normal(size=n) + 0.5 * man,
        "noise": rng.normal(size=n),
        "town": SEXES[np.where(rng.random(n) < 0.85, man, 1 - man)],
    }
    kinds = {name: "number" if values.dtype.kind == "f" else "category" for name, values in made.items()}
    return Learning(
        rows=Rows(ids=np.arange(n), columns={**made, group_column("sex"): SEXES[man]}),
        target=np.array(["yes"] * n, dtype=object),
        weights=np.ones(n),
        groups={"sex": SEXES[man]},
        columns=tuple(Column(name=name, kind=kinds[name]) for name in made),  # type: ignore[arg-type]  # two of the kinds
        classes=("no", "yes"),
        positive="yes",
        favorable="yes",
        units=np.arange(n),
    )


@pytest.mark.parametrize(
    ("above", "kept"), [(0.95, {"strong", "weak", "noise", "town"}), (0.7, {"weak", "noise"}), (0.55, {"noise"})]
)
def test_columns_that_tell_the_group_so_well_are_left_out(above: float, kept: set[str]) -> None:
    made = DropProxies().rows(learning(), DropProxiesOptions(above=above), by="sex", rng=np.random.default_rng(0))
    assert {column.name for column in made.columns} == kept
    assert made.at_decision == ()


def test_where_all_columns_tell_it_that_is_said() -> None:
    given = learning()
    only = learning(strong=given.rows.columns["strong"])
    with pytest.raises(UserError, match=r"every column tells sex with an AUC of 0\.700 or more; raise above"):
        DropProxies().rows(only, DropProxiesOptions(), by="sex", rng=np.random.default_rng(0))


def test_people_of_no_recorded_group_are_no_group_to_tell() -> None:
    given = learning()
    unknown = np.arange(1500) % 3 == 0
    given.groups["sex"][unknown] = MISSING
    given.rows.columns["noise"][unknown] += 100
    made = DropProxies().rows(given, DropProxiesOptions(), by="sex", rng=np.random.default_rng(0))
    assert {column.name for column in made.columns} == {"weak", "noise"}


@pytest.mark.parametrize("amount", [0.0, 0.4, 1.0])
def test_two_groups_are_residualised_as_fairlearn_does(amount: float) -> None:
    given = learning()
    options = ResidualiseProxiesOptions(above=0.5, amount=amount)
    made = ResidualiseProxies().rows(given, options, by="sex", rng=np.random.default_rng(0))
    man = (given.groups["sex"] == "m").astype(float)
    names = ["strong", "weak"]
    table = np.column_stack([man, *(given.rows.columns[name] for name in names)])
    theirs = CorrelationRemover(sensitive_feature_ids=[0], alpha=amount).fit_transform(table)
    for place, name in enumerate(names):
        np.testing.assert_allclose(made.rows.columns[name], theirs[:, place], atol=1e-10)
    np.testing.assert_array_equal(made.rows.columns["noise"], given.rows.columns["noise"])
    assert any("town" in note for note in made.notes)


def test_three_groups_have_one_mean_afterwards_and_new_ones_stay() -> None:
    rng = np.random.default_rng(1)
    groups = rng.choice(["a", "b", "c"], 900).astype(object)
    values = rng.normal(size=900) + 2.0 * (groups == "a") - (groups == "b")
    values[:30] = np.nan
    held = Rows(ids=np.arange(900), columns={"x": values, group_column("race"): groups})
    edit = Residuals.of(held, [Column(name="x", kind="number")], groups, by="race", amount=1.0)
    after = edit.apply(held).columns["x"]
    for name in "abc":
        assert np.nanmean(after[groups == name]) == pytest.approx(np.nanmean(values))
    stranger = Rows(
        ids=np.arange(1), columns={"x": np.array([3.0]), group_column("race"): np.array([None], dtype=object)}
    )
    assert edit.apply(stranger).columns["x"].tolist() == [3.0]
