"""A recurrent network that tells a text's next token from those before it, and so writes texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everywhere

from fairwitness.torchkit.modules.generative import GenerativeNet

PAD, END = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageShape:
    """Everything that fixes the layers of a language model.

    Attributes:
        vocabulary: Tokens, padding and end among them.
        steps: Tokens of the longest text it writes.
        embedding: Width of a token's vector.
        hidden: Width of the recurrent layers.
        layers: How many there are.
        dropout: Share of units dropped in training, in [0, 1).
    """

    vocabulary: int
    steps: int
    embedding: int
    hidden: int
    layers: int = 1
    dropout: float = 0.0


class LanguageNet(GenerativeNet):
    """A GRU over tokens. The end of a text also stands before its first token; padding is never a next token."""

    kind = "text-rnn"
    unit = "token"
    shape_type = LanguageShape
    shape: LanguageShape

    def __init__(self, shape: LanguageShape) -> None:
        super().__init__()
        self.shape = shape
        self.vectors = nn.Embedding(shape.vocabulary, shape.embedding, padding_idx=PAD)
        between = shape.dropout if shape.layers > 1 else 0.0
        self.cells = nn.GRU(shape.embedding, shape.hidden, shape.layers, batch_first=True, dropout=between)
        self.drop = nn.Dropout(shape.dropout)
        self.head = nn.Linear(shape.hidden, shape.vocabulary - 1)  # all but padding

    def forward(self, sequence: Tensor) -> Tensor:
        """(n, steps) tokens, 0 after the last, to (n,) nats."""
        there = sequence != PAD
        longest = int(there.sum(dim=1).max()) if len(sequence) else 0  # no time is spent on padding all texts share
        sequence, there = sequence[:, :longest], there[:, :longest]
        before = F.pad(sequence[:, :-1], (1, 0), value=END)
        states, _ = self.cells(self.drop(self.vectors(before)))
        nats = F.cross_entropy(self.head(self.drop(states[there])), sequence[there] - 1, reduction="none")
        return torch.zeros(len(sequence), device=nats.device).index_add(0, there.nonzero()[:, 0], nats)

    def sizes(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(n,) tokens, the end among them."""
        return (inputs["sequence"] != PAD).sum(dim=1).float()

    def drawn(self, n: int, dice: torch.Generator) -> dict[str, Tensor]:
        device = self.head.weight.device
        written = torch.zeros(n, self.shape.steps, dtype=torch.int64)
        token, state = torch.full((n,), END), None
        ended = torch.zeros(n, dtype=torch.bool)
        for step in range(self.shape.steps if n else 0):
            out, state = self.cells(self.vectors(token[:, None].to(device)), state)
            chances = self.head(out[:, 0]).softmax(dim=1).cpu()
            token = (1 + torch.multinomial(chances, 1, generator=dice)[:, 0]).masked_fill(ended, PAD)
            written[:, step] = token
            ended |= token == END
            if ended.all():
                break
        return {"sequence": written}

    @property
    def words(self) -> str:
        shape = self.shape
        return f"text GRU {shape.layers} × {shape.hidden} over {shape.vocabulary:,} tokens"
