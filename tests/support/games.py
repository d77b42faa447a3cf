"""Games on plain arrays, and slow rewrites of what Shapley values are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import torch
from torch import nn

from fairwitness.explain.shapley import Floats, Mask, Mixed, Places

Function = Callable[[Floats], Floats]
"""(m, players) -> (m, outputs)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArrayGame:
    """A function of numbers, each a player."""

    function: Function
    others: Floats

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(f"x{slot}" for slot in range(self.others.shape[1]))

    @property
    def background(self) -> int:
        return len(self.others)

    def on(self, rows: Floats) -> Mixed:
        def mixed(at: Places, by: Places, held: Mask) -> Floats:
            return self.function(np.where(held, rows[at], self.others[by]))

        return mixed


def by_orders(function: Function, row: Floats, others: Floats) -> Floats:
    """Shapley's own definition: what each player adds when it joins, over every order. (players, outputs)."""
    orders = list(permutations(range(len(row))))
    added = np.zeros((len(row), 1))
    for order in orders:
        held = np.zeros(len(row), dtype=bool)
        before = function(others).mean(axis=0)
        gained = [np.zeros_like(before)] * len(row)
        for player in order:
            held[player] = True
            after = function(np.where(held, row, others)).mean(axis=0)
            gained[player] = after - before
            before = after
        added = added + np.stack(gained)
    return added / len(orders)


def blocks_of_six(blocks: int) -> tuple[Function, list[Function]]:
    """A function of `6 * blocks` numbers that is a sum of one of each six, so that its values are known by enumeration."""
    torch.manual_seed(7)
    nets = [
        nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
        for _ in range(blocks)
    ]
    for net in nets:
        for part in net:
            if isinstance(part, nn.Linear):
                nn.init.normal_(part.weight, std=1.5 / part.in_features**0.5)

    def of(net: nn.Module) -> Function:
        def function(x: Floats) -> Floats:
            with torch.no_grad():
                made: Floats = net(torch.from_numpy(x).float()).double().numpy()
            return made

        return function

    parts = [of(net) for net in nets]

    def whole(x: Floats) -> Floats:
        return np.asarray(sum(part(x[:, 6 * place : 6 * place + 6]) for place, part in enumerate(parts)))

    return whole, parts
