"""Attacks that only ask: Square, and its like for tables and series. For models without gradients, and to tell on those
whose gradients lead nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.robustness.attacks.space import Floats, Places, Space

Asked = Callable[[Floats, Places], tuple[Floats, NDArray[np.bool_]]]
"""(m, ...) points and (m,) places of their rows -> (m,) margins, the higher the nearer, and (m,) whether it has turned."""

FIRST_SHARE = 0.8  # of the numbers are moved at once, to begin with
HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)  # of 10,000 queries


def square(
    space: Space, ask: Asked, *, queries: int, dice: np.random.Generator
) -> tuple[NDArray[np.bool_], Floats, int]:
    """Move random patches to a corner of the box and keep what brings a row nearer; a row that has turned leaves.

    Patches are squares of images, stretches of series, and any numbers of a table.

    Args:
        space: Rows and the box around each.
        ask: The deployed model.
        queries: Of each row, at most.
        dice: Of everything random.

    Returns:
        (n,) rows that turned, (n, ...) where each went (the row itself where it stands), and how often a row was asked.

    Source:
        Andriushchenko et al. 2020, ECCV, arXiv 1912.00049, algorithms 1 and 2.
    """
    n = len(space)
    turned, points, spent = np.zeros(n, dtype=bool), space.x.copy(), 0
    at = np.flatnonzero(space.movable)
    best, held = np.full(n, -np.inf), space.x.copy()
    for query in range(queries):
        if not len(at):
            break
        tried = _first(space, at, dice) if query == 0 else held[at]
        if query:
            patch = _patch(space, len(at), _share(query, queries), dice)
            tried = np.where(patch, _corner(space, at, dice), tried)
        tried = space.repaired(tried, at)
        margins, gone = ask(tried, at)
        spent += len(at)
        better = (margins > best[at]) | (query == 0)
        held[at[better]], best[at[better]] = tried[better], margins[better]
        turned[at[gone]], points[at[gone]] = True, tried[gone]
        at = at[~gone]
    return turned, points, spent


def _share(query: int, queries: int) -> float:
    """Share of the numbers a patch covers: halved as the search goes on."""
    of_ten_thousand = query / queries * 10_000
    return FIRST_SHARE / 2.0 ** sum(of_ten_thousand > mark for mark in HALVINGS)


def _corner(space: Space, at: Places, dice: np.random.Generator) -> Floats:
    """One corner a row: for images and series one side a channel, for tables one a number."""
    shape: tuple[int, ...] = (len(at), *space.x.shape[1:])
    if space.columns[0].media:
        shape = (len(at), *(1 for _ in shape[1:]))
    corner: Floats = np.where(dice.random(shape) < 0.5, space.low[at], space.high[at])
    return corner


def _first(space: Space, at: Places, dice: np.random.Generator) -> Floats:
    """Stripes of images; any corner else."""
    shape = (len(at), *space.x.shape[1:])
    if space.columns[0].kind == "image":
        shape = (len(at), 1, *shape[2:])
    corner: Floats = np.where(dice.random(shape) < 0.5, space.low[at], space.high[at])
    return corner


def _patch(space: Space, rows: int, share: float, dice: np.random.Generator) -> NDArray[np.bool_]:
    """(rows, ...) where the numbers are moved."""
    shape = space.x.shape[1:]
    kind = space.columns[0].kind
    if kind == "image":
        return _window(rows, shape, _sides(shape), share, dice)
    if kind == "series":
        return _window(rows, shape, (len(shape) - 1,), share, dice)
    chosen: NDArray[np.bool_] = dice.random((rows, *shape)) < share
    chosen[np.arange(rows), dice.integers(shape[0], size=rows)] = True
    return chosen


def _sides(shape: tuple[int, ...]) -> tuple[int, int]:
    """Which axes of an image, without the first, are height and width."""
    return (0, 1) if len(shape) == 2 or shape[-1] in {1, 3, 4} else (1, 2)


def _window(
    rows: int, shape: tuple[int, ...], axes: tuple[int, ...], share: float, dice: np.random.Generator
) -> NDArray[Any]:
    """A square window of that share of an image, or a stretch of a series."""
    size = math.prod(shape[axis] for axis in axes) * share
    side = max(round(size ** (1 / len(axes))), 1)
    mask = np.ones((rows, *shape), dtype=bool)
    for axis in axes:
        long = min(side, shape[axis])
        start = dice.integers(0, shape[axis] - long + 1, size=rows)
        along = np.arange(shape[axis])
        inside = (along >= start[:, None]) & (along < start[:, None] + long)
        mask &= inside.reshape(rows, *(shape[axis] if place == axis else 1 for place in range(len(shape))))
    return mask
