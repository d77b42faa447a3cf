"""Items by group and stand-ins against the truth: closed forms, statsmodels, and how often nothing is accused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.data import functioning
from support.faults import simulated

Floats = NDArray[np.float64]


def drawn(seed: int, n: int = 3000) -> tuple[dict[str, Floats], NDArray[np.object_]]:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    columns = {name: z + 0.7 * rng.normal(size=n) for name in ("p", "q", "r")}
    return columns, np.where(rng.random(n) < 0.5, "b", "a").astype(object)


def test_a_shifted_item_is_named_with_its_shift() -> None:
    columns, groups = drawn(0)
    columns["q"] = columns["q"] + 0.8 * (groups == "b")
    worst = functioning.items(columns, groups)[0]
    assert worst.column == "q"
    assert worst.uniform < 1e-10
    assert worst.crossing > 0.001
    assert worst.shifts["b"] > 0 > worst.shifts["a"]
    assert worst.gain.low is not None
    assert worst.gain.low > functioning.NEGLIGIBLE


def test_an_item_that_follows_the_others_less_is_crossing() -> None:
    columns, groups = drawn(1)
    columns["p"] = np.where(groups == "b", -0.2 * columns["p"], columns["p"])
    worst = functioning.items(columns, groups)[0]
    assert worst.column == "p"
    assert worst.crossing < 1e-10


def test_an_item_that_scatters_more_is_told_by_its_spread() -> None:
    columns, groups = drawn(2)
    columns["r"] = columns["r"] + np.where(groups == "b", 1.0, 0.0) * np.random.default_rng(3).normal(size=len(groups))
    told = {item.column: item for item in functioning.items(columns, groups)}
    assert told["r"].spread < 1e-10
    assert told["r"].scatter is not None
    assert told["r"].scatter > 1.2


def test_a_column_that_falls_where_the_others_rise_is_turned() -> None:
    columns, groups = drawn(4)
    before = functioning.items(columns, groups)
    columns["q"] = -columns["q"]
    after = functioning.items(columns, groups)
    assert [item.gain.value for item in after] == pytest.approx([item.gain.value for item in before])
    assert functioning.coherence(columns, groups) > 0.7


def test_what_is_one_to_one_with_a_column_says_the_same() -> None:
    """Ranks are what counts: money and its logarithm are one item."""
    columns, groups = drawn(5)
    logs = {name: np.exp(3 * values) for name, values in columns.items()}
    first, second = functioning.items(columns, groups), functioning.items(logs, groups)
    assert [item.p for item in first] == pytest.approx([item.p for item in second])


@pytest.mark.slow
def test_equal_items_are_rarely_accused() -> None:
    fired = sum(functioning.all_alike_p(functioning.items(*drawn(seed, 500))) < 0.05 for seed in range(200))
    assert fired <= 21  # of 200 at 5 %, once in 1,000


def test_reliability_is_cronbachs_of_the_spearman_brown_formula() -> None:
    """Of k parallel measures of reliability r it is k r / (1 + (k − 1) r)."""
    rng = np.random.default_rng(6)
    z = rng.normal(size=200_000)
    table = np.column_stack([z + rng.normal(size=200_000) for _ in range(4)])
    assert functioning.reliability(table) == pytest.approx(4 * 0.5 / (1 + 3 * 0.5), abs=0.005)
    assert functioning.reliability(rng.normal(size=(1000, 3))) < functioning.COHERENT


def test_two_columns_are_too_few() -> None:
    columns, groups = drawn(7)
    with pytest.raises(ValueError, match="against two others"):
        functioning.items({name: columns[name] for name in ("p", "q")}, groups)


def test_missing_values_are_left_out() -> None:
    columns, groups = drawn(8)
    columns["p"][:500] = np.nan
    assert all(item.gain.n == 2500 for item in functioning.items(columns, groups))


def test_cost_stands_for_need_and_hides_it() -> None:
    """Obermeyer's shape: group b is sicker by 0.5 standard deviations of noise at equal cost."""
    rng = np.random.default_rng(9)
    groups = np.where(rng.random(6000) < 0.3, "b", "a").astype(object)
    cost = rng.normal(size=6000)
    need = cost + rng.normal(size=6000) + 0.5 * (groups == "b")
    found = functioning.against_truth(cost, need, groups)
    assert found is not None
    assert found.groups == ("a", "b")
    truth = 0.5 / need.std()
    assert found.gap.low is not None
    assert found.gap.high is not None
    assert found.gap.low < truth < found.gap.high
    assert found.nested.p < 1e-10
    assert found.bins.shape == (10, 2)
    assert found.counts.sum() == 6000


def test_a_fair_stand_in_covers_nought() -> None:
    wrong = 0
    for seed in range(200):
        rng = np.random.default_rng([10, seed])
        groups = np.where(rng.random(800) < 0.4, "b", "a").astype(object)
        cost = rng.normal(size=800)
        found = functioning.against_truth(cost, cost + rng.normal(size=800), groups)
        assert found is not None
        assert found.gap.low is not None
        wrong += found.gap.low > 0
    assert wrong <= 21


def test_no_truth_no_answer() -> None:
    groups = np.array(["a", "b"] * 10, dtype=object)
    values = np.arange(20.0)
    assert functioning.against_truth(values, np.full(20, np.nan), groups) is None
    assert functioning.against_truth(values, np.ones(20), groups) is None
    assert functioning.against_truth(values, values, np.full(20, "a", dtype=object)) is None


def test_the_planted_fault_is_found_in_the_column_it_was_put_in() -> None:
    made = simulated("measurement", np.random.default_rng(0))
    assert functioning.items(made.items["measures"], made.groups)[0].column == "x0"
