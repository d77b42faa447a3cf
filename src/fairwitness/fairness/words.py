"""How groups, people and decisions are named in sentences about them."""

from __future__ import annotations

from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt


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
