"""What networks that make rows have in common: they draw new ones, and most tell how likely a given one is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from fairwitness.torchkit.modules.net import Net


class GenerativeNet(Net):
    """A network that draws rows.

    Where it has a `unit`, calling it with encoded rows gives (n,) nats: minus the log-likelihood of each row, or a bound
    on it from above.
    """

    unit: ClassVar[str] = ""  # what the nats of a row are spread over: token, image; empty: it gives no likelihood

    def sizes(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(n,) how many units each row has."""
        return torch.ones(len(next(iter(inputs.values()))))

    def drawn(self, n: int, dice: torch.Generator) -> dict[str, Tensor]:
        """New rows as its encoding gives them, each (n, ...); the same dice give the same rows on the same device.

        Args:
            n: How many.
            dice: Of the CPU.
        """
        raise NotImplementedError
