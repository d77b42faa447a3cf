"""Parts that a config or a blueprint may name, and how each is made for the rows that are trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from fairwitness.core.blueprint import Acts, Edit
from fairwitness.core.errors import UserError, hint
from fairwitness.torchkit.parts.adversary import Adversary, rival
from fairwitness.torchkit.parts.base import Part
from fairwitness.torchkit.parts.gradients import ClipNorm
from fairwitness.torchkit.parts.samplers import Weighted
from fairwitness.torchkit.parts.weights import GroupClassWeights

BY = "by"
"""The option of an edit that names the attribute its part looks at."""


class PartError(UserError, ValueError):
    """A part that cannot be made."""


class Makes(Protocol):
    """The options of a named part."""

    def make(self, target: Tensor, groups: Tensor | None, /) -> Part:
        """The part for (n,) targets and (n,) group codes of the rows that are trained on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nothing:
    """No options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWeights(_Nothing):
    """Rows weigh so that group and class are independent; see `GroupClassWeights.independent`."""

    def make(self, target: Tensor, groups: Tensor | None) -> Part:
        return GroupClassWeights.independent(_given(groups), target)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvenGroups(_Nothing):
    """Every group is drawn equally often, its rows with replacement."""

    def make(self, _: Tensor, groups: Tensor | None, /) -> Part:
        return Weighted.balanced(_given(groups))


@dataclass(frozen=True, slots=True, kw_only=True)
class EvenClasses(_Nothing):
    """Every class is drawn equally often, its rows with replacement."""

    def make(self, target: Tensor, _: Tensor | None, /) -> Part:
        return Weighted.balanced(target.long())


@dataclass(frozen=True, slots=True, kw_only=True)
class Clipped:
    """The gradient of a step is at most so long; see `ClipNorm`.

    Attributes:
        longest: Above 0.
    """

    longest: float = 1.0

    def __post_init__(self) -> None:
        if not self.longest > 0:
            raise ValueError(f"longest is {self.longest}; it must be above 0")

    def make(self, _: Tensor, __: Tensor | None, /) -> Part:
        return ClipNorm(self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opposed:
    """An adversary that tells the group from the output; see `Adversary`.

    Attributes:
        strength: At least 0.
        hidden: Width of its one hidden layer.
        sees_class: Whether it is told the recorded class: then it presses for equal odds, else for equal rates.
        project: Whether the model's own gradient first loses what would help the adversary.
        layer: Name of the inner layer that it sees; empty: the output.
    """

    strength: float = 1.0
    hidden: int = 16
    sees_class: bool = False
    project: bool = False
    layer: str = ""

    def __post_init__(self) -> None:
        if not self.strength >= 0:
            raise ValueError(f"strength is {self.strength}; it must be at least 0")
        if not isinstance(self.hidden, int) or self.hidden < 1:
            raise ValueError(f"hidden is {self.hidden}; it must be a whole number of at least 1")

    def make(self, _: Tensor, groups: Tensor | None, /) -> Part:
        return Adversary(
            rival(int(_given(groups).max()) + 1, self.hidden),
            strength=self.strength,
            sees_target=self.sees_class,
            project=self.project,
            layer=self.layer,
        )


@dataclass(frozen=True, slots=True)
class Named:
    """A part by name: what it acts on, its options, and whether it looks at groups."""

    acts: Acts
    options: type[Any]
    by_group: bool


NAMED = {
    "group-weights": Named("example", GroupWeights, by_group=True),
    "even-groups": Named("sampling", EvenGroups, by_group=True),
    "even-classes": Named("sampling", EvenClasses, by_group=False),
    "clip-norm": Named("gradient", Clipped, by_group=False),
    "adversary": Named("adversary", Opposed, by_group=True),
}


def known(name: str) -> Named:
    """The part of that name.

    Raises:
        PartError: There is none.
    """
    if name not in NAMED:
        raise PartError(f"no part {name!r}; {hint(name, NAMED)}")
    return NAMED[name]


def make(edits: Iterable[Edit]) -> list[Callable[[Tensor, Tensor | None], Part]]:
    """What makes the parts that edits of a blueprint ask for, in order.

    Raises:
        PartError: An edit names no part, or its options do not fit.
    """
    made: list[Callable[[Tensor, Tensor | None], Part]] = []
    for edit in edits:
        options = {name: value for name, value in edit.options if name != BY}
        try:
            makes: Makes = known(edit.id).options(**options)
        except (TypeError, ValueError) as error:
            if isinstance(error, PartError):
                raise
            raise PartError(f"part {edit.id!r}: {error}") from None
        made.append(makes.make)
    return made


def _given(groups: Tensor | None) -> Tensor:
    if groups is None:
        raise PartError("a part looks at groups and is given none; name the attribute with `by`")
    return groups.to(torch.int64)
