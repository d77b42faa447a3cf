"""Copies of rows of small groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from fairwitness.core.remedy import Learning, RemedyInfo
from fairwitness.draw import format as fmt
from fairwitness.fairness.resampling import oversampled
from fairwitness.fairness.thresholding import share


@dataclass(frozen=True, slots=True, kw_only=True)
class OversampleOptions:
    """How far small groups are raised.

    Attributes:
        up_to: The share of the largest group's rows that every group reaches.
    """

    up_to: float = 1.0

    def __post_init__(self) -> None:
        share("up_to", self.up_to)


class Oversample:
    info: ClassVar = RemedyInfo(
        id="fairness.oversample",
        title="Copy training rows of small groups",
        does=(
            "Rows of groups with fewer rows than the largest are copied, so that the model attends to them as much. Shares "
            "of outcomes within a group stay as they are. No row is made up, copies are held back together, and the model "
            "does not read the group."
        ),
        may_cost=(
            "Accuracy for the largest group. Copies say nothing new: what a small group's few rows do not show is not "
            "learned, and rows copied often are learned by heart, so they are easy to recognise in the model (membership "
            "inference). The data stay as uneven as they were; only collecting more mends that."
        ),
        answers=("fairness.accuracy-gap",),
        acts="rows",
        tasks=frozenset({"binary", "multi-class"}),
        strength=("up_to", (0.25, 0.5, 1.0)),
        sources=(
            "Buda, Maki and Mazurowski 2018, Neural Networks 106:249-259, https://arxiv.org/abs/1710.05381, on copying rows",
        ),
    )
    Options: ClassVar = OversampleOptions

    def rows(self, learning: Learning, options: OversampleOptions, *, by: str, rng: np.random.Generator) -> Learning:
        places = oversampled(learning.labels(by), learning.target, up_to=options.up_to, rng=rng)
        copies = fmt.count(len(places) - len(learning))
        most = fmt.count(np.bincount(places).max(initial=0))
        note = f"{self.info.id}: {copies} copies of training rows are added, by {by}; a row counts up to {most} times."
        return replace(learning.take(places), notes=(*learning.notes, note))
