"""explain.faithfulness of texts by word and of series by stretch: planted, absent, and too few to tell."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Model, Rows
from fairwitness.explain import afforded, parts_tried
from fairwitness.explain.shapley import shapley_values
from fairwitness.torchkit.blackbox import from_callable
from support import given
from support.explained import Kept, measured, run, worst
from support.worded import LETTER, adding_up, letters

FAITHFUL = given.check("explain.faithfulness")
WORDS = ("good", "bad", "late", "prompt", "rude", "kind", "the", "of", "and", "one")
WEIGHTS = dict(zip(WORDS, (2.0, -2.0, -1.0, 1.0, -1.5, 1.5, 0.2, 0.1, -0.1, -0.2), strict=True))


def written(n: int = 100) -> Rows:
    rng = np.random.default_rng(0)
    return letters(*(" ".join(rng.choice(WORDS, rng.integers(2, 8))) for _ in range(n)))


def invented(*args: Any, **kwargs: Any) -> Any:
    made = shapley_values(*args, **kwargs)
    made.values[:] = np.random.default_rng(made.values.shape[1]).normal(size=made.values.shape)
    return made


def test_explanations_by_word_are_true() -> None:
    outcome = measured(run(FAITHFUL, (LETTER,), written(), adding_up(WEIGHTS)))
    assert worst(FAITHFUL, outcome) is Verdict.PASS
    assert {key.groups for key in outcome.judged} == {("Shapley values", "deletion"), ("Shapley values", "insertion")}
    assert any("by word" in note for note in outcome.notes)
    assert len(outcome.row_values["shapley-values"].ids) == 100


def test_words_that_mean_nothing_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_tried, "shapley_values", invented)
    assert worst(FAITHFUL, run(FAITHFUL, (LETTER,), written(), adding_up(WEIGHTS))) is Verdict.FAIL


def test_six_texts_are_too_few_to_tell() -> None:
    assert worst(FAITHFUL, run(FAITHFUL, (LETTER,), written(6), adding_up(WEIGHTS))) is Verdict.UNCERTAIN


def test_texts_of_one_word_have_no_order() -> None:
    few = letters("good", None, "bad late", "", *written(40).columns["letter"])
    outcome = measured(run(FAITHFUL, (LETTER,), few, adding_up(WEIGHTS)))
    assert "3 texts of fewer than two words have no order of importance and are left out." in outcome.notes
    assert {each.n for each in outcome.judged.values()} == {41}
    nothing = run(FAITHFUL, (LETTER,), letters("good", "bad", None), adding_up(WEIGHTS))
    assert isinstance(nothing, NotApplicable)
    assert "no text has two parts" in nothing.reason


def test_a_costly_model_is_asked_about_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_tried, "PARTS_WORK", 1e9)  # a thousand questions, at a million operations each
    outcome = measured(run(FAITHFUL, (LETTER,), written(), adding_up(WEIGHTS)))
    assert {each.n for each in outcome.judged.values()} == {afforded.FEWEST}
    assert any(note.startswith("Of 100 decisions a random 30 are explained: each takes some") for note in outcome.notes)
    explained = outcome.row_values["shapley-values"].ids
    assert 30 < np.median(explained) < 70, "they come from all over the rows"


def test_a_model_too_costly_to_ask_is_left_alone_unless_fewer_rows_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts_tried, "PARTS_WORK", 1e8)
    outcome = run(FAITHFUL, (LETTER,), written(), adding_up(WEIGHTS))
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason.startswith("the model is too costly: 30 decisions take ")
    few = measured(run(FAITHFUL, (LETTER,), written(), adding_up(WEIGHTS), options=FAITHFUL.Options(rows=4)))
    assert {each.n for each in few.judged.values()} == {4}
    assert "The model is a costly one: at most 6 parts of a row are told apart." in few.notes


def test_what_is_finished_is_not_made_again() -> None:
    meter = Kept()
    first = measured(run(FAITHFUL, (LETTER,), written(25), adding_up(WEIGHTS), meter=meter))
    del meter.pieces["parts-1"]
    again = measured(run(FAITHFUL, (LETTER,), written(25), adding_up(WEIGHTS), meter=meter))
    assert meter.made == 3 + 1
    assert again.judged == first.judged


def test_methods_of_images_are_none_of_texts() -> None:
    options = FAITHFUL.Options(methods=("HiResCAM",))
    outcome = run(FAITHFUL, (LETTER,), written(), adding_up(WEIGHTS), options=options)
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason == "of texts and series Shapley values are tried; HiResCAM is for tables or images"


@pytest.mark.parametrize("check", ["explain.protected-reason", "explain.permutation-importance"])
def test_checks_of_columns_do_not_look_at_one_text(check: str) -> None:
    outcome = run(given.check(check), (LETTER,), written(), adding_up(WEIGHTS))
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason.startswith("the model reads one text: ")


def steps(n: int = 60) -> tuple[Column, Rows, Model]:
    """Decided by a bump in the middle of the second channel."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(n, 2, 12))
    values[::2, 1, 4:6] += 3
    column = Column(name="signal", kind="series")
    model = from_callable(
        lambda _, media: (
            1 / (1 + np.exp(3 - media["signal"][:, 1, 4:6].sum(axis=1) - 0.05 * media["signal"].sum(axis=(1, 2))))
        ),
        columns=(column,),
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    return column, Rows(ids=np.arange(n), columns={}, media={"signal": values}), model


def test_explanations_by_stretch_are_true() -> None:
    column, rows, model = steps()
    outcome = measured(run(FAITHFUL, (column,), rows, model, options=FAITHFUL.Options(rows=40)))
    assert worst(FAITHFUL, outcome) is Verdict.PASS
    assert any("by 24 stretches; what is away is the mean of 50 rows" in note for note in outcome.notes)


def test_stretches_that_mean_nothing_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_tried, "shapley_values", invented)
    column, rows, model = steps()
    assert worst(FAITHFUL, run(FAITHFUL, (column,), rows, model)) is Verdict.FAIL
