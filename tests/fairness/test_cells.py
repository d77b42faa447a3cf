"""The whole confusion family against fairlearn, AIF360 and scikit-learn on random cells, and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from sklearn import metrics as sklearn

from fairwitness.fairness.cells import FAMILY, FN, FP, TN, TP, Cells, matthews, measure
from fairwitness.fairness.contrasts import between, shares, widest
from fairwitness.stats.gaps import widest_gap
from fairwitness.stats.multiple import all_pairs
from fairwitness.stats.tally import Tally
from support.aif import classified, drawn
from support.given import from_cells, people

THEIRS: dict[str, Any] = {
    "base rate": lambda y, d: y.mean(),
    "selection rate": fairlearn.selection_rate,
    "true-positive rate": fairlearn.true_positive_rate,
    "false-negative rate": fairlearn.false_negative_rate,
    "false-positive rate": fairlearn.false_positive_rate,
    "true-negative rate": fairlearn.true_negative_rate,
    "positive predictive value": sklearn.precision_score,
    "accuracy": sklearn.accuracy_score,
    "balanced accuracy": sklearn.balanced_accuracy_score,
    "F1": sklearn.f1_score,
}
AIF = {
    "base rate": "base_rate",
    "selection rate": "selection_rate",
    "true-positive rate": "true_positive_rate",
    "false-negative rate": "false_negative_rate",
    "false-positive rate": "false_positive_rate",
    "true-negative rate": "true_negative_rate",
    "positive predictive value": "positive_predictive_value",
    "false discovery rate": "false_discovery_rate",
    "negative predictive value": "negative_predictive_value",
    "false omission rate": "false_omission_rate",
    "accuracy": "accuracy",
}


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_fairlearn_and_scikit_learn(seed: int) -> None:
    group, label, decision, cells = drawn(seed, groups=3)
    frame = fairlearn.MetricFrame(metrics=THEIRS, y_true=label, y_pred=decision, sensitive_features=group).by_group
    for name in THEIRS:
        assert measure(cells.counts, name, z=1.96).value == pytest.approx(
            frame[name].to_numpy(dtype=float), abs=1e-12, rel=0
        )
    each = [sklearn.matthews_corrcoef(label[group == g], decision[group == g]) for g in range(3)]
    assert matthews(cells.counts) == pytest.approx(each, abs=1e-12, rel=0)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_aif360(seed: int) -> None:
    group, label, decision, cells = drawn(10 + seed)
    theirs = classified(group, label, decision)
    for name, called in AIF.items():
        each = [getattr(theirs, called)(privileged=privileged) for privileged in (False, True)]
        assert measure(cells.counts, name, z=1.96).value == pytest.approx(each, abs=1e-12, rel=0), name
    odds = measure(cells.counts, "average odds", z=1.96)
    assert odds.value[0] - odds.value[1] == pytest.approx(theirs.average_odds_difference(), abs=1e-12, rel=0)
    selected = measure(cells.counts, "selection rate", z=1.96).value
    assert selected[0] - selected[1] == pytest.approx(theirs.statistical_parity_difference(), abs=1e-12, rel=0)
    assert selected[0] / selected[1] == pytest.approx(theirs.disparate_impact(), abs=1e-12, rel=0)


def test_what_nobody_is_asked_is_undefined_and_not_zero() -> None:
    """Where fairlearn gives 0: a group without positives, one without negatives, one of nobody."""
    counts = np.array([[5, 2, 0, 0], [0, 0, 3, 4], [0, 0, 0, 0]])
    assert np.isnan(measure(counts, "true-positive rate", z=1.96).value).tolist() == [True, False, True]
    assert np.isnan(measure(counts, "false-positive rate", z=1.96).value).tolist() == [False, True, True]
    assert np.isnan(measure(counts, "average odds", z=1.96).value).all()
    assert np.isnan(matthews(counts)).all()
    for name in FAMILY:
        known = measure(counts, name, z=1.96)
        assert np.isnan(known.value[2]), name
        defined = ~np.isnan(known.value)
        assert (known.low[defined] <= known.value[defined]).all(), name
        assert (known.high[defined] >= known.value[defined]).all(), name


def test_misses_for_each_false_alarm_by_hand() -> None:
    """30 misses to 10 false alarms are 3; with no false alarm the number has no upper end and is undefined."""
    known = measure(np.array([[50, 10, 30, 50], [50, 0, 30, 50]]), "misses for each false alarm", z=1.96)
    assert known.value[0] == pytest.approx(3.0)
    share = shares(np.array([30]), np.array([40]), z=1.96)
    assert known.low[0] == pytest.approx(float(share.low[0] / (1 - share.low[0])))
    assert np.isnan(known.value[1])
    assert np.isinf(known.high[1])


def test_people_of_whom_one_thing_is_unknown_are_not_counted() -> None:
    tally = Tally.of(people(["a", "a", "b", "b"], label=[1, None, 0, 1], decision=[1, 1, None, 0]))
    cells = Cells.of(tally, ("race",))
    assert cells.groups == ("a", "b")
    assert cells.counts.tolist() == [[0, 0, 0, 1], [0, 0, 1, 0]]
    order = Cells.of(Tally.of(from_cells({"a": (4, 3, 2, 1)})), ("race",)).counts[0]
    assert (order[TN], order[FP], order[FN], order[TP]) == (4, 3, 2, 1)


def test_the_widest_difference_of_shares_is_that_of_stats_gaps() -> None:
    """Limits and pairs as `stats.gaps.widest_gap` has them, which has oracles of its own."""
    hits, n = np.array([30, 80, 11]), np.array([100, 160, 40])
    names = ("a", "b", "c")
    expected = widest_gap(
        dict(zip(names, hits.tolist(), strict=True)), dict(zip(names, n.tolist(), strict=True)), level=0.9
    )
    ours = widest(names, shares(hits, n, z=all_pairs(0.9, 3)), level=0.9, unit="points", method="m")
    assert ours is not None
    assert ours.groups == expected.groups
    got = ours.estimate
    assert (got.value, got.low, got.high) == pytest.approx(
        (expected.estimate.value, expected.estimate.low, expected.estimate.high), abs=1e-12
    )


def test_one_defined_group_makes_no_pair_and_an_unknown_one_leaves_the_end_open() -> None:
    known = shares(np.array([3, 0, 5]), np.array([10, 0, 10]), z=1.96)
    found = widest(("a", "b", "c"), known, level=0.95, unit="points", method="m")
    assert found is not None
    assert found.estimate.high is None
    assert between(known, 0, 1) == (None, None, None)
    assert (
        widest(("a", "b"), shares(np.array([3, 0]), np.array([10, 0]), z=1.96), level=0.95, unit="points", method="m")
        is None
    )


def test_average_odds_differences_are_covered() -> None:
    """Two groups with true difference 0.05: its interval holds it in about 95 % of draws."""
    rng, p = np.random.default_rng(5), np.array([[0.4, 0.1, 0.1, 0.4], [0.35, 0.15, 0.1, 0.4]])
    truth = 0.5 * ((0.8 - 0.8) + (0.3 - 0.2))
    covered, runs = 0, 1500
    for _ in range(runs):
        counts = np.array([rng.multinomial(n, row) for n, row in zip((80, 200), p, strict=True)])
        _, low, high = between(measure(counts, "average odds", z=1.959964), 0, 1)
        assert low is not None
        assert high is not None
        covered += low <= truth <= high
    assert covered / runs == pytest.approx(0.95, abs=0.015)
