"""Whose part in an output is told: columns of raw rows, or sets of columns that travel together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.subject import Model, Outputs, Rows
from fairwitness.explain.shapley import Floats, Game, Mask, Mixed, Places

Scale = Literal["score", "log odds"]
Arrays = Mapping[str, NDArray[Any]]
Players = Mapping[str, Sequence[str]]
"""Name to columns."""

LEAST = 1e-12
"""A score of nothing has no odds."""


def players_of(columns: Sequence[Column]) -> dict[str, tuple[str, ...]]:
    """Each column by itself, and the columns of one `one_of` set together under the set's name.

    >>> players_of([Column(name="age", kind="integer"), Column(name="a", kind="boolean", one_of="town")])
    {'age': ('age',), 'town': ('a',)}
    """
    made: dict[str, tuple[str, ...]] = {}
    for column in columns:
        name = column.one_of or column.name
        made[name] = (*made.get(name, ()), column.name)
    return made


def column_game(
    model: Model, background: Rows, *, players: Players | Sequence[str] | None = None, scale: Scale = "score"
) -> Game[Rows]:
    """The game of a deployed model: rows hold some players' columns, and take the others from background rows.

    A network with an encoding that tells where each column went is asked about encoded rows, so that no row is put
    together and encoded again; what it says is the same.

    Args:
        model: Put to use on raw rows.
        background: Rows of whom the average output is the base, at least 1.
        players: Name to columns, or columns that each stand alone; None: every column of `background`. A column of no
            player keeps the value of the row that is explained.
        scale: What is divided: scores in [0, 1], or their log odds.
    """
    if not len(background):
        raise ValueError("a background needs at least one row")
    if players is None:
        players = [*background.columns, *background.media]
    named = dict(players) if isinstance(players, Mapping) else {name: (name,) for name in players}
    slow = ColumnGame(model=model, rows=background, named=named, scale=scale)
    if not getattr(getattr(model, "encoding", None), "blocks", ()):
        return slow
    from fairwitness.explain.encoded import encoded_game  # torch

    return encoded_game(slow) or slow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnGame:
    """The game on raw rows, for models of any make.

    Attributes:
        model: Asked.
        rows: The background.
        named: Players, and the columns of each.
    """

    model: Model
    rows: Rows
    named: Players
    scale: Scale

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(self.named)

    @property
    def background(self) -> int:
        return len(self.rows)

    @property
    def slots(self) -> dict[str, int]:
        """Column to its player's place."""
        return {column: place for place, columns in enumerate(self.named.values()) for column in columns}

    def on(self, rows: Rows) -> Mixed:
        """What the model says of these rows, mixed with background rows."""
        slots = self.slots

        def held(name: str, own: NDArray[Any], others: Arrays, by: Places, mask: Mask) -> NDArray[Any]:
            if name not in slots:
                return own
            mine = mask[:, slots[name]].reshape(-1, *[1] * (own.ndim - 1))
            mixed: NDArray[Any] = np.where(mine, own, others[name][by])
            return mixed

        def mixed(at: Places, by: Places, mask: Mask) -> Floats:
            back = self.rows
            made = Rows(
                ids=rows.ids[at],
                columns={n: held(n, v[at], back.columns, by, mask) for n, v in rows.columns.items()},
                media={n: held(n, v[at], back.media, by, mask) for n, v in rows.media.items()},
            )
            return scaled(self.model.outputs(made), self.scale)

        return mixed


def scaled(outputs: Outputs, scale: Scale) -> Floats:
    """(n, k) scores, or their log odds."""
    if outputs.scores is None:
        raise ValueError("a model that gives decisions alone has no score to divide")
    if scale == "score":
        return outputs.scores
    inside = np.clip(outputs.scores, LEAST, 1 - LEAST)
    odds: Floats = np.log(inside) - np.log1p(-inside)
    return odds
