import subprocess
import sys
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from fairwitness.core.columns import Column
from fairwitness.core.errors import ModelError
from fairwitness.core.subject import Model, Rows
from fairwitness.torchkit.blackbox import BlackBox, from_callable
from support.tables import table

COLUMNS, ROWS = table(a=[1.0, None, 3.0], b=["x", None, "y"])
WANTED: dict[str, Any] = {"columns": COLUMNS, "classes": ("no", "yes"), "positive": "yes"}


def test_it_is_called_with_the_features_as_a_frame() -> None:
    seen: list[pl.DataFrame] = []

    def half(frame: pl.DataFrame) -> np.ndarray:
        seen.append(frame)
        return np.full(len(frame), 0.5)

    model: Model = from_callable(half, **WANTED)
    made = model.outputs(ROWS)
    assert seen[0].equals(pl.DataFrame({"a": [1.0, None, 3.0], "b": ["x", None, "y"]}))
    assert made.scores is not None
    assert made.scores.tolist() == [[0.5]] * 3
    assert model.layers(ROWS) is None
    assert model.fingerprint is None
    assert model.words.endswith("half, a black box")


def test_scikit_learn_fits_as_it_is() -> None:
    x = np.random.default_rng(0).normal(size=(9_000, 2))
    target = np.where(x[:, 0] > x[:, 1], "yes", "no")
    columns, rows = table(u=x[:, 0].tolist(), v=x[:, 1].tolist())
    peer = LogisticRegression().fit(x, target)
    settings = {**WANTED, "columns": columns}
    scored = from_callable(lambda frame: peer.predict_proba(frame.to_numpy()), **settings, probe=rows).outputs(rows)
    decided = from_callable(lambda frame: peer.predict(frame.to_numpy()), **settings).outputs(rows)
    assert scored.scores is not None
    np.testing.assert_allclose(scored.scores[:, 0], peer.predict_proba(x)[:, 1])
    assert scored.decisions is not None
    assert decided.scores is None
    assert decided.decisions is not None
    assert (scored.decisions == decided.decisions).all()


def test_whole_numbers_are_names_of_classes() -> None:
    model = from_callable(
        lambda frame: frame["a"].is_null().to_numpy().astype(int), **{**WANTED, "classes": ("0", "1"), "positive": "1"}
    )
    decided = model.outputs(ROWS).decisions
    assert decided is not None
    assert decided.tolist() == ["0", "1", "0"]


@pytest.mark.parametrize(
    ("classes", "positive", "wanted"),
    [
        (("no", "yes"), "yes", ["no", "yes", "no"]),
        (("no", "yes"), "no", ["yes", "no", "yes"]),  # true stands for the positive class
        (("0", "1"), "0", ["0", "1", "0"]),  # but is 1 where 1 is a class
        (("false", "true"), "true", ["false", "true", "false"]),
    ],
)
def test_true_and_false_are_decisions(classes: tuple[str, ...], positive: str, wanted: list[str]) -> None:
    def unknown(frame: pl.DataFrame) -> pl.Series:
        return frame["a"].is_null()

    for given in (unknown, lambda frame: np.array(unknown(frame).to_list(), dtype=object)):
        model = from_callable(given, **{**WANTED, "classes": classes, "positive": positive}, probe=ROWS)
        made = model.outputs(ROWS)
        assert made.scores is None
        assert made.decisions is not None
        assert made.decisions.tolist() == wanted
        assert model.notes == ("The model gives decisions and no scores.",)


def test_a_threshold_over_decisions_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"^model: gives decisions and no scores, so there is nothing to put a threshold"
    ):
        from_callable(lambda frame: frame["a"].is_null(), **WANTED, threshold=0.3, probe=ROWS)


def test_images_come_beside_the_frame() -> None:
    rows = Rows(ids=np.arange(2), columns={}, media={"scan": np.array([[[0.0, 0.0]], [[1.0, 0.5]]])})
    model = from_callable(
        lambda _, media: media["scan"].mean(axis=(1, 2)), **{**WANTED, "columns": (Column(name="scan", kind="image"),)}
    )
    scores = model.outputs(rows).scores
    assert scores is not None
    assert scores.tolist() == [[0.0], [0.75]]


def test_a_text_column_may_start_with_a_gap() -> None:
    columns, rows = table(b=[None, "x"])
    seen: list[pl.DataFrame] = []

    def half(frame: pl.DataFrame) -> np.ndarray:
        seen.append(frame)
        return np.full(len(frame), 0.5)

    from_callable(half, **{**WANTED, "columns": columns}).outputs(rows)
    assert seen[0]["b"].to_list() == [None, "x"]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda _: 1 / 0,
            "model: the model fails on 3 rows with ZeroDivisionError: division by zero; it is called with",
        ),
        (
            lambda _: np.array(["yes", "no", "nope"]),
            r"model: decides 'nope', which is not a class of the target; they are 'no', 'yes'$",
        ),
        (
            lambda _: np.zeros((3, 4)),
            r"model: the output has shape \(3, 4\); it must be \(n,\) or \(n, 1\) or \(n, 2\)",
        ),
        (
            lambda _: np.array([["yes", "no"]]),
            r"model: the output has shape \(1, 2\); it must be \(n,\) for decisions",
        ),
        (lambda frame: frame["a"].to_numpy(), "model: the output is NaN or infinite in 1 of 3 rows"),
        (lambda _: None, r"model: the output has shape \(\)"),
        (lambda _: [0, 1, 0], r"model: decides '0', which is not a class of the target"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(function: Any, message: str) -> None:
    with pytest.raises(ModelError, match=f"^{message}"):
        from_callable(function, **WANTED, probe=ROWS)


def test_probing_settles_logits() -> None:
    model = from_callable(lambda frame: frame["a"].fill_null(0).to_numpy() - 5, **WANTED)
    model.probe(ROWS)
    assert model.rule.activation == "logits"
    assert isinstance(model, BlackBox)
    assert "read as logits" in model.notes[0]


def test_no_rows_need_no_call() -> None:
    made = from_callable(lambda _: 1 / 0, **WANTED).outputs(Rows(ids=np.arange(0), columns={}))
    assert made.decisions is not None
    assert len(made.decisions) == 0


def test_it_needs_no_torch() -> None:
    code = "import sys, fairwitness.torchkit.blackbox, fairwitness.torchkit.importing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
