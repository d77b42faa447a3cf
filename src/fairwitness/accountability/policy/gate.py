"""The gate: every requirement of a policy, whether it holds today, and if not, exactly what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

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
class Assessment:
    """The impact assessment last recorded for a system."""

    complete: bool
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the ledger says of one system, in the order recorded."""

    sign_offs: Sequence[SignOff] = ()
    assessment: Assessment | None = None


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
        record: Sign-offs and assessment of the same system; sign-offs as authenticated as somebody verified them.
        now: The time, with its zone.
    """
    today, known = now.astimezone(UTC).date(), record.assessment
    digest = known.digest if known is not None and known.complete else None
    sign_offs = [each for each in record.sign_offs if each.subject == document.subject.name]
    return Answer(
        subject=document.subject.name,
        findings=documents.digest(document),
        policy=policy.digest,
        policy_name=policy.name,
        at=now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        requirements=(
            _own_gate(document, policy, today),
            *checks(document, policy, today),
            *limits(document, policy, today),
            *_age(document, policy, now),
            *_assessed(policy, known),
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


def _assessed(policy: Policy, known: Assessment | None) -> Iterator[Requirement]:
    if policy.assessment:
        complete = known is not None and known.complete
        open_or_not = "open questions are left in it; answer them with `fairwitness assess`"
        says = "none is recorded; `fairwitness assess` makes one" if known is None else open_or_not
        yield Requirement(
            kind="assessment",
            what="a complete impact assessment",
            holds=complete,
            says="complete" if complete else says,
        )


def _days(days: float) -> str:
    whole = int(days) + (days > int(days))
    return f"{whole} day{'' if whole == 1 else 's'}"
