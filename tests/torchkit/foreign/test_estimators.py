from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from fairwitness.core.columns import Column
from fairwitness.core.errors import ModelError
from fairwitness.core.subject import Rows
from fairwitness.torchkit.foreign.estimators import fitted_on, from_estimator, is_estimator, owner_of
from support.tables import table

RNG = np.random.default_rng(0)
PLAIN = pd.DataFrame({"u": RNG.normal(size=300), "v": RNG.normal(size=300), "town": RNG.choice(["a", "b"], 300)})
LABELS = np.where(PLAIN["u"] + (PLAIN["town"] == "a") + RNG.normal(size=300) > 0.5, "no", "yes")
COLUMNS, ROWS = table(u=PLAIN["u"].tolist(), v=PLAIN["v"].tolist(), town=PLAIN["town"].tolist())
WANTED: dict[str, Any] = {"columns": COLUMNS, "classes": ("yes", "no"), "positive": "yes"}  # not in sorted order


def pipeline() -> Pipeline:
    parts = make_column_transformer((StandardScaler(), ["u", "v"]), (OneHotEncoder(), ["town"]))
    return make_pipeline(parts, LogisticRegression())


def test_a_pipeline_is_given_its_columns_by_name_and_read_by_its_classes() -> None:
    fitted = pipeline().fit(PLAIN, LABELS)
    assert fitted.classes_.tolist() == ["no", "yes"]
    assert fitted_on(fitted) == ("u", "v", "town")
    model = from_estimator(fitted, **WANTED, probe=ROWS)
    made = model.outputs(ROWS)
    assert made.scores is not None
    assert made.decisions is not None
    np.testing.assert_allclose(made.scores[:, 0], fitted.predict_proba(PLAIN)[:, 1])
    assert made.decisions.tolist() == fitted.predict(PLAIN).tolist()
    assert model.words == "Pipeline of ColumnTransformer, LogisticRegression, a black box"
    assert model.fingerprint is None


def test_several_classes_are_put_in_the_targets_order() -> None:
    labels = RNG.choice([3, 1, 2], 300)
    fitted = LogisticRegression().fit(PLAIN[["u", "v"]], labels)
    wanted: dict[str, Any] = {"classes": ("3", "1", "2"), "positive": None, "columns": COLUMNS[:2]}
    made = from_estimator(fitted, **wanted, probe=ROWS).outputs(ROWS)
    assert made.scores is not None
    np.testing.assert_allclose(made.scores, fitted.predict_proba(PLAIN[["u", "v"]])[:, [2, 0, 1]])


def test_its_own_threshold_decides_unless_another_is_set() -> None:
    careful = FixedThresholdClassifier(
        LogisticRegression(), threshold=0.9, pos_label="yes", response_method="predict_proba"
    )
    fitted = careful.fit(PLAIN[["u", "v"]], LABELS)
    settings = {**WANTED, "columns": COLUMNS[:2]}
    own = from_estimator(fitted, **settings).outputs(ROWS).decisions
    assert own is not None
    assert own.tolist() == fitted.predict(PLAIN[["u", "v"]]).tolist()
    half = from_estimator(fitted, **settings, threshold=0.5).outputs(ROWS).decisions
    assert half is not None
    assert (half == "yes").sum() > (own == "yes").sum()


def test_one_fitted_on_an_array_is_given_the_numbers_in_order() -> None:
    fitted = LogisticRegression().fit(PLAIN[["v", "u"]].to_numpy(), LABELS)
    turned = (COLUMNS[1], COLUMNS[2], COLUMNS[0])
    made = from_estimator(fitted, **{**WANTED, "columns": turned}).outputs(ROWS)
    assert made.scores is not None
    np.testing.assert_allclose(made.scores[:, 0], fitted.predict_proba(PLAIN[["v", "u"]].to_numpy())[:, 1])


def test_codes_and_flags_go_in_as_they_were_in_the_data() -> None:
    """OneHotEncoder fitted on whole numbers knows no '1', and leaves the row without a category, without a word."""
    raw = pl.DataFrame({"code": [1, 2, 3] * 20, "flag": [True, False] * 30})
    encoder = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["code", "flag"]))
    labels = np.where(raw["code"] == 2, "yes", "no")
    fitted = make_pipeline(encoder, LogisticRegression()).fit(raw.to_pandas(), labels)
    columns = (Column(name="code", kind="category"), Column(name="flag", kind="boolean"))
    values = {
        "code": np.array([str(code) for code in raw["code"]], dtype=object),
        "flag": raw["flag"].cast(pl.Float64).to_numpy(),
    }
    rows = Rows(ids=np.arange(60), columns=values)
    made = from_estimator(fitted, **{**WANTED, "columns": columns}, dtypes=dict(raw.schema)).outputs(rows)
    assert made.decisions is not None
    assert made.decisions.tolist() == labels.tolist()


def test_missing_values_are_marked_as_pandas_does() -> None:
    seen: list[pd.DataFrame] = []

    class Box:
        def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
            seen.append(frame)
            return np.full((len(frame), 2), 0.5)

    columns, rows = table(a=[1.0, None], b=[None, "x"])
    from_estimator(Box(), **{**WANTED, "columns": columns}).outputs(rows)
    assert seen[0].isna().to_numpy().tolist() == [[False, True], [True, False]]
    assert is_estimator(Box())
    assert not is_estimator(Box)
    assert not is_estimator(lambda frame: frame)


def test_a_vectorizer_is_given_texts() -> None:
    """It would read the header of a frame."""
    texts = RNG.choice(["good one", "bad one", "neither"], 300)
    labels = np.where(texts == "bad one", "no", "yes")
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels)
    columns = (Column(name="said", kind="text"), Column(name="age", kind="number"))
    rows = Rows(ids=np.arange(300), columns={"said": texts.astype(object), "age": np.zeros(300)})
    model = from_estimator(fitted, **{**WANTED, "columns": columns}, probe=rows)
    made = model.outputs(rows).scores
    assert made is not None
    np.testing.assert_allclose(made[:, 0], fitted.predict_proba(texts)[:, 1])
    assert [column.name for column in model.columns] == ["said"]
    with pytest.raises(ModelError, match="this Pipeline reads one text column, and is given 'age'"):
        from_estimator(fitted, **{**WANTED, "columns": columns[1:]})


def test_its_own_method_stands_for_it() -> None:
    fitted: Any = LogisticRegression().fit(PLAIN[["u", "v"]], LABELS)
    assert owner_of(fitted.predict_proba) is fitted
    assert owner_of(PLAIN.mean) is not PLAIN
    assert owner_of(len) is len


def test_predict_alone_gives_decisions() -> None:
    fitted = LinearSVC().fit(PLAIN[["u", "v"]], LABELS)
    model = from_estimator(fitted, **{**WANTED, "columns": COLUMNS[:2]}, probe=ROWS)
    made = model.outputs(ROWS)
    assert made.scores is None
    assert model.notes == ("The model gives decisions and no scores.",)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (pipeline(), "model: this Pipeline is not fitted; call its fit first"),
        (
            LogisticRegression().fit(PLAIN[["u", "v"]], LABELS == "yes"),
            None,  # true stands for the positive class
        ),
        (
            LogisticRegression().fit(PLAIN[["u", "v"]], np.where(LABELS == "yes", "ja", "nein")),
            "model: its classes are 'ja', 'nein', the target's are 'yes', 'no'; give a function",
        ),
        (
            LogisticRegression().fit(PLAIN[["u"]].to_numpy(), LABELS),
            "model: the model takes 1 inputs, the data has 2 numeric features; list those",
        ),
        (
            GradientBoostingRegressor(n_estimators=3).fit(PLAIN[["u", "v"]], 9.0 * (LABELS == "yes")),
            "model: scores run from .* so they are not probabilities; declare activation",
        ),
    ],
)
def test_what_does_not_fit_is_told(estimator: Any, message: str | None) -> None:
    columns = COLUMNS if estimator.__class__ is Pipeline else COLUMNS[:2]
    if message is None:
        from_estimator(estimator, **{**WANTED, "columns": columns}, probe=ROWS)
        return
    with pytest.raises(ModelError, match=f"^{message}") as caught:
        from_estimator(estimator, **{**WANTED, "columns": columns}, probe=ROWS)
    assert "\n" not in str(caught.value)
