"""How well scores rank each group's people: areas, curves and gaps of one attribute, and their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Estimate, Unit
from fairwitness.draw.words import FEW, label
from fairwitness.fairness import attributes, contrasts, roc
from fairwitness.fairness.attributes import Cell
from fairwitness.fairness.contrasts import Apart
from fairwitness.fairness.roc import Between, Histogram
from fairwitness.stats.intervals import critical
from fairwitness.stats.multiple import all_pairs, sidak


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One attribute's curves, areas and gaps.

    Attributes:
        grouping: Of the groups.
        groups: Scores by outcome.
        areas: Under each group's own curve.
        across: The group's positives against the others' negatives, less the reverse.
        between: Between each group's curve and everybody else's.
        gap: The widest between two areas.
    """

    grouping: Grouping
    groups: Mapping[str, Histogram]
    areas: Mapping[str, Estimate]
    across: Mapping[str, Estimate]
    between: Mapping[str, Between]
    gap: Apart

    def label(self, group: str) -> str:
        return label(group, self.grouping.columns)


def ranked(
    grouping: Grouping,
    groups: Mapping[str, Histogram],
    *,
    level: float,
    rng: np.random.Generator,
    coarse: bool = False,
) -> Ranked | None:
    """Areas, curves and gaps of an attribute's groups.

    Args:
        grouping: Of the groups.
        groups: Scores by outcome.
        level: Of the widest gap, and of each kind of interval for all groups together.
        rng: Where shuffles come from.
        coarse: Whether many scores that differ share a bin, for which intervals are wider.

    Returns:
        None where fewer than two groups have both outcomes.
    """
    both = [name for name, own in groups.items() if own.both]
    z = all_pairs(level, max(2, len(both)))
    gap = contrasts.widest(
        tuple(groups),
        attributes.known([roc.area(own, z=z, coarse=coarse) for own in groups.values()]),
        level=level,
        unit="auc",
        method="from the limits of each area",
    )
    if gap is None:
        return None
    whole = roc.pooled(groups.values())
    wide = critical(sidak(level, len(groups)))
    return Ranked(
        grouping=grouping,
        groups=groups,
        areas={name: roc.area(own, z=wide, coarse=coarse) for name, own in groups.items()},
        across={name: roc.across(groups[name], whole - groups[name], z=wide, coarse=coarse) for name in both},
        between=roc.apart(groups, level=level, rng=rng, coarse=coarse),
        gap=gap,
    )


UNITS: Mapping[str, Unit] = {
    "n": "people",
    "positives": "people",
    **dict.fromkeys(
        ("AUC", "low", "high", "ABROCA", "ABROCA low", "ABROCA high", "xAUC gap", "xAUC low", "xAUC high"), "auc"
    ),
    "ABROCA p": "number",
}


def lines(found: Sequence[Ranked]) -> list[dict[str, Cell]]:
    """A line for each group, the lowest area first; of few people counts alone."""
    made = [_line(each, name) for each in found for name in each.groups]
    return sorted(made, key=lambda line: (line["AUC"] is None, line["AUC"] or 0.0))


def _line(ranked: Ranked, name: str) -> dict[str, Cell]:
    own, between = ranked.groups[name], ranked.between.get(name)
    shown = own.n >= FEW and own.both
    line: dict[str, Cell] = {
        "attribute": ranked.grouping.name,
        "group": ranked.label(name),
        "n": own.n,
        "positives": int(own.positives.sum()),
    }
    for columns, each in (
        (("AUC", "low", "high"), ranked.areas[name]),
        (("ABROCA", "ABROCA low", "ABROCA high"), between.estimate if between else None),
        (("xAUC gap", "xAUC low", "xAUC high"), ranked.across.get(name)),
    ):
        ends = (each.value, each.low, each.high) if shown and each is not None else (None, None, None)
        line |= dict(zip(columns, ends, strict=True))
    return line | {"ABROCA p": between.p if shown and between else None}
