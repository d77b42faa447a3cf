"""What every network trained here has in common: a shape that rebuilds it without any code of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self

from torch import nn

from fairwitness.torchkit.layers import parameter_count


class Net(nn.Module):
    """A network fixed by its `shape`: a frozen dataclass of numbers, words and tuples of them.

    Fitted scaling is part of the network, as buffers, so it takes raw units and is saved with the weights.
    """

    kind: ClassVar[str]  # its name in a saved model
    shape_type: ClassVar[type[Any]]
    shape: Any

    @property
    def words(self) -> str:
        """What it is, in a few words: `MLP 41-32-1`."""
        return f"{self.kind} of {parameter_count(self):,} parameters"

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self.shape)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        fields: dict[str, Any] = {
            name: tuple(entry) if isinstance(entry, list) else entry for name, entry in value.items() if name != "kind"
        }
        rebuild: Any = cls  # each subclass is made from its shape alone
        made: Self = rebuild(cls.shape_type(**fields))
        return made
