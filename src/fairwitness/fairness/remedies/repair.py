"""Number columns that are spread alike in every group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from fairwitness.core.errors import DataError
from fairwitness.core.remedy import Learning, RemedyInfo
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed, plural
from fairwitness.fairness.repairing import LEAST, TIES, Repair, Ties, furthest_apart
from fairwitness.fairness.thresholding import share


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairOptions:
    """How far to go.

    Attributes:
        amount: How much of the way to equal spreads each value goes; 1 is all of it.
        ties: `together`: equal values of a group stay equal, so columns of few distinct values still tell some of it; `lot`:
            they are put apart by a lot that follows from the row's place in the data, and then nothing is left to tell.
    """

    amount: float = 1.0
    ties: Ties = "together"

    def __post_init__(self) -> None:
        share("amount", self.amount)
        if self.ties not in TIES:
            raise ValueError(f"ties is {self.ties!r}; it must be one of {', '.join(TIES)}")


class RepairColumns:
    info: ClassVar = RemedyInfo(
        id="fairness.repair",
        title="Move number columns so that they are spread alike in every group",
        does=(
            "A value is replaced by what stands at the same rank when groups are put in the middle between them: the best of a "
            "group stay its best, and a column no longer tells the group. It is done to training rows and to each row "
            "before it is decided. Categories, text and pictures are left as they are. Values of a group with fewer than 20 "
            "in training, or none, are ranked among all."
        ),
        may_cost=(
            "Accuracy, since true differences between groups are removed with the rest. Two people with the same values are "
            "treated differently because of their group. Columns with few distinct values, and columns taken together, can "
            "still tell the group."
        ),
        answers=("fairness.selection-rate-gap", "fairness.impact-ratio"),
        acts="rows",
        reads_group=True,
        instead="data.drop-proxies",
        tasks=frozenset({"binary", "multi-class"}),
        strength=("amount", (0.25, 0.5, 0.75, 1.0)),
        sources=(
            "Feldman, Friedler, Moeller, Scheidegger and Venkatasubramanian 2015, KDD, https://arxiv.org/abs/1412.3756",
        ),
    )
    Options: ClassVar = RepairOptions

    def rows(self, learning: Learning, options: RepairOptions, *, by: str, rng: np.random.Generator) -> Learning:  # noqa: ARG002 - draws nothing
        groups = learning.labels(by)
        names = [column.name for column in learning.columns if column.numeric]
        edit = Repair.of(learning.rows, names, groups, by=by, amount=options.amount, ties=options.ties)
        if not edit.columns:
            raise DataError(
                f"{self.info.id} moves number columns of which two groups of {by} have {LEAST} values, and there are none; "
                "take fairness.reweigh, which needs none"
            )
        rows = edit.apply(learning.rows)
        return replace(
            learning,
            rows=rows,
            at_decision=(*learning.at_decision, (self.info.id, edit)),
            notes=(*learning.notes, *self._notes(learning, edit, groups, rows.columns)),
        )

    def restore(self, saved: Mapping[str, Any]) -> Repair:
        return Repair.from_json(saved)

    def _notes(
        self, learning: Learning, edit: Repair, groups: np.ndarray[Any, Any], after: Mapping[str, Any]
    ) -> list[str]:
        was, now = (
            {name: furthest_apart(columns[name], groups) for name in edit.columns}
            for columns in (learning.rows.columns, after)
        )
        worst, left = max(was, key=lambda name: was[name]), max(now, key=lambda name: now[name])
        changed = f"{plural(len(edit.columns), 'number column')} moved, by {edit.by}"
        distances = f"the furthest any group's spread is from that of all was {fmt.number(was[worst], 'points')} ({worst}) and is {fmt.number(now[left], 'points')} ({left})"
        notes = [f"{self.info.id}: {changed}; {distances}."]
        others = [column.name for column in learning.columns if column.name not in edit.columns]
        if others:
            notes.append(f"{self.info.id}: left as they are: {listed(others)}.")
        sizes = {str(name): int((groups == name).sum()) for name in set(groups)}
        small = sorted(name for name, size in sizes.items() if size < LEAST)
        if small:
            notes.append(
                f"{self.info.id}: {listed(small)}, with fewer than {LEAST} training rows, and any group not seen are ranked among all."
            )
        return notes
