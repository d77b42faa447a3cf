"""Sign-offs: who let a system into use or refused to, why, and what exactly they looked at."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter

from fairwitness.accountability.policy.errors import SignOffError
from fairwitness.accountability.policy.people import alike_among, among
from fairwitness.accountability.policy.rules import Policy, RoleKey, SignOffRule
from fairwitness.core.findings import Document
from fairwitness.io import findings as documents

Decision = Literal["approve", "reject"]

DOMAIN = b"fairwitness sign-off v1\n"
"""Stands before what is signed, so that a signature made for something else is none for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binds:
    """SHA-256 digests, 64 hex digits, of what was signed; None: there was none."""

    findings: str
    data: str
    config: str
    model: str | None = None
    policy: str | None = None
    assessment: str | None = None

    def changed(self, now: Binds) -> list[str]:
        """What is another today, with both digests: `the model changed (ab12cd34ef56 → 98ab76cd54ef)`."""
        words = {"findings": "the findings", "data": "the data", "config": "the settings", "model": "the model"}
        words |= {"policy": "the policy", "assessment": "the impact assessment"}
        pairs = [(words[each], getattr(self, each), getattr(now, each)) for each in words]
        return [f"{name} changed ({_short(then)} → {_short(today)})" for name, then, today in pairs if then != today]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """One person's decision about one audit.

    Attributes:
        subject: The audited system's name.
        signed: When, ISO 8601 in UTC.
        valid_days: Days an approval holds; None: until what it binds changes.
        authenticated: The person's own registered key made its signature.
    """

    subject: str
    person: str
    role: RoleKey
    decision: Decision
    reason: str
    signed: str
    binds: Binds
    valid_days: int | None = None
    authenticated: bool = False

    def body(self) -> dict[str, Any]:
        """What is recorded, and, as `message`, signed."""
        tree = dataclasses.asdict(self)
        del tree["authenticated"]  # found out by whoever reads it, never claimed
        return {"id": tree.pop("subject"), **tree}

    def message(self) -> bytes:
        """The bytes a signature is made over."""
        text = json.dumps(self.body(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return DOMAIN + text.encode()

    def expires(self, most_days: int | None = None) -> datetime | None:
        """When it lapses by itself, at the latest after `most_days`; None: never."""
        days = [each for each in (self.valid_days, most_days) if each is not None]
        return moment(self.signed) + timedelta(days=min(days)) if days else None


def moment(iso: str) -> datetime:
    """A time in UTC from ISO 8601; one without a zone is read as UTC.

    Raises:
        ValueError: It is no time.
    """
    when = datetime.fromisoformat(iso)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def read_body(body: Mapping[str, Any]) -> SignOff:
    """A recorded sign-off; unauthenticated until its signature is verified.

    Raises:
        ValueError: It is not what `SignOff.body` writes.
    """
    told = {key: value for key, value in body.items() if key not in {"id", "signature"}}
    try:
        found = _adapter().validate_json(json.dumps({"subject": body["id"], **told}), strict=True)
        moment(found.signed)
        found.expires()
    except (KeyError, ValueError, OverflowError) as error:  # pydantic's own is a ValueError
        raise ValueError("not a sign-off") from error
    if found.body() != {"id": body["id"], **told}:  # a field more, or less
        raise ValueError("not a sign-off")
    return found


@cache
def _adapter() -> TypeAdapter[SignOff]:
    return TypeAdapter(SignOff)


def bound(document: Document, policy: Policy | None, *, role: RoleKey, assessment: str | None) -> Binds:
    """The digests a signature on this audit stands for today.

    Args:
        document: The audit.
        policy: What it is held against, if anything.
        role: Whose signature; only an approver's waits for the impact assessment and is bound to it.
        assessment: As `assessed.completed` gives it; bound only where the policy asks for one.
    """
    made = document.provenance
    return Binds(
        findings=documents.digest(document),
        data=made.data_digest,
        config=made.config_digest,
        model=made.model_digest,
        policy=None if policy is None else policy.digest,
        assessment=assessment if policy is not None and policy.assessment and role == "approver" else None,
    )


def sign_off(
    document: Document,
    policy: Policy | None,
    *,
    person: str,
    role: RoleKey,
    decision: Decision,
    reason: str,
    valid_days: int | None,
    assessment: str | None,
    now: datetime,
) -> SignOff:
    """A person's decision, if they may make it.

    Args:
        document: The audit they decide about.
        policy: The policy they decide under, if there is one.
        person: Their name, as the audit's roles have it.
        role: In which role they sign.
        decision: Whether the system may go into use.
        reason: Why, for strangers to read.
        valid_days: Days an approval holds.
        assessment: As `assessed.completed` gives it: None if any that the policy asks for is open.
        now: The time, with its zone.

    Raises:
        SignOffError: They are not in the role, built what they would approve, or give no reason.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise SignOffError.no_reason()
    if valid_days is not None and valid_days < 1:
        raise SignOffError.bad_days(valid_days)
    rule = None if policy is None else policy.signed_by(role)
    _named(document, person, role, rule)
    if decision == "approve":
        if role == "approver" and not document.roles.get("builder"):
            raise SignOffError.nobody("builder")
        conflict = conflicting(document, person, role, policy)
        if conflict is not None:
            raise SignOffError.own_work(person, conflict)
        if role == "approver" and policy is not None and policy.assessment and assessment is None:
            raise SignOffError.assessment_open()
    if rule is not None and rule.valid_days is not None and valid_days is not None and valid_days > rule.valid_days:
        raise SignOffError.too_long(valid_days, rule.valid_days)
    return SignOff(
        subject=document.subject.name,
        person=person,
        role=role,
        decision=decision,
        reason=reason,
        signed=now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        binds=bound(document, policy, role=role, assessment=assessment),
        valid_days=valid_days,
    )


def _named(document: Document, person: str, role: RoleKey, rule: SignOffRule | None) -> None:
    """Refuse who is not in the role, or whom the policy does not name for it."""
    holders = document.roles.get(role, ())
    if not holders:
        raise SignOffError.nobody(role)
    if not among(person, holders):
        raise SignOffError.not_in_role(person, role, holders)
    if rule is not None and rule.people and not among(person, rule.people):
        raise SignOffError.not_in_policy(person, role, rule.people)


def conflicting(document: Document, person: str, role: str, policy: Policy | None) -> str | None:
    """The other role that keeps somebody from approving in this one; None if nothing does."""
    apart = ["builder"] if role == "approver" else []
    rule = None if policy is None else policy.signed_by(role)
    if rule is not None and rule.not_owner:
        apart.append("owner")
    return next((other for other in apart if alike_among(person, document.roles.get(other, ()))), None)


def latest(sign_offs: Sequence[SignOff]) -> list[SignOff]:
    """Each person's last word in each role, in the order recorded.

    What is not authenticated never takes back what is. An approval takes a rejection back only if it was signed after it,
    and what was recorded before counts once: nobody can undo a rejection by recording an old approval again.
    """
    last: list[SignOff] = []
    seen: set[SignOff] = set()
    for each in sign_offs:
        if each in seen:
            continue
        seen.add(each)
        before = next((had for had in last if had.role == each.role and among(had.person, [each.person])), None)
        if before is not None:
            undone = before.decision == "reject" and each.decision == "approve"
            if undone and moment(each.signed) < moment(before.signed):
                continue
            if before.authenticated and not each.authenticated:
                continue
            last.remove(before)
        last.append(each)
    return last


def _short(digest: str | None) -> str:
    return "none" if digest is None else digest[:12]
