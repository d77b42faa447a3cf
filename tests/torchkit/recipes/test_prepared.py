"""What is put on a training from outside its recipe, and many trained of one preparation."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.blueprint import ConflictError
from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.parts.samplers import Shuffled
from fairwitness.torchkit.parts.weights import ClassWeights
from fairwitness.torchkit.recipes.mlp import MLP, MlpOptions
from fairwitness.torchkit.recipes.prepared import UNFINISHED, Training
from fairwitness.torchkit.tables import TableNet
from support.tables import table

CLASSES = ("no", "yes")
LOGISTIC = MlpOptions(hidden=(), epochs=150, batch=1000, learning_rate=0.1, weight_decay=0.0, dropout=0.0, held=0.0)
SHORT = MlpOptions(hidden=(8,), epochs=12, batch=32, dropout=0.0, learning_rate=0.02)


def shares() -> tuple[tuple[Column, ...], Rows, NDArray[Any]]:
    """One yes/no feature: 20 of 100 `a` and 70 of 100 `b` are yes, so a logit finds any weighted share exactly."""
    columns, rows = table(x=["a"] * 100 + ["b"] * 100)
    return columns, rows, np.array(["yes"] * 20 + ["no"] * 80 + ["yes"] * 70 + ["no"] * 30, dtype=object)


def drawn(n: int = 300) -> tuple[tuple[Column, ...], Rows, NDArray[Any]]:
    rng = np.random.default_rng(0)
    x, z = rng.normal(5, 3, n), rng.normal(size=n)
    columns, rows = table(x=x.tolist(), z=z.tolist())
    return columns, rows, np.where(x - 5 + 2 * z + rng.logistic(size=n) > 0, "yes", "no").astype(object)


def fit(
    data: tuple[tuple[Column, ...], Rows, NDArray[Any]], options: MlpOptions, training: Training | None = None
) -> TorchModel:
    columns, rows, target = data
    return MLP.fit(
        rows, target, columns=columns, classes=CLASSES, positive="yes", options=options, seed=0, training=training
    )


def scores(model: TorchModel, rows: Rows) -> NDArray[np.float64]:
    made = model.outputs(rows).scores
    assert made is not None
    return made[:, 0]


def test_weights_of_rows_move_the_scores_to_the_weighted_shares() -> None:
    """Each yes counts four times: 80 of 160, and 280 of 310."""
    columns, rows, target = shares()
    weights = np.where(target == "yes", 4.0, 1.0)
    model = fit((columns, rows, target), LOGISTIC, Training(weights=weights))
    np.testing.assert_allclose(scores(model, rows)[[0, 199]], [80 / 160, 280 / 310], atol=0.01)


def test_balanced_classes_weigh_the_same_in_sum() -> None:
    """90 yes against 110 no: each yes counts 110/90 times as much."""
    columns, rows, target = shares()
    options = replace(LOGISTIC, class_weights="balanced")
    yes = 110 / 90
    wanted = [20 * yes / (20 * yes + 80), 70 * yes / (70 * yes + 30)]
    np.testing.assert_allclose(scores(fit((columns, rows, target), options), rows)[[0, 199]], wanted, atol=0.01)


def test_a_part_may_be_made_for_the_rows_that_are_trained_on() -> None:
    """Each of the 90 yes counts four times: 80 of 160, and 280 of 310."""

    def part(target: Tensor, _: Tensor | None) -> ClassWeights:
        return ClassWeights(torch.tensor([1.0, 4.0 * float(target.sum()) / 90]))

    model = fit(shares(), LOGISTIC, Training(parts=[part]))
    np.testing.assert_allclose(scores(model, shares()[1])[[0, 199]], [80 / 160, 280 / 310], atol=0.01)


def test_parts_that_exclude_one_another_are_refused_before_training() -> None:
    with pytest.raises(ConflictError, match="only one can"):
        fit(shares(), LOGISTIC, Training(parts=[Shuffled(), Shuffled()]))


def test_a_persons_rows_are_held_back_together() -> None:
    columns, rows, target = drawn(400)
    people = np.repeat(np.arange(100), 4)
    ready = MLP.prepare(rows, target, columns=columns, classes=CLASSES, positive="yes", options=SHORT)
    model = ready.fit(SHORT, seed=0, training=Training(units=people))
    held = int(model.notes[0].split(": ")[1].split(" of ")[0])
    first = target[::4]
    people_held = int(0.15 * (first == "yes").sum()) + int(0.15 * (first == "no").sum())
    assert held == 4 * people_held


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    data = drawn()
    whole = fit(data, SHORT)
    told: list[int] = []

    def stop(done: int, _: int) -> None:
        told.append(done)
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(data, SHORT, Training(folder=tmp_path, every=0.0, progress=stop))
    assert (tmp_path / UNFINISHED).exists()
    again = fit(data, SHORT, Training(folder=tmp_path, progress=lambda done, _: told.append(done)))
    assert told == [1, 2, 3, 4, 5, *range(5, 13)]  # pass 5 was stopped before it was written down as made
    assert again.fingerprint == whole.fingerprint


def test_another_training_does_not_start_from_what_one_has_left(tmp_path: Path) -> None:
    columns, rows, target = drawn()
    fit((columns, rows, target), SHORT, Training(folder=tmp_path))
    turned = np.where(target == "yes", "no", "yes").astype(object)
    kept = fit((columns, rows, turned), SHORT, Training(folder=tmp_path))
    assert kept.fingerprint == fit((columns, rows, turned), SHORT).fingerprint


def test_many_end_as_each_would_alone() -> None:
    columns, rows, target = drawn()
    many = MLP.fit_many(rows, target, columns=columns, classes=CLASSES, positive="yes", options=SHORT, seeds=[3, 4, 5])
    for seed, model in zip((3, 4, 5), many, strict=True):
        alone = MLP.fit(rows, target, columns=columns, classes=CLASSES, positive="yes", options=SHORT, seed=seed)
        np.testing.assert_allclose(scores(model, rows), scores(alone, rows), atol=1e-4)
        assert model.notes == alone.notes


def test_each_of_many_sees_its_own_rows_only() -> None:
    """Its scaling is that of its own rows, and rows of the others do not move its scores."""
    columns, rows, target = drawn()
    learn = np.zeros((2, len(rows)), dtype=bool)
    learn[0, :150], learn[1, 150:] = True, True
    settings: dict[str, Any] = {"columns": columns, "classes": CLASSES, "positive": "yes", "options": SHORT}
    first, second = MLP.fit_many(rows, target, seeds=[1, 2], learn=learn, **settings)
    for model, own in zip((first, second), learn, strict=True):
        assert isinstance(model.module, TableNet)
        wanted = [rows.columns[name][own].astype(float).mean() for name in ("x", "z")]
        np.testing.assert_allclose(model.module.scaling.mean, wanted, rtol=1e-5)
    moved = target.copy()
    moved[150:] = np.where(target[150:] == "yes", "no", "yes")
    other, _ = MLP.fit_many(rows, moved, seeds=[1, 2], learn=learn, **settings)
    assert other.fingerprint == first.fingerprint


def test_many_that_were_stopped_are_not_trained_anew(tmp_path: Path) -> None:
    columns, rows, target = drawn()
    settings: dict[str, Any] = {"columns": columns, "classes": CLASSES, "positive": "yes", "options": SHORT}
    first = MLP.fit_many(rows, target, seeds=[1, 2], training=Training(folder=tmp_path), **settings)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = MLP.fit_many(rows, target, seeds=[1, 2, 3], training=Training(folder=tmp_path), **settings)
    assert [model.fingerprint for model in first] == [model.fingerprint for model in again[:2]]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list(tmp_path.iterdir())) == 3
