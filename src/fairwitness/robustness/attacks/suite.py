"""Attacks one after another, cheap ones first, on rows that are decided rightly; the deployed model judges every break."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.subject import Model
from fairwitness.robustness.attacks.space import Floats, Places, Space

LEAST = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How hard to try.

    Attributes:
        quick: Steps of the first attack, from the row itself.
        steps: Steps of each further attack; 0 for the first attack alone.
        targets: Other classes that are climbed towards, the likeliest first; and with two classes, starts at random.
        hopeful: Rows that the first attack brought less than this share of the way are not attacked further; 0 for all.
        queries: Asked of each row that is searched.
        searched: Rows that gradients did not break and that are searched too, to tell whether gradients mislead. A
            model without gradients has all its rows searched.
    """

    quick: int = 10
    steps: int = 20
    targets: int = 4
    hopeful: float = 0.5
    queries: int = 100
    searched: int = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attacked:
    """What came of it.

    Attributes:
        gradient: (n,) rows that gradients broke.
        search: (n,) rows that stood, and asking at random broke.
        searched: (n,) rows that were searched.
        points: (n, ...) where each broken row went; the row itself where it stands.
        passes: Rows put through the network, there and back.
        queries: Rows put to the deployed model by the search.
    """

    gradient: NDArray[np.bool_]
    search: NDArray[np.bool_]
    searched: NDArray[np.bool_]
    points: Floats
    passes: int
    queries: int

    @property
    def broken(self) -> NDArray[np.bool_]:
        return self.gradient | self.search


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deployed:
    """The deployed model on moved rows of a space.

    Attributes:
        recorded: (n,) int64 place of the recorded class of each row, which the model decides for now.
    """

    model: Model
    classes: tuple[str, ...]
    positive: str | None
    recorded: NDArray[np.int64]

    def take(self, at: Places) -> Deployed:
        """The model on some of the rows."""
        return replace(self, recorded=self.recorded[at])

    def turned(self, space: Space, points: Floats, at: Places) -> NDArray[np.bool_]:
        """(m,) rows decided otherwise than recorded, after repair."""
        return self.asked(space, points, at)[1]

    def asked(self, space: Space, points: Floats, at: Places) -> tuple[Floats, NDArray[np.bool_]]:
        """(m,) margins by the scores, and (m,) rows decided otherwise than recorded."""
        made = self.model.outputs(space.moved(points, at))
        wanted = np.array(self.classes, dtype=object)[self.recorded[at]]
        if made.scores is None or made.decisions is None:
            raise TypeError("a model without scores and decisions cannot be attacked")  # never: the plan has seen them
        return margins(made.scores, self.recorded[at], self._positive), np.asarray(made.decisions != wanted)

    @property
    def _positive(self) -> int:
        return self.classes.index(self.positive) if self.positive in self.classes else len(self.classes) - 1


def margins(scores: Floats, recorded: NDArray[np.int64], positive: int) -> Floats:
    """(n,) log odds of the best other class against the recorded one, from (n, k) scores."""
    if scores.shape[1] == 1:
        pair = [1 - scores[:, 0], scores[:, 0]]
        scores = np.stack(pair if positive else pair[::-1], axis=1)
    logs = np.log(np.maximum(scores, LEAST))
    rows = np.arange(len(logs))
    own = logs[rows, recorded].copy()
    logs[rows, recorded] = -np.inf
    others: Floats = logs.max(axis=1) - own
    return others


def attack(deployed: Deployed, space: Space, *, budget: Budget, dice: np.random.Generator) -> Attacked:
    """Look for a change inside each row's box that turns its decision.

    Args:
        deployed: The model, and the class each row has now.
        space: The rows.
        budget: How hard to try.
        dice: Of everything random.

    Returns:
        Rows that turned. A row that stands was not broken by these attacks; a stronger one may break it.
    """
    n = len(space)
    made = _by_gradient(deployed, space, budget=budget, dice=dice) if space.movable.any() else None
    found, points, passes = made or (np.zeros(n, dtype=bool), space.x.copy(), 0)
    left = np.flatnonzero(~found & space.movable)
    some = left if made is None else np.sort(dice.permutation(left)[: budget.searched])
    turned, went, queries = search(deployed, space, some, queries=budget.queries, dice=dice)
    by_search = np.zeros(n, dtype=bool)
    by_search[some[turned]] = True
    points[some[turned]] = went[turned]
    searched = np.zeros(n, dtype=bool)
    searched[some] = True
    return Attacked(gradient=found, search=by_search, searched=searched, points=points, passes=passes, queries=queries)


def search(
    deployed: Deployed, space: Space, at: Places, *, queries: int, dice: np.random.Generator
) -> tuple[NDArray[np.bool_], Floats, int]:
    """The attack that only asks, on some of the rows; as `search.square`."""
    from fairwitness.robustness.attacks.search import square

    some = space.take(at)
    return square(some, lambda tried, some_at: deployed.asked(space, tried, at[some_at]), queries=queries, dice=dice)


def _by_gradient(
    deployed: Deployed, space: Space, *, budget: Budget, dice: np.random.Generator
) -> tuple[NDArray[np.bool_], Floats, int] | None:
    """Rows that gradients broke, where they went, and the passes it took; None for a model without gradients."""
    import torch

    from fairwitness.robustness.attacks.box import Broken
    from fairwitness.robustness.attacks.gradient import apgd, apgd_targeted
    from fairwitness.robustness.attacks.inner import box_of
    from fairwitness.robustness.attacks.losses import margin
    from fairwitness.torchkit.working import network, steady

    core = network(deployed.model)
    if core is None:
        return None
    generator = torch.Generator().manual_seed(int(dice.integers(2**62)))
    with steady(core) as working:
        box = box_of(working, space, deployed.recorded, turned=lambda points, at: deployed.turned(space, points, at))
        broken = Broken.none(box)
        broken.aside = ~torch.from_numpy(space.movable)
        before = margin(box.logits(box.x, torch.arange(len(space))), box.recorded, box.recorded)
        at, nearest = apgd(box, broken, steps=budget.quick)
        broken.aside[at[nearest < (1 - budget.hopeful) * before[at]]] = True
        if len(deployed.classes) > 2 and budget.steps:
            apgd_targeted(box, broken, steps=budget.steps, targets=budget.targets, dice=generator)
        for _ in range(budget.targets if len(deployed.classes) == 2 and budget.steps else 0):
            apgd(box, broken, steps=budget.steps, dice=generator)
    points = np.where(_wide(broken.mask.numpy(), space.x), broken.points.double().numpy(), space.x)
    return broken.mask.numpy(), space.repaired(points, np.arange(len(space))), broken.passes


def _wide(mask: NDArray[np.bool_], like: Floats) -> NDArray[np.bool_]:
    """(n,) as (n, 1, ...)."""
    return mask.reshape(-1, *(1 for _ in like.shape[1:]))
