"""What a network is made of, as a person can read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairwitness.core.subject import Layer

FLOAT32 = 4
"""Bytes of one parameter; a network saved in half precision takes half as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a network is.

    Attributes:
        parameters: Learned numbers.
        trainable: Those that training may still change.
        depth: Layers with parameters; activations and dropout are not counted.
        layers: Layers that ran, of every kind.
    """

    parameters: int
    trainable: int
    depth: int
    layers: int

    @property
    def bytes(self) -> int:
        """Size of the parameters at 32 bits each, without what a file adds to them."""
        return FLOAT32 * self.parameters


def size(layers: Sequence[Layer]) -> Size:
    """Add up layers; a weight that two of them share must be counted in one only, as `LayersAsk` gives them."""
    return Size(
        parameters=sum(layer.parameters for layer in layers),
        trainable=sum(layer.trainable for layer in layers),
        depth=sum(layer.parameters > 0 for layer in layers),
        layers=len(layers),
    )


def shown_bytes(number: int) -> str:
    """`437.5 kB`, decimal prefixes.

    >>> shown_bytes(437_544), shown_bytes(999), shown_bytes(2_500_000)
    ('437.5 kB', '999 bytes', '2.5 MB')
    """
    for step, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= step:
            return f"{number / step:,.1f} {unit}"
    return f"{number:,} bytes"
