from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fairwitness.core.errors import UserError
from fairwitness.torchkit import recipes
from fairwitness.torchkit.checkpoint import Checkpoint
from fairwitness.torchkit.generator import TorchGenerator
from fairwitness.torchkit.recipes.prepared import UNFINISHED, Training
from support.media import media, striped, texts

pytest.importorskip("tokenizers", reason="text comes with the extra `text`")

FAST: dict[str, dict[str, Any]] = {
    "text-rnn": {"epochs": 3, "vocabulary": 300, "length": 16, "embedding": 8, "hidden": 16, "learning_rate": 1e-2},
    "vae": {"epochs": 3, "widths": (4, 8), "latent": 3},
    "gan": {"epochs": 2, "widths": (4, 8), "latent": 3},
}
KINDS = sorted(FAST)


def lines(n: int = 300) -> tuple[str, ...]:
    rng = np.random.default_rng(0)
    return tuple(f"the {rng.choice(['red', 'blue'])} {rng.choice(['cat', 'dog'])} sleeps" for _ in range(n))


def fit(
    name: str, *, training: Training | None = None, data: Any = None, seed: int = 0, **settings: Any
) -> TorchGenerator:
    recipe = recipes.generator(name)
    columns, rows = data or (texts(*lines()) if name == "text-rnn" else media("image", striped(160)[0]))
    options = recipe.options(**{**FAST[name], **settings})
    return recipe.fit(rows, columns=columns, options=options, seed=seed, training=training)


def weights(model: TorchGenerator) -> dict[str, NDArray[Any]]:
    return {name: tensor.numpy() for name, tensor in model.module.state_dict().items()}


@pytest.mark.parametrize("name", KINDS)
def test_the_same_seed_gives_the_same_weights_and_another_others(name: str) -> None:
    one, same, other = fit(name), fit(name), fit(name, seed=1)
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert one.words.endswith("trained here")


@pytest.mark.parametrize("name", KINDS)
def test_a_training_that_was_killed_goes_on_to_the_same_weights(name: str, tmp_path: Path) -> None:
    class Killed(Exception):  # noqa: N818 - stands for a signal
        pass

    def die(done: int, _: int) -> None:
        if done == 1:
            raise Killed

    with pytest.raises(Killed):
        fit(name, training=Training(folder=tmp_path, every=0, progress=die))
    assert (tmp_path / UNFINISHED).exists()
    passes: list[int] = []
    again = fit(name, training=Training(folder=tmp_path, every=0, progress=lambda done, _: passes.append(done)))
    assert passes[0] == (2 if name == "gan" else 1)  # the others look at the held rows of the first pass again
    for (key, held), (_, whole) in zip(weights(again).items(), weights(fit(name)).items(), strict=True):
        np.testing.assert_array_equal(held, whole, err_msg=key)


def test_a_state_of_other_images_is_no_start(tmp_path: Path) -> None:
    fit("gan", training=Training(folder=tmp_path, every=0))
    other = media("image", striped(160, seed=5)[0])
    passes: list[int] = []
    fit("gan", data=other, training=Training(folder=tmp_path, progress=lambda done, _: passes.append(done)))
    assert passes == [1, 2]


def test_it_writes_what_it_has_read() -> None:
    """Two colours and two animals in one frame: 1.39 nats a text are chance; most of what it writes is of the four."""
    model = fit("text-rnn", epochs=15, batch=16)
    nats, _ = model.nats(texts(*lines())[1])
    assert nats.mean() == pytest.approx(2 * np.log(2), abs=0.3)
    written = model.sample(200, seed=0).columns["text"]
    assert np.isin(written, lines()).mean() > 0.8


def test_it_draws_what_it_has_seen() -> None:
    """Bright enough, in bytes as the data, and better known than noise."""
    images, _ = striped(320)
    model = fit("vae", data=media("image", images), epochs=15, learning_rate=5e-3)
    drawn = model.sample(50, seed=0).media["image"]
    assert drawn.dtype == np.uint8
    assert drawn.shape == (50, 12, 12)
    assert drawn.mean() == pytest.approx(images.mean(), rel=0.15)
    noise = np.random.default_rng(0).integers(0, 256, (50, 12, 12)).astype(np.uint8)
    assert model.nats(media("image", images)[1])[0].mean() < model.nats(media("image", noise)[1])[0].mean()


def test_a_gan_says_that_nothing_was_held_back() -> None:
    (note,) = fit("gan").notes
    assert "all 2 passes over 160 training rows" in note
    assert "nothing was held back" in note


def test_cut_texts_are_noted() -> None:
    notes = fit("text-rnn", data=texts(*lines(), "word " * 90)).notes
    assert any(note.startswith("1 of 301 training texts are longer than 16 tokens") for note in notes)


EVEN = np.zeros((100, 12, 12), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "data", "settings", "message"),
    [
        ("text-rnn", texts("", None, " "), {}, "column 'text': no training row holds a word; name another column"),
        ("text-rnn", texts("one", "one", "one"), {}, "column 'text': all 3 training rows are alike, so there is nothing"),
        ("text-rnn", media("image", EVEN), {}, "model: a writer of texts reads one text column, and is given 'image'"),
        ("vae", media("image", EVEN), {}, "column 'image': all 100 training rows are alike, so there is nothing to learn"),
        ("gan", media("image", EVEN), {}, "column 'image': all 100 training rows are alike, so there is nothing to learn"),
        ("vae", texts(*lines()), {}, "model: an image network reads one image column, and is given 'text'"),
        ("vae", media("image", striped(100, side=6)[0]), {}, "column 'image': the images are 6 × 6 pixels; a network"),
        ("gan", media("image", striped(40)[0]), {}, "model: 40 training rows; this needs 64 or more: add rows or change"),
        ("gan", None, {"widths": (2, 2, 2, 2)}, "column 'image': 4 widths would halve sides of 12 pixels to nothing; "),
    ],
)  # fmt: skip
def test_bad_rows_are_refused_in_one_line(name: str, data: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        fit(name, data=data, **settings)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("text-rnn", {"vocabulary": 100}, "vocabulary is 100; it must be 258 or more: 256 are bytes"),
        ("text-rnn", {"hidden": 0}, "hidden is 0; it must be a whole number of at least 1"),
        ("vae", {"widths": ()}, "widths is empty; give the channels of at least one stage, such as"),
        ("vae", {"latent": 1.5}, "latent is 1.5; it must be a whole number of at least 1"),
        ("gan", {"held": 0.2}, "held is 0.2; a GAN has no use for it, so leave it at 0"),
        ("gan", {"descent": "cosine"}, "descent is 'cosine'; a GAN keeps its rate, so leave it 'constant'"),
        ("gan", {"average": 1.0}, "average is 1.0; it must be at least 0 and below 1"),
        ("gan", {"batch": 1}, "batch is 1; a judge needs two images and more at a time"),
    ],
)
def test_bad_options_are_refused_in_one_line(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recipes.generator(name).options(**settings)


def test_a_name_of_the_other_kind_is_refused() -> None:
    with pytest.raises(UserError, match="the recipe 'vae' makes rows and decides nothing; declare task = 'generation'"):
        recipes.named("vae")
    with pytest.raises(UserError, match="no recipe 'vea' makes rows; did you mean 'vae'"):
        recipes.generator("vea")
    assert recipes.known("gan")


def test_a_gan_takes_no_weights() -> None:
    with pytest.raises(UserError, match="the gan recipe takes no parts and no weights of rows"):
        fit("gan", training=Training(weights=np.ones(160)))


def test_the_averaged_weights_are_those_of_a_slow_average() -> None:
    """Three steps by hand: 0.9 of what was, 0.1 of what is."""
    from fairwitness.torchkit.duel import Rounds, _Game
    from fairwitness.torchkit.modules.gan import GANShape, ImageGAN, Judge

    torch.manual_seed(0)
    net = ImageGAN(GANShape(size=(1, 12, 12), widths=(2, 3), latent=2))
    rounds = Rounds(epochs=1, batch=8, learning_rate=1e-2, average=0.9)
    game = _Game(net, Judge((2, 3), (1, 12, 12)), rounds, torch.Generator().manual_seed(0))
    slow = net.up.start.weight.detach().clone()
    for _ in range(3):
        before = net.up.start.weight.detach().clone()
        game.step(torch.rand(8, 1, 12, 12))
        assert not torch.equal(before, net.up.start.weight)
        slow = 0.9 * slow + 0.1 * net.up.start.weight.detach()
    torch.testing.assert_close(game.averaged["up.start.weight"], slow)
    assert all(parameter.requires_grad for parameter in game.judge.parameters())


def test_a_checkpoint_of_the_duel_is_whole(tmp_path: Path) -> None:
    fit("gan", training=Training(folder=tmp_path, every=0))
    assert not list(tmp_path.glob("*.tmp"))
    assert Checkpoint(path=tmp_path / UNFINISHED, key="another").load() is None
