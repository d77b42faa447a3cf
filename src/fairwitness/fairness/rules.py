"""Decisions that follow from a score, a group and, where need be, a chance of the row's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.remedy import Labels

Steps = tuple[tuple[float, float], ...]
"""(threshold, chance): a score that reaches the threshold adds that much to the chance of being selected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """Selects by a chance that rises with the score, in steps that each group has of its own.

    One step of chance 1 is a plain threshold. Between rows that have the same chance the row's id decides, so a row is
    decided alike whenever it is asked about.

    Attributes:
        groups: Steps by group; empty where no group is read.
        others: Steps of any other group.
        selected: The class decided for the selected.
        rest: The class decided for the rest.
        key: What the ids are mixed with.
    """

    groups: Mapping[str, Steps]
    others: Steps
    selected: str
    rest: str
    key: int = 0

    def chances(self, scores: NDArray[np.float64], groups: Labels | None) -> NDArray[np.float64]:
        """(n,) chance of being selected, in [0, 1], from (n, 1) scores."""
        found = _chances(scores[:, 0], self.others)
        if groups is not None:
            names, codes = coded(groups)
            for code, name in enumerate(names):
                if name in self.groups:
                    of = codes == code
                    found[of] = _chances(scores[of, 0], self.groups[name])
        return found

    def decide(self, scores: NDArray[np.float64], groups: Labels | None, ids: NDArray[np.int64]) -> NDArray[np.object_]:
        names = np.array([self.rest, self.selected], dtype=object)
        decided: NDArray[np.object_] = names[(lots(ids, self.key) < self.chances(scores, groups)).astype(np.int64)]
        return decided

    def to_json(self) -> dict[str, Any]:
        return {
            "groups": {name: [list(step) for step in steps] for name, steps in self.groups.items()},
            "others": [list(step) for step in self.others],
            "selected": self.selected,
            "rest": self.rest,
            "key": self.key,
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        groups = {str(name): _steps(steps) for name, steps in saved["groups"].items()}
        return cls(**{**saved, "groups": groups, "others": _steps(saved["others"])})


def at(threshold: float) -> Steps:
    """Everyone from that score on."""
    return ((threshold, 1.0),)


def coded(groups: Labels) -> tuple[list[str], NDArray[np.int64]]:
    """The names there are, sorted, and (n,) the place of each label among them."""
    labels = groups.tolist()  # hashing beats sorting: strings remember their hash
    names = sorted(set(labels))
    places = {name: place for place, name in enumerate(names)}
    return names, np.fromiter(map(places.__getitem__, labels), np.int64, len(labels))


def lots(ids: NDArray[np.int64], key: int) -> NDArray[np.float64]:
    """(n,) numbers in [0, 1), spread evenly and always the same for the same id and key.

    Source: Steele, Lea and Flood 2014, OOPSLA, https://doi.org/10.1145/2660193.2660195 (SplitMix64), its output mix.
    """
    mixed = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _chances(scores: NDArray[np.float64], steps: Steps) -> NDArray[np.float64]:
    found = np.zeros(len(scores))
    for threshold, chance in steps:
        found += chance * (scores >= threshold)
    return found


def _steps(saved: list[list[float]]) -> Steps:
    return tuple((float(threshold), float(chance)) for threshold, chance in saved)
