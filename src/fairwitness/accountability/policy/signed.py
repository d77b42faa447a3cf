"""Whether enough of the right people have approved what is there today, and why an approval no longer counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from fairwitness.accountability.policy.people import alike_among, among
from fairwitness.accountability.policy.requirement import Requirement
from fairwitness.accountability.policy.rules import Policy, SignOffRule
from fairwitness.accountability.policy.signoff import Binds, SignOff, bound, conflicting, latest, moment
from fairwitness.core.findings import Document

AHEAD = timedelta(minutes=10)
"""Clocks may differ by so much; a signature from further in the future is not believed."""


def signatures(
    document: Document, policy: Policy, sign_offs: Sequence[SignOff], *, assessment: str | None, now: datetime
) -> Iterator[Requirement]:
    """One requirement for each role that has to sign.

    Args:
        document: The audit; its roles say who may sign.
        policy: Which roles have to sign, how many of each, for how long.
        sign_offs: What was signed about this system, in the order recorded.
        assessment: As `assessed.completed` gives it.
        now: The time, with its zone.
    """
    for rule in policy.sign_off:
        today = bound(document, policy, role=rule.role, assessment=assessment)
        of_role = [each for each in latest(sign_offs) if each.role == rule.role]
        holding, refusing, lapsed = list[SignOff](), list[SignOff](), list[str]()
        for each in of_role:
            if each.decision == "reject":
                if not each.binds.changed(today) and among(each.person, document.roles.get(rule.role, ())):
                    refusing.append(each)
                continue
            reasons = lapses(each, document, policy, rule, today, now=now)
            if reasons:
                lapsed.append(f"the approval by {_who(each)} of {each.signed[:10]} lapsed: {'; '.join(reasons)}")
            elif not alike_among(each.person, [other.person for other in holding]):  # nobody counts twice
                holding.append(each)
        enough = len(holding) >= rule.count
        says = [f"{len(holding)} of {rule.count}" + (f" ({', '.join(map(_who, holding))})" if holding else "")]
        says += [f"rejected by {_who(each)}: {each.reason}" for each in refusing]
        says += [] if enough else [*lapsed, _ask(document, policy, rule, [*holding, *refusing])]
        yield Requirement(
            kind="sign-off",
            what=f"approved by {rule.count} {rule.role}{'' if rule.count == 1 else 's'}".replace("_", " "),
            holds=enough and not refusing,
            says="; ".join(says),
        )


def lapses(
    each: SignOff, document: Document, policy: Policy, rule: SignOffRule, today: Binds, *, now: datetime
) -> list[str]:
    """Every reason why an approval does not count now; empty if it does."""
    found = each.binds.changed(today)
    ends = each.expires(rule.valid_days)
    if ends is not None and now > ends:
        found.append(f"it held until {ends.date().isoformat()}")
    if moment(each.signed) > now + AHEAD:
        found.append("it is dated in the future")
    if rule.authenticated and not each.authenticated:
        found.append("it is unauthenticated: no registered key of theirs signed it")
    if not among(each.person, document.roles.get(rule.role, ())):
        found.append(f"they are no longer in [roles] {rule.role}")
    if rule.people and not among(each.person, rule.people):
        found.append(f"the policy does not name them as {rule.role.replace('_', ' ')}")
    other = conflicting(document, each.person, rule.role, policy)
    if other is not None:
        found.append(f"they are in [roles] {other} too")
    return found


def _ask(document: Document, policy: Policy, rule: SignOffRule, spoken: Sequence[SignOff]) -> str:
    """Whom to ask: those in the role who may approve and have not spoken."""
    names, done = document.roles.get(rule.role, ()), [each.person for each in spoken]
    may = [name for name in names if not rule.people or among(name, rule.people)]
    left = [
        name for name in may if not alike_among(name, done) and conflicting(document, name, rule.role, policy) is None
    ]
    if left:
        return f"ask {' or '.join(left)}"
    return f"nobody else in [roles] {rule.role} may approve" if names else f"[roles] {rule.role} names nobody"


def _who(each: SignOff) -> str:
    return each.person if each.authenticated else f"{each.person} (unauthenticated)"
