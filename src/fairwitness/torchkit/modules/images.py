"""Networks for images: a plain convolutional one, and a small ResNet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everywhere

from fairwitness.torchkit.modules.net import Net

POOLED = 4  # cells a side that the plain network's last layers see


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageShape:
    """Everything that fixes the layers of a network for images.

    Attributes:
        channels: Of the images.
        widths: Channels after each stage; every stage but a ResNet's first halves the sides.
        outputs: Logits a row.
        dropout: Share of the last features dropped in training, in [0, 1).
        shift: Pixels by which training images are moved at random, at most.
        flip: Whether training images are mirrored left to right at random.
    """

    channels: int
    widths: tuple[int, ...]
    outputs: int
    dropout: float = 0.0
    shift: int = 0
    flip: bool = False


class Pixels(nn.Module):
    """Raw pixels to standardised ones, mean 0 and deviation 1 in each channel over the training images; moved and
    mirrored at random, but only in training.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channels: int, *, shift: int, flip: bool) -> None:
        super().__init__()
        self.shift, self.flip = shift, flip
        self.register_buffer("mean", torch.zeros(channels, 1, 1))
        self.register_buffer("std", torch.ones(channels, 1, 1))

    def fit(self, pixels: Tensor) -> None:
        """Take mean and deviation of (n, C, H, W) pixels; a channel of one value is only centred."""
        std, mean = torch.std_mean(pixels.double(), dim=(0, 2, 3), keepdim=True, correction=0)
        self.mean.copy_(mean[0])
        self.std.copy_(std[0].where(std[0] > 0, 1.0))

    def forward(self, pixels: Tensor) -> Tensor:
        scaled = (pixels - self.mean) / self.std
        if self.training and self.shift:
            scaled = shifted(scaled, self.shift)
        if self.training and self.flip:
            mirrored = torch.rand(len(scaled), 1, 1, 1, device=scaled.device) < 0.5
            scaled = torch.where(mirrored, scaled.flip(-1), scaled)
        return scaled


def shifted(images: Tensor, most: int) -> Tensor:
    """(n, C, H, W) images, each moved by up to `most` pixels either way, the border repeated."""
    n, _, height, width = images.shape
    wide = F.pad(images, (most, most, most, most), mode="replicate")
    down, right = torch.randint(0, 2 * most + 1, (2, n, 1), device=images.device)
    rows = down + torch.arange(height, device=images.device)
    columns = right + torch.arange(width, device=images.device)
    row = torch.arange(n, device=images.device)[:, None, None]
    return wide[row, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


class _ImageNet(Net):
    """What both have: the shape, and pixels that are scaled for training images."""

    shape_type = ImageShape
    shape: ImageShape
    pixels: Pixels

    def __init__(self, shape: ImageShape) -> None:
        super().__init__()
        self.shape = shape
        self.pixels = Pixels(shape.channels, shift=shape.shift, flip=shape.flip)


class ConvNet(_ImageNet):
    """Stages of convolution, batch normalisation, pooling and ReLU, then one linear layer over what is left.

    Pooling before ReLU is the same function as after it, on a quarter of the numbers.
    """

    kind = "cnn"

    def __init__(self, shape: ImageShape) -> None:
        super().__init__(shape)
        stages: list[nn.Module] = []
        for before, after in pairwise((shape.channels, *shape.widths)):
            stages += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after)]
            stages += [nn.MaxPool2d(2, ceil_mode=True), nn.ReLU()]
        self.body = nn.Sequential(*stages, nn.AdaptiveAvgPool2d(POOLED), nn.Flatten(), nn.Dropout(shape.dropout))
        self.head = nn.Linear(shape.widths[-1] * POOLED * POOLED, shape.outputs)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, C, H, W) raw pixels to (n, k) logits."""
        logits: Tensor = self.head(self.body(self.pixels(pixels)))
        return logits

    @property
    def words(self) -> str:
        return f"CNN {_dashed(self.shape.widths)}-{self.shape.outputs}"


class Residual(nn.Module):
    """Two convolutions with a way around them (He et al. 2016, CVPR, figure 2)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(after)
        self.first_relu = nn.ReLU()
        self.second = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(after)
        self.second_relu = nn.ReLU()
        same = before == after and stride == 1
        self.around: nn.Module = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, x: Tensor) -> Tensor:
        inner = self.first_relu(self.first_norm(self.first(x)))
        out: Tensor = self.second_relu(self.second_norm(self.second(inner)) + self.around(x))
        return out


class ResNet(_ImageNet):
    """One residual block a stage, the mean over what is left, one linear layer."""

    kind = "resnet"

    def __init__(self, shape: ImageShape) -> None:
        super().__init__(shape)
        first = shape.widths[0]
        stem = [nn.Conv2d(shape.channels, first, 3, padding=1, bias=False), nn.BatchNorm2d(first), nn.ReLU()]
        blocks = [Residual(before, after, 2) for before, after in pairwise(shape.widths)]
        self.body = nn.Sequential(
            *stem, Residual(first, first, 1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(shape.dropout)
        )
        self.head = nn.Linear(shape.widths[-1], shape.outputs)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, C, H, W) raw pixels to (n, k) logits."""
        logits: Tensor = self.head(self.body(self.pixels(pixels)))
        return logits

    @property
    def words(self) -> str:
        return f"ResNet {_dashed(self.shape.widths)}-{self.shape.outputs}"


def _dashed(widths: Sequence[int]) -> str:
    return "-".join(str(width) for width in widths)
