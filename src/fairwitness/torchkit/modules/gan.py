"""Two networks that play against each other: one draws images, the other tells them from real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from fairwitness.torchkit.modules.generative import GenerativeNet
from fairwitness.torchkit.modules.pictures import Range, Size, Upward


@dataclass(frozen=True, slots=True, kw_only=True)
class GANShape:
    """Everything that fixes the layers of the network that draws.

    Attributes:
        size: (C, H, W) of the images.
        widths: Channels of the stages, of the largest sides first; each further one halves the sides.
        latent: Random numbers an image is made from.
    """

    size: Size
    widths: tuple[int, ...]
    latent: int


class ImageGAN(GenerativeNet):
    """Random numbers to images. It gives no likelihood; the network that judged it in training is no part of it."""

    kind = "gan"
    shape_type = GANShape
    shape: GANShape

    def __init__(self, shape: GANShape) -> None:
        super().__init__()
        self.shape = shape
        self.range = Range()
        self.up = Upward(shape.latent, shape.widths, shape.size)

    def forward(self, latent: Tensor) -> Tensor:
        """(n, latent) numbers to (n, C, H, W) shares of the range, in (0, 1)."""
        shares: Tensor = self.up(latent).sigmoid()
        return shares

    def drawn(self, n: int, dice: torch.Generator) -> dict[str, Tensor]:
        latent = torch.randn(n, self.shape.latent, generator=dice).to(self.up.start.weight.device)
        return {"pixels": self.range.back(self(latent)).cpu()}

    @property
    def words(self) -> str:
        return f"GAN {'-'.join(str(width) for width in (self.shape.latent, *reversed(self.shape.widths)))}"


class Judge(nn.Module):
    """(n, C, H, W) shares to (n,) logits that the image is real.

    Every layer's spectral norm is held at 1, which keeps the judge from running ahead (Miyato et al. 2018, ICLR).
    """

    def __init__(self, widths: Sequence[int], size: Size) -> None:
        super().__init__()
        channels, height, width = size
        layers: list[nn.Module] = []
        for before, after in pairwise((channels, *widths)):
            layers += [spectral_norm(nn.Conv2d(before, after, 4, stride=2, padding=1)), nn.LeakyReLU(0.1)]
            height, width = height // 2, width // 2
        self.body = nn.Sequential(*layers, nn.Flatten())
        self.head = spectral_norm(nn.Linear(widths[-1] * height * width, 1))

    def forward(self, shares: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(shares))
        return logits[:, 0]
