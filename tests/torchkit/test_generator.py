from pathlib import Path

import numpy as np
import pytest
import torch

from fairwitness.core.errors import ModelError
from fairwitness.torchkit.decoding import DrawingEncoding, WritingEncoding
from fairwitness.torchkit.generator import TorchGenerator
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.modules.gan import GANShape, ImageGAN
from fairwitness.torchkit.modules.language import LanguageNet, LanguageShape
from fairwitness.torchkit.modules.vae import ImageVAE, VAEShape
from support.media import media, striped, texts

pytest.importorskip("tokenizers", reason="text comes with the extra `text`")

IMAGES = media("image", striped(20)[0])
LINES = texts("one two three", "two", "", "three one two one")


def made(kind: str) -> TorchGenerator:
    torch.manual_seed(0)
    if kind == "text":
        encoding = WritingEncoding.fit(*LINES, vocabulary=260, length=9)
        shape = LanguageShape(vocabulary=encoding.vocabulary, steps=9, embedding=3, hidden=4)
        return TorchGenerator(LanguageNet(shape), encoding, words="text", notes=("a note",))
    coding = DrawingEncoding.fit(*IMAGES)
    if kind == "vae":
        return TorchGenerator(ImageVAE(VAEShape(size=coding.size, widths=(2, 3), latent=2)), coding, words="vae")
    return TorchGenerator(ImageGAN(GANShape(size=coding.size, widths=(2, 3), latent=2)), coding, words="gan")


@pytest.mark.parametrize("kind", ["text", "vae", "gan"])
def test_saved_and_loaded_it_draws_the_same(kind: str, tmp_path: Path) -> None:
    model = made(kind)
    model.save(tmp_path)
    again = TorchGenerator.load(tmp_path)
    assert again.fingerprint == model.fingerprint
    assert (again.words, again.notes, again.unit) == (model.words, model.notes, model.unit)
    one, two = model.sample(300, seed=3), again.sample(300, seed=3)
    for name, values in {**one.columns, **one.media}.items():
        np.testing.assert_array_equal(values, {**two.columns, **two.media}[name])
    assert len(one) == 300


@pytest.mark.parametrize("kind", ["text", "vae", "gan"])
def test_it_decides_nothing_and_all_its_layers_are_seen(kind: str) -> None:
    model, rows = made(kind), LINES[1] if kind == "text" else IMAGES[1]
    assert model.outputs(rows).decisions is None
    assert model.outputs(rows).scores is None
    layers = model.layers(rows)
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in model.module.parameters())


def test_nats_of_rows_do_not_depend_on_how_many_there_are() -> None:
    model = made("text")
    nats, tokens = model.nats(LINES[1])
    assert tokens.tolist() == [9, 4, 1, 9]  # letters and end, cut at nine
    few, _ = model.nats(LINES[1].where(np.array([False, True, False, False])))
    assert few[0] == pytest.approx(nats[1], rel=1e-5)
    assert len(model.nats(LINES[1].where(np.zeros(4, dtype=bool)))[0]) == 0


def test_a_network_without_likelihood_says_so() -> None:
    with pytest.raises(ValueError, match="gives no likelihood"):
        made("gan").nats(IMAGES[1])


def test_a_folder_of_the_other_kind_is_refused_in_one_line(tmp_path: Path) -> None:
    made("gan").save(tmp_path)
    with pytest.raises(ModelError, match=r"gan makes rows and decides nothing; open it with TorchGenerator\.load"):
        TorchModel.load(tmp_path)
    assert TorchGenerator.load_if_whole(tmp_path / "none") is None
