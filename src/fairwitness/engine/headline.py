"""One sentence a busy person can act on, made from the findings and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Finding, Gate
from fairwitness.core.subject import Outline


def headline(
    findings: Sequence[Finding], gate: Gate, outline: Outline, *, only: Sequence[str], skip: Sequence[str]
) -> str:
    """What was audited, whether it passes, the gravest fact (of equal ones, one about people), and what narrowed it."""
    failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    errors = [finding for finding in findings if finding.verdict is Verdict.ERROR]
    doubtful = [finding for finding in findings if finding.verdict is Verdict.UNCERTAIN]
    failed.sort(key=lambda finding: (finding.id not in gate.blocking, -finding.severity.rank, finding.about is None))
    subject = _subject(outline)
    if failed:
        facts = failed[0].title.rstrip(".")
        more = (
            f", and {_count(len(failed) - 1, 'other finding')} {'fails' if len(failed) == 2 else 'fail'}"
            if failed[1:]
            else ""
        )
        text = f"{subject} {'passes' if gate.passes else 'does not pass'}: {_lower(facts)}{more}"
    elif errors:
        text = f"{subject} does not pass: {_count(len(errors), 'check')} broke, so it was not looked at whole"
    elif gate.passes and doubtful:
        text = f"{subject} passes: nothing fails, but {_count(len(doubtful), 'finding')} cannot be told from this data"
    elif gate.passes:
        text = f"{subject} passes: nothing that was measured fails"
    else:
        text = f"{subject} does not pass: {_count(len(gate.blocking), 'open point')} to settle"
    return text + _narrowed(gate, only, skip)


def _subject(outline: Outline) -> str:
    if outline.decisions_from == "labels":
        return f"{outline.name} (recorded {outline.target!r} audited as past decisions)"
    return outline.name


def _narrowed(gate: Gate, only: Sequence[str], skip: Sequence[str]) -> str:
    parts = []
    if only:
        parts.append(f"only {', '.join(only)} looked at")
    if skip:
        parts.append(f"{', '.join(skip)} skipped")
    in_force = [waiver.check for waiver in gate.waivers if not waiver.expired]
    if in_force:
        parts.append(f"waived: {', '.join(in_force)}")
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
