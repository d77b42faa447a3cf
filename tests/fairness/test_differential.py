"""Differential fairness against AIF360, by hand, and how often its interval holds."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import MISSING, Grouping
from fairwitness.fairness.differential import differential, epsilon, smoothed_rates
from fairwitness.fairness.rates import Rate
from support.aif import classified, drawn
from support.given import check, from_cells, from_rates, measured, run, series


def rate(hits: dict[str, int], totals: dict[str, int]) -> Rate:
    return Rate(hits=hits, totals=totals)


@pytest.mark.parametrize("seed", range(4))
def test_smoothed_epsilon_agrees_with_aif360(seed: int) -> None:
    group, _, decision, cells = drawn(30 + seed)
    theirs = classified(group, decision, decision)  # AIF360 takes it of the first data set's labels
    hits, n = cells.counts[:, [1, 3]].sum(axis=1), cells.n
    for concentration in (1.0, 3.0):
        ours = epsilon(smoothed_rates(hits, n, concentration=concentration))
        assert ours == pytest.approx(theirs.smoothed_empirical_differential_fairness(concentration), abs=1e-12)


def test_by_hand() -> None:
    """Rates 0.2 and 0.5: ln 2.5 of being selected, ln 1.6 of not being. Of 0.8 and 0.5 it is the refusals."""
    rng = np.random.default_rng(0)
    found = differential(rate({"a": 20, "b": 50}, {"a": 100, "b": 100}), rng=rng)
    assert found is not None
    assert found.empirical.value == pytest.approx(log(2.5))
    assert (found.groups, found.chosen) == (("a", "b"), True)
    turned = differential(rate({"a": 80, "b": 50}, {"a": 100, "b": 100}), rng=rng)
    assert turned is not None
    assert turned.empirical.value == pytest.approx(log(2.5))
    assert (turned.groups, turned.chosen) == (("a", "b"), False)


def test_a_group_with_nobody_selected_has_no_value_and_a_firm_lower_end() -> None:
    found = differential(rate({"a": 0, "b": 100}, {"a": 200, "b": 200}), rng=np.random.default_rng(0))
    assert found is not None
    assert (found.empirical.value, found.empirical.high) == (None, None)
    assert found.empirical.low is not None
    assert found.empirical.low > 2
    assert found.smoothed.value == pytest.approx(log(100.5 / 0.5))
    assert (found.groups, found.chosen) == (("a", "b"), True)
    nobody = differential(rate({"a": 0, "b": 0}, {"a": 200, "b": 200}), rng=np.random.default_rng(0))
    assert nobody is not None
    assert nobody.empirical.value is None
    assert nobody.empirical.low == 0


def test_fewer_than_two_groups_have_no_epsilon() -> None:
    rng = np.random.default_rng(0)
    assert differential(rate({"a": 3}, {"a": 9}), rng=rng) is None
    assert differential(rate({"a": 3, MISSING: 1}, {"a": 9, MISSING: 4}), rng=rng) is None


@pytest.mark.parametrize("rates", [(0.3, 0.5), (0.3,) * 6])
def test_the_empirical_interval_holds_the_truth(rates: tuple[float, ...]) -> None:
    rng, truth, n = np.random.default_rng(1), float(epsilon(np.array(rates))), 120
    runs = held = 0
    for _ in range(150):
        names = [f"g{place}" for place in range(len(rates))]
        hits = dict(zip(names, rng.binomial(n, rates).tolist(), strict=True))
        found = differential(rate(hits, dict.fromkeys(names, n)), rng=rng, draws=10)
        assert found is not None
        assert found.empirical.low is not None
        assert found.empirical.high is not None
        held += found.empirical.low <= truth <= found.empirical.high
        runs += 1
    assert held / runs >= 0.93


def test_the_check_crosses_single_attributes_and_judges_only_named_ones() -> None:
    rows = from_rates({"a": (200, 400), "b": (200, 400)})
    rows["sex"] = np.where(np.arange(800) % 200 < 100, "men", "women").astype(object)  # a × men all selected
    groupings = (
        Grouping(columns=("race",)),
        Grouping(columns=("sex",)),
        Grouping(columns=("race", "sex"), named=False),
    )
    found = measured(check("fairness.differential-fairness"), rows, groupings=groupings)
    assert [key.metric for key in found.judged] == ["epsilon by race", "epsilon by sex"]
    table = series(found, "Epsilon, by attribute and crossed")
    assert table["attribute"] == ("race", "sex", "race × sex")
    assert table["epsilon"][0] == 0


def test_the_check_on_one_group_and_on_no_polarity() -> None:
    this = check("fairness.differential-fairness")
    assert isinstance(run(this, from_cells({"a": (5, 1, 1, 5)})), NotApplicable)
    nothing = run(this, from_rates({"a": (1, 2)}), favorable=None, positive=None)
    assert nothing == NotApplicable("it needs to know which outcome is good for the person, or positive", "favorable")


def test_undefined_logs_are_told() -> None:
    found = measured(check("fairness.differential-fairness"), from_rates({"a": (0, 100), "b": (60, 100)}))
    assert "infinite or unknown" in found.notes[0]
    assert next(iter(found.judged.values())).value is None


def test_equal_rates_name_two_groups_and_too_many_crossed_groups_are_not_compared() -> None:
    equal = differential(rate({"a": 5, "b": 5}, {"a": 10, "b": 10}), rng=np.random.default_rng(0))
    assert equal is not None
    assert set(equal.groups) == {"a", "b"}
    rows = from_rates({"a": (2000, 4000), "b": (2000, 4000)})
    numbers = np.random.default_rng(0)
    for name in ("town", "trade"):
        rows[name] = numbers.integers(0, 30, 8000).astype(str).astype(object)
    groupings = tuple(Grouping(columns=(name,)) for name in ("race", "town", "trade"))
    groupings += (Grouping(columns=("race", "town", "trade"), named=False),)
    found = measured(check("fairness.differential-fairness"), rows, groupings=groupings)
    assert series(found, "Epsilon, by attribute and crossed")["attribute"] == ("race", "town", "trade")
    assert any("no more than 1,000 are compared" in note for note in found.notes)
