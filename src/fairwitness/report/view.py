"""What every surface has in common: which findings stand where, in which order, and the number to quote for each.

Nothing here knows a check or a format.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Document, Evidence, Finding, Waiver
from fairwitness.core.registry import PILLARS
from fairwitness.draw import format as fmt
from fairwitness.draw.text import plain

T = TypeVar("T")
LONGEST = 2_000  # characters of one string
PERCENT = re.compile(r"(?<=\d) %")
INTERVAL = re.compile(r"\[([−–\d.]+), ([−–\d.]+)\]")

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DECIDED_BY = {
    "model": "decisions of the model",
    "decision": "recorded decisions",
    "score": "decisions made from recorded scores",
    "labels": "recorded outcomes, read as past decisions",
}


def clean(value: T) -> T:
    """The same tree with every string made harmless (`draw.plain`): the one gate all data pass on the way out."""
    return cast("T", _clean(value))


def _clean(value: Any) -> Any:  # noqa: ANN401 - any tree of dataclasses
    if isinstance(value, Verdict):
        return value
    if type(value) is str:
        return tidy(clip(plain(value).strip()))
    if isinstance(value, tuple):
        return tuple(_clean(item) for item in value)
    if isinstance(value, Mapping):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(value, **{f.name: _clean(getattr(value, f.name)) for f in dataclasses.fields(value)})
    return value


def clip(text: str) -> str:
    """A group can be named by a whole page of free text; a surface shows its beginning."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def tidy(text: str) -> str:
    """Numbers in prose do not break over lines: `64.6 %` and `[14.2, 39.7]` hold together."""
    return INTERVAL.sub("[\\1,\u00a0\\2]", PERCENT.sub(f"{fmt.THIN}%", text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """A document's findings by verdict, each most severe first, then by pillar and id."""

    fails: tuple[Finding, ...]
    uncertain: tuple[Finding, ...]
    explored: tuple[Finding, ...]
    person: tuple[Finding, ...]
    errors: tuple[Finding, ...]
    not_applicable: tuple[Finding, ...]
    passes: tuple[Finding, ...]

    @property
    def judged(self) -> int:
        return len(self.fails) + len(self.uncertain) + len(self.passes)

    @property
    def not_looked(self) -> int:
        """Checks that say nothing about the subject: they did not apply, or they broke."""
        return len(self.errors) + len(self.not_applicable)


def sections(document: Document) -> Sections:
    pillars = list(PILLARS)

    def place(finding: Finding) -> tuple[int, int, str]:
        pillar = pillars.index(finding.pillar) if finding.pillar in pillars else len(pillars)
        return (-finding.severity.rank, pillar, finding.id)

    def of(verdict: Verdict) -> tuple[Finding, ...]:
        return tuple(sorted((each for each in document.findings if each.verdict is verdict), key=place))

    return Sections(
        fails=of(Verdict.FAIL),
        uncertain=of(Verdict.UNCERTAIN),
        explored=of(Verdict.EXPLORED),
        person=of(Verdict.NEEDS_PERSON),
        errors=of(Verdict.ERROR),
        not_applicable=of(Verdict.NOT_APPLICABLE),
        passes=of(Verdict.PASS),
    )


def pillar(finding: Finding) -> str:
    """The pillar's name as a reader sees it."""
    return PILLARS.get(finding.pillar, finding.pillar)


def told(evidence: Evidence) -> str:
    """A judged number in full: `26.0 points [14.2, 39.7]`, or `12 of 1,989 rows` for a count of what is there."""
    if evidence.claim == "count" and evidence.value is not None and evidence.unit in {"rows", "people"}:
        whole = fmt.number(evidence.n, evidence.unit)
        return f"{fmt.count(evidence.value)} of {whole}" if evidence.value <= evidence.n else fmt.count(evidence.value)
    return fmt.measured(evidence.value, evidence.low, evidence.high, evidence.unit)


def by_weight(finding: Finding) -> list[Evidence]:
    """Judged numbers, those with the finding's own verdict first, else in the check's order."""
    rank = {Verdict.FAIL: 0, Verdict.UNCERTAIN: 1, Verdict.PASS: 2}
    return sorted(finding.evidence, key=lambda each: rank.get(each.verdict, 3))


def quoted(finding: Finding) -> str:
    """The one number to quote with its limit: `26.0 points [14.2, 39.7], limit ≤ 10.0 points`; empty if none."""
    if not finding.evidence:
        return ""
    first = by_weight(finding)[0]
    return told(first) + (f", limit {fmt.limit(finding.limit, first.unit)}" if finding.limit else "")


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


def day(iso: str) -> str:
    """`2026-11-22T09:30:00Z` as `22 November 2026`; anything else as it came."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


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
        ("Versions", _listed([f"{prov.tool} {prov.version}", *(f"{k} {v}" for k, v in prov.environment.items())]), ""),
        ("Time", f"{prov.started}, {span(prov.seconds)}", ""),
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
