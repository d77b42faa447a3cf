"""Criteria side by side: the identity that binds them, ProPublica's cells, and by hand."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairwitness.core import asks
from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import MISSING
from fairwitness.fairness.cells import Cells, counted, over
from fairwitness.fairness.criteria import BALANCE, CALIBRATION, false_positive_rate_of, forced, of_scores, two_largest
from fairwitness.stats.tally import Tally
from support.given import EVERYTHING, check, from_cells, measured, people, run

CHECK = check("fairness.criteria")
DECIDED_ONLY = EVERYTHING - {"scores"}
COMPAS = Path(__file__).parents[3] / "shared" / "data" / "compas" / "compas-scores-two-years.csv"
CELLS = {"African-American": (990, 805, 532, 1369), "Caucasian": (1139, 349, 461, 505)}


def holds(found: Any) -> dict[str, str]:
    """Criterion to whether it holds, of the first table."""
    table = found.explored[0].columns
    return dict(zip(table["criterion"], table["within 10.0 points"], strict=True))


def test_the_identity_holds_of_any_cells() -> None:
    """Chouldechova 2017: base rate, predictive value and true-positive rate settle the false-positive rate."""
    counts = np.random.default_rng(0).integers(1, 90, (200, 4))
    rates = {
        name: over(*counted(counts, name))
        for name in ("base rate", "positive predictive value", "true-positive rate", "false-positive rate")
    }
    implied = false_positive_rate_of(
        rates["base rate"], rates["positive predictive value"], rates["true-positive rate"]
    )
    assert implied == pytest.approx(rates["false-positive rate"], abs=1e-12, rel=0)


def test_propublicas_cells_force_false_positive_rates_apart() -> None:
    """By hand: PPV (1369 + 505) / 3028, TPR 1874 / 2867, base rates 1901 / 3696 and 966 / 2454."""
    ppv, tpr = 1874 / 3028, 1874 / 2867
    expected = [p / (1 - p) * (1 - ppv) / ppv * tpr for p in (1901 / 3696, 966 / 2454)]
    cells = Cells.of(Tally.of(from_cells(CELLS)), ("race",))
    first = forced(cells, (0, 1), rng=np.random.default_rng(0))[0]
    assert (first.first, first.second) == pytest.approx(expected)
    assert first.gap.value == pytest.approx(expected[1] - expected[0])
    assert first.seen == pytest.approx(349 / 1488 - 805 / 1795)
    assert first.gap.high is not None
    assert first.gap.high < -0.1


def test_intervals_of_what_is_forced_hold_the_truth() -> None:
    rng, p = np.random.default_rng(2), np.array([[0.4, 0.1, 0.1, 0.4], [0.6, 0.1, 0.1, 0.2]]) / 2
    truth = [
        each.gap.value for each in forced(Cells(("a", "b"), np.rint(p * 1e6).astype(int)), (0, 1), rng=rng, draws=2)
    ]
    held, runs = np.zeros(3), 200
    for _ in range(runs):
        found = forced(Cells(("a", "b"), rng.multinomial(800, p.ravel()).reshape(2, 4)), (0, 1), rng=rng, draws=200)
        for place, each in enumerate(found):
            assert each.gap.low is not None
            assert each.gap.high is not None
            held[place] += each.gap.low <= (truth[place] or 0.0) <= each.gap.high
    assert (held / runs >= 0.9).all(), held / runs


@pytest.mark.skipif(not COMPAS.exists(), reason="needs ../shared/data/compas")
def test_compas_is_calibrated_while_false_positive_rates_are_not_equal() -> None:
    with COMPAS.open(newline="") as file:
        header, *rows = csv.reader(file)
    score, race, outcome = header.index("decile_score"), header.index("race"), header.index("two_year_recid")
    deciles = np.array([int(row[score]) for row in rows])
    columns = people(
        [row[race] for row in rows],
        label=[row[outcome] == "1" for row in rows],
        decision=deciles >= 5,
        score=deciles / 10,
    )
    found = measured(CHECK, columns, target="two_year_recid", people="people", favorable="0")
    told = holds(found)
    assert [
        name for name in (CALIBRATION, "predictive parity", "negative predictive parity") if told[name] == "holds"
    ] == [
        CALIBRATION,
        "predictive parity",
        "negative predictive parity",
    ]
    for name in ("predictive equality", "equal opportunity", "demographic parity", *BALANCE.values()):
        assert told[name] == "broken", name
    assert "51.4\u202f% of African-American people and 39.4\u202f% of Caucasian people" in found.lead
    assert "42.6\u202f% and 26.1\u202f%" in found.lead
    assert "cannot all hold" in found.lead
    assert not found.judged


def test_equal_base_rates_exclude_nothing() -> None:
    """The same cells in both groups: every criterion holds, and no sentence says that one must give way."""
    found = measured(
        CHECK, from_cells({"a": (4000, 1000, 1000, 4000), "b": (4000, 1000, 1000, 4000)}), offers=DECIDED_ONLY
    )
    assert set(holds(found).values()) == {"", "holds"}
    assert "not shown that criteria exclude one another" in found.lead


def test_few_people_leave_everything_open() -> None:
    found = measured(CHECK, from_cells({"a": (3, 2, 2, 3), "b": (3, 2, 1, 4)}), offers=DECIDED_ONLY)
    assert set(holds(found).values()) == {"", "open"}
    assert "too few people to say of any criterion" in found.headline


def test_what_is_undefined_is_unknown_and_nobody_decided_positive_is_said() -> None:
    found = measured(CHECK, from_cells({"a": (500, 0, 500, 0), "b": (800, 0, 200, 0)}), offers=DECIDED_ONLY)
    assert holds(found)["predictive parity"] == "unknown"
    assert "nobody is decided positive" in found.lead


@pytest.mark.parametrize(
    ("cells", "said", "unsaid"),
    [
        (
            {"a": (0, 0, 300, 700), "b": (600, 100, 100, 200)},
            "everybody of a group has the outcome",
            "nobody is decided",
        ),
        ({"a": (300, 200, 500, 0), "b": (700, 100, 200, 0)}, "no positive decision is right", "nobody is decided"),
        ({"a": (500, 0, 100, 400), "b": (800, 0, 50, 150)}, "no positive decision is wrong", "cannot all hold"),
    ],
)
def test_what_is_said_of_groups_at_the_edge_is_true(
    cells: dict[str, tuple[int, int, int, int]], said: str, unsaid: str
) -> None:
    found = measured(CHECK, from_cells(cells), offers=DECIDED_ONLY)
    assert said in found.lead
    assert unsaid not in found.lead


def test_one_group_is_not_applicable_and_the_two_largest_are_compared() -> None:
    assert isinstance(run(CHECK, from_cells({"a": (5, 5, 5, 5)}), offers=DECIDED_ONLY), NotApplicable)
    cells = Cells(("a", MISSING, "b", "c"), np.array([[1, 1, 1, 1], [99, 9, 9, 9], [5, 5, 5, 5], [2, 2, 2, 2]]))
    assert two_largest(cells) == (2, 3)


def test_scores_by_brute_force() -> None:
    """Mean scores by label, and the record at equal score as a weighted mean of differences within bins."""
    rng = np.random.default_rng(4)
    n = 600
    group, score = rng.choice(["a", "b"], n), rng.random(n)
    label = rng.random(n) < np.where(group == "a", score, 0.8 * score)
    columns = people(group, label=label, score=score)
    edges = tuple(tenth / 10 for tenth in range(11))
    names = ("race", asks.LABEL, asks.SCORE)
    tally = Tally.of({name: columns[name] for name in names}, sums={asks.SCORE: score}, edges={asks.SCORE: edges})
    same, positive, negative = of_scores(tally, ("race",), ("a", "b"))
    assert positive.first == pytest.approx(score[(group == "a") & label].mean())
    assert negative.value == pytest.approx(
        score[(group == "b") & ~label].mean() - score[(group == "a") & ~label].mean()
    )
    above = below = 0.0
    for low in range(10):
        inside = (score * 10).astype(int) == low
        one, two = inside & (group == "a"), inside & (group == "b")
        weight = one.sum() * two.sum() / inside.sum()
        above += weight * (label[two].mean() - label[one].mean())
        below += weight
    assert same.value == pytest.approx(above / below)
    assert same.second is not None
    assert same.first is not None
    assert same.second - same.first == pytest.approx(same.value)
