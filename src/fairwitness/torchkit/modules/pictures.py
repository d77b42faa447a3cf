"""What networks that draw images share: the range of the pixels, and convolutions up to the size of the image."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everywhere

Size = tuple[int, int, int]


class Range(nn.Module):
    """Raw pixels to [0, 1] and back, by the darkest and the lightest of the training images."""

    low: Tensor
    high: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("low", torch.tensor(0.0))
        self.register_buffer("high", torch.tensor(1.0))

    def fit(self, pixels: Tensor) -> None:
        """Take the range of (n, C, H, W) pixels, which must not all be the same."""
        self.low.copy_(pixels.min())
        self.high.copy_(pixels.max())

    def forward(self, pixels: Tensor) -> Tensor:
        return ((pixels - self.low) / (self.high - self.low)).clamp(0, 1)

    def back(self, shares: Tensor) -> Tensor:
        """Shares of the range to raw pixels."""
        return self.low + shares * (self.high - self.low)


def halvings(side: int, times: int) -> list[int]:
    """A side and what is left of it after each halving, rounded up: `28, 14, 7`."""
    sides = [side]
    for _ in range(times):
        sides.append(-(-sides[-1] // 2))
    return sides


class Upward(nn.Module):
    """(n, latent) numbers to (n, C, H, W) logits of shares, doubling the sides once for each width.

    Each doubling repeats pixels and then convolves, which leaves no checkerboard (Odena, Dumoulin and Olah 2016,
    Distill).
    """

    def __init__(self, latent: int, widths: Sequence[int], size: Size) -> None:
        super().__init__()
        channels, height, width = size
        up = tuple(reversed(widths))
        sides = zip(halvings(height, len(up)), halvings(width, len(up)), strict=True)
        self.sides = tuple(reversed(list(sides)))
        self.start = nn.Linear(latent, up[0] * self.sides[0][0] * self.sides[0][1])
        self.first = nn.Sequential(nn.BatchNorm2d(up[0]), nn.ReLU())
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU())
            for before, after in pairwise((*up, up[-1]))
        )
        self.head = nn.Conv2d(up[-1], channels, 3, padding=1)

    def forward(self, latent: Tensor) -> Tensor:
        held = self.first(self.start(latent).unflatten(1, (-1, *self.sides[0])))
        for stage, sides in zip(self.stages, self.sides[1:], strict=True):
            held = stage(F.interpolate(held, size=sides, mode="nearest"))
        logits: Tensor = self.head(held)
        return logits
