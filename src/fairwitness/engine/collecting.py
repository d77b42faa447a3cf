"""Whom to collect where an audit could not tell: the remedy that edits nothing and answers doubt."""

from __future__ import annotations

from typing import Any

from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Document, Finding
from fairwitness.draw.words import label
from fairwitness.fairness.collect import Collection, plan
from fairwitness.fairness.sentences import GAP, RATIO

WAYS = {
    "fairness.selection-rate-gap": GAP,
    "fairness.true-positive-rate-gap": GAP,
    "fairness.false-positive-rate-gap": GAP,
    "fairness.predictive-parity-gap": GAP,
    "fairness.accuracy-gap": GAP,
    "fairness.impact-ratio": RATIO,
}
"""Checks that compare one rate of groups, as the table they show has it."""


def to_collect(document: Document) -> list[dict[str, Any]]:
    """Each uncertain finding with what its check says would settle it and, where rates of groups are compared, the people."""
    return [
        {
            "finding": each.id,
            "what_to_do": each.what_to_do,
            "collect": None if (found := _people(each, document.provenance.level)) is None else found.to_json(),
        }
        for each in document.findings
        if each.verdict is Verdict.UNCERTAIN
    ]


def _people(finding: Finding, level: float) -> Collection | None:
    """From the table that the finding shows; None where that is of no single rate, or no number of people settles it."""
    table = next((each.columns for each in finding.series if {"group", "hits", "n"} <= set(each.columns)), None)
    if table is None or finding.limit is None or finding.check not in WAYS:
        return None
    unknown = label(MISSING, (finding.about or "",))
    groups = [MISSING if name == unknown else str(name) for name in table["group"]]
    hits, totals = ({group: int(v or 0) for group, v in zip(groups, table[of], strict=True)} for of in ("hits", "n"))
    return plan(hits, totals, finding.limit, way=WAYS[finding.check], level=level)
