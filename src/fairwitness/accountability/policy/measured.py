"""What a policy asks of the findings: checks that were made, verdicts they may have, limits on their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from fairwitness.accountability.policy.people import among
from fairwitness.accountability.policy.requirement import Requirement, RequirementKind
from fairwitness.accountability.policy.rules import Bound, Policy, Require
from fairwitness.core.estimate import Estimate, Limit, Verdict
from fairwitness.core.findings import Document, Evidence, Finding, Waiver
from fairwitness.core.registry import PILLARS
from fairwitness.draw import format as fmt

MOST = 3
"""Numbers quoted in one line."""


def checks(document: Document, policy: Policy, today: date) -> Iterator[Requirement]:
    """One requirement for each finding that a rule speaks of; one that is missing where there is none."""
    for rule in policy.require:
        found = _found(document, rule)
        if not found:
            yield _absent(document, rule, "check")
        for finding in found:
            yield _check(document, finding, rule, policy, today)


def limits(document: Document, policy: Policy, today: date) -> Iterator[Requirement]:
    """One requirement for each finding that a limit speaks of; one that is missing where there is none."""
    for rule in policy.limits:
        found = _found(document, rule)
        if not found:
            yield _absent(document, rule, "limit")
        for finding in found:
            yield _limit(document, finding, rule, policy, today)


def waiver(document: Document, finding: Finding, policy: Policy, today: date) -> tuple[Waiver | None, str]:
    """The waiver that counts for a finding today, and why those there are do not; empty if there is none."""
    why = ""
    for each in document.gate.waivers:
        if each.check != finding.check or each.about not in {"", finding.about}:
            continue
        if not policy.waivers.accept:
            why = f"the policy takes no waivers, and {each.owner}'s is one"
        elif policy.waivers.by and not any(among(each.owner, document.roles.get(r, ())) for r in policy.waivers.by):
            why = f"{each.owner}, who gave the waiver, is not {' or '.join(policy.waivers.by)}"
        elif today.isoformat() > each.expires:
            why = f"the waiver by {each.owner} lapsed after {each.expires}"
        else:
            return each, ""
    return None, why


def _found(document: Document, rule: Require | Bound) -> list[Finding]:
    """The findings a rule speaks of; crossings that are only explored are not, where the check judges others."""
    named = [f for f in document.findings if rule.check in {f.check, f.pillar} and rule.about in {"", f.about}]
    judged = [finding for finding in named if finding.limit is not None]
    return judged if judged or rule.check in PILLARS else named


def _absent(document: Document, rule: Require | Bound, kind: RequirementKind) -> Requirement:
    of_check = [f for f in document.findings if rule.check in {f.check, f.pillar}]
    made = document.provenance
    if of_check and rule.about:
        abouts = ", ".join(sorted({f.about for f in of_check if f.about})) or "the whole subject"
        says = f"absent: it was made about {abouts}"
    elif of_check:
        says = "absent: nothing of it was judged"
    elif {rule.check, rule.check.partition(".")[0]} & set(made.skip):
        says = "absent: it was skipped; take it out of skip and audit again"
    elif made.only:
        says = f"absent: only {', '.join(made.only)} looked at; audit the whole"
    else:
        says = "absent: the audit did not make it; audit again with this version of fairwitness"
    return Requirement(kind=kind, what=_id(rule), holds=False, says=says)


def _check(document: Document, finding: Finding, rule: Require, policy: Policy, today: date) -> Requirement:
    holds, verdict = finding.verdict in rule.verdicts, finding.verdict
    says = f"{verdict}{_quoted(finding)}"
    if not holds:
        says += f"; the policy allows {' or '.join(rule.verdicts)}"
        if verdict in {Verdict.FAIL, Verdict.UNCERTAIN}:
            holds, says = _waived(document, finding, policy, today, says)
    return Requirement(kind="check", what=finding.id, holds=holds, says=says)


def _limit(document: Document, finding: Finding, rule: Bound, policy: Policy, today: date) -> Requirement:
    what = f"{finding.id}, {_asked(rule)}"
    numbers = [each for each in finding.evidence if rule.metric in {"", each.metric}]
    if not numbers:
        have = ", ".join(sorted({each.metric for each in finding.evidence}))
        says = f"has no number {rule.metric!r}; there is {have}" if have else f"has no number: {finding.verdict}"
        return Requirement(kind="limit", what=what, holds=False, says=says)
    wrong = [words for each in numbers if (words := _wrong(each, rule))]
    if not wrong:
        return Requirement(kind="limit", what=what, holds=True, says=f"holds for {fmt.count(len(numbers))} numbers")
    says = "; ".join(wrong[:MOST]) + (f"; and {len(wrong) - MOST} more" if len(wrong) > MOST else "")
    holds, says = _waived(document, finding, policy, today, says)
    return Requirement(kind="limit", what=what, holds=holds, says=says)


def _wrong(each: Evidence, rule: Bound) -> str:
    """What is wrong with a number by the rule; empty if nothing is."""
    limit = rule.limit()
    parts = [f"n is {fmt.count(each.n)}"] if each.n < rule.min_n else []
    if limit is not None:
        verdict = _judged(each, limit)
        if verdict is not Verdict.PASS:
            how = "beyond the limit" if verdict is Verdict.FAIL else "not surely within it"
            parts.append(f"{fmt.measured(each.value, each.low, each.high, each.unit)} is {how}")
    return f"{each.name}: {' and '.join(parts)}" if parts else ""


def _judged(each: Evidence, limit: Limit) -> Verdict:
    return Estimate(
        value=each.value,
        low=each.low,
        high=each.high,
        level=each.level,
        n=each.n,
        unit=each.unit,
        method=each.method,
        claim=each.claim,
    ).against(limit)


def _waived(document: Document, finding: Finding, policy: Policy, today: date, says: str) -> tuple[bool, str]:
    accepted, why_not = waiver(document, finding, policy, today)
    if accepted is not None:
        return True, f"{says}; waived by {accepted.owner} until {accepted.expires}: {accepted.reason}"
    return False, f"{says}; {why_not}" if why_not else says


def _quoted(finding: Finding) -> str:
    """The number that decided, or why there is none."""
    if not finding.evidence:
        return f" ({finding.reason.rstrip('.')})" if finding.reason else ""
    first = finding.evidence[0]
    limit = f", limit {fmt.limit(finding.limit, first.unit)}" if finding.limit else ""
    return f" ({first.name}: {fmt.measured(first.value, first.low, first.high, first.unit)}{limit})"


def _id(rule: Require | Bound) -> str:
    return f"{rule.check}/{rule.about}" if rule.about else rule.check


def _asked(rule: Bound) -> str:
    ends = [f"at most {rule.at_most:g}"] if rule.at_most is not None else []
    ends += [f"at least {rule.at_least:g}"] if rule.at_least is not None else []
    ends += [f"n of {rule.min_n:,} or more"] if rule.min_n else []
    return f"{rule.metric + ' ' if rule.metric else ''}{' and '.join(ends)}"
