"""What networks for text and for series share: how a sequence comes in, and how its steps are summed up."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fairwitness.torchkit.modules.net import Net
from fairwitness.torchkit.tables import CONSTANT

PAD = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceShape:
    """Everything that fixes the layers of a network for sequences.

    Attributes:
        cell: `gru`, `lstm` or `transformer`.
        vocabulary: Tokens of a text, the padding among them; 0 for series.
        steps: Longest sequence it reads.
        dimensions: Values a step of series; 0 for text.
        flagged: Whether training series had missing values, and so an indicator beside each value.
        embedding: Width of a token's vector; of text only.
        hidden: Width of the layers.
        layers: How many there are.
        heads: Of the attention; 0 where there is none.
        outputs: Logits a row.
        dropout: Share of units dropped in training, in [0, 1).
        token_dropout: Share of the tokens' vectors dropped in training, in [0, 1).
        jitter: Deviation of noise added to standardised series in training.
    """

    cell: str
    vocabulary: int = 0
    steps: int
    dimensions: int = 0
    flagged: bool = False
    embedding: int = 0
    hidden: int
    layers: int = 1
    heads: int = 0
    outputs: int
    dropout: float = 0.0
    token_dropout: float = 0.0
    jitter: float = 0.0


class TokenFront(nn.Module):
    """Tokens as learned vectors; padding is no step."""

    def __init__(self, shape: SequenceShape) -> None:
        super().__init__()
        self.width = shape.embedding
        self.vectors = nn.Embedding(shape.vocabulary, shape.embedding, padding_idx=PAD)
        self.drop = nn.Dropout(shape.token_dropout)

    def forward(self, sequence: Tensor) -> tuple[Tensor, Tensor]:
        """(n, steps) tokens to (n, steps, width) vectors and (n, steps) which are steps."""
        return self.drop(self.vectors(sequence)), sequence != PAD


class SeriesFront(nn.Module):
    """Raw series to standardised ones: mean 0 and deviation 1 in each dimension over all training steps, 0 in place of
    what is missing, and an indicator of it where training series had gaps. A step without any value is no step.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, shape: SequenceShape) -> None:
        super().__init__()
        self.flagged, self.jitter = shape.flagged, shape.jitter
        self.width = shape.dimensions * (2 if shape.flagged else 1)
        self.register_buffer("mean", torch.zeros(shape.dimensions))
        self.register_buffer("std", torch.ones(shape.dimensions))

    def fit(self, sequence: Tensor) -> None:
        """Take mean and deviation of (n, steps, dimensions); what is not finite is left out."""
        exact = sequence.double().flatten(0, 1)
        exact = exact.where(exact.isfinite(), torch.nan)
        mean = exact.nanmean(dim=0)
        std = (exact - mean).square().nanmean(dim=0).sqrt()
        self.mean.copy_(mean.nan_to_num(0.0))
        self.std.copy_(std.where(std > CONSTANT * mean.abs(), 1.0))  # also where all are missing

    def forward(self, sequence: Tensor) -> tuple[Tensor, Tensor]:
        """(n, steps, dimensions) to (n, steps, width) and (n, steps) which are steps."""
        held = sequence.isfinite()
        scaled = (torch.where(held, sequence, self.mean) - self.mean) / self.std
        if self.training and self.jitter:
            scaled = scaled + self.jitter * torch.randn_like(scaled)
        steps = held.any(dim=2)
        parts = [scaled, (~held).to(scaled.dtype)] if self.flagged else [scaled]
        return torch.cat(parts, dim=2), steps


class SequenceNet(Net):
    """What recurrent and attention networks share: how sequences come in, and the head."""

    shape_type = SequenceShape
    shape: SequenceShape
    front: TokenFront | SeriesFront

    def __init__(self, shape: SequenceShape) -> None:
        super().__init__()
        self.shape = shape
        self.front = TokenFront(shape) if shape.vocabulary else SeriesFront(shape)
        self.drop = nn.Dropout(shape.dropout)
        self.head = nn.Linear(2 * shape.hidden, shape.outputs)

    def fit_front(self, sequence: Tensor) -> None:
        """Scale for training series; text has no scale."""
        if isinstance(self.front, SeriesFront):
            self.front.fit(sequence)

    def summed_up(self, states: Tensor, steps: Tensor) -> Tensor:
        """(n, steps, hidden) states to (n, k) logits, by their mean and their maximum over what are steps."""
        logits: Tensor = self.head(self.drop(pooled(states, steps)))
        return logits

    @property
    def _size(self) -> str:
        shape = self.shape
        reads = f"{shape.vocabulary:,} tokens" if shape.vocabulary else f"{shape.steps} steps"
        return f"{shape.layers} × {shape.hidden} over {reads}"


def pooled(states: Tensor, steps: Tensor) -> Tensor:
    """(n, steps, h) to (n, 2h): mean and maximum over what are steps; zeros where none is."""
    there = steps[:, :, None]
    count = there.sum(dim=1).clamp(min=1)
    mean = (states * there).sum(dim=1) / count
    lowest = torch.finfo(states.dtype).min
    most = states.masked_fill(~there, lowest).amax(dim=1)
    return torch.cat([mean, most.where(there.any(dim=1), 0.0)], dim=1)
