"""Criteria before and after on the same rows: values by counting, intervals by closed forms and by how often they hold."""

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, roc_auc_score

from fairwitness.core.columns import MISSING
from fairwitness.core.errors import TooFewError
from fairwitness.fairness.paired import Moved, compared
from fairwitness.fairness.pairs import Decided, Pair
from fairwitness.fairness.scores_paired import auc_change
from fairwitness.stats.change import alone


def decided(scores: NDArray[np.float64], label: NDArray[np.bool_]) -> Decided:
    said = scores >= 0.5
    return Decided(
        decision=said.astype(np.int8),
        favored=said.astype(np.int8),
        correct=(said == label).astype(np.int8),
        scores=scores,
    )


def drawn(n: int = 900, seed: int = 0) -> tuple[Pair, NDArray[np.object_], NDArray[np.bool_], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    groups = rng.choice(["a", "b", "c"], n).astype(object)
    label = rng.random(n) < 0.5
    first = np.clip(0.4 * label + 0.7 * rng.random(n) - 0.2 * (groups == "a"), 0, 1)
    second = np.clip(0.3 * label + 0.7 * rng.random(n), 0, 1)
    pair = Pair(
        groups={"g": groups}, label=label.astype(np.int8), before=decided(first, label), after=decided(second, label)
    )
    return pair, groups, label, np.stack([first, second])


def of(found: list[Moved], metric: str, group: str | None = None) -> Moved:
    return next(each for each in found if each.metric == metric and each.group == group)


def test_values_are_those_of_counting_by_hand() -> None:
    """Each gap by a loop over ordered pairs of groups, each score by scikit-learn."""
    pair, groups, label, scores = drawn()
    found = compared(pair, rng=np.random.default_rng(0), draws=50)
    for side, score in zip(("before", "after"), scores, strict=True):
        said = score >= 0.5

        def rate(
            group: str, hit: NDArray[np.bool_], among: NDArray[np.bool_], groups: NDArray[np.object_] = groups
        ) -> float:
            return float(hit[among & (groups == group)].mean())

        def widest(hit: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
            return max(rate(a, hit, among) - rate(b, hit, among) for a, b in permutations("abc", 2))

        everybody = np.ones(len(label), dtype=bool)
        expected = {
            "selection-rate gap": widest(said, everybody),
            "impact ratio": min(rate(a, said, everybody) / rate(b, said, everybody) for a, b in permutations("abc", 2)),
            "true-positive-rate gap": widest(said, label),
            "false-positive-rate gap": widest(said, ~label),
            "equalised-odds gap": max(widest(said, label), widest(said, ~label)),
            "predictive-parity gap": widest(label, said),
            "accuracy gap": widest(said == label, everybody),
            "calibration gap": max(abs(float((score - label)[groups == g].mean())) for g in "abc"),
            "accuracy": float((said == label).mean()),
            "selection rate": float(said.mean()),
            "area under the ROC curve": float(roc_auc_score(label, score)),
            "Brier score": float(brier_score_loss(label, score)),
        }
        for metric, value in expected.items():
            assert getattr(of(found, metric), side) == pytest.approx(value), metric
        assert getattr(of(found, "true-positive rate", "a"), side) == pytest.approx(rate("a", said, label))
    assert of(found, "equalised-odds gap").n == len(label)  # people asked for either rate


def test_the_change_of_a_share_has_the_interval_of_paired_proportions() -> None:
    """Wald's interval of b − c over n discordant rows, for many rows: Fleiss, Levin and Paik 2003, chapter 13."""
    pair, _, label, scores = drawn(6000, seed=1)
    right = (scores >= 0.5) == label
    gained, lost, n = int((~right[0] & right[1]).sum()), int((right[0] & ~right[1]).sum()), len(label)
    error = np.sqrt(gained + lost - (gained - lost) ** 2 / n) / n
    change = of(compared(pair, rng=np.random.default_rng(0)), "accuracy").change
    assert change is not None
    assert change.value == pytest.approx((gained - lost) / n)
    assert change.interval(alone(0.95)) == pytest.approx(
        (change.value - 1.96 * error, change.value + 1.96 * error), abs=0.001
    )


def test_the_change_of_an_area_has_the_error_that_redrawing_rows_shows() -> None:
    """DeLong's standard error against a bootstrap over rows, which knows nothing of placements."""
    pair, _, label, scores = drawn(500, seed=2)
    change = of(compared(pair, rng=np.random.default_rng(0)), "area under the ROC curve").change
    assert change is not None
    rng, again = np.random.default_rng(3), []
    for _ in range(400):
        rows = rng.integers(0, 500, 500)
        again.append(roc_auc_score(label[rows], scores[1][rows]) - roc_auc_score(label[rows], scores[0][rows]))
    assert np.std(change.most) == pytest.approx(np.std(again), rel=0.12)


def test_two_that_decide_alike_differ_by_nothing_and_a_small_doubt_is_left() -> None:
    pair, _, _, _ = drawn(300)
    found = compared(
        Pair(groups=pair.groups, label=pair.label, before=pair.before, after=pair.before), rng=np.random.default_rng(0)
    )
    for each in found:
        assert each.change is not None
        assert each.change.value == 0
    low, high = of(found, "accuracy").change.interval(0.025)  # type: ignore[union-attr]  # asserted above
    assert low is not None
    assert high is not None
    assert -0.02 < low < 0 < high < 0.02


def test_who_is_not_recorded_is_no_group_and_a_rate_of_nobody_is_left_out() -> None:
    pair, groups, label, _ = drawn(600)
    groups = groups.copy()
    groups[:40] = MISSING
    label = label & (groups != "c")  # nobody of c is recorded positive
    held = Pair(groups={"g": groups}, label=label.astype(np.int8), before=pair.before, after=pair.after)
    found = compared(held, rng=np.random.default_rng(0), draws=100)
    rate = of(found, "true-positive-rate gap")
    assert rate.left_out == ("c",)
    a, b = (of(found, "true-positive rate", name).before or 0 for name in "ab")
    assert rate.before == pytest.approx(abs(a - b))
    assert not [each for each in found if each.metric == "true-positive rate" and each.group == "c"]


def test_where_nobody_is_selected_the_ratio_is_unknown() -> None:
    label = np.array([0, 1] * 20, dtype=np.int8)
    none = Decided(decision=np.zeros(40, np.int8), favored=np.zeros(40, np.int8), correct=(label == 0).astype(np.int8))
    groups = np.array(["a", "b", "b", "a"] * 10, dtype=object)
    found = compared(
        Pair(groups={"g": groups}, label=label, before=none, after=none), rng=np.random.default_rng(0), draws=100
    )
    ratio = of(found, "impact ratio")
    assert (ratio.before, ratio.after, ratio.change) == (None, None, None)
    assert of(found, "selection-rate gap").before == 0


def test_nothing_to_compare_is_said() -> None:
    empty = np.zeros(0, np.int8)
    side = Decided(decision=empty, favored=empty, correct=empty)
    with pytest.raises(TooFewError):
        compared(Pair(groups={}, label=empty, before=side, after=side), rng=np.random.default_rng(0))
    with pytest.raises(TooFewError):
        auc_change(np.ones(3), np.ones(3), np.ones(3, dtype=bool), draws=1, rng=np.random.default_rng(0))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "before", "after"),
    [
        ((300, 300), (0.3, 0.5), (0.4, 0.4)),  # a gap that is mended whole: the widest is then always overrated
        ((300, 40), (0.9, 0.6), (0.85, 0.8)),
        ((200, 200, 200), (0.5, 0.5, 0.5), (0.4, 0.5, 0.6)),
        ((300, 15), (0.95, 0.9), (0.95, 0.95)),
    ],
)
def test_the_interval_of_a_gaps_change_holds(
    sizes: tuple[int, ...], before: tuple[float, ...], after: tuple[float, ...]
) -> None:
    """At 95 % in 200 draws: at least 91 %, which is 2.6 standard errors below."""
    rng, held = np.random.default_rng(7), 0
    truth = (max(after) - min(after)) - (max(before) - min(before))
    place = np.repeat(np.arange(len(sizes)), sizes)
    for _ in range(200):
        u = rng.random(len(place))
        v = np.where(rng.random(len(place)) < 0.3, rng.random(len(place)), u)  # most are decided alike
        sides = [(x < np.array(rates)[place]).astype(np.int8) for x, rates in ((u, before), (v, after))]
        first, second = (Decided(decision=said, favored=said, correct=np.full_like(said, -1)) for said in sides)
        pair = Pair(
            groups={"g": place.astype(str).astype(object)}, label=np.zeros_like(sides[0]), before=first, after=second
        )
        change = of(compared(pair, rng=rng, draws=500), "selection-rate gap").change
        assert change is not None
        low, high = change.interval(alone(0.95))
        assert low is not None
        assert high is not None
        held += low <= truth <= high
    assert held / 200 >= 0.91
