"""Recurrent networks over text and series."""

from __future__ import annotations

from torch import Tensor, nn

from fairwitness.torchkit.modules.sequences import SequenceNet, SequenceShape


class RecurrentNet(SequenceNet):
    """A GRU or an LSTM read from first step to last, so that padding behind a text changes nothing before it."""

    kind = "recurrent"

    def __init__(self, shape: SequenceShape) -> None:
        super().__init__(shape)
        cell = {"gru": nn.GRU, "lstm": nn.LSTM}[shape.cell]
        between = shape.dropout if shape.layers > 1 else 0.0
        self.cells = cell(self.front.width, shape.hidden, shape.layers, batch_first=True, dropout=between)

    def forward(self, sequence: Tensor) -> Tensor:
        """(n, steps) tokens or (n, steps, dimensions) raw values to (n, k) logits."""
        vectors, steps = self.front(sequence)
        states, _ = self.cells(vectors)
        return self.summed_up(states, steps)

    @property
    def words(self) -> str:
        return f"{self.shape.cell.upper()} {self._size}"
