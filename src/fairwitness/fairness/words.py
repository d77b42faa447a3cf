"""How groups, people and decisions are named in sentences about them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt

FEW = 30
"""Below this many people a rate is not shown: counts only."""
TOO_FEW = "too few to judge"

_CODE = re.compile(r"[\[(<>≤≥+-]?\s*\d.*|true|false|yes|no", re.IGNORECASE)
"""Categories that say nothing without their column: 0, [18, 30), yes."""

_NOUNS = frozenset({"men", "women", "boys", "girls", "children", "others"})
"""Categories that name people by themselves: `women`, not `women applicants`."""


def label(group: str, columns: Sequence[str]) -> str:
    """A group as a row of a table: `Black`, `sex 1`, `race not recorded`, `Black × age [18, 30)`."""
    return CROSS.join(_part(column, part) for column, part in _parts(group, columns))


def members(group: str, columns: Sequence[str], people: str) -> str:
    """A group in a sentence: `Black applicants`, `women`, `applicants with sex 1`, `applicants whose race is not recorded`."""
    parts = _parts(group, columns)
    known = [part for column, part in parts if _part(column, part) == part]
    coded = [_part(column, part) for column, part in parts if part not in known and part != MISSING]
    unknown = [column for column, part in parts if part == MISSING]
    noun = "" if known and known[-1].lower() in _NOUNS else people
    words = " ".join(filter(None, [CROSS.join(known), noun]))
    if coded:
        words += f" with {listed(coded)}"
    if unknown:
        words += f" whose {listed(unknown)} {'is' if len(unknown) == 1 else 'are'} not recorded"
    return words


def listed(items: Iterable[str], *, shown: int = 6) -> str:
    """`a, b and c`; beyond `shown`, `a, b and 7 more`."""
    names = list(items)
    if len(names) > shown:
        names = [*names[: shown - 1], f"{fmt.count(len(names) - shown + 1)} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def share_of(hits: int, n: int) -> str:
    """`64.6 %`, or of few people counts and no rate: `3 of 5`."""
    return fmt.number(hits / n, "share") if n >= FEW else f"{fmt.count(hits)} of {fmt.count(n)}"


def chance(p: float) -> str:
    """A P value of "all groups have the same rate", in words."""
    start = "If all groups had the same rate, chance alone would set some this far apart"
    if p < 0.001:
        return f"{start} less than once in 1,000 shuffles."
    if p < 0.1:
        return f"{start} about once in {fmt.count(round(1 / p))} shuffles."
    return f"{start} in {fmt.number(p, 'share')} of shuffles."


def decides(outline: Outline, what: str) -> str:
    """Who decided what: `The model decides “1” for`."""
    verb = "decides" if outline.decisions_from in {"model", "score"} else "are"
    return f"{outline.actor} {verb} {what} for"


def favours(outline: Outline) -> str:
    """`The model decides in favour of`."""
    verb = "decides" if outline.decisions_from in {"model", "score"} else "are"
    return f"{outline.actor} {verb} in favour of"


def event(outline: Outline) -> str:
    """The positive class, quoted."""
    return f"“{outline.positive}”"


def no_event(outline: Outline) -> str:
    """The other class of two, or `not` the positive one of many."""
    others = [name for name in outline.classes if name != outline.positive]
    return f"“{others[0]}”" if len(others) == 1 else f"not {event(outline)}"


def outcome(outline: Outline) -> str:
    """The column that records what is true."""
    return outline.target or "recorded outcome"


def whose(outline: Outline, what: str) -> str:
    """` whose approve is “1”`, to follow the name of a group."""
    return f" whose {outcome(outline)} is {what}"


def for_whom(outline: Outline, what: str) -> str:
    """` for whom the model decides “1”`, to follow the name of a group."""
    if outline.decisions_from in {"model", "score"}:
        return f" for whom the model decides {what}"
    return f" for whom the recorded decision is {what}"


def _parts(group: str, columns: Sequence[str]) -> list[tuple[str, str]]:
    parts = group.split(CROSS)
    if len(parts) != len(columns):  # a category has the sign in its own name
        return [(CROSS.join(columns), group)]
    return list(zip(columns, parts, strict=True))


def _part(column: str, category: str) -> str:
    if category == MISSING:
        return f"{column} not recorded"
    return f"{column} {category}" if _CODE.fullmatch(category) else category
