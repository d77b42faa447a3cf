from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fairwitness
from fairwitness.core.errors import ModelError
from fairwitness.torchkit import recipes
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.recipes.images import ImageOptions
from support.media import media, striped

FLAT_TALL = ("flat", "tall")
FAST = {"epochs": 4, "batch": 32, "widths": (4, 8)}


def fit(name: str, images: NDArray[Any], target: NDArray[Any], **settings: Any) -> TorchModel:
    columns, rows = media("image", images)
    recipe = recipes.named(name)
    options = recipe.options(**{**FAST, **settings})
    return recipe.fit(rows, target, columns=columns, classes=FLAT_TALL, positive="tall", options=options, seed=0)


@pytest.mark.parametrize("name", ["cnn", "resnet"])
def test_stripes_are_told_apart_on_images_not_seen(name: str) -> None:
    images, target = striped()
    model = fit(name, images[:160], target[:160])
    made = model.outputs(media("image", images[160:])[1])
    assert made.scores is not None
    assert made.scores.shape == (80, 1)
    assert np.mean(made.decisions == target[160:]) > 0.95


@pytest.mark.parametrize("name", ["cnn", "resnet"])
def test_saved_and_loaded_it_gives_the_same_scores_and_fingerprint(name: str, tmp_path: Path) -> None:
    images, target = striped(60)
    model = fit(name, images, target, epochs=1)
    model.save(tmp_path)
    again = TorchModel.load(tmp_path)
    rows = media("image", images)[1]
    np.testing.assert_array_equal(again.outputs(rows).scores, model.outputs(rows).scores)
    assert (again.fingerprint, again.words) == (model.fingerprint, model.words)


def test_the_same_seed_gives_the_same_weights() -> None:
    images, target = striped(60)
    first, second = (fit("cnn", images, target, epochs=2, flip=True) for _ in range(2))
    assert first.fingerprint == second.fingerprint


def test_the_units_of_the_pixels_do_not_matter() -> None:
    """Scaling lives inside the network: pixels a hundred times as large and moved give the same scores."""
    images, target = striped(80)
    floats = images.astype(np.float64)
    first = fit("cnn", floats, target).outputs(media("image", floats)[1]).scores
    second = fit("cnn", 100 * floats + 7, target).outputs(media("image", 100 * floats + 7)[1]).scores
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(first, second, atol=0.02)


def test_images_of_another_size_are_refused_by_the_model() -> None:
    images, target = striped(60)
    model = fit("cnn", images, target, epochs=1)
    with pytest.raises(ModelError, match="resize them, or train again"):
        model.outputs(media("image", np.zeros((3, 28, 28), dtype=np.uint8))[1])


@pytest.mark.parametrize(
    ("setting", "value"),
    [("shift", -1), ("shift", 0.5), ("flip", "yes"), ("widths", ()), ("widths", 8), ("epochs", 2.5)],
)
def test_an_option_out_of_range_is_named(setting: str, value: object) -> None:
    with pytest.raises(ValueError, match=setting):
        ImageOptions(**{setting: value})  # type: ignore[arg-type]  # wrong on purpose


def test_an_audit_trains_a_network_on_the_images_of_a_file(tmp_path: Path) -> None:
    images, target = striped()
    np.savez(tmp_path / "stripes.npz", images=images, label=(target == "tall").astype(int), site=np.arange(240) % 2)
    (tmp_path / "audit.toml").write_text(
        '[data]\npath = "stripes.npz"\n[subject]\ntarget = "label"\npositive = 1\ngroups = ["site"]\n'
        '[model]\ntrain = "cnn"\noptions = { epochs = 3, widths = [4, 8], batch = 32 }\n'
    )
    report = fairwitness.audit(config=tmp_path / "audit.toml", out=tmp_path / "out")
    found = {finding.check: finding for finding in report.findings}
    assert not [finding.check for finding in report.findings if finding.verdict == "error"]
    assert "CNN 4-8-1, trained here" in found["explain.model-outline"].lead
    assert found["fairness.accuracy-gap"].verdict != "not-applicable"


def test_a_table_without_images_says_what_the_recipe_reads(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = {"x": rng.random(40), "y": rng.integers(0, 2, 40)}
    with pytest.raises(fairwitness.core.errors.UserError, match="the cnn recipe reads one column of images"):
        fairwitness.audit(data, target="y", train="cnn")


def test_a_falling_learning_rate_trains_otherwise() -> None:
    images, target = striped(60)
    steady, falling = (fit("cnn", images, target, descent=descent) for descent in ("constant", "cosine"))
    assert steady.fingerprint != falling.fingerprint
    with pytest.raises(ValueError, match="descent is 'steep'; it must be 'constant' or 'cosine'"):
        fit("cnn", images, target, descent="steep")


def test_many_images_are_scored_as_few_at_a_time() -> None:
    images, target = striped(60)
    model = fit("cnn", images, target, epochs=1)
    many = np.concatenate([images] * 20)
    made = model.outputs(media("image", many)[1]).scores
    few = model.outputs(media("image", images)[1]).scores
    assert made is not None
    assert few is not None
    np.testing.assert_allclose(made, np.concatenate([few] * 20), atol=1e-6)
