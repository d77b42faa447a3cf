"""A variational autoencoder of images."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everywhere

from fairwitness.torchkit.modules.generative import GenerativeNet
from fairwitness.torchkit.modules.pictures import Range, Size, Upward, halvings


@dataclass(frozen=True, slots=True, kw_only=True)
class VAEShape:
    """Everything that fixes the layers of a variational autoencoder.

    Attributes:
        size: (C, H, W) of the images.
        widths: Channels after each halving of the sides.
        latent: Numbers an image is described by.
    """

    size: Size
    widths: tuple[int, ...]
    latent: int


class ImageVAE(GenerativeNet):
    """Images to the nats of their bound, and noise to images.

    A pixel's share of the range is taken as the probability that it is on. So the nats are an upper bound on minus the
    log-likelihood of the image with its pixels turned on and off at random: exact for black and white, a convention for
    grey ones. Outside of training the same noise is used for every call, so a bound repeats.

    Source:
        Kingma and Welling 2014, ICLR, equation 10 and appendices B and C.1.
    """

    kind = "vae"
    unit = "image"
    shape_type = VAEShape
    shape: VAEShape

    def __init__(self, shape: VAEShape) -> None:
        super().__init__()
        self.shape = shape
        channels, height, width = shape.size
        self.range = Range()
        down: list[nn.Module] = []
        for before, after in pairwise((channels, *shape.widths)):
            down += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.down = nn.Sequential(*down, nn.Flatten())
        last = halvings(height, len(shape.widths))[-1] * halvings(width, len(shape.widths))[-1]
        self.code = nn.Linear(shape.widths[-1] * last, 2 * shape.latent)
        self.up = Upward(shape.latent, shape.widths, shape.size)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, C, H, W) raw pixels to (n,) nats: what comes back wrong, and what the description costs."""
        shares = self.range(pixels)
        mean, log_variance = self.code(self.down(shares)).chunk(2, dim=1)
        latent = mean + (0.5 * log_variance).exp() * self._noise(mean)
        wrong = F.binary_cross_entropy_with_logits(self.up(latent), shares, reduction="none").flatten(1).sum(dim=1)
        cost = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1)
        nats: Tensor = wrong + cost
        return nats

    def drawn(self, n: int, dice: torch.Generator) -> dict[str, Tensor]:
        """New images: the shares themselves, not pixels turned on and off by them."""
        latent = torch.randn(n, self.shape.latent, generator=dice).to(self.code.weight.device)
        return {"pixels": self.range.back(self.up(latent).sigmoid()).cpu()}

    def _noise(self, like: Tensor) -> Tensor:
        if self.training:
            return torch.randn_like(like)
        return torch.randn(like.shape, generator=torch.Generator().manual_seed(0)).to(like.device)

    @property
    def words(self) -> str:
        return f"VAE {'-'.join(str(width) for width in (*self.shape.widths, self.shape.latent))}"
