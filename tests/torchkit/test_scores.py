import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.errors import ModelError
from fairwitness.torchkit.scores import Activation, DecisionRule

YES_NO = ("no", "yes")


def rule(
    classes: tuple[str, ...] = YES_NO,
    positive: str | None = "yes",
    activation: Activation | None = "probabilities",
    threshold: float = 0.5,
) -> DecisionRule:
    return DecisionRule(classes=classes, positive=positive, activation=activation, threshold=threshold)


def read(how: DecisionRule, raw: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[Any]]:
    made = how.read(raw, source="m")
    assert made.scores is not None
    assert made.decisions is not None
    return made.scores, made.decisions


def test_one_logit_a_row_is_the_log_odds_of_the_positive_class() -> None:
    scores, decisions = read(rule(activation="logits"), np.array([[math.log(3)], [-math.log(3)], [0.0]]))
    np.testing.assert_allclose(scores, [[0.75], [0.25], [0.5]])
    assert decisions.tolist() == ["yes", "no", "yes"]  # at the threshold is positive


@pytest.mark.parametrize(("positive", "wanted"), [("yes", [0.8, 0.4]), ("no", [0.2, 0.6])])
def test_of_two_outputs_the_positive_class_is_scored(positive: str, wanted: list[float]) -> None:
    scores, decisions = read(rule(positive=positive), np.array([[0.2, 0.8], [0.6, 0.4]]))
    np.testing.assert_allclose(scores[:, 0], wanted)
    assert decisions.tolist() == ["yes", "no"]


def test_two_logits_agree_with_their_difference() -> None:
    """Softmax over two is the logistic function of the difference."""
    pair = np.random.default_rng(0).normal(size=(50, 2)) * 5
    two, _ = read(rule(activation="logits"), pair)
    one, _ = read(rule(activation="logits"), pair[:, 1:] - pair[:, :1])
    np.testing.assert_allclose(two, one, rtol=1e-12)


def test_the_threshold_decides() -> None:
    scores = np.array([[0.29], [0.3], [0.9]])
    _, decided = read(rule(threshold=0.3), scores)
    assert decided.tolist() == ["no", "yes", "yes"]


def test_several_classes_take_the_largest() -> None:
    scores, decisions = read(
        rule(("a", "b", "c"), None, "logits"), np.log(np.array([[0.2, 0.5, 0.3], [0.7, 0.2, 0.1]]))
    )
    np.testing.assert_allclose(scores, [[0.2, 0.5, 0.3], [0.7, 0.2, 0.1]])
    assert decisions.tolist() == ["b", "a"]


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ([[0.0], [1.0]], "probabilities"),
        ([[0.2], [1.2]], "logits"),
        ([[-0.2], [0.5]], "logits"),
        ([[0.3, 0.7], [1.0, 0.0]], "probabilities"),
        ([[-1.2, -0.3], [-0.1, -2.4]], "logits"),
    ],
)
def test_an_undeclared_activation_is_settled_by_the_numbers_and_noted(raw: list[list[float]], wanted: str) -> None:
    settled, notes = rule(activation=None).settle(np.array(raw), source="m")
    assert settled.activation == wanted
    assert f"read as {wanted}" in notes[0]


def test_numbers_in_0_1_that_do_not_sum_to_1_are_not_guessed() -> None:
    with pytest.raises(
        ModelError, match=r"^m: each row's scores lie in \[0, 1\] but sum to 0.5 up to 1.2 instead of 1;"
    ):
        rule(activation=None).settle(np.array([[0.3, 0.2], [0.6, 0.6]]), source="m")


def test_declared_probabilities_outside_0_1_are_refused() -> None:
    with pytest.raises(ModelError) as caught:
        rule().settle(np.array([[0.3], [1.5]]), source="net.pt")
    assert str(caught.value) == (
        "net.pt: scores run from 0.3 to 1.5, so they are not probabilities; "
        "declare activation = 'logits' or 'probabilities'"
    )


def test_float_rounding_beyond_1_is_not_held_against_a_model() -> None:
    scores, _ = read(rule(), np.array([[1 + 1e-7], [-1e-7]]))
    assert scores.ravel().tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("shape", "classes", "fits"),
    [
        ((4, 3), YES_NO, "(n,) or (n, 1) or (n, 2)"),
        ((3,), YES_NO, "(n,) or (n, 1) or (n, 2)"),
        ((4, 1, 1), YES_NO, "(n,) or (n, 1) or (n, 2)"),
        ((), YES_NO, "(n,) or (n, 1) or (n, 2)"),
        ((4, 2), ("a", "b", "c"), "(n, 3)"),
        ((4,), ("a", "b", "c"), "(n, 3)"),
    ],
)
def test_a_wrong_shape_says_what_fits(shape: tuple[int, ...], classes: tuple[str, ...], fits: str) -> None:
    with pytest.raises(ModelError) as caught:
        rule(classes, None if len(classes) > 2 else "yes").tidy(np.zeros(shape), 4, source="net.pt")
    assert str(caught.value) == f"net.pt: the output has shape {shape}; it must be {fits}, n being the rows"


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2,), (1, 2)])
def test_the_axis_of_a_lone_row_may_be_squeezed_away(shape: tuple[int, ...]) -> None:
    assert rule().tidy(np.full(shape, 0.5), 1, source="m").shape == (1, max(1, int(np.prod(shape))))


def test_rows_without_a_finite_score_are_counted() -> None:
    raw = np.array([[0.1, 0.9], [np.nan, 0.5], [0.5, np.inf], [np.nan, np.nan]])
    with pytest.raises(ModelError, match=r"^net\.pt: the output is NaN or infinite in 3 of 4 rows; "):
        rule().read(raw, source="net.pt")


def test_integers_are_no_scores() -> None:
    with pytest.raises(ModelError, match="the output is of type int64, not floating point"):
        rule().tidy(np.array([0, 1]), 2, source="m")


def test_one_score_needs_a_positive_class() -> None:
    with pytest.raises(ModelError, match="no class is declared as positive; set `positive`"):
        rule(positive=None).tidy(np.array([0.1, 0.9]), 2, source="m")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"positive": "yess"}, "the positive class 'yess' is not among the classes; they are 'no', 'yes'$"),
        ({"classes": ("yes",)}, r"\['yes'\] are not two or more different classes"),
        ({"classes": ("yes", "yes")}, "are not two or more different classes"),
        ({"threshold": 50.0}, "threshold is 50.0; it is a score, so between 0 and 1"),
        ({"activation": "sigmoid"}, "activation is 'sigmoid'; it must be 'logits' or 'probabilities'"),
    ],
)
def test_a_rule_that_is_none_is_refused(values: dict[str, object], message: str) -> None:
    settings: dict[str, object] = {"classes": YES_NO, "positive": "yes", "activation": None, "threshold": 0.5}
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        DecisionRule(**{**settings, **values})  # type: ignore[arg-type]  # wrong on purpose
