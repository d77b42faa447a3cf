"""One sentence a busy person can act on, made from the findings and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Finding, Gate
from fairwitness.core.subject import Outline


def headline(
    findings: Sequence[Finding], gate: Gate, outline: Outline, *, only: Sequence[str], skip: Sequence[str]
) -> str:
    """What was audited, whether it passes, the gravest fact (of equal ones, one about people), and what narrowed it."""
    subject = outline.name
    if outline.decisions_from == "labels":
        subject += f" (recorded {outline.target!r} audited as past decisions)"
    told = _passing(findings) if gate.passes else _blocked(findings, gate)
    return f"{subject} {told}{_narrowed(findings, gate, only, skip)}"


def _passing(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.verdict for finding in findings)
    failed, doubtful = counts[Verdict.FAIL], counts[Verdict.UNCERTAIN]
    if not failed + doubtful + counts[Verdict.PASS]:
        return "was not judged: nothing asked for could be measured"
    parts = []
    if failed:
        parts.append(f"{_count(failed, 'finding')} that the gate lets through {'fails' if failed == 1 else 'fail'}")
    if doubtful:
        parts.append(f"{_count(doubtful, 'finding')} cannot be told from these data")
    unseen = counts[Verdict.NOT_APPLICABLE]
    if unseen > sum(counts.values()) / 2:
        parts.append(f"{_count(unseen, 'check')} could not look")
    return "passes, but " + " and ".join(parts) if parts else "passes: nothing that was measured fails"


def _blocked(findings: Sequence[Finding], gate: Gate) -> str:
    failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    failed.sort(key=lambda finding: (finding.id not in gate.blocking, -finding.severity.rank, finding.about is None))
    if failed and failed[0].id in gate.blocking:
        others = len(failed) - 1
        more = f", and {_count(others, 'other finding')} {'fails' if others == 1 else 'fail'}" if others else ""
        return f"does not pass: {_lower(failed[0].title.rstrip('.'))}{more}"
    broke = sum(finding.verdict is Verdict.ERROR for finding in findings)
    if broke:
        return f"does not pass: {_count(broke, 'check')} broke, so it was not looked at whole"
    return f"does not pass: {_count(len(gate.blocking), 'open point')} to settle"


def _narrowed(findings: Sequence[Finding], gate: Gate, only: Sequence[str], skip: Sequence[str]) -> str:
    parts = []
    if only:
        parts.append(f"only {', '.join(only)} looked at")
    if skip:
        parts.append(f"{', '.join(skip)} skipped")
    waived = dict.fromkeys(f.check for f in findings if f.waiver is not None and not f.waiver.expired)
    if waived:
        parts.append(f"waived: {', '.join(waived)}")
    expired = [waiver.check for waiver in gate.waivers if waiver.expired]
    if expired:
        parts.append(f"waiver expired: {', '.join(expired)}")
    return f" ({'; '.join(parts)})" if parts else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _lower(sentence: str) -> str:
    """The sentence inside another: its first letter small, unless it begins a name or a code."""
    first = sentence.split(" ", 1)[0]
    return sentence if not first[:1].isupper() or first[1:2].isupper() else sentence[:1].lower() + sentence[1:]
