"""Networks that learn to draw images: a variational autoencoder, and two networks that play against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.checkpoint import Checkpoint
from fairwitness.torchkit.decoding import DrawingEncoding
from fairwitness.torchkit.duel import Rounds, play
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.generator import TorchGenerator
from fairwitness.torchkit.modules.gan import GANShape, ImageGAN, Judge
from fairwitness.torchkit.modules.vae import ImageVAE, VAEShape
from fairwitness.torchkit.recipes.generative import GenerativeRecipe
from fairwitness.torchkit.recipes.options import TrainOptions
from fairwitness.torchkit.recipes.prepared import UNFINISHED, Prepared, Training
from fairwitness.torchkit.training import deterministic, seeded

GAN_LEAST = 64
"""Training images below which a judge knows them by heart before anything is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VAEOptions(TrainOptions):
    """What may be set, beside the training itself.

    Attributes:
        widths: Channels after each halving of the sides.
        latent: Numbers an image is described by.
    """

    epochs: int = 30
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    patience: int = 5
    descent: Literal["constant", "cosine"] = "cosine"
    widths: tuple[int, ...] = (16, 32)
    latent: int = 16

    def __post_init__(self) -> None:
        TrainOptions.__post_init__(self)
        self.at_least_one("latent")
        some_widths(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class GANOptions(TrainOptions):
    """What may be set, beside the training itself; every pass is made, as neither network's loss tells when to stop.

    Attributes:
        learning_rate: Adam's, of the network that draws; the judge's is twice as high.
        patience: Of no use here.
        held: 0: nothing is held back.
        weight_decay: 0: there is none.
        widths: Channels of the stages; each halves the sides for the judge, and doubles them for the other.
        latent: Random numbers an image is made from.
        average: Share of the averaged weights that stays at each step, in [0, 1).
    """

    epochs: int = 40
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    held: float = 0.0
    widths: tuple[int, ...] = (16, 64)
    latent: int = 32
    average: float = 0.99

    def __post_init__(self) -> None:
        TrainOptions.__post_init__(self)
        self.at_least_one("latent")
        self.shares("average")
        some_widths(self)
        if self.batch < 2:
            raise ValueError("batch is 1; a judge needs two images and more at a time")
        for name in ("held", "weight_decay", "warm_up"):
            if getattr(self, name):
                raise ValueError(f"{name} is {getattr(self, name)}; a GAN has no use for it, so leave it at 0")
        if self.descent != "constant":
            raise ValueError(f"descent is {self.descent!r}; a GAN keeps its rate, so leave it 'constant'")


def some_widths(options: VAEOptions | GANOptions) -> None:
    """Refuse widths that are none.

    Raises:
        ValueError: They are empty, or no whole numbers.
    """
    options.widths_of("widths")
    if not options.widths:
        raise ValueError("widths is empty; give the channels of at least one stage, such as [16, 32]")


def fit_vae(
    rows: Rows,
    *,
    columns: Sequence[Column],  # one, of images
    options: VAEOptions | None = None,
    seed: int,
    training: Training | None = None,
) -> TorchGenerator:
    """Train on images; see `FitGenerator`."""
    settings = options or VAEOptions()
    ready = prepare_vae(rows, columns=columns, options=settings)
    return cast("TorchGenerator", ready.fit(settings, seed=seed, training=training or Training()))  # what finish gives


def prepare_vae(rows: Rows, *, columns: Sequence[Column], options: VAEOptions) -> Prepared:
    """Images as pixels, and a variational autoencoder of them.

    Raises:
        EncodingError: There is not exactly one column of images, or they are too small or hold NaN.
        TrainingError: All rows are alike, or the sides cannot be halved as often.
    """
    encoding, pixels = _read(rows, columns, options.widths)

    def build(some: Mapping[str, Tensor]) -> ImageVAE:
        net = ImageVAE(VAEShape(size=encoding.size, widths=options.widths, latent=options.latent))
        net.range.fit(some["pixels"])
        return net

    def finish(net: nn.Module, _: NDArray[np.bool_]) -> Any:  # noqa: ANN401 - a generator where a classifier is usual
        assert isinstance(net, ImageVAE)  # noqa: S101 - what `build` gave
        grey = (
            "Grey pixels count as the probability to be on, so nats an image are comparable among models of these data."
        )
        return TorchGenerator(net, encoding, words=f"{net.words}, trained here", notes=(grey,))

    return Prepared(
        inputs={"pixels": pixels},
        target=torch.zeros(len(rows)),
        labels=np.zeros(len(rows), dtype=np.int64),
        build=build,
        finish=finish,
        losses=lambda nats, _: nats,
    )


def fit_gan(
    rows: Rows,
    *,
    columns: Sequence[Column],  # one, of images
    options: GANOptions | None = None,
    seed: int,
    training: Training | None = None,
) -> TorchGenerator:
    """Train on images; see `FitGenerator`."""
    settings, put = options or GANOptions(), training or Training()
    if put.parts or put.weights is not None:
        raise TrainingError.no_parts("gan")
    encoding, pixels = _read(rows, columns, settings.widths)
    if len(rows) < GAN_LEAST:
        raise TrainingError.too_few(len(rows), GAN_LEAST)
    rounds = Rounds(
        epochs=settings.epochs,
        batch=settings.batch,
        learning_rate=settings.learning_rate,
        average=settings.average,
    )
    with seeded(seed) as dice, deterministic(on=put.exact):
        net = ImageGAN(GANShape(size=encoding.size, widths=settings.widths, latent=settings.latent))
        net.range.fit(pixels)
        play(
            net,
            Judge(settings.widths, encoding.size),
            pixels,
            rounds=rounds,
            dice=dice,
            progress=put.progress,
            device=put.device,
            checkpoint=None if put.folder is None else Checkpoint(path=put.folder / UNFINISHED, every=put.every),
        )
    told = (
        f"The model is that of all {settings.epochs} passes over {len(rows):,} training rows, its weights averaged over "
        "the last steps: no loss of a GAN tells when to stop, so nothing was held back and nothing stopped early."
    )
    return TorchGenerator(net, encoding, words=f"{net.words}, trained here", notes=(told,))


def _read(rows: Rows, columns: Sequence[Column], widths: Sequence[int]) -> tuple[DrawingEncoding, Tensor]:
    """The encoding and the pixels, of which something can be learned."""
    encoding = DrawingEncoding.fit(columns, rows)
    pixels = encoding.encode(rows)["pixels"]
    if bool((pixels == pixels[0]).all()):
        raise TrainingError.all_alike(columns[0].name, len(rows))
    side = min(encoding.size[1:])
    if side >> len(widths) < 1:
        raise TrainingError.too_deep(columns[0].name, side, len(widths))
    return encoding, pixels


VAE = GenerativeRecipe(name="vae", kind="image", words="one column of images", options=VAEOptions, fit=fit_vae)
GAN = GenerativeRecipe(name="gan", kind="image", words="one column of images", options=GANOptions, fit=fit_gan)
