"""Weights under which group and outcome are independent in the training rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from fairwitness.core.remedy import Learning, RemedyInfo
from fairwitness.fairness.reweighing import reweighing


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """There is nothing to set."""


class Reweigh:
    info: ClassVar = RemedyInfo(
        id="fairness.reweigh",
        title="Weigh training rows so that group and recorded outcome are independent",
        does=(
            "A row of a group whose good outcomes are rarer than in all counts for more if its outcome was good, and for "
            "less if it was not, and so the other way round. No row is changed or left out, and the model does not read "
            "the group."
        ),
        may_cost=(
            "Accuracy, where the groups' outcomes truly differ; error rates may move apart while selection rates come "
            "together; and the rows that count for most are the easiest to recognise in the model (membership inference)."
        ),
        answers=("fairness.selection-rate-gap", "fairness.impact-ratio", "data.label-rate-gap"),
        acts="rows",
        tasks=frozenset({"binary", "multi-class"}),
        sources=(
            "Kamiran and Calders 2012, Knowledge and Information Systems 33:1-33, https://doi.org/10.1007/s10115-011-0463-8",
        ),
    )
    Options: ClassVar = Nothing

    def rows(self, learning: Learning, _: Nothing, *, by: str, rng: np.random.Generator) -> Learning:  # noqa: ARG002 - draws nothing
        weights = learning.weights * reweighing(learning.labels(by), learning.target, learning.weights)
        spread = f"{weights.min():.2f} to {weights.max():.2f}"
        note = f"{self.info.id}: training rows weigh {spread}, by {by} and recorded outcome."
        return replace(learning, weights=weights, notes=(*learning.notes, note))
