"""The gate: every requirement of a policy, whether it holds today, and if not, exactly what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from fairwitness.accountability.policy import assessed
from fairwitness.accountability.policy.assessed import Assessment
from fairwitness.accountability.policy.measured import checks, limits, waiver
from fairwitness.accountability.policy.requirement import Requirement
from fairwitness.accountability.policy.rules import Policy
from fairwitness.accountability.policy.signed import signatures
from fairwitness.accountability.policy.signoff import SignOff, moment
from fairwitness.core.findings import Document
from fairwitness.io import findings as documents

AHEAD = timedelta(minutes=10)
"""Clocks may differ by so much; an audit from further in the future is not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What a look through the whole ledger found: whether it holds, and who vouches for it."""

    holds: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the ledger says of one system, in the order recorded."""

    log: Log | None = None  # None: there is no ledger
    audit: int | None = None  # place of the entry that records this very audit
    sign_offs: Sequence[SignOff] = ()
    assessments: Mapping[str, Assessment] = field(default_factory=dict)  # the last of each form


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether the policy lets a system through, and every requirement with what it says."""

    subject: str
    findings: str  # digest of what was found
    policy: str  # digest
    policy_name: str
    at: str  # ISO 8601, UTC
    requirements: tuple[Requirement, ...]

    @property
    def passes(self) -> bool:
        return not self.missing

    @property
    def missing(self) -> tuple[Requirement, ...]:
        """What does not hold."""
        return tuple(each for each in self.requirements if not each.holds)


def answer(document: Document, policy: Policy, record: Record, *, now: datetime) -> Answer:
    """Hold an audit and its record against a policy.

    Args:
        document: The audit.
        policy: What must hold.
        record: Sign-offs and assessments of the same system; sign-offs as authenticated as somebody verified them.
        now: The time, with its zone.
    """
    today = now.astimezone(UTC).date()
    digest = assessed.completed(policy, record.assessments)
    sign_offs = [each for each in record.sign_offs if each.subject == document.subject.name]
    return Answer(
        subject=document.subject.name,
        findings=documents.digest(document),
        policy=policy.digest,
        policy_name=policy.name,
        at=now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        requirements=(
            _own_gate(document, policy, today),
            *_ledger(record.log),
            *_recorded(policy, record.audit),
            *checks(document, policy, today),
            *limits(document, policy, today),
            *_age(document, policy, now),
            *assessed.requirements(policy, record.assessments),
            *signatures(document, policy, sign_offs, assessment=digest, now=now),
        ),
    )


def _own_gate(document: Document, policy: Policy, today: date) -> Requirement:
    """The audit's own gate, with the waivers it rests on looked at again today."""

    def told(says: str, *, holds: bool = False) -> Requirement:
        return Requirement(kind="audit", what="the audit's own gate", holds=holds, says=says)

    gate = document.gate
    if not gate.passes:
        return told(f"closed by {', '.join(gate.blocking) or 'itself'}")
    for finding in document.findings:
        if finding.waiver is not None and not finding.waiver.expired:
            accepted, why_not = waiver(document, finding, policy, today)
            if accepted is None:
                return told(f"open only by a waiver for {finding.id}: {why_not}")
    return told("open", holds=True)


def _ledger(log: Log | None) -> Iterator[Requirement]:
    """Asked wherever there is a ledger: what it says counts only if it is what was recorded."""
    if log is not None:
        yield Requirement(kind="ledger", what="nothing in it was changed", holds=log.holds, says=log.says)


def _recorded(policy: Policy, place: int | None) -> Iterator[Requirement]:
    if policy.recorded:
        says = "no audit of these findings, data, model, settings and time is in the ledger; audit again, with --ledger"
        yield Requirement(
            kind="record",
            what="the audit in the ledger",
            holds=place is not None,
            says=says if place is None else f"entry {place}",
        )


def _age(document: Document, policy: Policy, now: datetime) -> Iterator[Requirement]:
    days = [each for each in (policy.max_age_days, document.provenance.valid_days) if each is not None]
    if not days:
        return
    most, started = min(days), document.provenance.started
    what = f"an audit of the last {most} days"
    try:
        age = now - moment(started)
    except (ValueError, OverflowError):
        yield Requirement(kind="age", what=what, holds=False, says=f"its time is {started[:40]!r}, which is no time")
        return
    late = (age - timedelta(days=most)) / timedelta(days=1)
    if age < -AHEAD:
        yield Requirement(kind="age", what=what, holds=False, says=f"made at {started}, which is in the future")
    elif late > 0:
        says = f"stale by {_days(late)}: made on {started[:10]}; audit again"
        yield Requirement(kind="age", what=what, holds=False, says=says)
    else:
        yield Requirement(kind="age", what=what, holds=True, says=f"made on {started[:10]}, holds {_days(-late)} more")


def _days(days: float) -> str:
    whole = int(days) + (days > int(days))
    return f"{whole} day{'' if whole == 1 else 's'}"
