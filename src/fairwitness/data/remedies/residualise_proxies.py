"""Columns that tell the sensitive attribute, less the difference of the groups' means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from fairwitness.core.remedy import Learning, RemedyInfo
from fairwitness.data.telling import LEAST, Residuals, proxies_above
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualiseProxiesOptions:
    """What counts as a proxy, and how far to go.

    Attributes:
        above: The AUC with which a column alone must tell a group from the rest to be changed; 0.5 takes every column that
            is firmly related.
        amount: How much of the difference of means to take off; 1 is all of it.
    """

    above: float = 0.6
    amount: float = 1.0

    def __post_init__(self) -> None:
        if not 0.5 <= self.above <= 1:
            raise ValueError(f"above is {self.above!r}; it must be from 0.5 to 1")
        if not 0 <= self.amount <= 1:
            raise ValueError(f"amount is {self.amount!r}; it must be from 0 to 1")


class ResidualiseProxies:
    info: ClassVar = RemedyInfo(
        id="data.residualise-proxies",
        title="Take the difference of the groups' means out of number columns that tell the sensitive attribute",
        does=(
            "In number columns that alone tell a group from the rest, each row's value loses what its group's mean in training "
            "is above that of all. It is done to training rows and to each row before it is decided. Groups with fewer than "
            "20 values in training, or none, are left as they are, and so are categories, text and pictures."
        ),
        may_cost=(
            "Accuracy, as far as the groups truly differ. Two people with the same values are treated differently because "
            "of their group. What tells the group by its spread, or only together with other columns, stays."
        ),
        answers=("fairness.selection-rate-gap", "fairness.impact-ratio"),
        acts="rows",
        reads_group=True,
        instead="data.drop-proxies",
        tasks=None,
        strength=("amount", (0.25, 0.5, 0.75, 1.0)),
        sources=(
            "Weerts and others 2023, JMLR 24(257):1-8, https://jmlr.org/papers/v24/23-0389.html: fairlearn's CorrelationRemover",
        ),
    )
    Options: ClassVar = ResidualiseProxiesOptions

    def rows(
        self, learning: Learning, options: ResidualiseProxiesOptions, *, by: str, rng: np.random.Generator
    ) -> Learning:
        found = {each.column: each.auc.value for each in proxies_above(learning, by, options.above, rng=rng)}
        numbers = [column for column in learning.columns if column.name in found and column.numeric]
        others = [name for name in found if name not in {column.name for column in numbers}]
        groups = learning.labels(by)
        edit = Residuals.of(learning.rows, numbers, groups, by=by, amount=options.amount)
        limit = fmt.number(options.above, "auc")
        named = listed(f"{column.name} (AUC {fmt.number(found[column.name], 'auc')})" for column in numbers)
        first = f"the difference of means by {by} is taken out of {named}" if numbers else "nothing is changed"
        notes = [f"{self.info.id}: {first}."]
        if others:
            notes.append(f"{self.info.id}: not numbers, so left as they are although they tell {by}: {listed(others)}.")
        if not found:
            notes.append(f"{self.info.id}: no column tells {by} with an AUC of {limit}.")
        small = sorted(str(name) for name in set(groups) if (groups == name).sum() < LEAST)
        if small:
            few = f"with fewer than {LEAST} training rows"
            notes.append(f"{self.info.id}: {listed(small)}, {few}, and any group not seen are left as they are.")
        return replace(
            learning,
            rows=edit.apply(learning.rows),
            at_decision=(*learning.at_decision, (self.info.id, edit)),
            notes=(*learning.notes, *notes),
        )

    def restore(self, saved: Mapping[str, Any]) -> Residuals:
        return Residuals.from_json(saved)
