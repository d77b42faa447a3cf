"""Many models through `Recipe.fit_many`, for what they are wanted for: ensembles, scores out of fold, shadow models."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit import many
from fairwitness.torchkit.masks import all_but_one_fold, halves, out_of_fold
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.recipes.mlp import MLP, MlpOptions
from fairwitness.torchkit.recipes.prepared import Training
from fairwitness.torchkit.training import Progress
from support.tables import table

OPTIONS = MlpOptions(hidden=(32,), epochs=30, batch=64, dropout=0.0, learning_rate=0.01, held=0.0, weight_decay=0.0)


def drawn(n: int = 400, seed: int = 0) -> tuple[tuple[Column, ...], Rows, NDArray[Any], NDArray[np.float64]]:
    """Rows whose class has a known chance, and that chance."""
    rng = np.random.default_rng(seed)
    x, z, home = rng.normal(size=n), rng.normal(size=n), rng.choice(["own", "rent"], n)
    chance = 1 / (1 + np.exp(-(2 * x - z + (home == "own"))))
    columns, rows = table(x=x.tolist(), z=z.tolist(), home=home.tolist())
    return columns, rows, np.where(rng.random(n) < chance, "yes", "no").astype(object), chance


def fit(data: tuple[Any, ...], **settings: Any) -> tuple[TorchModel, ...]:
    columns, rows, target = data[:3]
    given = {"columns": columns, "classes": ("no", "yes"), "positive": "yes", "options": OPTIONS, **settings}
    return MLP.fit_many(rows, target, **given)


def said(models: tuple[TorchModel, ...], rows: Rows) -> NDArray[np.float64]:
    """(m, n) scores of the event."""
    found = [model.outputs(rows).scores for model in models]
    return np.stack([scores[:, 0] for scores in found if scores is not None])


def test_an_ensemble_over_seeds_loses_less_than_its_members() -> None:
    """The loss of a mean is below the mean of losses wherever members differ: Jensen's inequality."""
    data, (_, later, target, _) = drawn(), drawn(800, seed=1)
    scores = said(fit(data, seeds=range(6)), later)
    each = [log_loss(target == "yes", own) for own in scores]
    assert scores.std(axis=0).mean() > 0.005
    assert log_loss(target == "yes", scores.mean(axis=0)) < np.mean(each)


def test_scores_out_of_fold_do_not_know_the_labels_that_training_learned_by_heart() -> None:
    """Labels by coin: within training an overfitted network tells them, out of fold it must not."""
    columns, rows, _, _ = drawn(300)
    coins = np.random.default_rng(5).choice(["no", "yes"], 300).astype(object)
    people = np.repeat(np.arange(100), 3)
    learn = all_but_one_fold(people, 5, np.random.default_rng(0), labels=coins)
    options = MlpOptions(hidden=(128,), epochs=150, batch=64, dropout=0.0, learning_rate=0.02, held=0.0)
    scores = said(fit((columns, rows, coins), seeds=range(5), learn=learn, options=options), rows)
    within = [roc_auc_score(coins[own] == "yes", told[own]) for own, told in zip(learn, scores, strict=True)]
    assert np.mean(within) > 0.75
    unseen = roc_auc_score(coins == "yes", out_of_fold(scores, learn))
    assert abs(unseen - 0.5) < 4 * np.sqrt(301 / (12 * 150 * 150))  # the AUC of chance has variance (n + 1) / 12ab


def test_out_of_fold_scores_come_near_the_true_chances() -> None:
    data = drawn(1200)
    learn = all_but_one_fold(np.arange(1200), 4, np.random.default_rng(0), labels=data[2])
    models = fit(data, seeds=range(4), learn=learn, options=MlpOptions(hidden=(16,), epochs=40, learning_rate=0.01))
    assert np.corrcoef(out_of_fold(said(models, data[1]), learn), data[3])[0, 1] > 0.95


def test_shadow_models_are_surer_of_the_rows_they_have_seen() -> None:
    """Each row is in half of them; what those say about its label against what the others say."""
    columns, rows, target, _ = drawn(200)
    inside = halves(np.arange(200), 8, np.random.default_rng(0))
    options = MlpOptions(hidden=(64,), epochs=80, batch=32, dropout=0.0, learning_rate=0.01, held=0.0)
    scores = said(fit((columns, rows, target), seeds=range(8), learn=inside, options=options), rows)
    right = np.where(target == "yes", scores, 1 - scores)
    seen, unseen = right.mean(axis=0, where=inside), right.mean(axis=0, where=~inside)
    assert (seen - unseen).mean() > 3 * (seen - unseen).std() / np.sqrt(200)


SHADOWS = 24


def shadows(folder: Path | None, progress: Progress) -> tuple[TorchModel, ...]:
    inside = halves(np.arange(200), SHADOWS, np.random.default_rng(0))
    training = Training(folder=folder, progress=progress)
    with patch.object(many, "MOST", 4):  # networks in a piece
        return fit(drawn(200), seeds=range(SHADOWS), learn=inside, training=training)


@pytest.mark.slow
def test_killed_midway_only_the_unfinished_are_trained_anew(tmp_path: Path) -> None:
    """SIGKILL in another process after some networks; then the rest only, to the same models as without a kill."""
    script = textwrap.dedent(f"""
        import importlib.util, os, signal
        from pathlib import Path
        found = importlib.util.spec_from_file_location("many_recipes", {__file__!r})
        own = importlib.util.module_from_spec(found)
        found.loader.exec_module(own)
        def stop(done, planned):
            print(done, flush=True)
            if done >= 8:
                os.kill(os.getpid(), signal.SIGKILL)
        own.shadows(Path({str(tmp_path)!r}), stop)
    """)
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    run = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False
    )
    assert run.returncode == -signal.SIGKILL, run.stderr.decode()
    kept = {place: place.stat().st_mtime_ns for place in tmp_path.iterdir()}
    told: list[tuple[int, int]] = []
    models = shadows(tmp_path, lambda done, planned: told.append((done, planned)))
    assert len(kept) == 8
    assert told == [(done, SHADOWS) for done in (12, 16, 20, 24)]
    assert {place: place.stat().st_mtime_ns for place in kept} == kept
    assert len(list(tmp_path.iterdir())) == SHADOWS
    whole = shadows(None, lambda *_: None)
    rows = drawn(200)[1]
    np.testing.assert_allclose(said(models, rows), said(whole, rows), atol=1e-4)
