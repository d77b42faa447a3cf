"""Evidence tables as a page, as Markdown, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from fairwitness.accountability import pages
from fairwitness.accountability.evidence import Source
from fairwitness.accountability.pages import Block, Grid, Item, Page, Section, Text
from fairwitness.accountability.regulation.rows import Evidenced, evidenced
from fairwitness.accountability.regulation.tables import Table
from fairwitness.draw import format as fmt
from fairwitness.draw import quote
from fairwitness.draw.words import plural

FOOT = (
    "This lists evidence that was measured or recorded. It is no claim, and no advice, that a law or standard is met: "
    "a finding that passes is not a clause that is met, and a clause without evidence is not one that is breached."
)


def show(tables: Sequence[Table], given: Source, output: Literal["html", "markdown", "json"]) -> str:
    """The tables for an audit, one after another."""
    if output == "json":
        return json.dumps(tree(tables, given), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    shown = page(tables, given)
    return pages.html(shown) if output == "html" else pages.markdown(shown)


def page(tables: Sequence[Table], given: Source) -> Page:
    """A section a table, a row a clause."""
    document = given.document
    titles = "; ".join(each.title for each in tables)
    return Page(
        kind="Evidence by clause",
        day=quote.day(document.provenance.started),
        title=f"{titles}: evidence from the audit of {document.subject.name}",
        lead=document.headline,
        facts=(("Subject", document.subject.fingerprint), ("Ledger", _ledger(given))),
        sections=tuple(Section(title=each.title, blocks=_blocks(each, given)) for each in tables),
        foot=FOOT,
        layout="wide",
        tool=f"{document.provenance.tool} {document.provenance.version}",
    )


def tree(tables: Sequence[Table], given: Source) -> dict[str, Any]:
    """The same as plain values, for a machine."""
    document = given.document
    return {
        "subject": {"name": document.subject.name, "fingerprint": document.subject.fingerprint},
        "audited": document.provenance.started,
        "says": FOOT,
        "tables": [
            {
                "regulation": each.name,
                "title": each.title,
                "note": each.note,
                "rows": [_row(each, row) for row in evidenced(each, given)],
            }
            for each in tables
        ],
    }


def _ledger(given: Source) -> str:
    return plural(sum(given.record.values()), "entry", "entries") if given.record else "none was read"


def _blocks(table: Table, given: Source) -> tuple[Block, ...]:
    rows = evidenced(table, given)
    with_some = sum(bool(row.items) for row in rows)
    return (
        Text(f"{fmt.count(with_some)} of {plural(len(rows), 'clause')} have some evidence here. {table.note}"),
        Grid(
            caption=f"Evidence by clause: {table.title}",
            head=("Clause", "What it asks, in our words", "Evidence", "Text and date checked"),
            rows=tuple((row.row.clause, row.row.asks, _cell(row), _text(table, row)) for row in rows),
        ),
    )


def _cell(row: Evidenced) -> str | tuple[Item, ...]:
    rest = (Item(text=f"and {fmt.count(row.more)} more in findings.json"),) if row.more else ()
    return (*row.items, *rest) or row.none


def _text(table: Table, row: Evidenced) -> str:
    unsure = f" Not sure: {row.row.unsure}" if row.row.unsure else ""
    return f"{table.version(row.row)}; checked {table.checked(row.row)}.{unsure}"


def _row(table: Table, row: Evidenced) -> dict[str, Any]:
    return {
        "clause": row.row.clause,
        "asks": row.row.asks,
        "evidence": [
            {"from": item.ref, "says": item.text, "verdict": item.verdict, "measured": item.detail}
            for item in row.items
        ],
        "more": row.more,
        "no_evidence": row.none,
        "commands": list(row.row.commands),
        "unsure": row.row.unsure,
        "text_version": table.version(row.row),
        "checked_on": table.checked(row.row),
    }
