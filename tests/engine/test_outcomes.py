"""Polarity, decisions and scores as the columns checks count, on a handful of rows by hand."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from fairwitness.core import asks
from fairwitness.core.errors import UserError
from fairwitness.core.subject import Outputs
from fairwitness.engine import outcomes
from fairwitness.engine.config import parse
from fairwitness.io.read import read

DATA = {
    "y": [1, 0, 1, 0],
    "decile": [7, 5, 2, 1],
    "p": [0.9, 0.5, 0.4, 0.1],
    "d": ["yes", "no", "no", "yes"],
    "three": ["a", "b", "c", "a"],
}


def made(**settings: Any) -> tuple[outcomes.Target, dict[str, list[Any]]]:
    config = parse(settings, source="x")
    table = read(pl.DataFrame(DATA))
    goal = outcomes.target(table, config, source="x")
    goal, decisions = outcomes.recorded_decisions(table, config, goal, source="x")
    return goal, {name: list(column) for name, column in outcomes.derived(goal, decisions).items()}


def test_an_expression_decides_and_the_unfavourable_event_is_predicted() -> None:
    """COMPAS in small: positive 1 is bad for the person, so who is predicted positive is not favoured."""
    subject = {"target": "y", "positive": 1, "favorable": 0}
    goal, columns = made(subject=subject, model={"decision": "decile >= 5"})
    assert (goal.task, goal.classes, goal.positive, goal.favorable) == ("binary", ("0", "1"), "1", "0")
    assert columns[asks.LABEL] == ["yes", "no", "yes", "no"]
    assert columns[asks.DECISION] == ["yes", "yes", "no", "no"]
    assert columns[asks.FAVORED] == ["no", "no", "yes", "yes"]
    assert columns[asks.FAVORED_LABEL] == ["no", "yes", "no", "yes"]
    assert columns[asks.CORRECT] == ["yes", "no", "no", "yes"]


def test_a_score_decides_at_its_threshold_and_above() -> None:
    _, columns = made(subject={"target": "y", "positive": 1}, model={"score": "p", "threshold": 0.5})
    assert columns[asks.DECISION] == ["yes", "yes", "no", "no"]
    assert columns[asks.SCORE] == [0.9, 0.5, 0.4, 0.1]
    assert asks.FAVORED not in columns  # what is good for the person is not declared, and not guessed


def test_labels_stand_for_decisions_and_are_then_no_truth() -> None:
    _, columns = made(subject={"target": "y", "favorable": 1})
    assert columns[asks.DECIDED] == columns[asks.CLASS] == ["1", "0", "1", "0"]
    assert asks.CORRECT not in columns


def test_a_decision_column_in_other_words_than_the_target_is_refused_and_in_the_same_is_taken() -> None:
    goal, columns = made(subject={"target": "d", "positive": "yes"}, model={"decision": "y"})
    assert columns[asks.DECIDED] == ["yes", "no", "yes", "no"]  # 1 and 0 mean the positive class and the other
    with pytest.raises(UserError, match="different values"):
        made(subject={"target": "three"}, model={"decision": "d"})
    assert goal.other == "no"


def test_decisions_alone() -> None:
    goal, columns = made(subject={"favorable": "yes"}, model={"decision": "d"})
    assert goal.recorded is None
    assert columns[asks.FAVORED] == ["yes", "no", "no", "yes"]
    goal, columns = made(subject={"favorable": False}, model={"decision": "decile > 4"})
    assert goal.classes == ("false", "true")
    assert columns[asks.FAVORED] == ["no", "no", "yes", "yes"]


def test_many_classes_need_no_positive_one() -> None:
    goal, columns = made(subject={"target": "three"})
    assert (goal.task, goal.positive) == ("multi-class", None)
    assert asks.LABEL not in columns
    goal, columns = made(subject={"target": "three", "positive": "b"})
    assert columns[asks.LABEL] == ["no", "yes", "no", "no"]


def test_a_custom_of_naming_is_taken_and_noted() -> None:
    goal, _ = made(subject={"target": "y"})
    assert goal.positive == "1"
    assert "positive is not declared" in goal.notes[0]


@pytest.mark.parametrize(
    ("value", "classes", "name"),
    [
        (1, ("0", "1"), "1"),
        (True, ("0", "1"), "1"),
        (1, ("false", "true"), "true"),
        (1.0, ("0", "1"), "1"),
        (0.5, ("0.5", "1"), "0.5"),
        ("a", ("a", "b"), "a"),
    ],
)
def test_values_of_the_config_as_class_names(value: Any, classes: tuple[str, ...], name: str) -> None:
    assert outcomes.class_name(value, classes) == name


def test_scores_of_several_classes_are_scores_though_no_class_is_the_positive_one() -> None:
    outputs = Outputs(scores=np.full((2, 3), 1 / 3), decisions=np.array(["a", "b"], dtype=object))
    made = outcomes.model_decisions(outputs, outcomes.Target(classes=("a", "b", "c")), np.ones(2, dtype=bool), "")
    assert made.scored
    assert made.scores is None
