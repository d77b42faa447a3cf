"""Small turns of phrase that headlines of this pillar share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairwitness.core.asks import CLASS
from fairwitness.core.columns import CROSS, MISSING, Grouping
from fairwitness.core.estimate import Estimate
from fairwitness.core.subject import Outline
from fairwitness.draw import format as show
from fairwitness.draw.words import listed, plural

count = show.count


def percent(share: float) -> str:
    """0.2 as `20.0 %`."""
    return show.number(share, "share")


def points(gap: float | None) -> str:
    """A difference of shares, 0.2 as `20.0 points`."""
    return show.number(gap, "points")


def area(value: float | None) -> str:
    """An AUC, to three decimals."""
    return show.bare(value, "auc")


def within(estimate: Estimate) -> str:
    """The interval alone: `[15.1, 24.9]`."""
    return show.interval(estimate.value, estimate.low, estimate.high, estimate.unit)


def with_areas(pairs: Sequence[tuple[str, float]]) -> str:
    """Names with their AUC: `action (1.000) and reject (1.000)`."""
    return listed(f"{name} ({area(value)})" for name, value in pairs)


def target_of(outline: Outline) -> str:
    """How to name the target in a sentence."""
    return outline.target or CLASS.strip("@")


def recorded(counts: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Groups whose attribute is recorded, and how many people have none. A crossed group misses where any part does."""
    have = {group: number for group, number in counts.items() if is_recorded(group)}
    return have, sum(counts.values()) - sum(have.values())


def is_recorded(group: str) -> bool:
    """Whether every attribute of a (crossed) group is known."""
    return MISSING not in group.split(CROSS)


def missing_note(missing: int, grouping: Grouping, outline: Outline) -> tuple[str, ...]:
    """What to say about people whose attribute is not recorded, if any."""
    if not missing:
        return ()
    rows = f"{plural(missing, 'row')} of {count(outline.rows)}"
    return (f"{rows} have no {grouping.name} recorded; they are not compared as a group",)
