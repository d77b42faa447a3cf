"""How groups, people and amounts are named in sentences: one wording for all pillars."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fairwitness.core.columns import CROSS, MISSING
from fairwitness.draw import format as fmt

FEW = 30
"""Below this many people a rate is not shown: counts only."""
TOO_FEW = "too few to judge"

_CODE = re.compile(r"[\[(<>≤≥+-]?\s*\d.*|true|false|yes|no", re.IGNORECASE)
"""Categories that say nothing without their column: 0, [18, 30), yes."""
_BAND = re.compile(r"(under|over) \d.*", re.IGNORECASE)
"""A band that would be read as a phrase of its own in a sentence: `under 40 patients`."""

_NOUNS = frozenset({"men", "women", "boys", "girls", "children", "others"})
"""Categories that name people by themselves: `women`, not `women applicants`."""


def label(group: str, columns: Sequence[str]) -> str:
    """A group as a row of a table: `Black`, `sex 1`, `race not recorded`, `Black × age [18, 30)`."""
    return CROSS.join(_part(column, part) for column, part in _parts(group, columns))


def members(group: str, columns: Sequence[str], people: str) -> str:
    """A group in a sentence: `Black applicants`, `women`, `applicants with sex 1`, `applicants whose race is not recorded`.

    >>> members("Black × 1", ["race", "sex"], "applicants"), members("under 40", ["age"], "patients")
    ('Black applicants with sex 1', 'patients with age under 40')
    """
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
    """`a, b and c`; beyond `shown`, `a, b and 7 more`.

    >>> listed("ab"), listed("abcdefgh", shown=3)
    ('a and b', 'a, b and 6 more')
    """
    names = list(items)
    if len(names) > shown:
        names = [*names[: shown - 1], f"{fmt.count(len(names) - shown + 1)} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def share_of(hits: int, n: int) -> str:
    """`64.6 %`, or of few people counts and no rate: `3 of 5`."""
    return fmt.number(hits / n, "share") if n >= FEW else f"{fmt.count(hits)} of {fmt.count(n)}"


def whichever(
    attribute: str,
    people: str,
    ends: tuple[float, float],
    interval: tuple[float, float],
    *,
    unknown: int,
    error: float,
    limit: float | None,
) -> str:
    """What a gap can be where people's group is not known, or may be wrong, as a note.

    Args:
        attribute: Its name.
        people: The user's word.
        ends: The least and the most the gap can be.
        interval: The lower limit of the one, the upper limit of the other.
        unknown: People whose group is not known.
        error: Share of each group's people who may be of another.
        limit: The gap is at most this, if it is held against a limit.
    """
    doubts = (
        [f"whichever group the {fmt.count(unknown)} {people} with no {attribute} recorded are of"] if unknown else []
    )
    doubts += [f"with up to {fmt.number(error, 'share')} of each group in truth of another"] if error else []
    (least, most), (low, high) = ends, interval
    told = (
        f"{', and '.join(doubts)}, the gap lies between {fmt.bare(least, 'points')} and {fmt.number(most, 'points')} "
        f"{fmt.interval(most, low, high, 'points')}"
    )
    over = limit is not None and high > limit
    return told + ("; more than the limit is possible, and the verdict takes groups as recorded" if over else "")


def plural(number: int, one: str, many: str = "") -> str:
    """`1 row`, `2,000 rows`."""
    return f"{fmt.count(number)} {one if number == 1 else many or one + 's'}"


def a(noun: str) -> str:
    """A noun with its article: `a token`, `an image`."""
    return f"{'an' if noun[:1].lower() in set('aeiou') else 'a'} {noun}"


def capital(words: str) -> str:
    """The first letter large, the rest as it is."""
    return words[:1].upper() + words[1:]


def _parts(group: str, columns: Sequence[str]) -> list[tuple[str, str]]:
    parts = group.split(CROSS)
    if len(parts) != len(columns):  # a category has the sign in its own name
        return [(CROSS.join(columns), group)]
    return list(zip(columns, parts, strict=True))


def _part(column: str, category: str) -> str:
    if category == MISSING:
        return f"{column} not recorded"
    return f"{column} {category}" if _CODE.fullmatch(category) or _BAND.fullmatch(category) else category
