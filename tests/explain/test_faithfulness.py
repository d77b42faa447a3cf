from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn

from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Verdict
from fairwitness.explain import methods, told
from fairwitness.torchkit.blackbox import from_callable
from support import given
from support.attacked import Linear, model_of, rows_of
from support.explained import NAMES, Kept, convolutions, measured, pictures, reading, run, table, worst

FAITHFUL = given.check("explain.faithfulness")


def test_explanations_of_a_table_are_true() -> None:
    columns, rows = table()
    outcome = measured(run(FAITHFUL, columns, rows, reading(rows, columns, a=2.0, b=-1.0, sex=1.0)))
    assert worst(FAITHFUL, outcome) is Verdict.PASS
    assert outcome.row_values["shapley-values"].worse == "low"
    assert len(outcome.row_values["shapley-values"].ids) == 200


def test_an_explanation_that_means_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, rows = table()
    true = told.told

    def invented(*args: Any) -> Any:
        made = true(*args)
        made.towards[:] = np.random.default_rng(1).normal(size=made.towards.shape)
        return made

    monkeypatch.setattr(methods, "told", invented)
    assert worst(FAITHFUL, run(FAITHFUL, columns, rows, reading(rows, columns, a=2.0, b=-1.0))) is Verdict.FAIL


def test_five_decisions_are_too_few_to_tell() -> None:
    columns, rows = table(5)
    assert worst(FAITHFUL, run(FAITHFUL, columns, rows, reading(rows, columns, a=2.0))) is Verdict.UNCERTAIN


def test_a_model_that_never_moves_has_nothing_to_explain() -> None:
    columns, rows = table(50)
    still = dict.fromkeys("abcd", 0.0)
    outcome = run(FAITHFUL, columns, rows, reading(rows, columns, **still))
    assert isinstance(outcome, NotApplicable)
    assert "never moves" in outcome.reason


def test_decisions_whose_score_nothing_moves_accuse_no_explanation() -> None:
    """The model reads a mark that 2 % have; of the others there is no order to be true to."""
    columns, rows = table()
    marked = rows_of({**rows.columns, "a": (np.arange(300) % 50 == 49).astype(np.float64)})
    model = from_callable(
        lambda frame: 0.1 + 0.8 * frame["a"].to_numpy(),
        columns=columns,
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    outcome = measured(run(FAITHFUL, columns, marked, model))
    assert worst(FAITHFUL, outcome) is Verdict.UNCERTAIN
    assert {each.n for each in outcome.judged.values()} == {4}
    assert any(note.startswith("For 196 of 200 decisions nothing") for note in outcome.notes)
    assert len(outcome.row_values["shapley-values"].ids) == 4


def test_finished_pieces_are_not_made_again_and_nothing_changes() -> None:
    columns, rows = table()
    model, meter = reading(rows, columns, a=2.0), Kept()
    first = measured(run(FAITHFUL, columns, rows, model, meter=meter))
    del meter.pieces["shapley-2"]  # as if stopped before it
    again = measured(run(FAITHFUL, columns, rows, model, meter=meter))
    assert meter.made == 4 + 1
    assert again.judged == first.judged
    np.testing.assert_array_equal(again.row_values["shapley-values"].values, first.row_values["shapley-values"].values)


def test_explanations_of_images_are_true_and_as_fine_as_their_layer() -> None:
    outcome = measured(run(FAITHFUL, *pictures(convolutions())))
    assert {key.groups[0] for key in outcome.judged} == {"integrated gradients", "HiResCAM"}
    assert worst(FAITHFUL, outcome) is Verdict.PASS
    assert any("layer '2', 6 × 6" in note for note in outcome.notes)
    assert set(outcome.row_values) == {"integrated-gradients", "hirescam"}


def test_a_network_without_maps_is_tried_by_gradients_alone() -> None:
    outcome = measured(run(FAITHFUL, *pictures(nn.Sequential(nn.Flatten(), nn.Linear(144, 1)))))
    assert {key.groups[0] for key in outcome.judged} == {"integrated gradients"}
    assert any("no layer keeps height and width" in note for note in outcome.notes)


def test_one_person_speaks_once() -> None:
    columns, rows = table(60)
    rows = rows_of({**rows.columns, "person": np.array([str(n // 3) for n in range(60)], dtype=object)})
    held = (*columns, Column(name="person", kind="category", role="unit"))
    features = tuple(column.name for column in columns)
    outcome = measured(run(FAITHFUL, held, rows, reading(rows, columns, a=2.0), features=features))
    assert {each.n for each in outcome.judged.values()} == {20}


def test_integrated_gradients_of_numbers_are_tried_too() -> None:
    """On a linear model they are w (x - mean), by column, in logits; both methods pass."""
    from fairwitness.explain.numbers import integrated_by_player

    columns, rows = table(80)
    slopes = np.array([1.0, 0.0, 2.0, -1.0, 0.5, 0.1])
    model = model_of(Linear(slopes, 0.3), columns, rows)
    few, rest = rows.where(rows.ids < 10), rows.where(rows.ids >= 10)
    players = {"first two": ("sex", "height"), **{name: (name,) for name in "abcd"}}

    made = integrated_by_player(model, few, rest, players, np.ones(10, dtype=np.intp))

    assert made is not None
    terms = {name: slopes[n] * (few.columns[name] - rest.columns[name].mean()) for n, name in enumerate(NAMES)}
    want = np.stack([terms["sex"] + terms["height"], *(terms[name] for name in "abcd")], axis=1)
    np.testing.assert_allclose(made[0], want, atol=1e-5)
    both = FAITHFUL.Options(methods=("Shapley values", "integrated gradients"))
    outcome = measured(run(FAITHFUL, columns, rows, model, options=both))
    assert worst(FAITHFUL, outcome) is Verdict.PASS
    assert len(outcome.judged) == 4


def test_a_black_box_has_no_gradients() -> None:
    columns, rows = table(40)
    model = from_callable(
        lambda frame: frame["b"].to_numpy() > 0.5, columns=columns, classes=("no", "yes"), positive="yes"
    )
    scored = from_callable(
        lambda frame: 1 / (1 + np.exp(-frame["b"].to_numpy())),
        columns=columns,
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    options = FAITHFUL.Options(methods=("integrated gradients",))
    for each, words in ((model, "no scores"), (scored, "numbers only")):
        outcome = run(FAITHFUL, columns, rows, each, options=options)
        assert isinstance(outcome, NotApplicable)
        assert words in outcome.reason
