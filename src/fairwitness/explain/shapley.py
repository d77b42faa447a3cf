"""Shapley values: by how much each part of a row moves what a model says of it, away from what it says of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Mask = NDArray[np.bool_]
R_contra = TypeVar("R_contra", contravariant=True)

Mixed = Callable[[Places, Places, Mask], Floats]
"""Rows (m,), background rows (m,) and held players (m, players) -> (m, outputs) of what is mixed of the two."""

EXACT_UP_TO = 10
"""Players of whom every coalition is asked, which is 2 to that power."""
TOLERANCE = 0.005
"""Half a point of a score."""
BUDGET = 200_000
"""Evaluations a row."""
FREEDOM = 50
"""Degrees of freedom of the spread before anything is stopped by it."""
USUAL = 1.959964
"""Standard errors on either side of a value that hold 95 % where the spread is known."""
AT_ONCE = 4_096
"""Mixed rows put to the model together; more fall out of a processor's cache."""


class Game(Protocol[R_contra]):
    """Rows of which some players' values are held, and the others' are those of a background row."""

    @property
    def players(self) -> tuple[str, ...]: ...

    @property
    def background(self) -> int:
        """Background rows, at least 1."""

    def on(self, rows: R_contra) -> Mixed:
        """What the model says of these rows, mixed with background rows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shapley:
    """Shapley values of rows; `base + values.sum(axis=1)` is `total`.

    Attributes:
        players: Whom the values belong to.
        values: (rows, players, outputs) by how much each moves each output, in its own unit.
        errors: As `values`: standard errors from the orders that were drawn, 0 where exact; widened as Student's t is where
            few walks tell the spread, so that 1.96 of them hold 95 %. The background rows are taken as given: what
            another draw of them would change is not in these.
        base: (rows, outputs) mean output over the background rows; what no player holds is the row's own, so it may differ
            from row to row.
        total: (rows, outputs) what the model says of the rows.
        exact: Every coalition was asked.
        settled: (rows,) every standard error is within the tolerance.
        spent: Mixed rows put to the model.
    """

    players: tuple[str, ...]
    values: Floats
    errors: Floats
    base: Floats
    total: Floats
    exact: bool
    settled: Mask
    spent: int

    def __len__(self) -> int:
        return len(self.values)


def shapley_values(
    game: Game[R_contra],
    rows: R_contra,
    *,
    rng: np.random.Generator,
    exact_up_to: int = EXACT_UP_TO,
    tolerance: float = TOLERANCE,
    budget: int = BUDGET,
) -> Shapley:
    """What each player adds to each output, averaged over all orders of joining and all background rows.

    With few players every coalition is asked. With more, each background row walks through the players in an order of its
    own, there and back; walks are added until every standard error of a row is within the tolerance. Pairs of players that
    act together are told exactly by one such walk; larger groups by the average of many.

    Args:
        game: Whom to divide the output among, and against which background.
        rows: Rows to explain, as the game takes them.
        rng: Draws the orders; each row's own, so a row's values do not depend on those beside it but by its place.
        exact_up_to: Most players of whom all coalitions are asked.
        tolerance: Standard error at which a row is done, in units of the output.
        budget: Evaluations a row at most; but two walks for each background row, and some 50 in all, are always made, or there
            would be no error to tell.

    Returns:
        Values in units of the output. They tell what the model does with these columns, not what would happen in the
        world: mixed rows may be of a kind that does not exist.

    Source:
        Strumbelj and Kononenko 2014, Knowledge and Information Systems 41:647-665, algorithm 2; Mitchell et al. 2022, JMLR
        23(43):1-46, antithetic orders. An order for each background row, and errors within them: this tool.
    """
    if not game.players:
        raise ValueError("nobody to divide the output among")
    if tolerance <= 0:
        raise ValueError(f"tolerance is {tolerance}; it is above 0")
    asked = _Asked(game.on(rows), len(game.players))
    count, back = _length(rows), game.background
    everybody = np.repeat(np.arange(count), back)
    total = asked.ends(np.arange(count), np.zeros(count, dtype=np.intp), held=True)
    said = asked.ends(everybody, np.tile(np.arange(back), count), held=False).reshape(count, back, -1)
    exact = len(game.players) <= max(exact_up_to, 1)
    if exact:
        values = _enumerated(asked, total, said)
        errors = np.zeros_like(values)
    else:
        values, errors = _walked(asked, total, said, rng=rng, tolerance=tolerance, budget=budget)
    return Shapley(
        players=game.players,
        values=values,
        errors=errors,
        base=said.mean(axis=1),
        total=total,
        exact=exact,
        settled=np.all(errors <= tolerance, axis=(1, 2)),
        spent=asked.spent,
    )


def least_evaluations(players: int, background: int) -> int:
    """Mixed rows that the values of one row take at least, whatever the budget."""
    if players <= EXACT_UP_TO:
        return max(int(2**players) - 2, 0) * background + background + 1
    return _least_sweeps(background) * 2 * background * (players - 1) + background + 1


def _least_sweeps(background: int) -> int:
    return max(2, 1 + -(-FREEDOM // background))


@dataclass(slots=True, eq=False)
class _Asked:
    """A game on rows, asked in batches, and how often."""

    mixed: Mixed
    players: int
    spent: int = 0

    def __call__(self, at: Places, by: Places, held: Mask) -> Floats:
        self.spent += len(at)
        cuts = [slice(start, start + AT_ONCE) for start in range(0, len(at), AT_ONCE)]
        return np.concatenate([self.mixed(at[cut], by[cut], held[cut]) for cut in cuts])

    def ends(self, at: Places, by: Places, *, held: bool) -> Floats:
        """(m, outputs) where all players hold the row's values, or none does."""
        return self(at, by, np.full((len(at), self.players), held))


def _length(rows: object) -> int:
    return len(rows)  # type: ignore[arg-type]  # rows of any kind have a length; a protocol for it would bind their type


def _enumerated(asked: _Asked, total: Floats, said: Floats) -> Floats:
    """Values from all coalitions."""
    n, (_, back, outputs) = asked.players, said.shape
    held = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    between = held[1:-1]
    by = np.tile(np.arange(back), len(between))
    values = np.empty((len(total), n, outputs))
    for row in range(len(total)):
        worth = np.empty((2**n, outputs))
        worth[0], worth[-1] = said[row].mean(axis=0), total[row]
        if len(between):
            made = asked(np.full(len(by), row), by, np.repeat(between, back, axis=0))
            worth[1:-1] = made.reshape(len(between), back, outputs).mean(axis=1)
        values[row] = _joining(held, worth)
    return values


def _joining(held: Mask, worth: Floats) -> Floats:
    """(players, outputs) values of the (coalitions, outputs) worth of coalitions (Shapley 1953).

    Each is summed over what the player adds to coalitions without it, so that one who adds nothing has exactly nothing.
    """
    n = held.shape[1]
    size = held.sum(axis=1)
    weights = np.array([factorial(s) * factorial(n - 1 - s) / factorial(n) for s in range(n)])
    values = np.empty((n, worth.shape[1]))
    for player in range(n):
        alone = np.flatnonzero(~held[:, player])
        values[player] = weights[size[alone]] @ (worth[alone + 2**player] - worth[alone])
    return values


def _walked(
    asked: _Asked, total: Floats, said: Floats, *, rng: np.random.Generator, tolerance: float, budget: int
) -> tuple[Floats, Floats]:
    """Values and standard errors from walks, each background row's own, until the errors are small."""
    n, back = asked.players, said.shape[1]
    dice = rng.spawn(len(total))
    a_sweep = 2 * back * (n - 1)
    least = _least_sweeps(back)
    most = max(least, budget // a_sweep)
    shape = (len(total), n, total.shape[1])
    values, errors = np.empty(shape), np.empty(shape)
    together = max(1, AT_ONCE // a_sweep)
    for start in range(0, len(total), together):
        active = np.arange(start, min(start + together, len(total)))
        sums = np.zeros((len(active), back, n, total.shape[1]))
        squares = np.zeros_like(sums)
        for sweep in range(1, most + 1):
            made = _sweep(asked, active, total, said, dice)
            sums += made
            squares += made**2
            if sweep < least:
                continue
            values[active] = sums.sum(axis=1) / (sweep * back)
            errors[active] = _errors(np.maximum(squares - sums**2 / sweep, 0.0) / (sweep - 1), sweep)
            going = (errors[active] > tolerance).any(axis=(1, 2))
            active, sums, squares = active[going], sums[going], squares[going]
            if not len(active):
                break
    return values, errors


def _errors(variances: Floats, walks: int) -> Floats:
    """Standard errors of means over background rows, from the variance (rows, background, ...) of walks with each.

    Source:
        Satterthwaite 1946, Biometrics Bulletin 2(6):110-114, for the degrees of freedom.
    """
    from scipy.special import stdtrit

    total, back = variances.sum(axis=1), variances.shape[1]
    squares = (variances**2).sum(axis=1)
    freedom = np.divide((walks - 1) * total**2, squares, out=np.full_like(total, np.inf), where=squares > 0)
    widened = np.where(np.isfinite(freedom), stdtrit(np.maximum(freedom, 1.0), 0.975) / USUAL, 1.0)
    errors: Floats = np.sqrt(total / walks) / back * widened
    return errors


def _sweep(asked: _Asked, active: Places, total: Floats, said: Floats, dice: list[np.random.Generator]) -> Floats:
    """(rows, background, players, outputs) what each player added on one walk there and back with each background row."""
    n, (_, back, outputs) = asked.players, said.shape
    place = np.stack([dice[row].random((back, n)).argsort(axis=1) for row in active])  # of each player on its walk
    step = np.arange(1, n)[:, None]
    joined = place[:, :, None, None, :] < np.stack([step, step])  # (rows, background, way, steps, players)
    joined[:, :, 1] ^= True  # the way back: those who came last come first
    by = np.broadcast_to(np.arange(back)[None, :, None, None], joined.shape[:-1]).ravel()
    at = np.broadcast_to(active[:, None, None, None], joined.shape[:-1]).ravel()
    worth = asked(at, by, joined.reshape(-1, n)).reshape(*joined.shape[:-1], outputs)
    whole = np.broadcast_to(total[active][:, None, None], (len(active), back, 1, outputs))
    none = said[active][:, :, None]
    there = np.diff(np.concatenate([none, worth[:, :, 0], whole], axis=2), axis=2)
    back_again = -np.diff(np.concatenate([whole, worth[:, :, 1], none], axis=2), axis=2)
    added: Floats = np.take_along_axis((there + back_again) / 2, place[..., None], axis=2)
    return added
