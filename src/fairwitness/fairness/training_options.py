"""Options that remedies in training share, and how rows are counted into cells for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from torch import Tensor


class Shared(TypedDict):
    """Arguments that every penalty takes."""

    strength: float
    memory: float
    fewest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Options that say what is wrong with them."""

    def at_least(self, name: str, least: float) -> None:
        """Refuse a number below this one, or none."""
        value: object = getattr(self, name)  # from a config it may be anything
        if not isinstance(value, int | float) or not least <= value < float("inf"):
            raise ValueError(f"{name} is {value!r}; it must be at least {least}")

    def above_zero(self, name: str) -> None:
        """Refuse a number that is not above 0."""
        value: object = getattr(self, name)
        if not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise ValueError(f"{name} is {value!r}; it must be above 0")

    def share(self, name: str) -> None:
        """Refuse a number that is not in [0, 1)."""
        value: object = getattr(self, name)
        if not isinstance(value, int | float) or not 0 <= value < 1:
            raise ValueError(f"{name} is {value!r}; it must be at least 0 and below 1")

    def whole(self, name: str, least: int = 1) -> None:
        """Refuse what is no whole number of at least this."""
        value: object = getattr(self, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name} is {value!r}; it must be a whole number of at least {least}")

    def one_of(self, name: str, *words: str) -> None:
        """Refuse an option that is none of these words."""
        if getattr(self, name) not in words:
            raise ValueError(f"{name} is {getattr(self, name)!r}; it must be {' or '.join(repr(w) for w in words)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyOptions(Checked):
    """What may be set of a penalty.

    Attributes:
        strength: What it is multiplied by before it is added to the loss, at least 0.
        memory: How much of the running means of groups stays from step to step, in [0, 1); more for smaller batches.
        fewest: Groups with fewer training rows (where rates by class are compared: fewer in a class) are left out.
    """

    strength: float = 5.0
    memory: float = 0.9
    fewest: int = 30

    def __post_init__(self) -> None:
        self.at_least("strength", 0)
        self.share("memory")
        self.whole("fewest")

    @property
    def shared(self) -> Shared:
        """What every penalty takes."""
        return {"strength": self.strength, "memory": self.memory, "fewest": self.fewest}


@dataclass(frozen=True, slots=True, kw_only=True)
class GapOptions(PenaltyOptions):
    """What may be set of a penalty on gaps.

    Attributes:
        sharpness: Logits are multiplied by it before scores are compared; above 1, scores lie closer to decisions.
    """

    sharpness: float = 1.0

    def __post_init__(self) -> None:
        PenaltyOptions.__post_init__(self)
        self.above_zero("sharpness")


def cells(groups: Tensor | None, strata: Tensor | None = None) -> Tensor:
    """(g, s) rows of each group in each stratum, from (n,) codes of both; of one stratum where none are given.

    Raises:
        ValueError: No groups are given.
    """
    if groups is None:
        raise ValueError("a remedy looks at groups and is given none; name the attribute with `by`")
    codes = groups.long()
    if strata is None:
        return codes.bincount()[:, None]
    numbers = strata.long()
    wide = max(int(numbers.max()) + 1, 2)
    return (codes * wide + numbers).bincount(minlength=(int(codes.max()) + 1) * wide).view(-1, wide)
