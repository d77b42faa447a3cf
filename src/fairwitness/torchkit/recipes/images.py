"""Convolutional networks on one column of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding_images import SIDE_LEAST, ImageEncoding
from fairwitness.torchkit.modules.images import ConvNet, ImageShape, ResNet
from fairwitness.torchkit.recipes.classifier import Build, prepare_classifier
from fairwitness.torchkit.recipes.options import ClassifierOptions
from fairwitness.torchkit.recipes.prepared import Prepared
from fairwitness.torchkit.recipes.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions(ClassifierOptions):
    """What may be set, beside the training itself.

    Attributes:
        widths: Channels after each stage; every further stage halves the sides.
        dropout: Share of the last features dropped in training, in [0, 1).
        shift: Pixels by which training images are moved at random, at most; 0 for none.
        flip: Whether training images are mirrored at random: right for animals, wrong for digits and X-rays.
    """

    epochs: int = 20
    batch: int = 64
    patience: int = 5
    widths: tuple[int, ...] = (16, 32)
    dropout: float = 0.1
    shift: int = 2
    flip: bool = False

    def __post_init__(self) -> None:
        ClassifierOptions.__post_init__(self)
        self.shares("dropout")
        self.widths_of("widths")
        if not self.widths:
            raise ValueError("widths is empty; give the channels of at least one stage, such as [16, 32]")
        if not isinstance(self.shift, int) or not 0 <= self.shift < SIDE_LEAST:
            raise ValueError(f"shift is {self.shift}; it must be a whole number of pixels from 0 to {SIDE_LEAST - 1}")
        if not isinstance(self.flip, bool):
            raise ValueError(f"flip is {self.flip!r}; it must be true or false")  # noqa: TRY004 - one kind for options


@dataclass(frozen=True, slots=True, kw_only=True)
class ResNetOptions(ImageOptions):
    """As `ImageOptions`, a stage deeper."""

    widths: tuple[int, ...] = (16, 32, 64)


def prepare(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],  # one, of images
    classes: tuple[str, ...],
    positive: str | None,
    options: ImageOptions,
    family: type[ConvNet | ResNet],
) -> Prepared:
    """Rows for a convolutional network; see `Prepare`.

    Raises:
        EncodingError: There is not exactly one column of images, or they are too small or hold NaN.
        TrainingError: No features, rows without a class, or rows of one class only.
    """

    def network(encoding: ImageEncoding, _: Mapping[str, Tensor], outputs: int) -> Build:
        shape = ImageShape(
            channels=encoding.size[0],
            widths=options.widths,
            outputs=outputs,
            dropout=options.dropout,
            shift=options.shift,
            flip=options.flip,
        )

        def build(some: Mapping[str, Tensor]) -> ConvNet | ResNet:
            net = family(shape)
            net.pixels.fit(some["pixels"])
            return net

        return build

    return prepare_classifier(
        rows,
        target,
        columns=columns,
        classes=classes,
        positive=positive,
        options=options,
        encoding=ImageEncoding.fit,
        network=network,
    )


CNN = Recipe(
    name="cnn",
    reads=(frozenset({"image"}),),
    words="one column of images",
    options=ImageOptions,
    prepare=partial(prepare, family=ConvNet),
)
RESNET = Recipe(
    name="resnet",
    reads=(frozenset({"image"}),),
    words="one column of images",
    options=ResNetOptions,
    prepare=partial(prepare, family=ResNet),
)
