"""From rows held for tuning to rules of decision by group, with what is to be said of groups that are too small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.remedy import Tuned
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed
from fairwitness.fairness.rules import StepRule, Steps, at
from fairwitness.fairness.thresholds import EQUAL, LEAST, Curve, Equal, curve, curves, even_price

Right = Literal["accuracy", "balanced"]
"""What is kept as high as may be; `balanced`: rows of both recorded outcomes count for as much, in sum."""
RIGHT: tuple[Right, ...] = get_args(Right)

WORDS: Mapping[Equal, str] = {
    "selection": "shares decided positive",
    "true-positive": "true-positive rates",
    "false-positive": "false-positive rates",
    "odds": "true- and false-positive rates",
}
OVER: Mapping[Equal, str] = {
    "selection": "rows",
    "true-positive": "rows recorded positive",
    "false-positive": "rows not recorded positive",
    "odds": "rows of either outcome",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """Rows held for tuning, by group.

    Attributes:
        scores: (n,) of the positive class.
        recorded: (n,) whether the positive class is recorded.
        groups: (n,) group of each row.
        large: Curves of groups with rows enough.
        small: Names of the others.
        pooled: The curve of all rows.
    """

    scores: NDArray[np.float64]
    recorded: NDArray[np.bool_]
    groups: NDArray[np.object_]
    large: Mapping[str, Curve]
    small: tuple[str, ...]
    pooled: Curve

    @classmethod
    def of(cls, tuned: Tuned, equal: Equal) -> Fitting:
        """The rows a remedy is given, which must look at a group."""
        groups = looked_at(tuned)
        scores, recorded = tuned.scores[:, 0], tuned.recorded == tuned.positive
        every = curves(scores, recorded, groups)
        return cls(
            scores=scores,
            recorded=recorded,
            groups=groups,
            large={name: each for name, each in every.items() if each.enough(equal)},
            small=tuple(name for name, each in every.items() if not each.enough(equal)),
            pooled=curve(scores, recorded),
        )

    def price(self, right: Right) -> float:
        """How many hits a false alarm costs."""
        return even_price(self.large) if right == "balanced" else 1.0

    @property
    def inside(self) -> NDArray[np.bool_]:
        """(n,) rows of groups that are large enough."""
        inside: NDArray[np.bool_] = np.isin(self.groups.astype(np.str_), list(self.large))
        return inside

    def gap(self, chances: NDArray[np.float64], equal: Equal) -> float:
        """Widest distance of rates between two groups that are large enough, for (n,) chances of being selected."""
        every = np.ones(len(self.recorded), dtype=bool)
        over = {
            "selection": [every],
            "true-positive": [self.recorded],
            "false-positive": [~self.recorded],
            "odds": [self.recorded, ~self.recorded],
        }
        rates = [[chances[part & (self.groups == name)].mean() for name in self.large] for part in over[equal]]
        return float(np.ptp(rates, axis=1).max())

    def right(self, chances: NDArray[np.float64]) -> float:
        """Share of right decisions."""
        return float(np.where(self.recorded, chances, 1 - chances).mean())


def looked_at(tuned: Tuned) -> NDArray[np.object_]:
    """The groups a remedy that looks at one was given.

    Raises:
        ValueError: None were.
    """
    if tuned.groups is None:
        raise ValueError("it looks at a group, and none is given")
    return tuned.groups


def rule(tuned: Tuned, groups: Mapping[str, Steps], others: Steps, *, key: int = 0) -> StepRule:
    """A rule that decides between the two classes."""
    rest = next(name for name in tuned.classes if name != tuned.positive)
    return StepRule(groups=groups, others=others, selected=tuned.positive, rest=rest, key=key)


def told(remedy: str, tuned: Tuned, fitting: Fitting, equal: Equal, made: StepRule) -> tuple[str, ...]:
    """What the rule did on the rows it was fitted on, and which groups it could not be fitted to."""
    if not fitting.large:
        why = f"no group has {LEAST} {OVER[equal]} held for tuning, so one threshold stays for all"
        return (f"{remedy}: {why}.",)
    before = rule(tuned, {}, at(tuned.threshold)).chances(tuned.scores, None)
    after = made.chances(tuned.scores, tuned.groups)
    gaps = [fmt.number(fitting.gap(chances, equal), "points") for chances in (before, after)]
    right = [fmt.number(fitting.right(chances), "share") for chances in (before, after)]
    rows = f"on the {fmt.count(len(fitting.scores))} rows it was fitted on"
    moved = f"{WORDS[equal]} were {gaps[0]} apart and are {gaps[1]}"
    notes = [f"{remedy}: {rows}, {moved}; {right[0]} of decisions were right and {right[1]} are."]
    if not 0.01 < float(after.mean()) < 0.99:
        who = "nobody" if after.mean() < 0.5 else "everybody"
        notes.append(f"{remedy}: nearly {who} is decided positive, which makes rates equal at little loss of accuracy.")
    if fitting.small and made.groups:
        few = f"fewer than {LEAST} {OVER[equal]} held for tuning"
        notes.append(
            f"{remedy}: {listed(fitting.small)}, with {few}, and any group not seen are decided as all rows are."
        )
    return tuple(notes)


def known(equal: str, right: str = "accuracy") -> None:
    """Check the options of these names.

    Raises:
        ValueError: One names nothing there is.
    """
    for name, value, have in (("equal", equal, EQUAL), ("right", right, RIGHT)):
        if value not in have:
            raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(have)}")


def share(name: str, value: float | str) -> None:
    """Check an option that is a share.

    Raises:
        ValueError: It is not in [0, 1].
    """
    if isinstance(value, str) or not 0 <= value <= 1:
        raise ValueError(f"{name} is {value!r}; it must be from 0 to 1")
