import math

import pytest
import torch

from fairwitness.torchkit.layers import reading
from fairwitness.torchkit.modules.gan import GANShape, ImageGAN, Judge
from fairwitness.torchkit.modules.language import END, PAD, LanguageNet, LanguageShape
from fairwitness.torchkit.modules.pictures import Range, Upward
from fairwitness.torchkit.modules.vae import ImageVAE, VAEShape


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def language() -> LanguageNet:
    torch.manual_seed(0)
    return LanguageNet(LanguageShape(vocabulary=7, steps=6, embedding=4, hidden=5, layers=2, dropout=0.5)).eval()


TEXTS = torch.tensor([[3, 4, 5, END, 0, 0], [6, END, 0, 0, 0, 0], [2, 2, 3, 3, 4, 4], [END, 0, 0, 0, 0, 0]])


def test_nats_are_those_of_each_token_after_the_ones_before_it(language: LanguageNet) -> None:
    """A slow rewrite: one text, one token at a time."""
    expected = []
    for text in TEXTS.tolist():
        state, before, nats = None, END, 0.0
        for token in text:
            if token == PAD:
                break
            out, state = language.cells(language.vectors(torch.tensor([[before]])), state)
            nats -= float(language.head(out[0, 0]).log_softmax(dim=0)[token - 1].detach())
            before = token
        expected.append(nats)
    assert language(TEXTS).tolist() == pytest.approx(expected, rel=1e-5)
    assert language.sizes({"sequence": TEXTS}).tolist() == [4, 2, 6, 1]


def test_a_model_that_knows_nothing_pays_the_log_of_the_vocabulary(language: LanguageNet) -> None:
    torch.nn.init.zeros_(language.head.weight)
    torch.nn.init.zeros_(language.head.bias)
    assert (language(TEXTS) / language.sizes({"sequence": TEXTS})).tolist() == pytest.approx([math.log(6)] * 4)


def test_padding_behind_all_texts_changes_nothing(language: LanguageNet) -> None:
    wide = torch.nn.functional.pad(TEXTS, (0, 5))
    torch.testing.assert_close(language(wide), language(TEXTS))


def test_texts_are_drawn_as_likely_as_they_are(language: LanguageNet) -> None:
    """Over 20,000 drawn texts, the share of each first token is its probability, within four standard errors."""
    with reading(language):
        drawn = language.drawn(20_000, dice())["sequence"]
        first, _ = language.cells(language.vectors(torch.tensor([[END]])))
        chances = language.head(first[0, 0]).softmax(dim=0)
    shares = torch.bincount(drawn[:, 0], minlength=7)[1:] / 20_000
    assert ((shares - chances).abs() < 4 * (chances * (1 - chances) / 20_000).sqrt()).all()


def test_nothing_comes_after_the_end(language: LanguageNet) -> None:
    with reading(language):
        drawn = language.drawn(200, dice())["sequence"]
    for text in drawn.tolist():
        ended = text.index(END) if END in text else len(text) - 1
        assert PAD not in text[: ended + 1]
        assert set(text[ended + 1 :]) <= {PAD}


@pytest.fixture
def vae() -> ImageVAE:
    torch.manual_seed(0)
    return ImageVAE(VAEShape(size=(1, 9, 12), widths=(3, 4), latent=2)).eval()


def test_a_bound_is_the_cross_entropy_and_the_divergence(vae: ImageVAE) -> None:
    """Against torch.distributions: Bernoulli pixels, and KL(N(m, s) || N(0, 1)), at the noise used."""
    pixels = torch.rand(5, 1, 9, 12, generator=dice())
    mean, log_variance = vae.code(vae.down(pixels)).chunk(2, dim=1)
    noise = torch.randn(mean.shape, generator=dice())
    code = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    on = torch.distributions.Bernoulli(logits=vae.up(mean + code.stddev * noise), validate_args=False)
    cost = torch.distributions.kl_divergence(code, torch.distributions.Normal(0.0, 1.0)).sum(dim=1)
    likely = on.log_prob(pixels).flatten(1).sum(dim=1)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    torch.testing.assert_close(vae(pixels), cost - likely)


def test_a_bound_repeats_but_not_in_training(vae: ImageVAE) -> None:
    pixels = torch.rand(5, 1, 9, 12, generator=dice())
    assert torch.equal(vae(pixels), vae(pixels))
    vae.train()
    assert not torch.equal(vae(pixels), vae(pixels))


@pytest.mark.parametrize("net", [ImageVAE(VAEShape(size=(3, 9, 12), widths=(3, 4), latent=2)),
                                 ImageGAN(GANShape(size=(3, 9, 12), widths=(3, 4), latent=2))], ids=["vae", "gan"])  # fmt: skip
def test_images_are_drawn_in_raw_units_and_repeat(net: ImageVAE | ImageGAN) -> None:
    net.range.fit(torch.tensor([-2.0, 6.0]))
    with reading(net):
        drawn, again = net.drawn(4, dice(1))["pixels"], net.drawn(4, dice(1))["pixels"]
        other = net.drawn(4, dice(2))["pixels"]
    assert drawn.shape == (4, 3, 9, 12)
    assert drawn.min() >= -2
    assert drawn.max() <= 6
    assert torch.equal(drawn, again)
    assert not torch.equal(drawn, other)


def test_the_range_goes_there_and_back() -> None:
    held = Range()
    pixels = torch.tensor([[3.0, 5.0], [11.0, 4.0]])
    held.fit(pixels)
    assert held(pixels).flatten().tolist() == [0, 0.25, 1, 0.125]
    torch.testing.assert_close(held.back(held(pixels)), pixels)
    assert held(torch.tensor([-9.0, 99.0])).tolist() == [0, 1]


@pytest.mark.parametrize("size", [(1, 28, 28), (3, 9, 17), (1, 8, 30)])
def test_any_size_is_reached(size: tuple[int, int, int]) -> None:
    assert Upward(2, (4, 6, 8), size)(torch.zeros(5, 2)).shape == (5, *size)


def test_no_layer_of_the_judge_stretches() -> None:
    """The largest singular value of each weight, by a decomposition, once the power iteration has settled."""
    judge = Judge((4, 6), (1, 12, 12))
    for _ in range(200):
        judge(torch.rand(8, 1, 12, 12, generator=dice()))
    layers = [layer for layer in judge.modules() if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)]
    assert len(layers) == 3
    for layer in layers:
        stretch = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
        assert float(stretch.detach()) == pytest.approx(1, abs=1e-3)
