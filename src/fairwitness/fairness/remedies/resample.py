"""Training rows drawn so that group and outcome are independent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from fairwitness.core.remedy import Learning, RemedyInfo
from fairwitness.draw import format as fmt
from fairwitness.fairness.resampling import evened


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """There is nothing to set."""


class Resample:
    info: ClassVar = RemedyInfo(
        id="fairness.resample",
        title="Draw training rows so that group and recorded outcome are independent",
        does=(
            "Rows of a group whose good outcomes are rarer than in all are copied if their outcome was good, and left out, by "
            "lot, if it was not, and so the other way round. It is what weights do, for learners that take none. No row is "
            "made up, copies are held back together, and the model does not read the group."
        ),
        may_cost=(
            "Rows left out are lost to learning. Accuracy, where the groups' outcomes truly differ; error rates may move "
            "apart while selection rates come together; and copied rows are the easiest to recognise in the model "
            "(membership inference)."
        ),
        answers=("fairness.selection-rate-gap", "fairness.impact-ratio", "data.label-rate-gap"),
        acts="rows",
        tasks=frozenset({"binary", "multi-class"}),
        sources=(
            "Kamiran and Calders 2012, Knowledge and Information Systems 33:1-33, https://doi.org/10.1007/s10115-011-0463-8",
        ),
    )
    Options: ClassVar = Nothing

    def rows(self, learning: Learning, _: Nothing, *, by: str, rng: np.random.Generator) -> Learning:
        places = evened(learning.labels(by), learning.target, weights=learning.weights, rng=rng)
        used = len(np.unique(places))
        copies, left = fmt.count(len(places) - used), fmt.count(len(learning) - used)
        note = (
            f"{self.info.id}: {copies} copies of training rows are added and {left} rows left out, by {by} and outcome."
        )
        return replace(learning.take(places), notes=(*learning.notes, note))
