"""How a model is made, as data: a recipe and the edits that remedies put on it. Nothing here trains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType
from typing import Literal, Self

from fairwitness.core.errors import UserError

Acts = Literal[
    "rows", "sampling", "example", "batch", "adversary", "example-gradient", "gradient", "outputs", "decision"
]
"""What an edit acts on.

`rows` before training; `sampling`: which rows a step draws; `example`: each row of a step alone (weights, row-wise
transforms); `batch`: a loss or transform that ties rows of a step together; `adversary`: a second learner beside the
first; `example-gradient`: each row's own gradient (private clipping); `gradient`: that of the whole step; `outputs`: scores
after training; `decision`: what follows from them.
"""

TRAIN: frozenset[Acts] = frozenset({"sampling", "example", "batch", "adversary", "example-gradient", "gradient"})
POST: frozenset[Acts] = frozenset({"outputs", "decision"})

CONFLICTS: Mapping[frozenset[Acts], str] = MappingProxyType(
    {
        frozenset[Acts]({"batch", "example-gradient"}): (
            "a loss over a batch has no gradient for each example, so there is none to clip"
        ),
        frozenset[Acts]({"adversary", "example-gradient"}): (
            "the adversary learns from the rows without noise and passes that on, so nothing would be private"
        ),
        frozenset[Acts]({"sampling", "example-gradient"}): (
            "privacy is accounted for rows drawn with one known chance, so nothing else may choose them"
        ),
        frozenset[Acts]({"rows", "example-gradient"}): (
            "rows that were copied or changed by looking at others are no longer one person's, so clipping one row does "
            "not bound what one person adds"
        ),
        frozenset[Acts]({"sampling"}): "each would choose the rows of a step, and only one can",
        frozenset[Acts]({"example-gradient"}): "each would clip and add noise, and neither account would be right",
        frozenset[Acts]({"decision"}): "each would decide, and only the last would count",
    }
)
"""Kinds that do not go together, and why; a set of one kind: two of that kind do not."""


class ConflictError(UserError, ValueError):
    """Two edits cannot be combined honestly."""

    @classmethod
    def between(cls, first: str, second: str, why: str) -> Self:
        return cls(f"{first!r} and {second!r} do not go together: {why}; leave one out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change to how a model is made.

    Attributes:
        id: Which, such as `fairness.reweigh`.
        acts: What it acts on; decides what it goes together with.
        options: Its settings, by name.
    """

    id: str
    acts: Acts
    options: tuple[tuple[str, float | str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """Everything that fixes how a model is made from rows; equal blueprints make equal models, so it is a cache key.

    Attributes:
        recipe: The family, such as `mlp`, or the user's own `module:factory`.
        rows: Edits of the training rows, in order.
        train: Edits of the training step, in order.
        post: Edits of outputs and decisions, in order.

    Raises:
        ConflictError: Two edits do not go together.
    """

    recipe: str
    rows: tuple[Edit, ...] = ()
    train: tuple[Edit, ...] = ()
    post: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        for place, kinds in (("rows", {"rows"}), ("train", TRAIN), ("post", POST)):
            for edit in getattr(self, place):
                if edit.acts not in kinds:
                    raise ValueError(f"{edit.id!r} acts on {edit.acts}, which is not done in {place}")
        check_conflicts((edit.id, edit.acts) for edit in self.edits)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All, in the order in which they act."""
        return (*self.rows, *self.train, *self.post)

    def with_edit(self, edit: Edit) -> Self:
        """The blueprint with one more edit, put last among those of its place.

        Raises:
            ConflictError: It does not go together with one that is there.
        """
        if edit.acts == "rows":
            return replace(self, rows=(*self.rows, edit))
        if edit.acts in POST:
            return replace(self, post=(*self.post, edit))
        return replace(self, train=(*self.train, edit))


def check_conflicts(parts: Iterable[tuple[str, Acts]]) -> None:
    """Refuse (name, kind) pairs that cannot be combined honestly.

    Raises:
        ConflictError: The first two of them that do not go together, by name, with the reason.
    """
    for (first, one), (second, other) in combinations(parts, 2):
        why = CONFLICTS.get(frozenset((one, other)))
        if why is not None:
            raise ConflictError.between(first, second, why)
