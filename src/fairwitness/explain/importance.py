"""Permutation importance: what a model loses when a column is somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.explain.shapley import AT_ONCE, Floats, Mixed, Places

REPEATS = 5
RELATED = 0.8
"""Rank correlation from which two columns are also shuffled together."""
FEWEST = 20
"""Rows that tell whether columns go together: of fewer, some among many do by chance (of 20, one pair in 40,000)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Importance:
    """Losses by row, paired with the loss of the row as it is.

    Attributes:
        added: (n, sets) what each row loses when the set is another row's, averaged over repeats.
        influence: (n, sets) with the mean of `added`, and with what the row does to others as the one who is drawn: their
            spread tells the standard error of the mean.
        spent: Mixed rows put to the model.
    """

    added: Floats
    influence: Floats
    spent: int


def permutation_importance(
    mixed: Mixed,
    loss: Callable[[Floats, Places], Floats],
    sets: Sequence[Sequence[int]],
    *,
    rows: int,
    players: int,
    rng: np.random.Generator,
    repeats: int = REPEATS,
) -> Importance:
    """By how much the loss grows when sets of players take the values of other rows.

    Args:
        mixed: A game on rows whose background is the same rows.
        loss: (m, outputs) and (m,) places of rows -> (m,) loss.
        sets: Places of players that are exchanged together.
        rows: How many; at least 2.
        players: How many.
        rng: Draws whose values each row takes: a shift along a random order, so never its own.
        repeats: Draws.

    Source:
        Breiman 2001, Machine Learning 45:5-32, section 10; Fisher et al. 2019, JMLR 20(177):1-81, equation 3, and the
        projection of a U-statistic (Hoeffding 1948) for its error.
    """
    if rows < 2:
        raise ValueError("one row has no other to take values from")
    everybody = np.arange(rows)
    before = _losses(mixed, loss, everybody, everybody, np.ones((rows, players), dtype=np.bool_))
    drawn = [_others(rows, rng) for _ in range(repeats)]
    added, lent = np.zeros((rows, len(sets))), np.zeros((rows, len(sets)))
    for place, exchanged in enumerate(sets):
        held = np.ones((rows, players), dtype=np.bool_)
        held[:, list(exchanged)] = False
        for by in drawn:
            more = _losses(mixed, loss, everybody, by, held) - before
            added[:, place] += more / repeats
            lent[by, place] += more / repeats
    influence = added + lent - added.mean(axis=0)
    return Importance(added=added, influence=influence, spent=rows * (1 + len(sets) * repeats))


def _losses(
    mixed: Mixed, loss: Callable[[Floats, Places], Floats], at: Places, by: Places, held: NDArray[np.bool_]
) -> Floats:
    cuts = [slice(start, start + AT_ONCE) for start in range(0, len(at), AT_ONCE)]
    return np.concatenate([loss(mixed(at[cut], by[cut], held[cut]), at[cut]) for cut in cuts])


def _others(rows: int, rng: np.random.Generator) -> Places:
    """(rows,) another row for each, each drawn once."""
    order = rng.permutation(rows)
    by = np.empty(rows, dtype=np.intp)
    by[order] = np.roll(order, int(rng.integers(1, rows)))
    return by


def related(columns: Mapping[str, NDArray[Any]], *, least: float = RELATED) -> list[tuple[str, ...]]:
    """Sets of number columns that go together, by rank correlation; linked through one another, each column in one set.

    Args:
        columns: Name to (n,) values; those that are not numbers are left out, missing values take the median. Fewer than
            `FEWEST` rows tell nothing.
        least: Size of the correlation that links two.
    """
    ranks = {}
    for name, values in columns.items():
        if values.dtype.kind == "f" and np.isfinite(values).any():
            known = np.where(np.isfinite(values), values, np.median(values[np.isfinite(values)]))
            if np.ptp(known) > 0:
                ranks[name] = _ranks(known)
    names = list(ranks)
    if len(names) < 2 or len(ranks[names[0]]) < FEWEST:
        return []
    linked = np.abs(np.corrcoef(np.stack([ranks[name] for name in names]))) >= least
    home = np.arange(len(names))
    for _ in names:  # labels spread along links
        home = np.where(linked, home[None, :], len(names)).min(axis=1)
    sets = [tuple(names[place] for place in np.flatnonzero(home == label)) for label in np.unique(home)]
    return [each for each in sets if len(each) > 1]


def _ranks(values: Floats) -> Floats:
    """(n,) ranks, equal values sharing the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]
