"""Whom to collect, and how many, to settle a verdict that is uncertain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed
from fairwitness.fairness.rates import Rate
from fairwitness.fairness.sentences import GAP, Case, Way
from fairwitness.stats.gaps import Widest
from fairwitness.stats.multiple import all_pairs

MOST_PLANNED = 6
"""Uncertain pairs for which the people to collect are worked out; each takes a search."""
MOST_NAMED = 3
"""Groups named among those to collect."""
FAR = 10
"""So many times the people there are: a number nobody will collect, shown to say how near the limit it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Whom to collect.

    Attributes:
        people: How many more of each group, the most first; those of whom none are needed are left out.
        pairs: For how many uncertain pairs of groups that was worked out.
        whole: Whether those are all that matter; otherwise other pairs may need more.
    """

    people: Mapping[str, int]
    pairs: int
    whole: bool

    def to_json(self) -> dict[str, Any]:
        return {"people": dict(self.people), "pairs": self.pairs, "whole": self.whole}


def plan(
    hits: Mapping[str, int], totals: Mapping[str, int], limit: Limit, *, way: Way = GAP, level: float = 0.95
) -> Collection | None:
    """How many more people of which groups would settle a verdict that is uncertain, if rates stay as they are.

    Collecting more is a remedy that edits nothing here: it is the one that answers doubt.

    Args:
        hits: Selected people by group.
        totals: People by group.
        limit: On the widest gap, or on the lowest ratio.
        way: How two rates are compared: `GAP` or `RATIO`.
        level: Two-sided confidence.

    Returns:
        None where no number settles it: what is observed lies on the limit, or a group is empty and its rate unknown.
        Nobody is named where the verdict is sure already.

    Raises:
        TooFewError: Fewer than two groups have people in them.
    """
    rate = Rate(hits=dict(hits), totals=dict(totals))
    widest = way.find(rate, level, np.random.default_rng(0))  # for the p value alone, which is not read
    if widest.estimate.against(limit) is not Verdict.UNCERTAIN:
        return Collection(people={}, pairs=0, whole=True)
    return (
        None
        if [group for group in widest.undefined if MISSING not in group]
        else _plan(rate, widest, limit, way=way, level=level)
    )


def to_settle(case: Case) -> str:
    """Whom to collect, and how many, should the verdict be uncertain; empty where it is not."""
    if case.rate.drawn is not None:  # how many more rows say how much depends on whose they are
        return ""
    limit = case.limit
    if limit is None or case.widest.estimate.against(limit) is not Verdict.UNCERTAIN:
        return ""
    if case.unknown:
        return (
            f"Collect {listed(map(case.members, case.unknown))}{case.told.tail}: none is here, so the rate is unknown."
        )
    found = _plan(case.rate, case.widest, limit, way=case.way, level=case.level)
    if found is None:
        return "What is observed lies on the limit: no number of people settles it if the rates stay as they are."
    each = collected({case.members(group): number for group, number in found.people.items()}) + case.told.tail
    if sum(found.people.values()) > FAR * case.rate.people:
        return f"What is observed lies so near the limit that it would take about {each} to settle it."
    rest = "it, if the rates stay as they are"
    if not found.whole:
        rest = f"the {found.pairs} widest of the uncertain pairs; others may need more"
    return f"About {each} would settle {rest}."


def collected(people: Mapping[str, int]) -> str:
    """`310 more Hispanic applicants and 97 more Asian applicants`, most first, rounded up; of many groups the first."""
    ordered = sorted((who for who, number in people.items() if number), key=lambda who: -people[who])
    named = [f"{_rounded_up(people[who])} more {who}" for who in ordered[:MOST_NAMED]]
    left = len(ordered) - len(named)
    return listed([*named, f"more of {left} other group{'s' if left > 1 else ''}"] if left else named)


def _plan(rate: Rate, widest: Widest, limit: Limit, *, way: Way, level: float) -> Collection | None:
    """None if no number settles it: one pair that proves to be beyond the limit is enough; to keep it, all must."""
    filled = sum(n > 0 for n in rate.totals.values())
    z = all_pairs(level, filled) if filled > 2 else None
    doubtful = [pair for pair in widest.pairs if pair.estimate.against(limit) is Verdict.UNCERTAIN]
    recorded = [pair for pair in doubtful if not any(MISSING in group for group in pair.groups)] or doubtful
    beyond = [pair for pair in recorded if _beyond(pair.estimate.value, limit)]
    tried = (beyond or recorded)[:MOST_PLANNED]
    plans = [way.settle(rate.hits, rate.totals, pair.groups, limit, level=level, z=z) for pair in tried]
    known = [found for found in plans if found is not None]
    if not known or (not beyond and len(known) < len(plans)):
        return None
    people = min(known, key=lambda found: sum(found.values())) if beyond else _together(known)
    listed_all = widest.compared == len(widest.pairs) and len(tried) == len(recorded)
    return Collection(
        people={group: people[group] for group in sorted(people, key=lambda group: -people[group]) if people[group]},
        pairs=len(known),
        whole=bool(beyond) or listed_all,
    )


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
