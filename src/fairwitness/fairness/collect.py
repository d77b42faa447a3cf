"""Whom to collect, and how many, to settle a verdict that is uncertain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed
from fairwitness.fairness.sentences import Case
from fairwitness.stats.multiple import all_pairs

MOST_PLANNED = 6
"""Uncertain pairs for which the people to collect are worked out; each takes a search."""
MOST_NAMED = 3
"""Groups named among those to collect."""
FAR = 10
"""So many times the people there are: a number nobody will collect, shown to say how near the limit it is."""


def to_settle(case: Case) -> str:
    """Whom to collect, and how many, should the verdict be uncertain; empty where it is not."""
    limit = case.limit
    if limit is None or case.widest.estimate.against(limit) is not Verdict.UNCERTAIN:
        return ""
    if case.unknown:
        return (
            f"Collect {listed(map(case.members, case.unknown))}{case.told.tail}: none is here, so the rate is unknown."
        )
    plan = _plan(case, limit)
    if plan is None:
        return "What is observed lies on the limit: no number of people settles it if the rates stay as they are."
    each = collected({case.members(group): number for group, number in plan.people.items()}) + case.told.tail
    if sum(plan.people.values()) > FAR * case.rate.people:
        return f"What is observed lies so near the limit that it would take about {each} to settle it."
    rest = "it, if the rates stay as they are"
    if not plan.whole:
        rest = f"the {plan.pairs} widest of the uncertain pairs; others may need more"
    return f"About {each} would settle {rest}."


def collected(people: Mapping[str, int]) -> str:
    """`310 more Hispanic applicants and 97 more Asian applicants`, most first, rounded up; of many groups the first."""
    ordered = sorted((who for who, number in people.items() if number), key=lambda who: -people[who])
    named = [f"{_rounded_up(people[who])} more {who}" for who in ordered[:MOST_NAMED]]
    left = len(ordered) - len(named)
    return listed([*named, f"more of {left} other group{'s' if left > 1 else ''}"] if left else named)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """People to collect by group, for how many pairs that was worked out, and whether those are all that matter."""

    people: dict[str, int]
    pairs: int
    whole: bool


def _plan(case: Case, limit: Limit) -> _Plan | None:
    """None if no number settles it: one pair that proves to be beyond the limit is enough; to keep it, all must."""
    widest, rate = case.widest, case.rate
    z = all_pairs(case.level, len(case.filled)) if len(case.filled) > 2 else None
    doubtful = [pair for pair in widest.pairs if pair.estimate.against(limit) is Verdict.UNCERTAIN]
    recorded = [pair for pair in doubtful if not any(MISSING in group for group in pair.groups)] or doubtful
    beyond = [pair for pair in recorded if _beyond(pair.estimate.value, limit)]
    tried = (beyond or recorded)[:MOST_PLANNED]
    plans = [case.way.settle(rate.hits, rate.totals, pair.groups, limit, level=case.level, z=z) for pair in tried]
    known = [plan for plan in plans if plan is not None]
    if not known or (not beyond and len(known) < len(plans)):
        return None
    people = min(known, key=lambda plan: sum(plan.values())) if beyond else _together(known)
    listed_all = widest.compared == len(widest.pairs) and len(tried) == len(recorded)
    return _Plan(people=people, pairs=len(known), whole=bool(beyond) or listed_all)


def _together(plans: Sequence[dict[str, int]]) -> dict[str, int]:
    """People who serve every plan at once."""
    wanted: dict[str, int] = {}
    for plan in plans:
        wanted |= {group: max(number, wanted.get(group, 0)) for group, number in plan.items()}
    return wanted


def _beyond(value: float | None, limit: Limit) -> bool:
    if value is None:
        return False
    over = limit.at_most is not None and value > limit.at_most
    return over or (limit.at_least is not None and value < limit.at_least)


def _rounded_up(number: int) -> str:
    """Rounded up to two digits: more would be a pretence."""
    step = 10 ** max(0, len(str(number)) - 2)
    return fmt.count(-(-number // step) * step)
