"""A costly model is explained on fewer decisions, and says so; a cheap one on all that are asked for."""

import numpy as np
import pytest

pytest.importorskip("torch")

from fairwitness.explain import afforded
from fairwitness.explain.shapley import least_evaluations, shapley_values
from support import given
from support.explained import genders, measured, reading, run, table
from support.games import ArrayGame

CHECKS = [given.check("explain.faithfulness"), given.check("explain.protected-reason")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.info.id)
def test_costly_decisions_are_fewer_and_counted(check: object, monkeypatch: pytest.MonkeyPatch) -> None:
    columns, rows = table()
    model = reading(rows, columns, a=2.0, b=-1.0)
    whole = measured(run(check, columns, rows, model, groups=genders(rows)))
    assert {each.n for each in whole.judged.values()} == {200}
    assert not any("are explained" in note for note in whole.notes)

    each = least_evaluations(len(columns), 50)
    monkeypatch.setattr(afforded, "WORK", 45 * each * (afforded.MIXING + 2 * 7))
    fewer = measured(run(check, columns, rows, model, groups=genders(rows)))
    assert {each.n for each in fewer.judged.values()} == {45}
    assert any(note.startswith("Of 200 decisions a random 45 are explained") for note in fewer.notes)
    monkeypatch.setattr(afforded, "WORK", 0.0)
    least = measured(run(check, columns, rows, model, groups=genders(rows)))
    assert {each.n for each in least.judged.values()} == {afforded.FEWEST}


@pytest.mark.parametrize("players", [1, 4, 10, 11, 24])
@pytest.mark.parametrize("background", [5, 50, 60])
def test_what_a_row_takes_at_least_is_what_it_takes_where_nothing_is_left_open(players: int, background: int) -> None:
    dice = np.random.default_rng(0)
    game = ArrayGame(function=lambda z: z.sum(axis=1, keepdims=True), others=dice.normal(size=(background, players)))
    made = shapley_values(game, dice.normal(size=(2, players)), rng=dice)
    assert made.spent == 2 * least_evaluations(players, background)
