"""Which of five sources a bias comes from, decided in order.

Tests of later sources also fire on earlier faults: where a column is mismeasured for a group, or its labels are wrong, its
outcomes go with the columns in another way and lie lower among people alike in them. So a later finding counts as its own
only where no earlier one explains it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairwitness.data import functioning, relabelled, relations
from fairwitness.data.shares import goodness_of_fit
from fairwitness.stats.multiple import holm
from fairwitness.stats.nested import dummies, nested

Floats = NDArray[np.float64]
Source = Literal["representation", "measurement", "label", "aggregation", "historical"]

ORDER: tuple[Source, ...] = ("representation", "measurement", "label", "aggregation", "historical")
EXPLAINED_BY: Mapping[Source, tuple[Source, ...]] = {
    "aggregation": ("measurement", "label"),
    "historical": ("measurement", "label", "aggregation"),
}
"""Measured on planted faults: the tests of a source that also fire on others (`tests/data/test_sources.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the sources are looked for in.

    Attributes:
        groups: (n,) object of str, recorded, of two groups or more.
        outcome: (n,) bool, or a quantity; None where none is recorded.
        columns: (n, d) features, as `design` gives.
        factors: (n, e) what may count for the outcome; the features where nobody said.
        items: Sets of columns that measure one thing: name to column to (n,) with NaN.
        gold: (n,) 1 or 0 as found on checking again, NaN where nobody did; None: of no row.
        reference: Shares of a reference population; empty where unknown.
    """

    groups: NDArray[np.object_]
    outcome: NDArray[np.bool_] | Floats | None
    columns: Floats
    factors: Floats
    items: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)
    gold: Floats | None = None
    reference: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What came of looking for one source.

    Attributes:
        test: What was tested.
        p: Its p value; None where it could not be looked for.
        lacks: What is missing to look for it.
    """

    source: Source
    test: str
    p: float | None
    lacks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the looks come to.

    Attributes:
        looks: Each source's, in order.
        found: Sources whose tests fired, all of them held together (Holm).
        own: Those that no earlier one explains.
        explained: The others, and by what.
        unseen: Sources that could not be looked for.
    """

    looks: tuple[Look, ...]
    found: tuple[Source, ...]
    own: tuple[Source, ...]
    explained: Mapping[Source, tuple[Source, ...]]
    unseen: tuple[Source, ...]

    @property
    def ambiguous(self) -> bool:
        """Whether outcomes lie lower without a cause found, and labels were not checked: historical or label bias."""
        return "historical" in self.own and "label" in self.unseen


def look(material: Material, *, rng: np.random.Generator, before: Source | None = None) -> tuple[Look, ...]:
    """Look for each source in order, or only for those that come before one."""
    last = ORDER.index(before) if before else len(ORDER)
    seek = {
        "representation": lambda: _representation(material, rng),
        "measurement": lambda: _measurement(material),
        "label": lambda: _label(material),
        "aggregation": lambda: _aggregation(material),
        "historical": lambda: _historical(material),
    }
    return tuple(seek[source]() for source in ORDER[:last])


def read(looks: Sequence[Look], *, level: float = 0.95) -> Reading:
    """Hold the looks together, and lay each later finding beside the earlier ones that explain it.

    Args:
        looks: From `look`.
        level: One minus the chance that any fires where there is nothing.
    """
    adjusted = holm([np.nan if each.p is None else each.p for each in looks])
    found = tuple(each.source for each, p in zip(looks, adjusted, strict=True) if p < 1 - level)
    explained = {source: tuple(each for each in EXPLAINED_BY.get(source, ()) if each in found) for source in found}
    return Reading(
        looks=tuple(looks),
        found=found,
        own=tuple(source for source in found if not explained[source]),
        explained={source: causes for source, causes in explained.items() if causes},
        unseen=tuple(each.source for each in looks if each.p is None),
    )


def _representation(material: Material, rng: np.random.Generator) -> Look:
    test = "shares against the reference, chi-squared"
    if len(material.reference) < 2:
        return Look(source="representation", test=test, p=None, lacks="reference shares, [reference.GROUP]")
    names, counts = np.unique(material.groups.astype(str), return_counts=True)
    seen = {str(name): int(n) for name, n in zip(names, counts, strict=True) if name in material.reference}
    if not seen:
        return Look(source="representation", test=test, p=None, lacks="rows of groups the reference names")
    return Look(source="representation", test=test, p=goodness_of_fit(seen, material.reference, rng=rng))


def _measurement(material: Material) -> Look:
    test = "differential item functioning, uniform or not"
    sets = [
        each for each in material.items.values() if functioning.coherence(each, material.groups) >= functioning.COHERENT
    ]
    if not sets:
        lacks = "columns that measure one thing, [indicators]"
        return Look(source="measurement", test=test, p=None, lacks=lacks)
    found = [functioning.all_alike_p(functioning.items(each, material.groups)) for each in sets]
    return Look(source="measurement", test=test, p=float(holm(found).min()))


def _label(material: Material) -> Look:
    test = "labels wrong equally often, rows checked again"
    found: tuple[relabelled.Wrong, ...] = ()
    if material.gold is not None and material.outcome is not None and material.outcome.dtype == bool:
        found = relabelled.wrong(np.asarray(material.outcome, dtype=bool), material.gold, material.groups)
    if not found:
        return Look(source="label", test=test, p=None, lacks="rows whose outcome was checked again, [gold] label")
    return Look(source="label", test=test, p=relabelled.all_alike_p(found))


def _aggregation(material: Material) -> Look:
    test = f"group × column, {_by(material)}"
    codes = np.unique(material.groups.astype(str), return_inverse=True)[1]
    if material.outcome is None or not material.columns.shape[1]:
        return Look(source="aggregation", test=test, p=None, lacks="a recorded outcome and features")
    columns, kept = relations.narrowed(material.outcome, material.columns, codes)
    if not kept.any():
        return Look(source="aggregation", test=test, p=None, lacks="more rows in two groups, of both outcomes")
    found = relations.interactions(material.outcome[kept], columns[kept], codes[kept])
    return Look(source="aggregation", test=test, p=found.p)


def _by(material: Material) -> str:
    """How models with and without the group are compared."""
    quantity = material.outcome is not None and material.outcome.dtype != bool
    return "F test" if quantity else "likelihood ratio"


def _historical(material: Material) -> Look:
    test = f"outcome by group, factors the same, {_by(material)}"
    if material.outcome is None:
        return Look(source="historical", test=test, p=None, lacks="a recorded outcome")
    codes = np.unique(material.groups.astype(str), return_inverse=True)[1]
    return Look(source="historical", test=test, p=nested(material.outcome, material.factors, dummies(codes)).p)
