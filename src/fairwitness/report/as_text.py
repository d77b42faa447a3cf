"""The report in a terminal: what fails first, what passes in a line a pillar, the gate last."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Document, Finding
from fairwitness.core.registry import PILLARS
from fairwitness.draw import format as fmt
from fairwitness.draw import quote
from fairwitness.draw.sections import Sections, sections
from fairwitness.report import view

HELD = "\ue000"  # stands for a no-break space, at which rich would break a line
MOST = 25  # findings listed under one heading
MARKS: dict[Verdict, tuple[str, str]] = {
    Verdict.FAIL: ("✗", "bold red"),
    Verdict.UNCERTAIN: ("?", "bold yellow"),
    Verdict.PASS: ("✓", "bold green"),
    Verdict.EXPLORED: ("·", "cyan"),
    Verdict.NOT_APPLICABLE: ("-", "bright_black"),
    Verdict.NEEDS_PERSON: ("@", "magenta"),
    Verdict.ERROR: ("!", "bold red"),
}
"""Mark and colour; every mark also has its word in a heading, so nothing hangs on colour."""


def text(document: Document, *, width: int = 80, colour: bool = False) -> str:
    """The report as lines of at most `width` cells; `colour` adds terminal escapes of our own and nobody else's."""
    document = quote.clean(document)
    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(_whole(document))
    shown = out.getvalue().replace(HELD, "\u00a0")
    return "\n".join(line.rstrip() for line in shown.splitlines()) + "\n"


def _whole(document: Document) -> Group:
    told = sections(document)
    parts: list[RenderableType] = [
        _prose(document.headline, "bold"),
        _prose(f"{document.subject.name}: {view.audited(document)}", "bright_black"),
        *(_prose(f"Note: {note}", "bright_black") for note in document.subject.notes),
        Text(""),
        _counts(told),
    ]
    for title, findings in (("FAILS", told.fails), ("UNCERTAIN", told.uncertain)):
        parts += _block(title, (_judged(finding) for finding in findings))
    parts += _block("BROKE", (_row(f.verdict, f.id, f.reason) for f in told.errors))
    parts += _block("NEEDS A PERSON", (_row(f.verdict, *view.question(f)) for f in told.person))
    parts += _block("EXPLORED, NOT JUDGED", (_row(f.verdict, f.title, f.id) for f in told.explored))
    reasons = view.by_reason(told.not_applicable)
    parts += _block("DID NOT APPLY", (_row(Verdict.NOT_APPLICABLE, why, _ids(each)) for why, each in reasons.items()))
    parts += _block("PASSES", _passes(told.passes))
    return Group(*parts, Text(""), *_gate(document))


def _prose(words: str, style: str) -> Text:
    return Text(words.replace(fmt.THIN, HELD).replace("\u00a0", HELD), style=style)


def _counts(told: Sections) -> Text:
    line = Text()
    for verdict, n, word in (
        (Verdict.FAIL, len(told.fails), "fail"),
        (Verdict.UNCERTAIN, len(told.uncertain), "uncertain"),
        (Verdict.PASS, len(told.passes), "pass"),
        (Verdict.ERROR if told.errors else Verdict.NOT_APPLICABLE, told.not_looked, "not looked"),
        (Verdict.NEEDS_PERSON, len(told.person), "needs a person" if len(told.person) == 1 else "need a person"),
    ):
        mark, style = MARKS[verdict]
        line.append(f"{mark} {n} ", style=style if n else "bright_black")
        line.append(f"{word}   ")
    return line


def _block(title: str, rows: Iterable[RenderableType]) -> list[RenderableType]:
    """A heading and its rows; nothing at all where there are none."""
    held = list(rows)
    if not held:
        return []
    more = [Padding(Text(f"and {len(held) - MOST} more in findings.json"), (0, 0, 0, 4))] if len(held) > MOST else []
    return [Text(""), Text(title, style="bold"), *held[:MOST], *more]


def _row(verdict: Verdict, *lines: str) -> Table:
    """A mark, and lines hanging beside it: the first plain, the others dim."""
    mark, style = MARKS[verdict]
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=3, justify="right")
    grid.add_column(overflow="fold")
    for i, line in enumerate(line for line in lines if line):
        grid.add_row(Text("" if i else mark, style=style), _prose(line, "bright_black" if i else ""))
    return grid


def _judged(finding: Finding) -> Table:
    marks = "".join(f", {mark}" for mark in view.marks(finding))
    return _row(
        finding.verdict,
        finding.title,
        quote.quoted(finding),
        f"{finding.severity}, {view.pillar(finding)}: {finding.id}{marks}",
    )


def _passes(findings: Iterable[Finding]) -> list[RenderableType]:
    """One line a pillar: how many, and which checks."""
    held = list(findings)
    names = dict.fromkeys([*PILLARS, *(each.pillar for each in held)])
    rows: list[RenderableType] = []
    for name in names:
        mine = [each for each in held if each.pillar == name]
        if mine:
            rows.append(_row(Verdict.PASS, f"{PILLARS.get(name, name)}, {len(mine)}: {_ids(mine, bare=True)}"))
    return rows


def _ids(findings: list[Finding], *, bare: bool = False, most: int = 12) -> str:
    names = [each.id.removeprefix(f"{each.pillar}.") if bare else each.id for each in findings]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _gate(document: Document) -> list[RenderableType]:
    gate = document.gate
    parts: list[RenderableType] = [
        Text(f"Waiver lapsed {quote.day(waiver.expires)}: {waiver.check} {waiver.about}".rstrip(), style="yellow")
        for waiver in gate.waivers
        if waiver.expired
    ]
    parts.append(Text(f"GATE {view.gate(document)}", style="bold green" if gate.passes else "bold red"))
    parts += [Padding(Text(blocking), (0, 0, 0, 4)) for blocking in gate.blocking[:MOST]]
    if len(gate.blocking) > MOST:
        parts.append(Padding(Text(f"and {len(gate.blocking) - MOST} more in findings.json"), (0, 0, 0, 4)))
    return parts
