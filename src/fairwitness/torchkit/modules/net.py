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

    @property
    def head_name(self) -> str:
        """The last layer, which gives the logits."""
        return "head"

    def with_outputs(self, outputs: int, *, keep_head: bool) -> Self:
        """A copy; with random weights in its last layer and that many outputs, unless the head is kept."""
        copied = type(self).from_json({**self.to_json(), "outputs": outputs})
        head = f"{self.head_name}."
        state = {name: held for name, held in self.state_dict().items() if keep_head or not name.startswith(head)}
        copied.load_state_dict(state, strict=False)
        return copied

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002 - as torch has it
        """Training mode but for frozen layers: the statistics of a frozen normalisation stay as they are too."""
        super().train(mode)
        for part in self.modules():
            own = list(part.parameters(recurse=False))
            if own and not any(parameter.requires_grad for parameter in own):
                part.training = False
        return self

    def extra_repr(self) -> str:
        return repr(self.shape)  # what is no layer too, such as pictures that are moved

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
