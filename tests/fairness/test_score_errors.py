"""The check of errors of scores: scikit-learn's Brier score and R², planted, without, too small."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, r2_score

from fairwitness.core.asks import LABEL, SCORE, RowsAsk, group_column
from fairwitness.core.check import Measured, NotApplicable, Outcome
from fairwitness.core.subject import Rows
from fairwitness.fairness.checks import score_errors
from support.given import check, run, series, yes_no

CHECK = check("fairness.score-errors")


def outcome(race: NDArray[Any], label: NDArray[np.bool_], score: NDArray[np.float64]) -> Outcome:
    columns = {SCORE: score, LABEL: yes_no(label), group_column("race"): race.astype(object)}
    rows = Rows(ids=np.arange(len(score)), columns=columns)
    return run(CHECK, {}, made={RowsAsk(columns=(SCORE, LABEL), groups=("race",)): rows})


def people(n: int, off: float) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.float64]]:
    """Scores that mean what they say in the north, and promise `off` too much in the south."""
    rng = np.random.default_rng(0)
    race, score = np.repeat(np.array(["north", "south"]), n), rng.uniform(0.1, 0.9, 2 * n)
    return race, rng.random(2 * n) < score - off * (race == "south"), score


def test_numbers_are_scikit_learns_and_the_group_that_is_off_is_named() -> None:
    race, label, score = people(1500, 0.1)
    found = outcome(race, label, score)
    assert isinstance(found, Measured)
    table = series(found, "Errors of scores by group")
    assert table["group"] == ("south", "north")  # the worst first
    for place, name in enumerate(table["group"]):
        own = race == name
        assert table["Brier score"][place] == pytest.approx(brier_score_loss(label[own], score[own]))
        assert table["explained"][place] == pytest.approx(r2_score(label[own].astype(float), score[own]))
        assert table["low"][place] < table["Brier score"][place] < table["high"][place]
    assert table["error low"][1] < 0.01 < table["error low"][0]
    assert "south applicants" in found.headline
    assert "At equal scores the outcome still differs by race" in found.lead


def test_scores_that_mean_what_they_say_accuse_nobody() -> None:
    found = outcome(*people(1500, 0.0))
    assert isinstance(found, Measured)
    assert "not seen to differ by race" in found.lead
    (error,) = found.judged.values()
    assert error.low is not None
    assert error.low < 0.01


def test_few_people_and_none() -> None:
    few = outcome(*people(20, 0.1))
    assert isinstance(few, Measured)
    assert "too small" in few.headline
    assert set(series(few, "Errors of scores by group")["Brier score"]) == {None}
    race, label, score = people(20, 0.0)
    assert isinstance(outcome(race, label, np.full_like(score, np.nan)), NotApplicable)


def test_of_very_many_rows_some_are_drawn_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_errors, "MOST_ROWS", 500)
    found = outcome(*people(400, 0.0))
    assert isinstance(found, Measured)
    assert found.notes == ("whether the group tells more than the score: 500 of 800 rows, drawn at random",)
