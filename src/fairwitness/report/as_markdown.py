"""The report for a pull request or a wiki: headings, two tables and a folded list."""

from __future__ import annotations

from fairwitness.core.findings import Document, Finding
from fairwitness.draw import quote
from fairwitness.draw.markdown import code, escape
from fairwitness.draw.sections import Sections, sections
from fairwitness.report import view

MOST = 40  # lines under one heading


def markdown(document: Document) -> str:
    """The report in GitHub's Markdown; what comes from data cannot format, link, mention or open a tag."""
    document = quote.clean(document)
    told = sections(document)
    lines = [
        f"# {escape(document.headline)}",
        "",
        f"{escape(document.subject.name)}: {escape(view.audited(document))}. **Gate {escape(view.gate(document))}.**",
        "",
        *(f"- Note: {escape(note)}" for note in document.subject.notes),
        "",
        _counts(told),
    ]
    lines += _table("Fails", told.fails)
    lines += _table("Uncertain", told.uncertain)
    lines += _list("Broke", [f"{code(each.id)}: {escape(each.reason)}" for each in told.errors])
    lines += _list(
        "Needs a person", [f"**{escape(asked)}** {escape(rest)}" for asked, rest in map(view.question, told.person)]
    )
    lines += _list("Explored, not judged", [f"{escape(each.title)} ({code(each.id)})" for each in told.explored])
    lines += _list(
        "Did not apply",
        [
            f"{escape(why)} {', '.join(code(each.id) for each in found[:12])}"
            + (f" and {len(found) - 12} more" if len(found) > 12 else "")
            for why, found in view.by_reason(told.not_applicable).items()
        ],
    )
    if told.passes:
        passed = [f"- {escape(each.title)}: {escape(quote.quoted(each))} ({code(each.id)})" for each in told.passes]
        lines += ["", f"<details><summary>{len(told.passes)} pass</summary>", "", *_capped(passed), "", "</details>"]
    for waiver in document.gate.waivers:
        state = "Waiver lapsed on" if waiver.expired else "Waived until"
        about = f" {escape(waiver.about)}" if waiver.about else ""
        lines += ["", f"{state} {quote.day(waiver.expires)} by {escape(waiver.owner)}: {code(waiver.check)}{about}. "]
        lines[-1] += escape(waiver.reason)
    prov = document.provenance
    lines += [
        "",
        f"{prov.tool} {prov.version}, {quote.day(prov.started)}, seed {prov.seed}, data {code(prov.data_digest[:16])}.",
    ]
    return "\n".join(lines) + "\n"


def _counts(told: Sections) -> str:
    return (
        f"{len(told.fails)} fail, {len(told.uncertain)} uncertain, {len(told.passes)} pass, "
        f"{told.not_looked} not looked, {len(told.person)} for a person."
    )


def _table(title: str, findings: tuple[Finding, ...]) -> list[str]:
    if not findings:
        return []
    rows = [
        f"| {escape(each.title)} | {escape(quote.quoted(each))} | {each.severity}"
        + "".join(f", {escape(mark)}" for mark in view.marks(each))
        + f" | {code(each.id)} |"
        for each in findings
    ]
    shown = rows[:MOST] + ([f"| and {len(rows) - MOST} more in findings.json | | | |"] if len(rows) > MOST else [])
    return ["", f"## {title}", "", "| Finding | Measured | Severity | Check |", "| --- | --- | --- | --- |", *shown]


def _list(title: str, items: list[str]) -> list[str]:
    return ["", f"## {title}", "", *_capped([f"- {item}" for item in items])] if items else []


def _capped(lines: list[str]) -> list[str]:
    return lines[:MOST] + ([f"- and {len(lines) - MOST} more in findings.json"] if len(lines) > MOST else [])
