"""Recorded outcomes changed where they are most in doubt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from fairwitness.core.errors import DataError
from fairwitness.core.remedy import Learning, RemedyInfo
from fairwitness.draw import format as fmt
from fairwitness.fairness.massaging import looks_good, massaging
from fairwitness.fairness.thresholding import share


@dataclass(frozen=True, slots=True, kw_only=True)
class MassageOptions:
    """How far to go.

    Attributes:
        share: How much of the way to equal rates of good outcomes to go; 1 is all of it.
    """

    share: float = 1.0

    def __post_init__(self) -> None:
        share("share", self.share)


class Massage:
    info: ClassVar = RemedyInfo(
        id="fairness.massage",
        title="Change recorded outcomes in training rows, as few as make good ones equally frequent in every group",
        does=(
            "In groups with too few good outcomes the rows that look best, to a model that has not seen them, get one; in "
            "groups with too many the rows that look worst lose theirs. Just so many change that all groups have the same "
            "share, and as many outcomes are good as before. The model does not read the group."
        ),
        may_cost=(
            "The model learns from outcomes that did not happen. Accuracy against those recorded, where the groups' outcomes "
            "truly differ; error rates and calibration may move apart while selection rates come together."
        ),
        answers=("fairness.selection-rate-gap", "fairness.impact-ratio", "data.label-rate-gap"),
        acts="rows",
        strength=("share", (0.25, 0.5, 0.75, 1.0)),
        sources=(
            "Kamiran and Calders 2012, Knowledge and Information Systems 33:1-33, https://doi.org/10.1007/s10115-011-0463-8",
        ),
    )
    Options: ClassVar = MassageOptions

    def rows(self, learning: Learning, options: MassageOptions, *, by: str, rng: np.random.Generator) -> Learning:
        features = [column for column in learning.columns if column.numeric or column.kind == "category"]
        if not features:
            raise DataError(
                f"{self.info.id} ranks rows by columns of numbers and categories, and there are none; "
                "take fairness.reweigh, which needs none"
            )
        good = learning.target == learning.favorable
        scores = looks_good(learning.rows.columns, features, good, learning.units, rng=rng)
        changed = massaging(learning.labels(by), good, scores, share=options.share)
        other = next(name for name in learning.classes if name != learning.favorable)
        target = learning.target.copy()
        target[changed] = np.where(good[changed], other, learning.favorable)
        better, worse = fmt.count(int((changed & ~good).sum())), fmt.count(int((changed & good).sum()))
        of = fmt.count(len(good))
        note = f"{self.info.id}: of {of} training rows {better} are learned as {learning.favorable!r} and {worse} as {other!r} although it is not what is recorded."
        return replace(learning, target=target, notes=(*learning.notes, note))
