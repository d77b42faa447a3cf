"""Small turns of phrase that headlines of this pillar share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from fairwitness.core.asks import CLASS
from fairwitness.core.columns import CROSS, MISSING, Grouping
from fairwitness.core.estimate import Estimate
from fairwitness.core.subject import Outline
from fairwitness.draw import format as show

count = show.count
FEW = 30
"""Below this many people a rate is not shown: counts only."""
TOO_FEW = "too few to judge"

_CODE = re.compile(r"[\[(<>≤≥+-]?\s*\d.*|true|false|yes|no", re.IGNORECASE)
"""Categories that say nothing without their column: 0, [18, 30), yes."""


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


def listed(names: Iterable[str], *, shown: int = 6) -> str:
    """`a, b and c`; beyond `shown`, `a, b and 7 more`.

    >>> listed("ab"), listed("abcdefgh", shown=3)
    ('a and b', 'a, b and 6 more')
    """
    items = list(names)
    if len(items) > shown:
        items = [*items[: shown - 1], f"{count(len(items) - shown + 1)} more"]
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def capital(words: str) -> str:
    """The first letter large, the rest as it is."""
    return words[:1].upper() + words[1:]


def plural(number: int, one: str, many: str = "") -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def with_areas(pairs: Sequence[tuple[str, float]]) -> str:
    """Names with their AUC: `action (1.000) and reject (1.000)`."""
    return listed(f"{name} ({area(value)})" for name, value in pairs)


def members(group: str, columns: Sequence[str], people: str) -> str:
    """A group in a sentence: `Black applicants`, `applicants with sex 1`, `applicants whose race is not recorded`."""
    parts = group.split(CROSS)
    pairs = list(zip(columns, parts, strict=True)) if len(parts) == len(columns) else [(CROSS.join(columns), group)]
    plain = [part for _, part in pairs if part != MISSING and not _CODE.fullmatch(part)]
    coded = [f"{column} {part}" for column, part in pairs if part != MISSING and _CODE.fullmatch(part)]
    unknown = [column for column, part in pairs if part == MISSING]
    words = f"{CROSS.join(plain)} {people}".strip()
    if coded:
        words += f" with {listed(coded)}"
    if unknown:
        words += f" whose {listed(unknown)} {'is' if len(unknown) == 1 else 'are'} not recorded"
    return words


def share_of(hits: int, n: int) -> str:
    """`64.6 %`, or of few people counts and no rate: `3 of 5`."""
    return percent(hits / n) if n >= FEW else f"{count(hits)} of {count(n)}"


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
