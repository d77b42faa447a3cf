"""From outcome and limit to finding: the verdict, why it follows, and what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from fairwitness.core import registry
from fairwitness.core.check import CheckInfo, Errored, Measured, NeedsPerson, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Verdict
from fairwitness.core.findings import Evidence, Finding
from fairwitness.draw import format as show
from fairwitness.draw.words import capital
from fairwitness.engine.plan import Step

_WORST_FIRST = (Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS)
MOST_EVIDENCE = 24
"""Judged numbers a finding carries, the worst first; the check's tables hold the rest."""


def judge(step: Step, outcome: Outcome, seconds: float, spent: Mapping[str, int] | None = None) -> Finding:
    """The finding of one step. A finding takes the worst verdict of its evidence."""
    info = step.check.info
    if isinstance(outcome, Measured):
        return replace(_measured(step, outcome, seconds), spent=spent or {})
    verdict = {
        NotApplicable: Verdict.NOT_APPLICABLE,
        NeedsPerson: Verdict.NEEDS_PERSON,
        Errored: Verdict.ERROR,
    }[type(outcome)]
    named = step.name is not None and outcome.reason.startswith(step.name)  # a name keeps the letters it has
    reason = outcome.reason if named else capital(outcome.reason)
    return _finding(step, verdict, title=info.title, reason=reason, seconds=seconds)


def _measured(step: Step, outcome: Measured, seconds: float) -> Finding:
    info, limit = step.check.info, step.limit
    evidence = [_evidence(key, estimate, limit) for key, estimate in outcome.judged.items()]
    evidence.sort(key=lambda item: (_rank(item.verdict), -_badness(item, limit)))
    verdict = evidence[0].verdict if evidence and limit is not None else Verdict.EXPLORED
    what_to_do = {
        Verdict.FAIL: info.advice,
        Verdict.UNCERTAIN: outcome.to_settle or "Collect more rows, above all of the smallest groups, and audit again.",
    }.get(verdict, "")
    finding = _finding(step, verdict, title=outcome.headline, lead=outcome.lead, seconds=seconds)
    return replace(
        finding,
        why=_why(info, evidence, limit, verdict),
        evidence=tuple(evidence[:MOST_EVIDENCE]),
        series=outcome.explored,
        figures=outcome.figures,
        notes=outcome.notes,
        what_to_do=what_to_do,
    )


def _finding(
    step: Step, verdict: Verdict, *, title: str, lead: str = "", reason: str = "", seconds: float = 0.0
) -> Finding:
    info = step.check.info
    return Finding(
        id=step.id,
        check=info.id,
        pillar=info.pillar,
        about=step.name,
        title=title,
        lead=lead,
        verdict=verdict,
        why="",
        severity=info.severity,
        limit=step.limit,
        evidence=(),
        series=(),
        figures=(),
        notes=(),
        measures=info.measures,
        does_not_show=info.does_not_show,
        reason=reason,
        what_to_do="",
        remedies=registry.answering(info.id),
        sources=info.sources,
        seconds=round(seconds, 3),
        metered=info.metered,
    )


def _evidence(key: Key, estimate: Estimate, limit: Limit | None) -> Evidence:
    about = " and ".join(key.groups) or key.column
    return Evidence(
        name=f"{key.metric}, {about}" if about else key.metric,
        metric=key.metric,
        groups=key.groups,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        level=estimate.level,
        n=estimate.n,
        unit=estimate.unit,
        claim=estimate.claim,
        method=estimate.method,
        p=estimate.p,
        verdict=Verdict.EXPLORED if limit is None else estimate.against(limit),
    )


def _badness(item: Evidence, limit: Limit | None) -> float:
    """How far the value lies towards or beyond the limit; undefined values come first."""
    if item.value is None:
        return math.inf
    ends = [] if limit is None or limit.at_most is None else [item.value - limit.at_most]
    ends += [] if limit is None or limit.at_least is None else [limit.at_least - item.value]
    return max(ends, default=0.0)


def _rank(verdict: Verdict) -> int:
    return _WORST_FIRST.index(verdict) if verdict in _WORST_FIRST else len(_WORST_FIRST)


def _why(info: CheckInfo, evidence: list[Evidence], limit: Limit | None, verdict: Verdict) -> str:
    """Why this verdict follows, in one sentence, from the interval that decided."""
    if limit is None or not evidence:
        return "" if info.limit is None else "Explored: the config does not name this grouping, so it is not judged."
    worst = evidence[0]
    allowed = _allowed(limit, worst)
    if worst.claim == "count":
        side = "within" if verdict is Verdict.PASS else "outside"
        return (
            f"Counted, so there is no doubt: {show.number(worst.value, worst.unit)} is {side} the limit of {allowed}."
        )
    interval = show.interval(worst.value, worst.low, worst.high, worst.unit) or "which is unknown on both sides"
    if verdict is Verdict.PASS:
        return f"The limit is {allowed}; the whole interval {interval} keeps it, so this passes."
    if verdict is Verdict.FAIL:
        return f"The limit is {allowed}; the whole interval {interval} lies beyond it, so this fails."
    return f"The limit is {allowed}; the interval {interval} reaches both sides of it, so the data cannot tell."


def _allowed(limit: Limit, like: Evidence) -> str:
    ends = []
    if limit.at_least is not None:
        ends.append(f"at least {show.number(limit.at_least, like.unit)}")
    if limit.at_most is not None:
        ends.append(f"at most {show.number(limit.at_most, like.unit)}")
    return " and ".join(ends)
