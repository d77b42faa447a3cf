"""One series as stretches of steps, each of which can be exchanged for what is usual there."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.subject import Model, Rows
from fairwitness.explain.games import Scale, scaled
from fairwitness.explain.shapley import Floats, Mask, Mixed, Places
from fairwitness.explain.words import MOST_PLAYERS

AT_ONCE = 512
"""Series put together at once: they are larger than rows of a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Steps of one channel, both counted from 0; `end` is the step behind the last."""

    channel: int
    start: int
    end: int


def stretches_of(channels: int, steps: int, most: int = MOST_PLAYERS) -> tuple[Stretch, ...]:
    """Every channel in as many even stretches as there is room for, at least one.

    >>> [(each.channel, each.start, each.end) for each in stretches_of(2, 5, most=4)]
    [(0, 0, 2), (0, 2, 5), (1, 0, 2), (1, 2, 5)]
    """
    count = min(max(most // channels, 1), steps)
    ends = np.linspace(0, steps, count + 1).round().astype(int).tolist()
    return tuple(
        Stretch(channel=channel, start=start, end=end) for channel in range(channels) for start, end in pairwise(ends)
    )


def by_channel(values: NDArray[Any]) -> Floats:
    """(n, steps) or (n, channels, steps) series as (n, channels, steps)."""
    made: Floats = np.asarray(values, dtype=np.float64)
    return made[:, None, :] if made.ndim == 2 else made


def usual(values: NDArray[Any]) -> Floats:
    """(channels, steps) mean of series over those that have the step; NaN where none has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a step that nobody has
        made: Floats = np.nanmean(by_channel(values), axis=0)
    return made


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesGame:
    """The game of series: a stretch that is not held is the usual one.

    Attributes:
        model: Asked; it reads the one series.
        column: The series'.
        usual: (channels, steps).
        stretches: The players.
        scale: What is divided: scores in [0, 1], or their log odds.
    """

    model: Model
    column: str
    usual: Floats
    stretches: tuple[Stretch, ...]
    scale: Scale = "score"

    @property
    def players(self) -> tuple[str, ...]:
        several = len(self.usual) > 1
        return tuple((f"channel {each.channel + 1}, " if several else "") + steps(each) for each in self.stretches)

    @property
    def background(self) -> int:
        """One: the usual series."""
        return 1

    def rows(self, row: Rows, held: Mask) -> Rows:
        """(m, players) as m rows that hold these stretches of the one row."""
        return self._mixed(row.media[self.column], np.zeros(len(held), dtype=np.intp), held)

    def on(self, rows: Rows) -> Mixed:
        """What the model says of these series, some of their stretches the usual ones."""
        whole = rows.media[self.column]

        def mixed(at: Places, by: Places, held: Mask) -> Floats:  # noqa: ARG001 - a game's own form; there is one usual series
            cuts = [slice(start, start + AT_ONCE) for start in range(0, len(at), AT_ONCE)]
            return np.concatenate(
                [scaled(self.model.outputs(self._mixed(whole, at[cut], held[cut])), self.scale) for cut in cuts]
            )

        return mixed

    def _mixed(self, whole: NDArray[Any], at: Places, held: Mask) -> Rows:
        owner = np.zeros(self.usual.shape, dtype=np.intp)
        for place, each in enumerate(self.stretches):
            owner[each.channel, each.start : each.end] = place
        made = np.where(held[:, owner], by_channel(whole)[at], self.usual).reshape(len(at), *whole.shape[1:])
        return Rows(ids=np.arange(len(at)), columns={}, media={self.column: made.astype(whole.dtype)})


def steps(each: Stretch) -> str:
    """`steps 3–8`, counted from 1."""
    return f"step {each.end}" if each.end == each.start + 1 else f"steps {each.start + 1}–{each.end}"
