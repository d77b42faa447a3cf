from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import fairwitness
from fairwitness.core.columns import Column
from fairwitness.core.errors import UserError
from fairwitness.core.subject import Rows
from fairwitness.torchkit import recipes
from fairwitness.torchkit.model import TorchModel
from support.media import media, striped
from support.tables import table


def fit(name: str, given: tuple[tuple[Column, ...], Rows], target: NDArray[Any], **settings: Any) -> TorchModel:
    columns, rows = given
    classes = tuple(sorted(set(target)))
    recipe = recipes.named(name, base=settings.pop("folder", None))
    return recipe.fit(
        rows,
        target,
        columns=columns,
        classes=classes,
        positive=classes[-1] if len(classes) == 2 else None,
        options=recipe.options(**settings),
        seed=0,
    )


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, TorchModel]:
    """A folder with `base`, a network that tells stripes apart."""
    images, target = striped()
    model = fit("cnn", media("image", images), target, epochs=4, batch=32, widths=(4, 8))
    model.save(tmp_path / "base")
    return tmp_path, model


def thirds(images: NDArray[np.uint8], target: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """A third class: images without stripes."""
    odd = np.arange(len(images)) % 3 == 0
    blank = np.random.default_rng(1).normal(128, 20, images.shape).clip(0, 255).astype(np.uint8)
    return np.where(odd[:, None, None], blank, images), np.where(odd, "blank", target).astype(object)


def test_new_classes_get_a_new_head_and_nothing_else_moves(saved: tuple[Path, TorchModel]) -> None:
    folder, base = saved
    images, target = thirds(*striped(seed=1))
    model = fit(
        "fine-tune",
        media("image", images, name="scan"),
        target,
        base="base",
        folder=folder,
        epochs=30,
        learning_rate=0.02,
    )
    before, after = base.module.state_dict(), model.module.state_dict()
    moved = {name for name in before if before[name].shape != after[name].shape or not before[name].equal(after[name])}
    assert moved == {"head.weight", "head.bias"}  # the statistics of the batch normalisation stay too
    assert np.mean(model.outputs(media("image", images, name="scan")[1]).decisions == target) > 0.9
    assert (
        "It starts from a saved model, CNN 4-8-1, with a last layer of its own; 387 of 735 parameters have learned from "
        "the training rows (head)."
    ) in model.notes  # 8 channels in 4 x 4 cells and a bias for each of 3 classes; 9*4 + 8 + 9*4*8 + 16 before


def test_the_same_classes_keep_the_head_so_it_starts_where_the_saved_one_ended(
    saved: tuple[Path, TorchModel],
) -> None:
    folder, base = saved
    given = media("image", striped(seed=1)[0])
    model = fit("fine-tune", given, striped(seed=1)[1], base="base", folder=folder, epochs=1, learning_rate=1e-12)
    np.testing.assert_allclose(scores(model, given[1]), scores(base, given[1]), atol=1e-6)


def scores(model: TorchModel, rows: Rows) -> NDArray[np.float64]:
    made = model.outputs(rows).scores
    assert made is not None
    return made


def test_layers_named_learn_beside_the_head(saved: tuple[Path, TorchModel]) -> None:
    folder, base = saved
    images, target = striped(seed=1)
    given = media("image", images)
    model = fit("fine-tune", given, target, base="base", folder=folder, epochs=1, learns=("body.4", "head"))
    before, after = base.module.state_dict(), model.module.state_dict()
    assert {name for name in before if not before[name].equal(after[name])} == {
        "body.4.weight",
        "head.weight",
        "head.bias",
    }


def test_a_table_model_is_tuned_and_saved_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, kind = rng.normal(size=200), rng.choice(["a", "b"], 200)
    given = table(x=x.tolist(), kind=kind.tolist())
    fit("mlp", given, np.where(x > 0, "yes", "no").astype(object), epochs=3).save(tmp_path / "base")
    tuned = fit("fine-tune", given, np.where(x > 1, "yes", "no").astype(object), base="base", folder=tmp_path)
    tuned.save(tmp_path / "again")
    np.testing.assert_array_equal(scores(TorchModel.load(tmp_path / "again"), given[1]), scores(tuned, given[1]))


def test_what_does_not_fit_is_one_line(saved: tuple[Path, TorchModel]) -> None:
    folder, _ = saved
    images, target = striped(40)
    given = media("image", images)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"base": "bse"}, r"model\.json: no such file"),
        ({"base": "base", "learns": ("haed",)}, "no layer 'haed' for learns; did you mean 'head'"),
        ({"base": "base", "learns": ("body.2",)}, "the layers 'body.2' have nothing to learn"),
    ]
    for settings, words in cases:
        with pytest.raises(UserError, match=words):
            fit("fine-tune", given, target, folder=folder, **settings)
    with pytest.raises(UserError, match="the images are 28 × 28 pixels of 3 channels, the model reads") as caught:
        fit("fine-tune", media("image", np.zeros((40, 28, 28, 3), np.uint8)), target, base="base", folder=folder)
    assert "\n" not in str(caught.value)
    for wrong in ({}, {"base": "base", "learns": ()}, {"base": "base", "learns": "head"}):
        with pytest.raises(ValueError, match=r"base is not set|learns is"):
            recipes.named("fine-tune").options(**wrong)


def test_a_table_model_is_not_fed_what_is_withheld(tmp_path: Path) -> None:
    given = table(x=[1.0, 2.0] * 30, sex=["a", "b"] * 30)
    target = np.array(["no", "yes"] * 30, dtype=object)
    fit("mlp", given, target, epochs=1).save(tmp_path / "base")
    with pytest.raises(UserError, match=r"the saved model reads 'sex' \(category\), which is not among the features"):
        fit("fine-tune", (given[0][:1], given[1]), target, base="base", folder=tmp_path)


def test_an_audit_tunes_a_saved_model_and_trains_anew_when_that_model_changes(saved: tuple[Path, TorchModel]) -> None:
    folder, base = saved
    images, target = thirds(*striped(seed=1))
    np.savez(folder / "stripes.npz", images=images, label=target.astype(str), age=np.arange(240) % 7)
    (folder / "audit.toml").write_text(
        '[data]\npath = "stripes.npz"\n[subject]\ntarget = "label"\n'
        '[model]\ntrain = "fine-tune"\noptions = { base = "base", epochs = 2 }\n',
        encoding="utf-8",
    )
    first = audited(folder)
    assert first.startswith("CNN 4-8-3, trained here. 387 can be trained;")
    with torch.no_grad():
        base.module.get_parameter("head.bias").add_(1.0)
        base.module.get_buffer("pixels.mean").add_(0.5)
    base.save(folder / "base")
    models = len(list((folder / "out" / "private" / "cache").glob("*/model.json")))
    audited(folder)
    assert len(list((folder / "out" / "private" / "cache").glob("*/model.json"))) == models + 1


def audited(folder: Path) -> str:
    report = fairwitness.audit(config=folder / "audit.toml", out=folder / "out")
    assert not [finding.check for finding in report.findings if finding.verdict == "error"]
    (outline,) = [finding for finding in report.findings if finding.check == "explain.model-outline"]
    return outline.lead
