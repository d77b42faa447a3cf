"""Near the threshold, decisions for groups that fare worse and against the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fairwitness.core.remedy import RemedyInfo, Tuned
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed
from fairwitness.fairness import thresholding
from fairwitness.fairness.rejecting import reject_width
from fairwitness.fairness.rules import StepRule, at
from fairwitness.fairness.thresholding import Fitting


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectOptionOptions:
    """How far from the threshold.

    Attributes:
        widest: How far from the threshold a score may lie whose decision is changed, in units of the score.
    """

    widest: float = 0.2

    def __post_init__(self) -> None:
        thresholding.share("widest", self.widest)


class RejectOption:
    info: ClassVar = RemedyInfo(
        id="fairness.reject-option",
        title="Near the threshold decide for people of groups that fare worse, and against the others",
        does=(
            "Decisions the model is least sure of, those near its threshold, go in favour of people whose group gets good "
            "decisions less often than all people do, and against the rest. The band is the narrowest under which shares of "
            "good decisions are nearest on rows held for tuning. Groups with fewer than 20 rows there, or none, are decided "
            "as before."
        ),
        may_cost=(
            "Two people with the same score may be decided differently because of their group. Accuracy near the threshold; "
            "error rates may move apart while shares of decisions come together."
        ),
        answers=("fairness.selection-rate-gap", "fairness.impact-ratio"),
        acts="decision",
        reads_group=True,
        instead="fairness.common-threshold",
        strength=("widest", (0.05, 0.1, 0.2, 0.3)),
        sources=("Kamiran, Karim and Zhang 2012, ICDM, https://doi.org/10.1109/ICDM.2012.45",),
    )
    Options: ClassVar = RejectOptionOptions

    def fit(
        self,
        tuned: Tuned,
        options: RejectOptionOptions,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - draws nothing
    ) -> tuple[StepRule, Sequence[str]]:
        fitting = Fitting.of(tuned, "selection")
        sign = 1 if tuned.favorable == tuned.positive else -1
        margins, inside = sign * (fitting.scores - tuned.threshold), fitting.inside
        shares = {name: float((margins[fitting.groups == name] >= 0).mean()) for name in fitting.large}
        overall = float((margins[inside] >= 0).mean()) if shares else 0.0
        deprived = frozenset(name for name, share in shares.items() if share < overall)
        width = (
            reject_width(margins[inside], fitting.groups[inside], deprived, widest=options.widest) if shares else 0.0
        )
        groups = {
            name: at(tuned.threshold - sign * width if name in deprived else tuned.threshold + sign * width)
            for name in shares
        }
        made = thresholding.rule(tuned, groups, at(tuned.threshold))
        notes = thresholding.told(self.info.id, tuned, fitting, "selection", made)
        band = f"scores within {fmt.number(width, 'number')} of {fmt.number(tuned.threshold, 'number')}"
        who = f"go in favour of {listed(sorted(deprived))}, and against the others"
        return made, (*notes, f"{self.info.id}: {band} {who}.") if deprived else notes

    def restore(self, saved: Mapping[str, Any]) -> StepRule:
        return StepRule.from_json(saved)
