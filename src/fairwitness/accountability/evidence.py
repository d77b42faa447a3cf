"""What there is to point to: findings by check, answers a person gave, and entries in the ledger.

Assessments and evidence tables name check ids, exact or as `fairness.*`; here they meet a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from fairwitness.accountability.pages import Item, item
from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Document, Finding
from fairwitness.core.questions import QUESTIONS
from fairwitness.draw import quote
from fairwitness.draw.sections import sections
from fairwitness.draw.words import plural

MEASURED = frozenset({Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS, Verdict.EXPLORED})
"""Verdicts of a check that looked; the others say why it did not."""

ASKS = {question.key: question.asks for question in QUESTIONS}


@dataclass(frozen=True, slots=True)
class Source:
    """An audit and, where there is one, its record.

    Attributes:
        document: The findings.
        record: Number of entries of each kind in the ledger; empty: there is no ledger, or it is empty.
    """

    document: Document
    record: Mapping[str, int] = field(default_factory=dict)


def source(document: Document, ledger: Path | None = None) -> Source:
    """A document, made harmless to show, with the entries of a ledger counted.

    Args:
        document: The findings.
        ledger: The ledger file; None: none is read.

    Raises:
        LedgerError: The file is not there, or is no ledger.
    """
    return Source(quote.clean(document), counted(ledger) if ledger else {})


def counted(ledger: Path) -> dict[str, int]:
    """Entries of a ledger by kind."""
    from fairwitness.accountability.ledger import Ledger  # SQLite waits until a ledger is there

    with Ledger(ledger, make=False) as log:
        return {str(kind): count for kind, count in log.counts().items()}


def matching(document: Document, checks: Iterable[str], *, looked: bool = True) -> tuple[Finding, ...]:
    """Findings of these checks, the failing first; `looked=False` gives those that did not look."""
    told = sections(document)
    ordered = (
        (*told.fails, *told.uncertain, *told.passes, *told.explored)
        if looked
        else (*told.errors, *told.not_applicable, *told.person)
    )
    patterns = tuple(checks)
    return tuple(each for each in ordered if any(fnmatchcase(each.check, pattern) for pattern in patterns))


def found(
    given: Source, *, checks: Iterable[str] = (), context: Iterable[str] = (), record: Iterable[str] = ()
) -> tuple[Item, ...]:
    """Everything there is to point to, as lines that name where they come from."""
    return (
        *(item(each) for each in matching(given.document, checks)),
        *(
            Item(text=f"{ASKS[key]} {words}", ref=f"[context] {key}")
            for key in context
            if (words := " ".join(given.document.context.get(key, "").split()))
        ),
        *(
            Item(text=f"{plural(given.record[kind], 'entry', 'entries')} of kind {kind}", ref="ledger")
            for kind in record
            if given.record.get(kind)
        ),
    )
