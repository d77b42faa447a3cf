"""What the checks share: models of any kind, and what none of them can look at."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn

from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Model, Rows
from fairwitness.torchkit.blackbox import from_callable
from support import given
from support.explained import convolutions, genders, measured, pictures, reading, run, table, worst

FAITHFUL = given.check("explain.faithfulness")
IMPORTANCE = given.check("explain.permutation-importance")
PROTECTED = given.check("explain.protected-reason")


def test_a_black_box_is_explained_too() -> None:
    columns, rows = table(120)
    model = from_callable(
        lambda frame: 1 / (1 + np.exp(-2 * frame["a"].to_numpy())),
        columns=columns,
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    assert worst(FAITHFUL, run(FAITHFUL, columns, rows, model)) is Verdict.PASS
    assert "leans most on a:" in measured(run(IMPORTANCE, columns, rows, model)).headline


def test_a_model_without_scores_cannot_be_looked_at() -> None:
    columns, rows = table(40)
    model = from_callable(
        lambda frame: frame["a"].to_numpy() > 0, columns=columns, classes=("no", "yes"), positive="yes"
    )
    for check in (FAITHFUL, IMPORTANCE, PROTECTED):
        outcome = run(check, columns, rows, model, groups=genders(rows))
        assert isinstance(outcome, NotApplicable)
        assert "no scores" in outcome.reason


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (lambda: FAITHFUL.Options(methods=("SHAP",)), "methods names 'SHAP'; there are Shapley values"),
        (lambda: FAITHFUL.Options(rows=0), "rows is 0"),
        (lambda: IMPORTANCE.Options(rows=1), "at least 2"),
        (lambda: IMPORTANCE.Options(repeats=0), "repeats is 0"),
        (lambda: PROTECTED.Options(top=0), "top is 0"),
        (lambda: PROTECTED.Options(proxy=0.5), "AUC above 0.5"),
        (lambda: PROTECTED.Options(rows=0), "rows is 0"),
    ],
)
def test_options_out_of_range_are_refused(options: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        options()


def test_what_cannot_be_looked_at_says_why() -> None:
    columns, rows, model = pictures(convolutions())
    flat = pictures(nn.Sequential(nn.Flatten(), nn.Linear(144, 1)))
    asked = [
        run(FAITHFUL, *flat, options=FAITHFUL.Options(methods=("Grad-CAM",))),
        run(FAITHFUL, columns, rows, model, options=FAITHFUL.Options(methods=("Shapley values",))),
        run(IMPORTANCE, columns, rows, model),
        run(FAITHFUL, *table_and_model(), options=FAITHFUL.Options(methods=("Grad-CAM",))),
    ]
    words = ["no layer keeps", "for tables", "no pixel stands", "is for images"]
    for outcome, part in zip(asked, words, strict=True):
        assert isinstance(outcome, NotApplicable)
        assert part in outcome.reason


def table_and_model() -> tuple[tuple[Column, ...], Rows, Model]:
    columns, rows = table(30)
    return columns, rows, reading(rows, columns, a=1.0)
