"""Scores against outcomes: brute force, Agresti and Coull's own interval, coverage, planted subjects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from fairwitness.core.asks import LABEL, SCORE
from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import MISSING
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Verdict
from fairwitness.core.figures import Curves, Intervals
from fairwitness.fairness.calibration import (
    EDGES,
    Bin,
    Scored,
    differences,
    expected_error,
    largest,
    more_to_settle,
    pooled,
    scored,
)
from fairwitness.stats.tally import Tally
from support.given import check, measured, people, run, series, verdict

CHECK = check("fairness.calibration-gap")
BY = ("race",)


def counted(columns: dict[str, NDArray[Any]]) -> dict[str, Scored]:
    axes = {name: columns[name] for name in (*BY, LABEL, SCORE)}
    return scored(Tally.of(axes, sums={SCORE: columns[SCORE]}, edges={SCORE: EDGES}), BY)


def group(score: NDArray[np.float64], label: NDArray[np.bool_]) -> Scored:
    """Made from rows, without a tally."""
    inside = np.minimum((score * 10).astype(int), 9)
    bins = [Bin(int((inside == i).sum()), int(label[inside == i].sum()), score[inside == i].sum()) for i in range(10)]
    return Scored(bins=tuple(each for each in bins if each.n), squares=float(((score - label) ** 2).sum()))


def planted(sizes: dict[str, int], off: dict[str, float], seed: int = 5) -> dict[str, NDArray[Any]]:
    """Scores in [0.2, 0.8] whose outcomes are rarer than promised by `off`."""
    rng = np.random.default_rng(seed)
    name = np.repeat(np.array(list(sizes), dtype=object), list(sizes.values()))
    score = rng.uniform(0.2, 0.8, len(name))
    label = rng.random(len(name)) < score - np.array([off.get(each, 0.0) for each in name])
    return people(name, label=label, decision=score >= 0.5, score=score)


def test_a_tally_gives_what_rows_give() -> None:
    columns = planted({"a": 200, "b": 37}, {})
    for name, ours in counted(columns).items():
        rows = columns["race"] == name
        theirs = group(columns[SCORE][rows], columns[LABEL][rows] == "yes")
        assert [(each.n, each.hits) for each in ours.bins] == [(each.n, each.hits) for each in theirs.bins]
        assert [each.score for each in ours.bins] == pytest.approx([each.score for each in theirs.bins])
        assert ours.squares == pytest.approx(theirs.squares)


def test_people_without_score_or_outcome_are_not_counted() -> None:
    score = np.array([0.1, np.nan, 0.95, 1.0])
    found = counted(people(["a", "a", "b", "b"], label=[1, 1, None, 0], decision=[1] * 4, score=score))
    assert found["a"].whole == Bin(1, 1, 0.1)
    assert found["b"].whole == Bin(1, 0, 1.0)
    assert found["b"].squares == pytest.approx(1.0)


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (3, 3), (7, 40), (500, 1000)])
def test_equal_scores_give_agresti_and_coulls_interval(hits: int, n: int) -> None:
    made = group(np.full(n, 0.7), np.arange(n) < hits)
    low, high = proportion_confint(hits, n, method="agresti_coull")
    found = differences({"a": made})["a"]
    assert found.value == pytest.approx(0.7 - hits / n)
    assert found.low is not None
    assert found.high is not None
    within = max(found.low, 0.7 - 1), min(found.high, 0.7)  # statsmodels cuts the rate at 0 and 1
    assert within == pytest.approx((0.7 - high, 0.7 - low))


@pytest.mark.parametrize(("n", "a", "b"), [(20, 2.0, 2.0), (60, 9.0, 1.0), (400, 0.5, 0.5)])
def test_intervals_hold_the_truth_as_often_as_they_say(n: int, a: float, b: float) -> None:
    """Calibrated scores of three shapes: the truth is zero."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(1_000):
        score = rng.beta(a, b, n)
        found = differences({"a": group(score, rng.random(n) < score)})["a"]
        held += found.low is not None and found.high is not None and found.low <= 0 <= found.high
    assert held / 1_000 >= 0.94


def test_intervals_of_ten_groups_hold_together() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(400):
        groups = {}
        for i in range(10):
            score = rng.uniform(size=50)
            groups[str(i)] = group(score, rng.random(50) < score)
        found = differences(groups).values()
        held += all(each.low is not None and each.high is not None and each.low <= 0 <= each.high for each in found)
    assert held / 400 >= 0.93


def test_expected_error_by_brute_force() -> None:
    rng = np.random.default_rng(0)
    score, label = rng.uniform(size=300), rng.random(300) < 0.4
    total = 0.0
    for low in range(10):
        rows = (score >= low / 10) & (score < (low + 1) / 10)
        if rows.any():
            total += rows.sum() / 300 * abs(score[rows].mean() - label[rows].mean())
    assert expected_error(group(score, label)) == pytest.approx(total)
    assert expected_error(Scored(bins=(), squares=0.0)) is None


def test_neighbours_are_put_together() -> None:
    bins = [Bin(10, 1, 0.5), Bin(25, 2, 3.0), Bin(30, 3, 9.0), Bin(4, 4, 3.0)]
    assert pooled(bins, 30) == (Bin(35, 3, 3.5), Bin(34, 7, 12.0))
    assert pooled(bins[:1], 30) == ()


def test_the_planted_fault_fails_the_sound_passes_the_small_is_open() -> None:
    assert verdict(CHECK, planted({"a": 3000, "b": 3000}, {"b": 0.15})) is Verdict.FAIL
    assert verdict(CHECK, planted({"a": 9000, "b": 9000}, {})) is Verdict.PASS
    assert verdict(CHECK, planted({"a": 9000, "b": 12}, {})) is Verdict.UNCERTAIN
    assert verdict(CHECK, planted({"a": 9000, "b": 1}, {})) is Verdict.UNCERTAIN


def test_it_says_what_scores_promise_and_what_came_of_it() -> None:
    columns = planted({"Black": 400, "White": 4000, "Asian": 6}, {"Black": 0.15})
    found = measured(CHECK, columns)
    rows = columns["race"] == "Black"
    promised, seen = columns[SCORE][rows].mean(), (columns[LABEL][rows] == "yes").mean()
    assert found.headline == (
        f"For Black applicants the scores promise “1” in {100 * promised:.1f}\u202f% of cases; hired is “1” in "
        f"{100 * seen:.1f}\u202f%"
    )
    assert "Asian (6)" in found.lead
    (key,) = found.judged
    assert key.metric == "calibration gap"
    table = series(found, "By group")
    assert table["mean score"][table["group"].index("Black")] == pytest.approx(promised)
    assert table["rate"][table["group"].index("Asian")] is None


def test_curves_lie_on_declared_bins_and_leave_out_the_tiny() -> None:
    errors, curves = measured(CHECK, planted({"a": 900, "b": 300, "c": 4}, {"b": 0.1})).figures
    assert isinstance(errors, Intervals)
    assert errors.limit is not None
    assert (errors.limit.at_least, errors.limit.at_most) == (-0.05, 0.05)
    assert isinstance(curves, Curves)
    assert curves.diagonal
    assert [curve.label for curve in curves.curves] == ["a", "b"]
    for curve in curves.curves:
        assert min(curve.n) >= 30
        for x, y, low, high in zip(curve.x, curve.y, curve.low, curve.high, strict=True):
            assert 0 <= x <= 1
            assert low is not None
            assert y is not None
            assert high is not None
            assert low <= y <= high
    assert "1 group is too small to draw" in curves.caption


def test_a_group_without_positives_has_a_rate_of_zero_people() -> None:
    """Nobody with the outcome is a known rate; nobody at all is not."""
    score = np.full(200, 0.01)
    name = ["a"] * 100 + ["b"] * 100
    found = series(measured(CHECK, people(name, label=[0] * 200, decision=[0] * 200, score=score)), "By group")
    assert found["rate"] == (0.0, 0.0)
    label = [0] * 100 + [1] * 50 + [None] * 150
    columns = people(["a"] * 100 + ["b"] * 50 + ["c"] * 150, label=label, decision=[0] * 300, score=np.full(300, 0.3))
    outcome = measured(CHECK, columns)
    (estimate,) = outcome.judged.values()
    assert estimate.high is None
    assert "Nobody in c has both a score and a recorded outcome." in outcome.lead


def test_people_without_a_group_stand_aside_until_they_are_firm() -> None:
    some = planted({"a": 20_000, "b": 20_000, MISSING: 10}, {})
    assert verdict(CHECK, some) is Verdict.PASS
    assert measured(CHECK, some).notes[0].startswith("10 applicants have no race recorded")
    assert verdict(CHECK, planted({"a": 20_000, "b": 20_000, MISSING: 900}, {MISSING: 0.2})) is Verdict.FAIL


def test_nobody_and_one_group_are_not_applicable() -> None:
    columns = planted({"a": 30}, {})
    reason = "'race' holds one group with a score and an outcome; a gap needs two"
    assert run(CHECK, columns) == NotApplicable(reason)
    nobody = run(CHECK, {name: values[:0] for name, values in columns.items()})
    assert isinstance(nobody, NotApplicable)
    with pytest.raises(TooFewError):
        largest(differences({"a": Scored(bins=(), squares=0.0)}))


def test_as_many_more_as_it_says_settle_it() -> None:
    """At that size a plain interval just reaches the limit."""
    rng = np.random.default_rng(8)
    score = rng.uniform(0.2, 0.8, 200)
    made = group(score, rng.random(200) < score)
    more = more_to_settle(made, 0.05, level=0.95, groups=2)
    assert more is not None
    assert more > 0

    def reach(people: int) -> float:
        """Where a plain interval ends; what is added for few people hardly counts at this size."""
        whole = made.whole
        mean = (whole.score - whole.hits) / whole.n
        spread = made.squares / whole.n - mean**2
        return float(abs(mean) + norm.ppf((1 + 0.95**0.5) / 2) * np.sqrt(spread / people))

    assert reach(200 + more) == pytest.approx(0.05, abs=0.002)
    lead = measured(CHECK, planted({"a": 9000, "b": 200}, {}))
    assert "more b applicants would settle it" in lead.to_settle


def test_renaming_groups_changes_names_alone() -> None:
    columns = planted({"a": 300, "b": 200}, {"b": 0.1})
    renamed = {**columns, "race": np.array([{"a": "z", "b": "k"}[name] for name in columns["race"]], dtype=object)}
    (one,), (other,) = (tuple(measured(CHECK, each).judged.values()) for each in (columns, renamed))
    assert one == other
