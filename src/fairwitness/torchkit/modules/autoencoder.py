"""A network that learns to give back normal rows, and so tells how unlike them another is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn

from fairwitness.torchkit.modules.net import Net
from fairwitness.torchkit.tables import Scaling

WILDEST = 1e6  # deviations; beyond it squares could overflow


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderShape:
    """Everything that fixes the layers of an autoencoder.

    Attributes:
        values: Numbers a row.
        hidden: Widths down to the narrowest; they are gone back up again.
        marks: How many errors of normal rows are kept to hold others against.
    """

    values: int
    hidden: tuple[int, ...]
    marks: int


class Reconstruction(nn.Module):
    """(n, ...) raw values to (n,) mean squared errors of what comes back, over the values that are there.

    Values are standardised and nothing more: squeezed (by asinh, as in `TableNet`) wild rows are easy to give back, and
    the AUC on three NAB files falls from 0.50, 0.94, 0.95 to 0.39, 0.86, 0.91.
    """

    def __init__(self, values: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.scaling = Scaling(values, ())
        self.values, self.hidden = values, hidden
        down = (values, *hidden)
        self.encoder, self.decoder = _layers(down), _layers(down[::-1])

    def forward(self, sequence: Tensor) -> Tensor:
        raw = sequence.flatten(1)
        held = raw.isfinite()
        values = self.scaling(raw).clamp(-WILDEST, WILDEST)
        back = self.decoder(self.encoder(values))  # nothing is cut off at the narrowest: a line would lose half
        errors: Tensor = ((back - values).square() * held).sum(dim=1) / held.sum(dim=1).clamp(min=1)
        return errors


class Autoencoder(Net):
    """Raw values to a score: about the share of normal rows that come back with a smaller error.

    Beyond the largest error among them it goes on towards 1, so the wildest rows keep their order.
    """

    kind = "autoencoder"
    shape_type = AutoencoderShape
    shape: AutoencoderShape
    marks: Tensor

    def __init__(self, shape: AutoencoderShape) -> None:
        super().__init__()
        self.shape = shape
        self.core = Reconstruction(shape.values, shape.hidden)
        self.register_buffer("marks", torch.arange(1.0, shape.marks + 1))

    @classmethod
    def around(cls, core: Reconstruction, errors: Tensor, *, most: int) -> Self:
        """The network with a trained core, which gives (m,) errors of normal rows: they are the marks, or as many of
        their quantiles as are kept at most.
        """
        marks = min(len(errors), most)
        net = cls(AutoencoderShape(values=core.values, hidden=core.hidden, marks=marks))
        net.core = core
        places = (torch.arange(marks) + 0.5) / marks
        net.marks = torch.quantile(errors.double(), places.double().to(errors.device)).float()
        return net.eval()

    def forward(self, sequence: Tensor) -> Tensor:
        """(n, steps, dimensions) raw values to (n,) scores in [0, 1)."""
        return rank(self.core(sequence), self.marks)

    @property
    def words(self) -> str:
        down = (self.shape.values, *self.shape.hidden)
        return f"autoencoder {'-'.join(str(width) for width in (*down, *down[-2::-1]))}"


def rank(errors: Tensor, marks: Tensor) -> Tensor:
    """(n,) places of errors among m sorted marks, in [0, 1): the k-th mark is at k / (m + 1), straight lines between,
    and `1 - last / error / (m + 1)` beyond the last.
    """
    count = len(marks)
    above = torch.searchsorted(marks, errors.detach()).clamp(0, count - 1)
    low = torch.where(above > 0, marks[above - 1], 0.0)
    gap = marks[above] - low
    within = ((errors - low) / gap.where(gap > 0, 1.0)).clamp(max=1.0)
    beyond = 1 - marks[-1] / errors.clamp(min=torch.finfo(errors.dtype).tiny) / (count + 1)
    return torch.where(errors > marks[-1], beyond, (above + within) / (count + 1))


def _layers(widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
