"""The game of columns on encoded rows: the parts of tensors that columns went to are exchanged, and nothing is encoded twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fairwitness.core.subject import Rows
from fairwitness.explain.games import ColumnGame, scaled
from fairwitness.explain.shapley import Floats, Mask, Mixed, Places
from fairwitness.torchkit.encoding import Inputs
from fairwitness.torchkit.model import TorchModel

ALONE = ""  # the name of the only tensor of a module that takes no others
KEPT = -1  # of no player


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EncodedGame:
    """As `ColumnGame`.

    Attributes:
        model: The network.
        held: Encoded background rows, tensors by name.
        owners: Tensor to the player's place of each slot along its second axis; of one slot where it goes as a whole.
    """

    raw: ColumnGame
    model: TorchModel
    held: Mapping[str, Tensor]
    owners: Mapping[str, Tensor]

    @property
    def players(self) -> tuple[str, ...]:
        return self.raw.players

    @property
    def background(self) -> int:
        return self.raw.background

    def on(self, rows: Rows) -> Mixed:
        """What the model says of these rows, mixed with background rows."""
        own = named(self.model.encoding.encode(rows)) or {}

        def mixed(at: Places, by: Places, mask: Mask) -> Floats:
            of_row, of_other = torch.from_numpy(at), torch.from_numpy(by)
            chosen = torch.nn.functional.pad(torch.from_numpy(mask), (0, 1), value=True)  # KEPT, the last, is the row's
            made = {}
            for name, owners in self.owners.items():
                mine = chosen[:, owners]
                mine = mine.reshape(*mine.shape, *[1] * (own[name].ndim - 2)) if own[name].ndim > 1 else mine[:, 0]
                made[name] = torch.where(mine, own[name][of_row], self.held[name][of_other])
            return scaled(self.model.read(made.get(ALONE, made)), self.raw.scale)

        return mixed


def encoded_game(raw: ColumnGame) -> EncodedGame | None:
    """The same game on encoded rows; None where the encoding does not tell where every slot of every tensor came from."""
    model = raw.model
    if not isinstance(model, TorchModel):
        return None
    model.outputs(raw.rows)  # settles how its numbers are read
    held = named(model.encoding.encode(raw.rows))
    if held is None:
        return None
    owners = {name: torch.full((tensor.shape[1] if tensor.ndim > 1 else 1,), KEPT - 1) for name, tensor in held.items()}
    for block in model.encoding.blocks:
        name = ALONE if ALONE in held else block.tensor
        if name not in held:
            return None
        player = raw.slots.get(block.column, KEPT)
        if block.slots:
            owners[name][list(block.slots)] = player
        else:
            owners[name] = torch.tensor([player])
    if any((slots < KEPT).any() for slots in owners.values()):
        return None
    return EncodedGame(raw=raw, model=model, held=held, owners=owners)


def named(inputs: Inputs) -> dict[str, Tensor] | None:
    """Tensors by name; None where they come by position, and so cannot be told apart."""
    if isinstance(inputs, Tensor):
        return {ALONE: inputs}
    return dict(inputs) if isinstance(inputs, Mapping) else None
