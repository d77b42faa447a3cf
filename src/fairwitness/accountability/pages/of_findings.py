"""Findings as lines of a page."""

from __future__ import annotations

from collections.abc import Iterable

from fairwitness.accountability.pages.blocks import Item
from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Finding
from fairwitness.draw import quote

DID_NOT_LOOK = frozenset({Verdict.NOT_APPLICABLE, Verdict.NEEDS_PERSON, Verdict.ERROR})


def item(finding: Finding) -> Item:
    """A finding's fact, with the one number to quote, or with why it has none."""
    detail = finding.reason if finding.verdict in DID_NOT_LOOK else quote.quoted(finding)
    return Item(text=finding.title, detail=detail, verdict=finding.verdict, ref=finding.id)


def items(findings: Iterable[Finding], *, most: int = 40, rest: str = "more in findings.json") -> tuple[Item, ...]:
    """Findings as lines; a list that is cut says by how much."""
    held = list(findings)
    cut = (Item(text=f"and {len(held) - most} {rest}"),) if len(held) > most else ()
    return (*(item(each) for each in held[:most]), *cut)
