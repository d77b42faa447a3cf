"""The one-page summary, for people who will not read the report. However long the audit, it prints on one A4 page.

No browser shrinks a page to fit, so every text is cut to the two lines it may take and every list to its share of lines,
by the same estimate of widths that charts rest on.
"""

from __future__ import annotations

import math

from fairwitness.accountability.cards import common
from fairwitness.accountability.pages import Block, Item, Items, Page, Section, Text
from fairwitness.core.findings import Document, Finding
from fairwitness.draw import format as fmt
from fairwitness.draw import quote
from fairwitness.draw.sections import Sections, sections
from fairwitness.draw.text import breadth, fit
from fairwitness.draw.words import plural

SIZE, LINE, FACT = 12, 640, 490
"""In CSS pixels on A4: height of the type, length of a list's line, and of a line beside a term."""

FAILS, UNSURE, STEPS, UNSEEN = 12, 5, 6, 5
"""Lines each list may take."""


def one_page(document: Document) -> Page:
    """Verdict, what it is for, what fails and for whom, what is not known, what to do, and where to turn."""
    document = quote.clean(document)
    told = sections(document)
    return Page(
        kind="Summary",
        day=quote.day(document.provenance.started),
        title=fit(document.headline, 2.7 * LINE, size=20, bold=True),
        lead=_lead(document, told),
        facts=tuple((term, fit(text, 1.9 * FACT, size=SIZE)) for term, text in _facts(document)),
        sections=(
            Section(title="What fails, and for whom", blocks=_fails(told)),
            *(
                (Section(title="What is not certain", blocks=(_found(told.uncertain, UNSURE),)),)
                if told.uncertain
                else ()
            ),
            Section(title="What to do next", blocks=_steps(told)),
            Section(title="What nobody looked at", blocks=_unseen(document, told)),
        ),
        foot="Numbers in brackets are how far chance could move the number before them. " + common.FOOT,
        layout="sheet",
        tool=f"{document.provenance.tool} {document.provenance.version}",
    )


def _lead(document: Document, told: Sections) -> str:
    if not told.judged:
        return "Nothing was judged, so this audit says nothing for it and nothing against it."
    gate = "It passes its gate" if document.gate.passes else "It does not pass its gate"
    return (
        f"{gate}. Of {plural(told.judged, 'judgement')}, {len(told.fails)} fail, {len(told.uncertain)} are uncertain "
        f"and {len(told.passes)} pass."
    )


def _facts(document: Document) -> tuple[tuple[str, str], ...]:
    return (
        ("What", f"{fit(document.subject.name, FACT, size=SIZE)}: {common.rows_of(document)}"),
        ("What it is for", common.said(document, "purpose") or common.NOBODY),
        ("Who is affected", common.said(document, "people_affected") or common.NOBODY),
        ("Who answers for it", common.said(document, "owner") or common.NOBODY),
        ("Where to turn", common.said(document, "appeal_contact") or common.NOBODY),
    )


def _fails(told: Sections) -> tuple[Block, ...]:
    if not told.fails:
        return (Text("Nothing that was judged fails." if told.judged else "Nothing was judged."),)
    return (_found(told.fails, FAILS),)


def _found(findings: tuple[Finding, ...], lines: int) -> Items:
    """Facts with their numbers, no ids: a reader of this page has no use for them."""
    return _cut([Item(text=each.title, detail=quote.quoted(each), verdict=each.verdict) for each in findings], lines)


def _steps(told: Sections) -> tuple[Block, ...]:
    advice = dict.fromkeys(each.what_to_do for each in (*told.errors, *told.fails, *told.uncertain) if each.what_to_do)
    questions = [f"Answer {plural(len(told.person), 'question')} that no measurement can."] if told.person else []
    lines = [Item(text=text) for text in (*questions, *advice)]
    return (_cut(lines, STEPS),) if lines else (Text("Nothing that was judged asks for a change."),)


def _unseen(document: Document, told: Sections) -> tuple[Block, ...]:
    skipped = common.listed(document.provenance.skip, most=3, none="")
    lines = [Item(text=f"Left out on request: {skipped}.")] if skipped else []
    lines += [Item(text=f"A check broke: {each.reason}") for each in told.errors]
    lines += [Item(text=reason) for reason in dict.fromkeys(each.reason for each in told.not_applicable) if reason]
    return (_cut(lines, UNSEEN),) if lines else (Text("Every check of the audit looked."),)


def _cut(items: list[Item], lines: int) -> Items:
    """As many items as the lines hold, each of two lines at most, and how many were left out."""
    held: list[Item] = []
    for item in items:
        text, detail = fit(item.text, 1.9 * LINE, size=SIZE), fit(item.detail, LINE, size=SIZE)
        lines -= math.ceil(breadth(text, size=SIZE) / LINE) + bool(detail)
        if lines < 0:
            break
        held.append(Item(text=text, detail=detail, verdict=item.verdict))
    rest = len(items) - len(held)
    return Items((*held, Item(text=f"and {fmt.count(rest)} more in the report")) if rest else tuple(held))
