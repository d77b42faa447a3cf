"""Columns that tell the sensitive attribute, kept from the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from fairwitness.core.errors import DataError
from fairwitness.core.remedy import Learning, RemedyInfo
from fairwitness.data.telling import proxies_above
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class DropProxiesOptions:
    """What counts as a proxy.

    Attributes:
        above: The AUC with which a column alone must tell a group from the rest to be left out; 0.5 is guessing.
    """

    above: float = 0.7

    def __post_init__(self) -> None:
        if not 0.5 <= self.above <= 1:
            raise ValueError(f"above is {self.above!r}; it must be from 0.5 to 1")


class DropProxies:
    info: ClassVar = RemedyInfo(
        id="data.drop-proxies",
        title="Leave out columns that tell the sensitive attribute",
        does=(
            "Each column is measured on training rows: how well it alone tells a group from the rest. Those that tell it "
            "well are kept from the model, in training and when it decides. The model does not read the group."
        ),
        may_cost=(
            "Accuracy, as far as what is left out told the outcome too. Several columns that each tell little may together "
            "still tell the group, and then the model can make up for what it lost."
        ),
        answers=("data.proxies", "fairness.selection-rate-gap", "fairness.impact-ratio"),
        acts="rows",
        tasks=None,
        strength=("above", (0.8, 0.7, 0.6)),
        sources=(
            "Pedreshi, Ruggieri and Turini 2008, KDD, https://doi.org/10.1145/1401890.1401959, on columns that stand in",
        ),
    )
    Options: ClassVar = DropProxiesOptions

    def rows(self, learning: Learning, options: DropProxiesOptions, *, by: str, rng: np.random.Generator) -> Learning:
        found = proxies_above(learning, by, options.above, rng=rng)
        dropped = {each.column for each in found}
        kept = tuple(column for column in learning.columns if column.name not in dropped)
        limit = fmt.number(options.above, "auc")
        if not kept:
            raise DataError(f"{self.info.id}: every column tells {by} with an AUC of {limit} or more; raise above")
        named = listed(f"{each.column} (AUC {fmt.number(each.auc.value, 'auc')})" for each in found)
        left = f"left out, since each tells {by}: {named}" if found else f"no column tells {by} with an AUC of {limit}"
        return replace(learning, columns=kept, notes=(*learning.notes, f"{self.info.id}: {left}."))
