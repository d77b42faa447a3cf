"""Multicalibration: brute force over rows, false alarms, and a fault that cancels within its group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import LABEL, SCORE
from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import MISSING, Grouping
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Verdict
from fairwitness.fairness.calibration import EDGES, cells
from fairwitness.fairness.multicalibrating import furthest_off
from fairwitness.fairness.multicalibration import Multicalibration, multicalibration
from fairwitness.stats.tally import Tally
from support.given import check, measured, people, run, series, verdict

CHECK = check("fairness.multicalibration-gap")
MEAN = check("fairness.calibration-gap")


def looked(columns: dict[str, NDArray[Any]], **settings: Any) -> Multicalibration:
    axes = {name: columns[name] for name in ("race", LABEL, SCORE)}
    tally = Tally.of(axes, sums={SCORE: columns[SCORE]}, edges={SCORE: EDGES})
    return multicalibration({"race": cells(tally, ("race",))}, **settings)


def planted(n: int, *, swing: float = 0.0, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Scores in [0, 1]; of b they are too low below a half and too high above it, by `swing`, and right in the mean."""
    rng = np.random.default_rng(seed)
    race = np.repeat(np.array(["a", "b"], dtype=object), n)
    score = rng.uniform(0.02, 0.98, 2 * n)
    rate = np.clip(np.where(race == "b", score - np.sign(score - 0.5) * swing, score), 0, 1)
    return people(race, label=rng.random(2 * n) < rate, decision=score >= 0.5, score=score)


def test_the_worst_cell_against_a_loop_over_rows() -> None:
    columns = planted(700, swing=0.15, seed=2)
    found = looked(columns, least=20)
    yes = columns[LABEL] == "yes"
    errors = {}
    for group in "ab":
        for tenth in range(10):
            inside = (columns["race"] == group) & (np.floor(columns[SCORE] * 10) == tenth)
            errors[group, tenth] = float(columns[SCORE][inside].mean() - yes[inside].mean())
    assert len(found.cells) == 20
    assert found.size.value == pytest.approx(max(map(abs, errors.values())))
    assert sorted(cell.error.value or 0.0 for cell in found.cells) == pytest.approx(sorted(errors.values()))


def test_it_is_what_the_remedy_holds_down() -> None:
    """The remedy's own figure takes everybody as a set too, which is never further off than the worst of its parts."""
    columns = planted(700, swing=0.15, seed=3)
    theirs = furthest_off(columns[SCORE], columns[LABEL] == "yes", columns["race"])
    assert looked(columns, least=20).size.value == pytest.approx(theirs)


def test_intervals_of_all_cells_hold_together() -> None:
    """Calibrated scores: a cell firmly off zero is a false alarm. 20 cells, 60 draws."""
    alarms = sum((looked(planted(600, seed=seed), least=30).size.low or 0) > 0 for seed in range(100, 160))
    assert alarms <= 6  # of 3 to be expected


def test_a_fault_that_cancels_in_the_mean() -> None:
    columns = planted(4_000, swing=0.2)
    assert verdict(MEAN, columns) is Verdict.PASS
    assert verdict(CHECK, columns) is Verdict.FAIL
    found = measured(CHECK, columns)
    assert found.headline.startswith("Where b applicants have scores of 0.")
    (key,) = found.judged
    assert key.groups[0].startswith("b, scores 0.")
    table = series(found, "Cells furthest off")
    assert set(table["group"][:8]) == {"b"}
    assert len(table["n"]) == 15


def test_without_the_fault_and_too_few_to_tell() -> None:
    assert verdict(CHECK, planted(20_000)) is Verdict.PASS
    assert verdict(CHECK, planted(350, swing=0.05)) is Verdict.UNCERTAIN
    outcome = run(CHECK, planted(40))
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason == "no group has 30 people whose scores lie in one tenth"
    with pytest.raises(TooFewError, match="no group has 30"):
        multicalibration({})


def test_crossed_attributes_count_where_they_are_named_and_missing_ones_stand_aside() -> None:
    columns = planted(2_000, swing=0.2)
    columns["sex"] = np.where(np.arange(4_000) % 2, "men", "women").astype(object)
    columns["race"][columns["race"] == "b"] = None
    groupings = (
        Grouping(columns=("race",)),
        Grouping(columns=("race", "sex")),
        Grouping(columns=("sex",), named=False),
    )
    found = measured(CHECK, columns, groupings=groupings)
    groups = set(series(found, "Cells furthest off")["group"])
    assert any("race not recorded" in group for group in groups)
    assert "men" not in groups
    everybody = looked({**planted(2_000, swing=0.2), "race": np.array([None] * 4_000, dtype=object)})
    assert {cell.group for cell in everybody.cells} == {MISSING}
