"""An assessment as a page."""

from __future__ import annotations

from itertools import groupby

from fairwitness.accountability.assess import aia
from fairwitness.accountability.assess.assessment import Answered, Assessment, Scored
from fairwitness.accountability.pages import Asked, Block, Facts, Items, Page, Section, Text
from fairwitness.accountability.pages.blocks import Item
from fairwitness.draw import format as fmt
from fairwitness.draw import quote
from fairwitness.draw.words import plural


def page(made: Assessment) -> Page:
    """Questions with their answers, the open ones first counted and then marked where they stand."""
    document = made.document
    grouped = groupby(made.asked, key=lambda item: item.question.section)
    return Page(
        kind=made.form.title,
        day=quote.day(document.provenance.started),
        title=f"{made.form.title}: {document.subject.name}",
        lead=_lead(made),
        facts=(
            ("Follows", made.form.follows),
            ("Text", f"{made.form.text_version}; looked at on {quote.day(made.form.checked_on)}"),
            ("Audit", f"{document.headline} (subject {document.subject.fingerprint})"),
        ),
        sections=(
            *((_score(made.scored),) if made.scored else ()),
            *((_open(made),) if made.open else ()),
            *(Section(title=title, blocks=tuple(map(_asked, items))) for title, items in grouped),
            *_fallen(made),
        ),
        foot=made.form.foot,
        tool=f"{document.provenance.tool} {document.provenance.version}",
    )


def _lead(made: Assessment) -> str:
    if made.stale:
        return (
            "Answered for another model or other data than this audit is of. Read the answers again, then write this "
            "audit's fingerprint, below, into the answers file."
        )
    if made.complete:
        return f"Complete: a person stands behind each of the {plural(len(made.asked), 'answer')}."
    return f"Not complete: {plural(len(made.open), 'question')} of {fmt.count(len(made.asked))} wait for a person."


def _asked(item: Answered) -> Block:
    question = item.question
    return Asked(
        key=question.key,
        asks=question.asks,
        whom=question.whom,
        state=item.state,
        answer=item.answer,
        by=item.by,
        clause=question.clause,
        measured=item.measured,
    )


def _open(made: Assessment) -> Section:
    by_whom: dict[str, int] = {}
    for item in made.open:
        by_whom[item.question.whom] = by_whom.get(item.question.whom, 0) + 1
    lines = tuple(Item(text=f"{whom[:1].upper()}{whom[1:]}: {plural(n, 'question')}") for whom, n in by_whom.items())
    return Section(title="Who is asked", blocks=(Items(lines),))


def _fallen(made: Assessment) -> tuple[Section, ...]:
    fallen = tuple(Item(text=item.question.asks, ref=item.question.key) for item in made.items if not item.asked)
    return (Section(title="Not asked, after other answers", blocks=(Items(fallen),)),) if fallen else ()


def _score(scored: Scored) -> Section:
    now, low, high = scored.now, scored.low, scored.high
    if (low.total, low.level) == (high.total, high.level):
        level = f"Level {aia.LEVELS[now.level - 1]}"
        final = f"{fmt.count(now.total)} of {fmt.count(now.most_raw)}"
    else:
        level = f"not settled: level {_span(low.level, high.level)}"
        final = f"{fmt.count(low.total)} to {fmt.count(high.total)} of {fmt.count(now.most_raw)}, by the open answers"
    rows = (
        ("Impact level", level),
        ("Final score", final),
        ("Raw score so far", f"{fmt.count(now.raw)} of {fmt.count(now.most_raw)}"),
        ("Mitigation so far", f"{fmt.count(now.mitigation)} of {fmt.count(now.most_mitigation)}"),
        ("Reduction", "15 % off, mitigation is 80 % or more" if now.reduced else "none, mitigation is below 80 %"),
    )
    notes: list[Block] = []
    if scored.proposed:
        notes.append(
            Text(
                f"{plural(scored.proposed, 'answer')} among them are proposed by what was measured, and no person has confirmed them."
            )
        )
    return Section(title="Score", blocks=(Facts(rows), *notes))


def _span(low: int, high: int) -> str:
    return aia.LEVELS[low - 1] if low == high else f"{aia.LEVELS[low - 1]} to {aia.LEVELS[high - 1]}"
