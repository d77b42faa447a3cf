"""A table's rows met with an audit: the evidence there is, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from fairwitness.accountability.evidence import Source, found, matching
from fairwitness.accountability.pages import Item
from fairwitness.accountability.regulation.tables import Row, Table
from fairwitness.core.registry import registered
from fairwitness.draw.words import listed

MOST = 4  # pieces of evidence shown for one clause
REASONS = 2  # reasons why a check did not look


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidenced:
    """One clause with its evidence; `none` says why there is none, and is empty where there is some."""

    row: Row
    items: tuple[Item, ...]
    more: int
    none: str


def evidenced(table: Table, given: Source) -> tuple[Evidenced, ...]:
    """Every row of a table, in its order."""
    return tuple(_evidenced(row, given) for row in table.row)


def _evidenced(row: Row, given: Source) -> Evidenced:
    held = found(given, checks=(*row.checks, *row.planned), context=row.context, record=row.record)
    return Evidenced(
        row=row,
        items=held[:MOST],
        more=max(0, len(held) - MOST),
        none="" if held else f"no evidence: {_why(row, given)}",
    )


def _why(row: Row, given: Source) -> str:
    """The nearest reason: the check says so itself, it did not run, or no audit could show it."""
    reasons = dict.fromkeys(
        each.reason.rstrip(".")
        for each in matching(given.document, (*row.checks, *row.planned), looked=False)
        if each.reason
    )
    if reasons:
        return "; ".join(list(reasons)[:REASONS])
    if row.missing:
        return row.missing
    ours = [name for name in (*row.checks, *row.planned) if exists(name)]
    if ours:
        return f"{listed(ours)} did not run in this audit"
    if row.planned:
        return f"no check of ours measures it yet ({listed(row.planned)})"
    if row.context:
        return "nobody has answered it in the audit's settings"
    return "the ledger holds nothing of it" if given.record else "no ledger was read"


def exists(pattern: str) -> bool:
    """Whether a check of that id, or one that `fairness.*` stands for, is there."""
    return any(fnmatchcase(each.id, pattern) for each in registered())
