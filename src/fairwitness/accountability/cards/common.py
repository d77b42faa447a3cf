"""What the cards have in common: a person's words where there are any, and the question where there are none."""

from __future__ import annotations

from collections.abc import Iterable

from fairwitness.accountability.pages import Asked, Block, Facts
from fairwitness.core.findings import Document, Evidence, Finding
from fairwitness.core.questions import QUESTIONS
from fairwitness.draw import format as fmt
from fairwitness.draw import quote

FOOT = (
    "Made from the audit's findings: what is not written here was not measured or not answered. "
    "It records evidence and makes no claim that a law is met."
)
NOBODY = "nobody has said"
DECIDED_BY = {
    "model": "the model's decisions",
    "decision": "recorded decisions",
    "score": "decisions made from recorded scores",
    "labels": "recorded outcomes, read as past decisions",
}


def said(document: Document, key: str) -> str:
    """A person's answer to one of the audit's questions; empty where it is open."""
    return " ".join(document.context.get(key, "").split())


def answered(document: Document, *keys: str) -> tuple[Block, ...]:
    """Each question of the audit with its answer, or marked open."""
    known = {question.key: question for question in QUESTIONS}
    return tuple(
        Asked(
            key=key,
            asks=known[key].asks,
            whom=known[key].whom,
            state="answered" if said(document, key) else "open",
            answer=said(document, key),
        )
        for key in keys
    )


def asked(key: str, asks: str, whom: str) -> Asked:
    """A question that no finding answers."""
    return Asked(key=key, asks=asks, whom=whom, state="open")


def rows_of(document: Document) -> str:
    """What was judged: `896 of 1,992 rows, kept apart for the audit; the model's decisions`."""
    card = document.subject
    judged = fmt.number(card.rows, "rows")
    if card.judged_rows and card.judged_rows != card.rows:
        judged = f"{fmt.count(card.judged_rows)} of {judged}, kept apart for the audit"
    return f"{judged}; {DECIDED_BY.get(card.decisions_from or '', 'no decisions')}"


def listed(names: Iterable[str], *, most: int = 30, none: str = "none") -> str:
    """`a, b and 3 more`."""
    held = list(names)
    rest = f" and {fmt.count(len(held) - most)} more" if len(held) > most else ""
    return ", ".join(held[:most]) + rest if held else none


def by_group(findings: Iterable[Finding], *, most: int = 60) -> list[tuple[Finding, Evidence]]:
    """Judged numbers about groups of people, those that fail first."""
    about = (each for each in findings if each.about is not None)
    found = [(each, number) for each in about for number in quote.by_weight(each) if number.groups]
    return found[:most]


def provenance(document: Document) -> Facts:
    """Enough to find the audit again."""
    prov = document.provenance
    rows = (
        ("Audited", f"{quote.day(prov.started)}, {prov.tool} {prov.version}, seed {prov.seed}"),
        ("Subject", document.subject.fingerprint),
        ("Data", prov.data_digest),
        ("Model", prov.model_digest or ""),
        ("Settings", prov.config_digest),
    )
    return Facts(tuple(row for row in rows if row[1]))
