"""What decisions add to the gap in the record: by hand, how often its interval holds, and over thresholds."""

from __future__ import annotations

import numpy as np
import pytest

import fairwitness
from fairwitness.core import asks
from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Verdict
from fairwitness.core.figures import Curves
from fairwitness.fairness.amplification import EDGES, added, amplification, at_thresholds, of_pair
from fairwitness.fairness.cells import Cells
from fairwitness.stats.tally import Tally
from support.given import EVERYTHING, check, from_cells, measured, outline, people, run, series, verdict

CHECK = check("fairness.amplification")
DECIDED_ONLY = EVERYTHING - {"scores"}


def brute(group: np.ndarray, label: np.ndarray, decision: np.ndarray) -> float:
    def gap(values: np.ndarray) -> float:
        return abs(float(values[group == 1].mean() - values[group == 0].mean()))

    return gap(decision) - gap(label)


@pytest.mark.parametrize("seed", range(6))
def test_follows_the_definition(seed: int) -> None:
    """Gaps that point the same way, opposite ways and either way, person by person."""
    rng = np.random.default_rng(seed)
    group, label, decision = rng.integers(0, 2, (3, 200))
    counts = np.array(
        [[((group == g) & (label == y) & (decision == d)).sum() for y in (0, 1) for d in (0, 1)] for g in (0, 1)]
    )
    found = added(counts, z=1.96)
    assert found.value[0] == pytest.approx(brute(group, label, decision), abs=1e-12)
    assert found.decided[0] == pytest.approx(decision[group == 1].mean() - decision[group == 0].mean())
    assert found.recorded[0] == pytest.approx(label[group == 1].mean() - label[group == 0].mean())
    assert found.low[0] <= found.value[0] <= found.high[0]


@pytest.mark.parametrize(
    ("shares", "n"),
    [
        ([[0.5, 0.1, 0.1, 0.3], [0.3, 0.1, 0.1, 0.5]], (200, 300)),  # the same gap in both
        ([[0.5, 0.1, 0.1, 0.3], [0.3, 0.3, 0.1, 0.3]], (100, 100)),  # none in the record
        ([[0.3, 0.2, 0.2, 0.3], [0.2, 0.1, 0.3, 0.4]], (50, 400)),  # none in decisions
        ([[0.4, 0.2, 0.2, 0.2], [0.4, 0.2, 0.2, 0.2]], (100, 100)),  # none in either
        ([[0.93, 0.03, 0.03, 0.01], [0.9, 0.05, 0.03, 0.02]], (50, 2000)),  # rare
    ],
)
def test_the_interval_holds_the_truth(shares: list[list[float]], n: tuple[int, int]) -> None:
    rng, p = np.random.default_rng(7), np.array(shares)
    chosen, recorded = p[:, [1, 3]].sum(axis=1), p[:, [2, 3]].sum(axis=1)
    truth = abs(chosen[1] - chosen[0]) - abs(recorded[1] - recorded[0])
    runs = 1000
    draws = [np.array([rng.multinomial(size, row) for size, row in zip(n, p, strict=True)]) for _ in range(runs)]
    ends = [of_pair(counts, level=0.95) for counts in draws]
    held = sum(each.low <= truth + 1e-12 and truth - 1e-12 <= each.high for each in ends)
    assert held / runs >= 0.935


def test_the_widest_of_many_equal_groups_is_accused_in_at_most_one_run_of_twenty() -> None:
    rng, accused, runs = np.random.default_rng(8), 0, 150
    for _ in range(runs):
        counts = rng.multinomial(80, [0.4, 0.15, 0.15, 0.3], size=10)
        found = amplification(Cells(tuple("abcdefghij"), counts))
        assert found is not None
        accused += (found.most.estimate.low or 0.0) > 0
    assert accused / runs <= 0.05


def test_a_model_that_doubles_a_gap_fails_and_one_that_repeats_it_passes() -> None:
    """Recorded 30 and 50 in 100; decided 20 and 60."""
    doubled = from_cells({"a": (6800, 200, 1200, 1800), "b": (3500, 1500, 500, 4500)})
    assert verdict(CHECK, doubled, offers=DECIDED_ONLY) is Verdict.FAIL
    found = measured(CHECK, doubled, offers=DECIDED_ONLY)
    assert found.headline == (
        "Between a applicants and b applicants the gap is 20.0 points in the record and 40.0 points in decisions, 20.0 points wider"
    )
    repeated = from_cells({"a": (6500, 500, 500, 2500), "b": (4500, 500, 500, 4500)})
    assert verdict(CHECK, repeated, offers=DECIDED_ONLY) is Verdict.PASS
    levelled = from_cells({"a": (6000, 1000, 0, 3000), "b": (5000, 0, 1000, 4000)})
    assert verdict(CHECK, levelled, offers=DECIDED_ONLY) is Verdict.PASS
    assert "20.0 points narrower" in measured(CHECK, levelled, offers=DECIDED_ONLY).headline


def test_few_people_leave_it_open_and_stand_in_no_table() -> None:
    few = from_cells({"a": (4, 4, 1, 4), "b": (300, 75, 75, 300)})
    assert verdict(CHECK, few, offers=DECIDED_ONLY) is Verdict.UNCERTAIN
    found = measured(CHECK, few, offers=DECIDED_ONLY)
    assert found.headline.startswith("Too few people")
    assert series(found, "Gaps in the record and in decisions") == {}
    assert isinstance(run(CHECK, from_cells({"a": (5, 5, 5, 5)}), offers=DECIDED_ONLY), NotApplicable)


def test_an_attribute_that_nothing_is_known_of_stays_without_a_number() -> None:
    """Nobody of y has a recorded outcome, so by sex nothing can be told; by race all is well."""
    columns = from_cells({"a": (6500, 500, 500, 2500), "b": (6500, 500, 500, 2500)})
    columns = {name: np.concatenate([values, values[:50]]) for name, values in columns.items()}
    columns["sex"] = np.where(np.arange(20_050) < 20_000, "x", "y").astype(object)
    columns[asks.LABEL][20_000:] = None
    columns[asks.FAVORED_LABEL][20_000:] = None
    groupings = (Grouping(columns=("race",)), Grouping(columns=("sex",)))
    found = measured(CHECK, columns, offers=DECIDED_ONLY, groupings=groupings)
    assert CHECK.info.limit is not None
    judged = {key.metric: each.against(CHECK.info.limit) for key, each in found.judged.items()}
    assert judged == {
        "gap added to that of the record by race": Verdict.PASS,
        "gap added to that of the record by sex": Verdict.UNCERTAIN,
    }


def test_cells_at_thresholds_are_those_of_deciding_there() -> None:
    rng = np.random.default_rng(3)
    n = 500
    group, score = rng.choice(["a", "b"], n), rng.random(n) ** 2
    label = rng.random(n) < score
    columns = people(group, label=label, score=score)
    tally = Tally.of({name: columns[name] for name in ("race", asks.LABEL, asks.SCORE)}, edges={asks.SCORE: EDGES})
    found = at_thresholds(tally, ("race",), ("a", "b"))
    assert found.shape == (len(EDGES) - 2, 2, 4)
    for place, edge in enumerate(EDGES[1:-1]):
        decision = score >= edge
        for row, name in enumerate(("a", "b")):
            expected = [
                ((group == name) & (label == y) & (decision == d)).sum() for y in (False, True) for d in (False, True)
            ]
            assert found[place, row].tolist() == expected


def test_the_curve_has_a_point_for_each_threshold() -> None:
    rng = np.random.default_rng(5)
    n = 2000
    group = rng.choice(["a", "b"], n)
    score = np.clip(rng.normal(np.where(group == "a", 0.4, 0.6), 0.1), 0, 1)
    columns = people(group, label=rng.random(n) < score, decision=score >= 0.5, score=score)
    found = measured(CHECK, columns)
    assert found.headline.endswith("wider")
    (curves,) = found.figures
    assert isinstance(curves, Curves)
    assert curves.curves[0].x == EDGES[1:-1]
    at = dict(zip(curves.curves[0].x, curves.curves[0].y, strict=True))
    (estimate,) = found.judged.values()
    assert at[0.5] == pytest.approx(estimate.value)
    assert (at[0.01] or 0.0) < 0 < (at[0.5] or 0.0)


@pytest.mark.slow
def test_models_trained_again_are_shown_where_the_config_asks() -> None:
    rng = np.random.default_rng(6)
    n = 300
    group = rng.choice(["a", "b"], n)
    x = rng.normal(np.where(group == "a", 0.0, 0.7))
    data = {
        "group": group,
        "x": x,
        "noise": rng.normal(size=n),
        "y": (rng.random(n) < 1 / (1 + np.exp(-x))).astype(int),
    }
    report = fairwitness.audit(
        data,
        target="y",
        positive=1,
        groups=["group"],
        config={
            "model": {"train": "mlp", "options": {"epochs": 4}},
            "checks": {"only": [CHECK.info.id]},
            "options": {CHECK.info.id: {"again": 2}},
        },
    )
    (finding,) = report.findings
    table = finding.series[-1]
    assert table.title == "Added to the gap by models trained again, of the same people"
    assert table.columns["trained"] == ("as deployed", "half as wide", "twice as wide", "classes weighing alike")
    least, mean, most = (table.columns[name] for name in ("least", "added, mean", "most"))
    assert all(a <= b <= c for a, b, c in zip(least, mean, most, strict=True))  # type: ignore[operator]  # numbers


def test_again_is_a_number_of_models() -> None:
    with pytest.raises(ValueError, match="a number of models from 0 to 50"):
        CHECK.Options(again=-1)
    with pytest.raises(ValueError, match="a number of models from 0 to 50"):
        CHECK.Options(again=True)
    asked = CHECK.asks(outline(offers=DECIDED_ONLY), None, CHECK.Options(again=3))
    assert not isinstance(asked, NotApplicable)
    assert not any(isinstance(ask, asks.VariantsAsk) for ask in asked)  # how the model was made is not known
