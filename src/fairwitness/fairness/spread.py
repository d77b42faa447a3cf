"""One measure of the confusion family, by each attribute the settings name: what its checks have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairwitness.core.asks import DECISION, LABEL, TallyAsk
from fairwitness.core.check import Given, NotApplicable
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Estimate, Key, Unit
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, members
from fairwitness.fairness.attributes import Cell, each_level, named
from fairwitness.fairness.cells import Cells, measure
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.contrasts import Apart, Known, recorded, widest
from fairwitness.stats.intervals import FAR_OUT, critical
from fairwitness.stats.multiple import all_pairs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """A measure in the groups of one attribute.

    Attributes:
        cells: People.
        values: What is compared.
        shown: What each group is shown with, with limits of its own.
        apart: The widest difference; None with fewer than two groups in which it is defined.
    """

    grouping: Grouping
    cells: Cells
    values: Known
    shown: Known
    apart: Apart | None

    @property
    def firmness(self) -> tuple[float, float]:
        """How wide the difference is at least, then as it is seen, for sorting: unknown comes last."""
        if self.apart is None:
            return -1.0, -1.0
        return self.apart.estimate.low or 0.0, self.apart.estimate.value or 0.0

    def label(self, group: str) -> str:
        """A group as a row of a table has it."""
        return label(group, self.grouping.columns)

    @property
    def spoken(self) -> tuple[int, int] | None:
        """Places of the lowest and the highest group of enough people to name a rate of; None with fewer than two."""
        told = recorded(self.cells.groups) & self.values.defined & (self.values.n >= FEW)
        places = np.flatnonzero(told)
        if len(places) < 2:
            return None
        ordered = places[np.argsort(self.values.value[places], kind="stable")]
        return int(ordered[0]), int(ordered[-1])

    def members(self, place: int, people: str) -> str:
        """A group in a sentence."""
        return members(self.cells.groups[place], self.grouping.columns, people)

    def share(self, place: int) -> str:
        """What is compared, of one group."""
        return fmt.number(float(self.values.value[place]), "share")


def asks(outline: Outline, *, label: str = LABEL, decision: str = DECISION) -> list[TallyAsk] | NotApplicable:
    """Records and decisions by each attribute or crossing the settings name."""
    found = [judged_tally(grouping, label, decision) for grouping in named(outline)]
    return found or NotApplicable("no setting names a sensitive attribute")


def spreads(given: Given, name: str, *, shown: str = "") -> list[Spread]:
    """A share of `cells`, or a mean of two, by each named attribute, the one that is widest for sure first.

    Intervals of the differences hold together over pairs and attributes.

    Args:
        given: With what `asks` asked for.
        name: The measure whose differences are taken, in points.
        shown: The measure shown for each group, if it is another.
    """
    groupings = named(given.outline)
    level = each_level(given.level, len(groupings))
    found = [_spread(given, grouping, name, shown or name, level) for grouping in groupings]
    return sorted(found, key=lambda each: each.firmness, reverse=True)


def judged(metric: str, found: Sequence[Spread], level: float) -> dict[Key, Estimate]:
    """The widest difference of each attribute; one that is unknown stays, without a value."""
    return {
        Key(
            metric=f"{metric} by {each.grouping.name}", groups=each.apart.groups if each.apart else ()
        ): each.apart.estimate if each.apart else unknown(int(each.cells.n.sum()), level)
        for each in found
    }


def unknown(n: int, level: float, unit: Unit = "points") -> Estimate:
    """What cannot be told of n people."""
    return Estimate(value=None, low=None, high=None, level=level, n=n, unit=unit, method="fewer than two groups")


def lead(found: Sequence[Spread]) -> str:
    """The widest difference of each attribute, in words."""
    sentences = []
    for each in found:
        if each.apart is None:
            sentences.append(f"By {each.grouping.name} it is unknown: fewer than two groups have it.")
            continue
        lower, higher = map(each.label, each.apart.groups)
        far = each.apart.estimate
        gap = fmt.measured(far.value, far.low, far.high, far.unit)
        sentences.append(f"By {each.grouping.name} it is widest between {lower} and {higher}: {gap}.")
    return " ".join([*sentences, "Intervals hold for all pairs and attributes at once."])


def lines(found: Sequence[Spread], columns: Mapping[str, tuple[int, ...]], name: str) -> list[dict[str, Cell]]:
    """A line a group, attribute by attribute: sums of cells, then the measure with limits, none of few people.

    Args:
        found: By attribute.
        columns: Column name to the confusion cells it adds up.
        name: Of the measure's column.
    """
    made: list[dict[str, Cell]] = []
    for each in found:
        for place in np.argsort(-each.shown.value, kind="stable").tolist():  # undefined ones last
            counts, enough = each.cells.counts[place], each.shown.n[place] >= FEW
            value, low, high = each.shown.place(place) if enough else (None, None, None)
            line: dict[str, Cell] = {"attribute": each.grouping.name, "group": each.label(each.cells.groups[place])}
            line |= {column: int(counts[list(cells)].sum()) for column, cells in columns.items()}
            made.append(line | {name: value, "low": low, "high": high})
    return made


def _spread(given: Given, grouping: Grouping, name: str, shown: str, level: float) -> Spread:
    tally = given[judged_tally(grouping, LABEL, DECISION)]
    cells = Cells.of(tally, grouping.columns)
    z = all_pairs(level, max(2, int(measure(cells.counts, name, z=1.0).defined.sum())))
    values = measure(cells.counts, name, z=z)
    return Spread(
        grouping=grouping,
        cells=cells,
        values=values,
        shown=measure(cells.counts, shown, z=critical(given.level)),
        apart=widest(
            cells.groups,
            values,
            level=level,
            unit="points",
            method=f"Zou and Donner's interval over {'exact' if z > FAR_OUT else 'Wilson'} limits",
        ),
    )
