"""E-mail addresses, phone numbers, cards, accounts and national numbers in the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fairwitness.core.asks import Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed, plural

if TYPE_CHECKING:
    from fairwitness.privacy.personal import Found

MOST_ROWS = 100_000
KINDS = ("text", "category", "integer")


class PersonalData:
    info = CheckInfo(
        id="privacy.personal-data",
        title="No addresses, accounts or national numbers of persons were recognised",
        failure_title="The data hold addresses, accounts or national numbers of persons",
        measures=(
            "Rows with an e-mail address, phone number, payment card (issuer, length, Luhn), IBAN (modulo 97) or national "
            "number (United States, United Kingdom, Germany, France, Spain, Italy, Poland, Sweden, Netherlands, Canada, "
            "Brazil, India; check digits where the number has them), by column. They are counted, never shown."
        ),
        does_not_show=(
            "Personal data of other forms: names, places, dates, pictures, voices, other countries' numbers. Names are "
            "counted by a weak method (a title, or one of 150 given names, before a capital), shown and not judged. A number "
            "that passes its check digits may still be nobody's."
        ),
        advice=(
            "Take the columns out, or put a random key in their place that is kept elsewhere; in texts, blank what is "
            "found before anything is trained on them."
        ),
        needs=frozenset({"rows"}),
        limit=Limit(at_most=0),
        severity=Severity.HIGH,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "ISO/IEC 7812-1:2017, annex B; ISO 13616-1:2020; ISO/IEC 7064:2003",
            "GDPR, article 4(1) and 87: what relates to a person, and national identification numbers",
            "Each number's own rule: the reference of fairwitness.privacy.checksums",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if not _looked_at(outline):
            return NotApplicable("no column holds text, categories or whole numbers")
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        from fairwitness.privacy.personal import names, scan, telling

        outline, rows = given.outline, given[_ask(given.outline)]
        columns = _looked_at(outline)
        found = {
            column.name: scan(rows.columns[column.name], whole_numbers=column.kind == "integer") for column in columns
        }
        found = {name: kinds for name, kinds in found.items() if kinds}
        named = {column.name: names(rows.columns[column.name]) for column in columns if column.kind != "integer"}
        named = {name: count for name, count in named.items() if count}
        says = {
            column.name: what
            for column in outline.columns
            if column.kind in {"text", "date", "integer"} and (what := telling(column.name)) is not None
        }
        return Measured(
            headline=_headline(found, len(columns)),
            lead=_lead(found, len(rows), says),
            judged=_judged(found, len(rows)),
            explored=tuple(table for table in (_table(found), _names(named, len(rows))) if table.columns["column"]),
            notes=_notes(len(rows), outline.rows),
        )


def _looked_at(outline: Outline) -> list[Column]:
    return [column for column in outline.columns if column.kind in KINDS]


def _ask(outline: Outline) -> RowsAsk:
    return RowsAsk(columns=tuple(column.name for column in _looked_at(outline)), at_most=MOST_ROWS)


def _headline(found: Mapping[str, Mapping[str, Found]], columns: int) -> str:
    if not found:
        return f"No addresses, accounts or national numbers were recognised in {plural(columns, 'column')}"
    kinds = sorted({kind for each in found.values() for kind in each})
    return f"{plural(len(found), 'column')} {'holds' if len(found) == 1 else 'hold'} {listed(kinds)}"


def _lead(found: Mapping[str, Mapping[str, Found]], rows: int, says: Mapping[str, str]) -> str:
    most = [
        f"{name}: {kind} in {plural(each.rows, 'row')}" for name, kinds in found.items() for kind, each in kinds.items()
    ]
    parts = [f"{plural(rows, 'row')} were looked through."]
    parts += [f"{listed(most, shown=4)}."] if most else []
    if says:
        parts.append(
            f"By their names alone, {listed([f'{name} ({what})' for name, what in says.items()])} may hold more."
        )
    return " ".join(parts)


def _judged(found: Mapping[str, Mapping[str, Found]], rows: int) -> dict[Key, Estimate]:
    if not found:
        return {Key(metric="rows with personal data recognised"): Estimate.count(0, n=rows)}
    return {
        Key(metric=f"rows with {kind}", column=name): Estimate.count(each.rows, n=rows)
        for name, kinds in found.items()
        for kind, each in kinds.items()
    }


def _table(found: Mapping[str, Mapping[str, Found]]) -> Series:
    """What was found, with how many different strings of the form there were and how many passed."""
    rows = [
        (name, kind, each.rows, each.looked_alike, each.passed)
        for name, kinds in found.items()
        for kind, each in kinds.items()
    ]
    heads = ("column", "kind", "rows", "different of this form", "of which pass the check")
    cells = zip(*rows, strict=True) if rows else ((),) * len(heads)
    return Series(
        title="Personal data recognised",
        columns=dict(zip(heads, map(tuple, cells), strict=True)),
        units={"rows": "rows", "different of this form": "number", "of which pass the check": "number"},
    )


def _names(named: Mapping[str, int], rows: int) -> Series:
    return Series(
        title="Rows that seem to name a person (weak method, not judged)",
        columns={
            "column": tuple(named),
            "rows": tuple(named.values()),
            "share": tuple(count / max(rows, 1) for count in named.values()),
        },
        units={"rows": "rows", "share": "share"},
    )


def _notes(looked: int, rows: int) -> tuple[str, ...]:
    if looked >= rows:
        return ()
    return (f"A random {fmt.count(looked)} of {plural(rows, 'row')} were looked through; counts are of these.",)
