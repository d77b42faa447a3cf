"""Rows as the checks of the five sources read them, and what an earlier source says of a later finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import FAVORED_LABEL, GOLD, LABEL, YES, Ask, RowsAsk, group_column
from fairwitness.core.check import About, Given, NotApplicable
from fairwitness.core.columns import CROSS, Column, Grouping
from fairwitness.core.subject import Outline, Rows
from fairwitness.data.design import design
from fairwitness.data.functioning import normal_scores
from fairwitness.data.relabelled import rows_to_separate
from fairwitness.data.sources import EXPLAINED_BY, Material, Reading, Source, look, read
from fairwitness.data.words import count
from fairwitness.draw.words import listed, members, plural
from fairwitness.stats.associations import FEW_TO_FIT, MOST_GROUPS, judgeable, within_groups

Flags = NDArray[np.bool_]

MOST_ROWS = 20_000
"""Rows, drawn at random, that models are fitted on."""
RANKED = "the recorded quantity is taken as normal scores of its ranks, so that a few huge values set no pace"
FINDINGS: dict[Source, str] = {
    "representation": "data.under-representation",
    "measurement": "data.unequal-measurement",
    "label": "data.label-error-gap",
    "aggregation": "data.unlike-relations",
    "historical": "data.unexplained-gap",
}
"""Where each source is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Rows of people whose group is recorded and large enough.

    Attributes:
        rows: They.
        groups: (n,) object of str.
        names: The groups.
        outcome: (n,) bool, whether the recorded outcome is the good one (the positive one, where none is good); None
            where no class is recorded.
        quantity: (n,) the recorded quantity, as normal scores of its ranks; None where classes are.
        gold: (n,) 1 or 0 as found on checking, NaN where nobody did; None where no row was.
        notes: Who was left out.
    """

    rows: Rows
    groups: NDArray[np.object_]
    names: tuple[str, ...]
    outcome: Flags | None
    quantity: NDArray[np.float64] | None
    gold: NDArray[np.float64] | None
    notes: tuple[str, ...]

    @property
    def told(self) -> Flags | NDArray[np.float64] | None:
        """(n,) the outcome, or the quantity where one is recorded; None where neither is."""
        return self.quantity if self.outcome is None else self.outcome

    @property
    def codes(self) -> NDArray[np.int64]:
        """(n,) place of each row's group in `names`."""
        return np.searchsorted(np.array(self.names), self.groups.astype(str)).astype(np.int64)

    def largest(self) -> int:
        """Place of the group with most rows."""
        return int(np.bincount(self.codes).argmax())


def features(outline: Outline) -> list[Column]:
    """What the model reads, less sensitive attributes, pictures, free text and dates."""
    return [
        column
        for column in outline.columns
        if column.name in outline.features
        and column.role != "group"
        and column.kind not in {"text", "date"}
        and not column.media
    ]


def factors(outline: Outline) -> list[Column]:
    """What may count for the outcome, as somebody said; the features where nobody did."""
    said = [outline.column(name) for name in outline.grounds.legitimate]
    return said or features(outline)


def asks(outline: Outline, about: About, *, lacks: str = "") -> Sequence[Ask] | NotApplicable:
    """The rows all checks of sources share, asked for once; or why there are none to look at.

    Args:
        outline: Of the subject.
        about: The grouping; crossed ones are looked at where a setting names them.
        lacks: What the check misses beside; empty where nothing.
    """
    if not isinstance(about, Grouping):
        return NotApplicable("there is no sensitive attribute", missing="groups")
    if len(about.columns) > 1 and not about.named:
        return NotApplicable(f"{about.name} crosses attributes and no setting names it; each is looked at alone")
    return NotApplicable(lacks) if lacks else [_ask(outline, about)]


def _ask(outline: Outline, about: Grouping) -> RowsAsk:
    grounds = outline.grounds
    made = [good(outline)] if "positive" in outline.offers else []
    made += [GOLD] if grounds.gold else []
    raw = [column.name for column in (*features(outline), *factors(outline))]
    raw += [name for names in grounds.indicators.values() for name in names]
    raw += [*grounds.truths, *grounds.truths.values(), *grounds.annotators, *([grounds.date] if grounds.date else [])]
    raw += [outline.target] if outline.task == "regression" and outline.target else []
    return RowsAsk(columns=tuple(dict.fromkeys([*raw, *made])), groups=about.columns, at_most=MOST_ROWS)


def good(outline: Outline) -> str:
    """The column that says whether the recorded outcome is the good one, or the positive one."""
    return FAVORED_LABEL if outline.favorable is not None else LABEL


def people(given: Given) -> People | NotApplicable:
    """Rows of the groups that are large enough, of those `asks` asked for; or why there are none."""
    outline, grouping = given.outline, given.grouping
    rows: Rows = given[_ask(outline, grouping)]
    parts = [rows.columns[group_column(name)] for name in grouping.columns]
    groups = np.array([None if None in cell else CROSS.join(cell) for cell in zip(*parts, strict=True)], dtype=object)
    names = judgeable(groups)
    if not names:
        return NotApplicable(f"{grouping.name!r} has fewer than two groups of at least {FEW_TO_FIT} people")
    kept = within_groups(groups, names)
    inside = rows.where(kept)
    outcome = inside.columns.get(good(outline))
    quantity = inside.columns[outline.target] if outline.task == "regression" and outline.target else None
    return People(
        rows=inside,
        groups=groups[kept],
        names=tuple(sorted(names)),
        outcome=None if outcome is None else np.asarray(outcome == YES),
        quantity=None if quantity is None else normal_scores(quantity[:, None])[:, 0],
        gold=_gold(inside, outline),
        notes=(*_notes(groups, kept, given), *((RANKED,) if quantity is not None else ())),
    )


def material(some: People, given: Given) -> Material:
    """What the sources are looked for in."""
    outline, columns = given.outline, some.rows.columns
    return Material(
        groups=some.groups,
        outcome=some.told,
        columns=design(columns, features(outline), some.told),
        factors=design(columns, factors(outline), some.told),
        items={key: {name: columns[name] for name in names} for key, names in outline.grounds.indicators.items()},
        gold=some.gold,
        reference=outline.reference.get(given.grouping.name, {}),
    )


def earlier(some: People, given: Given, source: Source) -> Reading:
    """What came of looking for the sources before one."""
    return read(look(material(some, given), rng=given.rng, before=source), level=given.level)


def explained(said: Reading, source: Source) -> str:
    """What a finding of a source may come from: sources found before it, or not looked for."""
    causes, sentences = EXPLAINED_BY[source], []
    found = [each for each in causes if each in said.found]
    if found:
        named = listed(f"{each} bias ({FINDINGS[each]})" for each in found)
        sentences.append(f"Found before it: {named}. This may be no more than that; settle it first.")
    unseen = {each.source: each.lacks for each in said.looks if each.p is None}
    missing = [f"{each} bias: {unseen[each]}" for each in causes if each in unseen]
    if missing:
        sentences.append(f"Not looked for, and it would look the same: {'; '.join(missing)}.")
    return " ".join(sentences)


def to_check(some: People, outcome: Flags, given: Given) -> str:
    """How many rows to check again to tell wrong labels from unequal outcomes, as a sentence; empty without a gap."""
    n = np.bincount(some.codes)
    rates = np.bincount(some.codes, weights=outcome) / n
    high = int(rates.argmax())
    rows = rows_to_separate(float(rates.max() - rates.min()), float(rates[high]))
    if rows is None:
        return ""
    low = some.names[int(rates.argmin())]
    people, columns = given.outline.people, given.grouping.columns
    pair = listed(members(name, columns, people) for name in (some.names[high], low))
    return (
        f"Wrong labels alone could make the gap between {pair}; checking {plural(rows, 'row')} again, half of each, would "
        "find that out four times in five."
    )


def _gold(rows: Rows, outline: Outline) -> NDArray[np.float64] | None:
    values = rows.columns.get(GOLD)
    if values is None or all(value is None for value in values):
        return None
    wanted = outline.favorable if outline.favorable is not None else outline.positive
    return np.array([np.nan if value is None else float(value == wanted) for value in values])


def _notes(groups: NDArray[Any], kept: Flags, given: Given) -> tuple[str, ...]:
    notes = []
    unknown = sum(group is None for group in groups)
    small = sorted({str(group) for group in groups[~kept] if group is not None})
    if given.outline.rows > len(groups):
        notes.append(f"measured on {count(len(groups))} rows drawn at random from {count(given.outline.rows)}")
    if unknown:
        notes.append(f"{plural(unknown, 'row')} with no {given.grouping.name} recorded left out")
    if small:
        notes.append(
            f"left out, with fewer than {FEW_TO_FIT} people or beyond the {MOST_GROUPS} largest groups: {listed(small)}"
        )
    return tuple(notes)
