import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.errors import ModelError
from fairwitness.core.subject import Rows
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.recipes import autoencoder
from fairwitness.torchkit.recipes.autoencoder import AutoencoderOptions
from support.media import media
from support.tables import table

CLASSES = ("normal", "odd")


def fit(columns: tuple[Column, ...], rows: Rows, target: NDArray[Any], **settings: Any) -> TorchModel:
    options = AutoencoderOptions(**{"epochs": 30, "hidden": (8, 1), **settings})
    return autoencoder.AUTOENCODER.fit(
        rows, target, columns=columns, classes=CLASSES, positive="odd", options=options, seed=0
    )


def line(n: int = 800, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Points along one direction of five, in units far apart; one in ten lies off it, though each number is common."""
    rng = np.random.default_rng(seed)
    odd = rng.random(n) < 0.1
    along = rng.normal(size=(n, 1)) * np.ones(5) + rng.normal(0, 0.1, (n, 5))
    points = np.where(odd[:, None], rng.normal(size=(n, 5)), along)
    return points * [1, 10, 100, 1000, 0.01] + 7, np.where(odd, "odd", "normal").astype(object)


def scores(model: TorchModel, rows: Rows) -> NDArray[np.float64]:
    made = model.outputs(rows).scores
    assert made is not None
    return made[:, 0]


def auc(target: NDArray[Any], found: NDArray[np.float64]) -> float:
    return float(importlib.import_module("sklearn.metrics").roc_auc_score(target == "odd", found))


def test_points_off_the_line_are_found_as_well_as_by_principal_components() -> None:
    points, target = line()
    columns, rows = table(**{f"x{i}": points[:, i].tolist() for i in range(5)})
    train = np.arange(800) < 500
    model = fit(columns, rows.where(train), target[train], epochs=60, batch=32)

    normal = points[train & (target == "normal")]
    scaled = (points - normal.mean(axis=0)) / normal.std(axis=0)
    peer = importlib.import_module("sklearn.decomposition").PCA(1).fit(scaled[train & (target == "normal")])
    errors = ((peer.inverse_transform(peer.transform(scaled)) - scaled) ** 2).mean(axis=1)

    found = scores(model, rows.where(~train))
    assert auc(target[~train], found) > auc(target[~train], errors[~train]) - 0.02
    flagged = model.outputs(rows.where(~train)).decisions == "odd"
    assert np.mean(flagged[target[~train] == "normal"]) < 0.05  # type: ignore[index]  # decisions are an array here
    assert np.mean(flagged[target[~train] == "odd"]) > 0.8  # type: ignore[index]  # decisions are there


def test_rows_recorded_as_anomalies_teach_it_nothing() -> None:
    points, target = line(300)
    columns, rows = media("series", points[:, None, :])
    mixed = fit(columns, rows, target, epochs=2)
    clean = fit(columns, rows.where(target == "normal"), target[target == "normal"], epochs=2)
    assert mixed.fingerprint == clean.fingerprint
    assert f"{(target == 'odd').sum()} train rows that are were left out" in mixed.notes[1]


def test_saved_and_loaded_it_gives_the_same_scores(tmp_path: Path) -> None:
    points, target = line(120)
    points[::9, 2] = np.nan
    columns, rows = media("series", points[:, None, :])
    model = fit(columns, rows, target, epochs=2)
    model.save(tmp_path)
    again = TorchModel.load(tmp_path)
    np.testing.assert_array_equal(scores(again, rows), scores(model, rows))
    assert (again.fingerprint, again.words) == (model.fingerprint, "autoencoder 5-8-1-8-5, trained here")


def test_what_it_cannot_learn_is_refused_in_one_line() -> None:
    points, target = line(60)
    columns, rows = media("series", points[:, None, :])
    with pytest.raises(ModelError, match="every training row has the class 'odd'"):
        fit(columns, rows, np.full(60, "odd", dtype=object))
    with pytest.raises(ModelError, match="tells one class from the other, and is given 'a', 'b', 'c'; declare"):
        autoencoder.AUTOENCODER.fit(rows, target, columns=columns, classes=("a", "b", "c"), positive="a", seed=0)
    with pytest.raises(ValueError, match="flagged is 0"):
        AutoencoderOptions(flagged=0.0)
