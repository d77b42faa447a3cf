"""The nearest change: against enumeration of the whole allowed space, a closed form, and properties of what is found."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.explain import counterfactual
from fairwitness.explain.counterfactual import Change, nearest
from fairwitness.explain.levers import Levers, levers

Floats = NDArray[np.float64]


def table(**columns: Any) -> Rows:
    """Rows of these columns."""
    made = {
        name: np.array(values, dtype=object if isinstance(values[0], str) else None) for name, values in columns.items()
    }
    made = {name: held if held.dtype == object else held.astype(np.float64) for name, held in made.items()}
    return Rows(ids=np.arange(len(next(iter(made.values())))), columns=made)


def refused(rows: Rows, judge: counterfactual.Judge) -> Rows:
    """The first row that lacks the wanted decision."""
    return rows.where(np.arange(len(rows)) == int(np.argmin(judge(rows)[1])))


def spread_of(values: Floats) -> float:
    """The unit of distance: a standard deviation, the hundredth at either end drawn in."""
    return float(np.clip(values, np.quantile(values, 0.01), np.quantile(values, 0.99)).std())


def linear(weights: dict[str, float], at_least: float) -> counterfactual.Judge:
    """A linear score and its threshold."""

    def judge(rows: Rows) -> tuple[Floats, NDArray[np.bool_]]:
        score = np.sum([weight * rows.columns[name] for name, weight in weights.items()], axis=0)
        return score, score >= at_least - 1e-9

    return judge


COLUMNS = (
    Column(name="a", kind="integer", low=0, high=6),
    Column(name="b", kind="number", low=0, high=3, step=0.5),
    Column(name="up", kind="integer", low=0, high=5, change="up"),
    Column(name="down", kind="integer", low=0, high=5, change="down"),
    Column(name="never", kind="integer", low=0, high=9, change="never"),
    Column(name="yes", kind="boolean"),
    Column(name="house", kind="category"),
    Column(name="x", kind="integer", one_of="place"),
    Column(name="y", kind="integer", one_of="place"),
    Column(name="z", kind="integer", one_of="place"),
)


def people(seed: int, n: int = 60) -> Rows:
    dice = np.random.default_rng(seed)
    where = dice.integers(3, size=n)
    return table(
        a=dice.integers(0, 7, n),
        b=dice.integers(0, 7, n) / 2,
        up=dice.integers(0, 6, n),
        down=dice.integers(0, 6, n),
        never=dice.integers(0, 10, n),
        yes=dice.integers(0, 2, n),
        house=[str(name) for name in dice.choice(["own", "rent", "free"], n)],
        x=(where == 0).astype(float),
        y=(where == 1).astype(float),
        z=(where == 2).astype(float),
    )


def crooked(seed: int) -> counterfactual.Judge:
    """A small network of random weights over everything, cut where one row in twenty passes."""
    dice = np.random.default_rng([7, seed])
    names = [column.name for column in COLUMNS if column.name != "house"]
    first_layer, second = dice.normal(size=(len(names) + 3, 8)), dice.normal(size=8)

    def score(rows: Rows) -> Floats:
        houses = [(rows.columns["house"] == name).astype(float) for name in ("own", "rent", "free")]
        inputs = np.stack([*(rows.columns[name] for name in names), *houses], axis=1)
        made: Floats = np.tanh(inputs @ first_layer / 4) @ second
        return made

    cut = float(np.quantile(score(people(99, 400)), 0.95))

    def judge(rows: Rows) -> tuple[Floats, NDArray[np.bool_]]:
        made = score(rows)
        return made, made >= cut

    return judge


def enumerated(judge: counterfactual.Judge, row: Rows, training: Rows, *, most: int) -> tuple[int, float] | None:
    """The least (things changed, sum of changes in spreads) over the whole allowed space, written without the search."""
    x = {name: held[0] for name, held in row.columns.items()}
    spread = {name: training.columns[name].std() for name in ("a", "b", "up", "down")}
    axes: list[list[dict[str, Any]]] = [
        [{"a": float(v)} for v in range(7)],
        [{"b": v / 2} for v in range(7)],
        [{"up": float(v)} for v in range(int(x["up"]), 6)],
        [{"down": float(v)} for v in range(int(x["down"]) + 1)],
        [{"yes": 0.0}, {"yes": 1.0}],
        [{"house": name} for name in ("own", "rent", "free")],
        [{name: float(name == one) for name in "xyz"} for one in "xyz"],
    ]
    every = [{key: value for part in point for key, value in part.items()} for point in product(*axes)]
    kept, orders = [], []
    for point in every:
        moved = [name for name in ("a", "b", "up", "down", "yes", "house") if point[name] != x[name]]
        place = any(point[name] != x[name] for name in "xyz")
        if len(moved) + place <= most:
            kept.append(point)
            steps = sum(abs(point[name] - x[name]) / spread[name] for name in moved if name in spread)
            orders.append((len(moved) + place, steps + sum(name not in spread for name in moved) + place))
    columns = {
        name: np.array([point.get(name, x[name]) for point in kept], dtype=row.columns[name].dtype) for name in x
    }
    reached = judge(Rows(ids=np.zeros(len(kept), dtype=np.int64), columns=columns))[1]
    return min((order for order, hit in zip(orders, reached, strict=True) if hit), default=None)


@pytest.mark.parametrize("seed", range(12))
def test_the_nearest_is_that_of_enumeration(seed: int) -> None:
    training, judge = people(seed), crooked(seed)
    row = refused(training, judge)
    space = levers(COLUMNS, row, training)

    found = nearest(judge, space, most=2)

    truth = enumerated(judge, row, training, most=2)
    if truth is None:
        assert (found.found, found.ending) == ((), "none so small")
    else:
        assert found.proved
        assert found.found[0].order == pytest.approx(truth)


@pytest.mark.parametrize("seed", range(6))
def test_what_a_small_budget_finds_is_valid_and_claims_nothing(seed: int) -> None:
    training, judge = people(seed), crooked(seed)
    row = refused(training, judge)
    space = levers(COLUMNS, row, training)

    found = nearest(judge, space, budget=120)

    assert found.spent <= 120
    assert found.ending in {"found", "none found"}
    for change in found.found:
        assert judge(after(row, change))[1][0]
    truth = enumerated(judge, row, training, most=3)
    if found.found:
        assert truth is not None
        assert found.found[0].order >= (truth[0], truth[1] - 1e-9)
        assert not found.proved or found.found[0].order == pytest.approx(truth)


def after(row: Rows, change: Change) -> Rows:
    """The row as the change leaves it."""
    columns = {name: held.copy() for name, held in row.columns.items()}
    for name, (was, becomes) in change.values.items():
        assert columns[name][0] == was
        columns[name][0] = becomes
    return Rows(ids=row.ids, columns=columns)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_declared_of_columns_is_kept(seed: int) -> None:
    """Whatever the network, and whatever the row: bounds, steps, directions, sets, and what never changes."""
    training, judge = people(seed), crooked(seed)
    row = refused(training, judge)
    for change in nearest(judge, levers(COLUMNS, row, training), budget=5_000).found:
        made = {name: held[0] for name, held in after(row, change).columns.items()}
        assert made["never"] == row.columns["never"][0]
        assert made["up"] >= row.columns["up"][0]
        assert made["down"] <= row.columns["down"][0]
        assert made["a"] in range(7)
        assert made["b"] * 2 in range(7)
        assert made["yes"] in {0, 1}
        assert sorted((made["x"], made["y"], made["z"])) == [0, 0, 1]


def test_a_linear_model_has_the_closed_form() -> None:
    """One change is cheapest along the largest |weight| × spread: here 18.75 of score, rounded up to whole steps."""
    training = table(a=np.arange(41.0), b=np.arange(41.0) * 10)
    columns = (Column(name="a", kind="integer", low=0, high=40), Column(name="b", kind="integer", low=0, high=400))
    row = table(a=[1], b=[1])

    found = nearest(linear({"a": 1.0, "b": 0.25}, 20), levers(columns, row, training))

    sd = spread_of(np.arange(41.0))
    steps = {"a": (20 - 1.25), "b": (20 - 1.25) / 0.25}
    assert [change.levers for change in found.found] == [("b",), ("a",)]
    assert found.found[0].values == {"b": (1.0, 1 + np.ceil(steps["b"]))}
    assert found.found[0].distance == pytest.approx(np.ceil(steps["b"]) / (10 * sd))
    assert found.found[1].values == {"a": (1.0, 1 + np.ceil(steps["a"]))}
    assert found.proved


def test_a_bound_that_binds_asks_for_a_second_change() -> None:
    columns = (Column(name="a", kind="integer", low=0, high=5), Column(name="b", kind="integer", low=0, high=5))
    training, row = table(a=[0, 5, 2], b=[0, 5, 2]), table(a=[0], b=[0])

    found = nearest(linear({"a": 1.0, "b": 1.0}, 8), levers(columns, row, training))

    assert [change.levers for change in found.found] == [("a", "b")]
    assert sum(pair[1] for pair in found.found[0].values.values()) == 8
    assert found.proved


def test_none_exists_is_said_only_after_every_point() -> None:
    columns = (Column(name="a", kind="integer", low=0, high=5), Column(name="b", kind="integer", low=0, high=5))
    training, row = table(a=[0, 5, 2], b=[0, 5, 2]), table(a=[0], b=[0])
    space = levers(columns, row, training)
    judge = linear({"a": 1.0, "b": 1.0}, 11)

    everything = nearest(judge, space)
    too_few_changes = nearest(judge, space, most=1)
    too_small_a_budget = nearest(judge, space, budget=20)

    assert (everything.ending, everything.spent) == ("none exists", 35)
    assert too_few_changes.ending == "none so small"
    assert too_small_a_budget.ending == "none found"


def test_where_nothing_may_change_none_exists() -> None:
    columns = (Column(name="a", kind="integer", change="never"), Column(name="b", kind="text"))
    row = table(a=[0], b=["words"])
    found = nearest(linear({"a": 1.0}, 1), levers(columns, row, row))
    assert (found.ending, found.spent) == ("none exists", 0)


def test_ctrl_c_keeps_what_was_found() -> None:
    columns = tuple(Column(name=name, kind="integer", low=0, high=5) for name in "abc")
    row, training = table(a=[0], b=[0], c=[0]), table(a=[0, 5], b=[0, 5], c=[0, 5])
    plain = linear({"a": 1.0, "b": 0.1, "c": 0.1}, 4)
    asked = []

    def judge(rows: Rows) -> tuple[Floats, NDArray[np.bool_]]:
        asked.append(len(rows))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return plain(rows)

    found = nearest(judge, levers(columns, row, training))

    assert found.stopped
    assert [change.levers for change in found.found] == [("a",)]
    assert found.proved  # every single change was tried before


def test_many_columns_are_searched_within_the_budget() -> None:
    """60 numbers of 100 values each: pairs are 18 million points, and the pair that is needed is found all the same."""
    names = [f"n{place}" for place in range(60)]
    columns = tuple(Column(name=name, kind="integer", low=0, high=100) for name in names)
    training = table(**{name: np.arange(101.0) for name in names})
    row = table(**{name: [0] for name in names})
    weights = dict.fromkeys(names, 0.001) | {"n7": 1.0, "n31": 0.9}

    found = nearest(linear(weights, 150), levers(columns, row, training), budget=60_000)

    best = found.found[0]
    assert best.levers == ("n7", "n31")
    spread = spread_of(np.arange(101.0))
    assert best.distance == pytest.approx((100 + np.ceil(50 / 0.9)) / spread)  # the closed form, in whole steps
    assert not found.proved


def test_each_way_out_changes_something_no_nearer_one_does() -> None:
    training, judge = people(3), crooked(3)
    ways = nearest(judge, levers(COLUMNS, refused(training, judge), training), wanted=5).found
    for place, change in enumerate(ways):
        assert all(not set(other.levers) <= set(change.levers) for other in ways[:place])


def space_of(column: Column, x: Any, training: Any) -> Levers:
    return levers((column,), table(**{column.name: [x]}), table(**{column.name: training}))


def test_bounds_that_are_not_declared_are_those_of_most_rows() -> None:
    space = space_of(Column(name="a", kind="integer"), 50, np.arange(1001.0))
    (lever,) = space.levers
    assert (lever.values["a"].min(), lever.values["a"].max()) == (10, 990)
    assert "No low or high is declared for a" in space.notes[0]


def test_a_number_without_a_step_takes_round_values() -> None:
    space = space_of(Column(name="a", kind="number", low=0, high=2), 0.8123, [0.6, 0.7, 0.8, 0.9, 1.0])
    (lever,) = space.levers
    assert "a by 0.005" in space.notes[0]
    np.testing.assert_allclose(lever.values["a"] * 200, np.round(lever.values["a"] * 200), atol=1e-9)
    assert (lever.values["a"].min(), lever.values["a"].max()) == (0.0, 2.0)


def test_what_is_not_recorded_stays_so() -> None:
    space = space_of(Column(name="a", kind="number", low=0, high=2), np.nan, [0.6, 0.7])
    assert not space.levers
    assert space.notes == ("Not recorded for this row, so not changed: a.",)


def test_rare_categories_are_no_advice() -> None:
    space = space_of(Column(name="a", kind="category"), "x", ["x"] * 9 + ["y"] * 5 + ["z"] * 4)
    (lever,) = space.levers
    assert list(lever.values["a"]) == ["y"]


def test_a_set_with_a_fixed_member_stays() -> None:
    columns = tuple(Column(name=name, kind="integer", one_of="place") for name in "xy")
    row = table(x=[1], y=[0])
    assert not levers(columns, row, row, fixed=["x"]).levers
    free = levers(columns, row, row).levers[0]
    assert {name: values.tolist() for name, values in free.values.items()} == {"x": [0.0], "y": [1.0]}


def test_where_not_all_can_be_tried_the_nearest_is_found_all_the_same() -> None:
    """Two or three changes are needed, which are thousands of points, and 300 may be asked: the search goes by near misses."""
    nearest_found = []
    for seed in range(20):
        training, judge = people(seed), crooked(seed)
        row = refused(training, judge)
        space = levers(COLUMNS, row, training)
        everything = nearest(judge, space, budget=2_000_000)
        if everything.found and len(everything.found[0].levers) > 1:
            few = nearest(judge, space, budget=300)
            assert few.spent <= 300
            nearest_found.append(few.found[0].order == pytest.approx(everything.found[0].order))
    assert len(nearest_found) >= 5
    assert np.mean(nearest_found) >= 0.9
