"""Generalised entropy against AIF360 and by definition over people; how often its intervals hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fairwitness.core.columns import Grouping
from fairwitness.fairness.cells import Cells
from fairwitness.fairness.inequality import BENEFITS, between_groups, generalised_entropy, inequality
from support.aif import classified, drawn
from support.given import check, from_cells, measured, series


def slowly(benefits: Any, alpha: float) -> float:
    """Speicher et al. 2018, equation 2, person by person."""
    share = benefits / benefits.mean()
    if alpha == 1:
        return float(np.mean([each * np.log(each) if each > 0 else 0.0 for each in share]))
    return float(np.mean(share**alpha - 1) / (alpha * (alpha - 1)))


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 3.0])
def test_follows_the_definition_and_has_two_parts(alpha: float) -> None:
    counts = np.array([[40, 5, 10, 20], [10, 8, 2, 30], [3, 0, 9, 1]])
    benefits = [np.repeat(BENEFITS, row) for row in counts]
    everybody = np.concatenate(benefits)
    whole = float(generalised_entropy(counts.sum(axis=0), alpha=alpha))
    between = float(between_groups(counts, alpha=alpha))
    assert whole == pytest.approx(slowly(everybody, alpha), abs=1e-12, rel=0)
    levelled = np.concatenate([np.full(len(each), each.mean()) for each in benefits])
    assert between == pytest.approx(slowly(levelled, alpha), abs=1e-12, rel=0)
    mean = everybody.mean()  # Shorrocks 1980: within, each group's index weighted by its share of people and benefits
    within = sum(len(each) / len(everybody) * (each.mean() / mean) ** alpha * slowly(each, alpha) for each in benefits)
    assert whole - between == pytest.approx(within, abs=1e-12, rel=0)


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_aif360(seed: int) -> None:
    group, label, decision, cells = drawn(20 + seed)
    theirs = classified(group, label, decision)
    everybody = cells.counts.sum(axis=0)
    for alpha in (0.5, 2, 3):
        assert generalised_entropy(everybody, alpha=alpha) == pytest.approx(
            theirs.generalized_entropy_index(alpha=alpha), abs=1e-12, rel=0
        )
        assert between_groups(cells.counts, alpha=alpha) == pytest.approx(
            theirs.between_group_generalized_entropy_index(alpha=alpha), abs=1e-12, rel=0
        )
    assert generalised_entropy(everybody, alpha=1) == pytest.approx(theirs.theil_index(), abs=1e-12, rel=0)
    assert between_groups(cells.counts, alpha=1) == pytest.approx(theirs.between_group_theil_index(), abs=1e-12, rel=0)


def test_perfect_decisions_are_equal_and_no_benefit_is_undefined() -> None:
    assert generalised_entropy(np.array([7, 0, 0, 5])) == 0
    assert np.isnan(generalised_entropy(np.array([0, 0, 4, 0])))
    with pytest.raises(ValueError, match="above 0"):
        generalised_entropy(np.array([1, 1, 1, 1]), alpha=0)


@pytest.mark.parametrize(
    ("shares", "sizes"),
    [
        ([[0.5, 0.1, 0.1, 0.3], [0.3, 0.1, 0.1, 0.5]], (200, 300)),  # nothing between
        ([[0.6, 0.1, 0.05, 0.25], [0.3, 0.2, 0.2, 0.3]], (100, 900)),  # something, and unequal spreads
    ],
)
def test_intervals_hold_the_truth(shares: list[list[float]], sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    truth = np.array(shares) * np.array(sizes)[:, None] / sum(sizes)
    between = float(between_groups(truth))
    within = float(generalised_entropy(truth.sum(axis=0))) - between
    held, runs = np.zeros(2), 300
    for _ in range(runs):
        counts = rng.multinomial(sum(sizes), truth.ravel()).reshape(truth.shape)
        found = inequality(Cells(("a", "b"), counts), rng=rng, draws=200)
        for place, (each, true) in enumerate(((found.between, between), (found.within, within))):
            assert each.low is not None
            assert each.high is not None
            held[place] += each.low <= true + 1e-12 and true <= each.high
    assert (held / runs >= 0.91).all(), held / runs


def test_the_check_tells_the_part_between_groups() -> None:
    """All of group a's errors harm it, all of b's help it."""
    found = measured(check("fairness.inequality"), from_cells({"a": (300, 0, 200, 100), "b": (300, 200, 0, 100)}))
    table = series(found, "Inequality and its parts")
    rows = dict(
        zip(
            zip(table["index"], table["part"], strict=True), zip(table["value"], table["low"], strict=True), strict=True
        )
    )
    value, low = rows["generalised entropy (2)", "between groups of race"]
    assert value == pytest.approx(((2 / 3 - 1) ** 2 + (4 / 3 - 1) ** 2) / 4)
    assert low > 0.03
    fair = measured(check("fairness.inequality"), from_cells({"a": (300, 50, 50, 100), "b": (300, 50, 50, 100)}))
    table = series(fair, "Inequality and its parts")
    assert table["low"][table["part"].index("between groups of race")] == 0
    assert fair.headline.startswith("Of the inequality of what decisions give people, 0.0")


def test_the_check_on_few_people_has_wide_intervals_and_on_perfect_ones_nothing_to_divide() -> None:
    few = measured(check("fairness.inequality"), from_cells({"a": (2, 1, 1, 2), "b": (1, 1, 1, 1)}))
    (estimate,) = few.judged.values()
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.high - estimate.low > 0.2
    perfect = measured(check("fairness.inequality"), from_cells({"a": (5, 0, 0, 5), "b": (5, 0, 0, 5)}))
    assert "no inequality to divide" in perfect.headline


@pytest.mark.parametrize("shares", [(0.47, 0.02, 0.02, 0.49), (0.49, 0.0, 0.02, 0.49), (0.48, 0.04, 0.0, 0.48)])
@pytest.mark.parametrize("alpha", [1.0, 2.0])
def test_the_interval_of_the_whole_holds_where_there_are_few_errors(
    shares: tuple[float, float, float, float], alpha: float
) -> None:
    rng, held, runs = np.random.default_rng(5), 0, 200
    truth = float(generalised_entropy(np.array(shares), alpha=alpha))
    for _ in range(runs):
        whole = inequality(Cells(("a",), rng.multinomial(50, shares)[None]), alpha=alpha, rng=rng, draws=200).whole
        assert whole.low is not None
        assert whole.high is not None
        held += whole.low <= truth <= whole.high
    assert held / runs >= 0.94


def test_no_error_among_thirty_is_no_proof_of_none_and_all_wrong_alike_is_not_said_to_be_right() -> None:
    found = inequality(Cells(("a", "b"), np.array([[10, 0, 0, 10], [5, 0, 0, 5]])), rng=np.random.default_rng(0))
    share = 1 - 0.025 ** (1 / 30)  # Clopper and Pearson's upper limit of errors; half of them is the index, nearly
    assert found.whole.high == pytest.approx(share / 2, rel=0.25)
    assert found.within.high == found.whole.high
    alike = measured(check("fairness.inequality"), from_cells({"a": (0, 9, 0, 0), "b": (0, 9, 0, 0)}))
    assert alike.headline.startswith("Everybody has the same benefit")


def test_the_headline_is_of_the_attribute_that_divides_for_sure() -> None:
    """Two hundred groups of five people differ more than two of five hundred, by chance."""
    rng = np.random.default_rng(6)
    rows = from_cells({"a": (200, 20, 80, 200), "b": (200, 80, 20, 200)})
    rows["town"] = rng.integers(0, 200, 1000).astype(str).astype(object)
    groupings = (Grouping(columns=("race",)), Grouping(columns=("town",)))
    found = measured(check("fairness.inequality"), rows, groupings=groupings)
    assert "between groups of race" in found.headline
