"""A small Transformer encoder over text."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fairwitness.torchkit.modules.sequences import SequenceNet, SequenceShape

WIDER = 2  # the layer between the attentions, against `hidden`


class Transformer(SequenceNet):
    """Learned places, then encoder layers that normalise first (Xiong et al. 2020, ICML); padding is not attended to."""

    kind = "transformer"

    def __init__(self, shape: SequenceShape) -> None:
        super().__init__(shape)
        self.into = nn.Linear(self.front.width, shape.hidden)
        self.places = nn.Parameter(torch.randn(shape.steps, shape.hidden) * 0.02)
        layer = nn.TransformerEncoderLayer(
            shape.hidden,
            shape.heads,
            WIDER * shape.hidden,
            dropout=shape.dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.encoder = nn.TransformerEncoder(
            layer, shape.layers, norm=nn.LayerNorm(shape.hidden), enable_nested_tensor=False
        )

    def forward(self, sequence: Tensor) -> Tensor:
        """(n, steps) tokens to (n, k) logits."""
        vectors, steps = self.front(sequence)
        placed = self.into(vectors) + self.places[: sequence.shape[1]]
        ignored = ~steps & steps.any(dim=1, keepdim=True)  # where there is no step, attend to all: none gives NaN
        states = self.encoder(placed, src_key_padding_mask=ignored)
        return self.summed_up(states, steps)

    @property
    def words(self) -> str:
        return f"Transformer {self._size}"
