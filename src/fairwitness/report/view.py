"""What every surface has in common: which findings stand where, in which order, and the number to quote for each.

Nothing here knows a check or a format.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Document, Evidence, Finding, Waiver
from fairwitness.core.registry import PILLARS
from fairwitness.core.roles import ROLES
from fairwitness.draw import format as fmt
from fairwitness.draw.quote import day
from fairwitness.draw.sections import sections

DECIDED_BY = {
    "model": "decisions of the model",
    "decision": "recorded decisions",
    "score": "decisions made from recorded scores",
    "labels": "recorded outcomes, read as past decisions",
}


def pillar(finding: Finding) -> str:
    """The pillar's name as a reader sees it."""
    return PILLARS.get(finding.pillar, finding.pillar)


def accepted(finding: Finding) -> str:
    """Why a failure does not block: `waived by NAME until DAY`, `no worse than the baseline`; empty if it does."""
    if finding.waiver and not finding.waiver.expired:
        return f"waived by {finding.waiver.owner} until {day(finding.waiver.expires)}"
    return "no worse than the baseline" if finding.in_baseline else ""


def marks(finding: Finding) -> tuple[str, ...]:
    """What stands beside a verdict: waivers, lapsed ones too, and the baseline."""
    found = []
    if finding.waiver:
        state = "waiver lapsed" if finding.waiver.expired else "waived by"
        found.append(
            f"{state} {day(finding.waiver.expires)}"
            if finding.waiver.expired
            else f"{state} {finding.waiver.owner} until {day(finding.waiver.expires)}"
        )
    if finding.in_baseline:
        found.append("no worse than the baseline")
    return tuple(found)


def waived(waiver: Waiver, document: Document) -> tuple[Finding, ...]:
    """The failures a waiver names."""
    return tuple(
        each
        for each in document.findings
        if each.verdict is Verdict.FAIL and each.check == waiver.check and waiver.about in {"", each.about}
    )


def audited(document: Document) -> str:
    """What was audited, in a phrase: rows, whose decisions, which rows were judged."""
    card = document.subject
    parts = [f"{fmt.number(card.rows, 'rows')}"]
    if card.decisions_from:
        parts.append(DECIDED_BY.get(card.decisions_from, card.decisions_from))
    if card.judged_rows and card.judged_rows != card.rows:
        parts.append(f"judged on {fmt.number(card.judged_rows, 'rows')} kept apart for the audit")
    return ", ".join(parts)


def gate(document: Document) -> str:
    """Whether the gate opens, and by how much not."""
    if document.gate.passes and not sections(document).judged:
        return "Open, but nothing was judged"
    if document.gate.passes:
        return f"Open: nothing of {document.gate.fail_on} severity or above blocks"
    return f"Closed: {plural(len(document.gate.blocking), 'finding blocks', 'findings block')}"


def plural(n: int, one: str, many: str) -> str:
    return f"{fmt.count(n)} {one if n == 1 else many}"


def by_reason(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings that did not look, gathered by why: one missing need explains many."""
    found: dict[str, list[Finding]] = {}
    for each in findings:
        found.setdefault(each.reason or "no reason was given", []).append(each)
    return found


def question(finding: Finding) -> tuple[str, str]:
    """What a person is asked, and the rest of the reason; a reason without a question stands under the title."""
    asked, mark, rest = finding.reason.partition("?")
    return (asked + mark, rest.strip()) if mark else (finding.title, finding.reason)


def steps(findings: Iterable[Finding], *, most: int) -> list[tuple[str, Finding]]:
    """What to do, first sentence only, each advice once."""
    found: dict[str, Finding] = {}
    for each in findings:
        advice = first_sentence(each.what_to_do)
        if advice:
            found.setdefault(advice, each)
    return list(found.items())[:most]


def first_sentence(text: str) -> str:
    """Up to the first full stop before a space and a capital letter."""
    for i, char in enumerate(text[:-2]):
        if char in ".!?" and text[i + 1] == " " and text[i + 2].isupper():
            return text[: i + 1]
    return text


def valid_until(document: Document) -> str:
    """The last day the audit holds, as an ISO date; empty where nobody has said."""
    started, days = document.provenance.started, document.provenance.valid_days
    try:
        return "" if days is None else (datetime.fromisoformat(started) + timedelta(days=days)).date().isoformat()
    except (ValueError, OverflowError):
        return ""


def span(seconds: float) -> str:
    """A time in words: `0.2 s`, `42 s`, `6.3 min`."""
    if seconds < 10:
        return f"{seconds:.1f}{fmt.THIN}s"
    return f"{seconds:.0f}{fmt.THIN}s" if seconds < 120 else f"{seconds / 60:.1f}{fmt.THIN}min"


def about(evidence: Evidence) -> str:
    """Whom or what a judged number is about."""
    if len(evidence.groups) == 2:
        return f"{evidence.groups[0]} and {evidence.groups[1]}"
    return ", ".join(evidence.groups) or evidence.name


def methods(finding: Finding) -> list[str]:
    """How the judged numbers were made, each method once with its smallest p: `Newcombe; intervals at 95 %; p = 0.01`."""
    found: dict[str, float | None] = {}
    for each in finding.evidence:
        parts = [each.method] if each.method else []
        if each.level is not None:
            parts.append(f"intervals at {fmt.level(each.level)}")
        if each.claim not in {"estimate", "count"}:
            parts.append("an assumption" if each.claim == "assumed" else f"a {each.claim}")
        words = "; ".join(parts)
        found[words] = min((p for p in (found.get(words), each.p) if p is not None), default=None)
    said = {
        words: "" if p is None else f"p {'' if p < 0.0001 else '= '}{fmt.probability(p)}" for words, p in found.items()
    }
    return ["; ".join(part for part in line if part) for line in said.items() if any(line)][:6]


def provenance(document: Document) -> list[tuple[str, str, str]]:
    """Term, words and digest of each line of provenance; lines that say nothing are left out."""
    card, prov = document.subject, document.provenance
    parts = ", ".join(f"{fmt.count(n)} {part}" for part, n in card.parts.items())
    lines = [
        ("Data", f"{fmt.count(card.rows)} × {fmt.count(card.columns)}, sha256", prov.data_digest),
        ("Model", "sha256" if prov.model_digest else "", prov.model_digest or ""),
        ("Subject", "sha256", card.fingerprint),
        ("Parent", "sha256" if card.parent else "", card.parent or ""),
        ("Configuration", "sha256", prov.config_digest),
        ("Outcome", _outcome(document), ""),
        ("Split", f"{parts} rows" if parts else "", ""),
        ("Seed", str(prov.seed), ""),
        ("Intervals", f"{fmt.level(prov.level)} two-sided unless stated", ""),
        ("Features", _listed(card.features), ""),
        ("Withheld", _listed([f"{name} ({why})" for name, why in card.withheld.items()]), ""),
        ("Notes", "; ".join(note.rstrip(".") for note in card.notes), ""),
        ("Only", _listed(prov.only), ""),
        ("Left out", _listed(prov.skip), ""),
        ("Baseline", document.gate.baseline or "", ""),
        ("Gate", f"fails on {document.gate.fail_on} and above{', strict' if document.gate.strict else ''}", ""),
        *((f"Said of {key}", said, "") for key, said in document.context.items()),
        *((role.words.capitalize(), _listed(document.roles.get(role.key, ())), "") for role in ROLES),
        ("Versions", _listed([f"{prov.tool} {prov.version}", *(f"{k} {v}" for k, v in prov.environment.items())]), ""),
        ("Time", f"{prov.started}, {span(prov.seconds)}", ""),
        ("Holds until", day(valid_until(document)), ""),
    ]
    return [line for line in lines if line[1] or line[2]]


def _outcome(document: Document) -> str:
    card = document.subject
    if card.target is None:
        return ""
    told = f"{card.target}, {card.task}" if card.task else card.target
    told += f"; predicted: {card.positive}" if card.positive else ""
    return told + (f"; good for the person: {card.favorable}" if card.favorable else "")


def _listed(names: Iterable[str], *, most: int = 40) -> str:
    held = list(names)
    return ", ".join(held[:most]) + (f" and {len(held) - most} more" if len(held) > most else "")
