"""A model card: what a model is for, for whom it was looked at, what was found, and what nobody has answered."""

from __future__ import annotations

from fairwitness.accountability.cards import common
from fairwitness.accountability.pages import Block, Facts, Grid, Item, Items, Page, Section, Text, items
from fairwitness.core.findings import Document, Evidence, Finding
from fairwitness.core.roles import ROLES
from fairwitness.draw import format as fmt
from fairwitness.draw import quote
from fairwitness.draw.sections import Sections, sections


def model_card(document: Document) -> Page:
    """The card of the audited model, or of the rule behind recorded decisions.

    Source:
        Mitchell et al. 2019, Model Cards for Model Reporting, FAT*, 220-229: its nine sections, in its order.
    """
    document = quote.clean(document)
    told = sections(document)
    return Page(
        kind="Model card",
        day=quote.day(document.provenance.started),
        title=document.subject.name,
        lead=document.headline,
        facts=(
            ("Answers for it", common.said(document, "owner") or common.NOBODY),
            ("Disagree?", common.said(document, "appeal_contact") or f"{common.NOBODY} where to turn"),
            ("Gate", _gate(document)),
        ),
        sections=(
            Section(title="Model details", blocks=(_details(document), common.provenance(document))),
            Section(title="Intended use", blocks=common.answered(document, "purpose", "people_affected")),
            Section(title="Groups looked at", blocks=_groups(document)),
            Section(title="What was measured", blocks=_measures(told)),
            Section(title="Data it was judged on", blocks=(_data(document),)),
            Section(title="What was found", blocks=_found(told)),
            Section(title="By group", blocks=_by_group(told)),
            Section(title="Questions of right and wrong", blocks=common.answered(document, "legal_basis", "owner")),
            Section(title="What this does not show", blocks=_caveats(document, told)),
        ),
        foot=common.FOOT,
        tool=f"{document.provenance.tool} {document.provenance.version}",
    )


def _gate(document: Document) -> str:
    gate = document.gate
    if not sections(document).judged:
        return "nothing was judged"
    if gate.passes:
        return f"open: nothing of {gate.fail_on} severity or above blocks"
    return f"closed: {common.listed(gate.blocking, most=6)}"


def _details(document: Document) -> Block:
    card = document.subject
    rows = [
        ("Model", card.model or "none: recorded decisions were audited"),
        ("Decides about", card.people),
        ("Task", card.task or "none declared"),
        ("Predicts", " = ".join(filter(None, (card.target, card.positive))) or "nothing declared"),
        ("Good for the person", card.favorable or "nobody has said which outcome is"),
        ("Reads", common.listed(card.features, none="not declared")),
        ("Kept from it", common.listed((f"{name} ({why})" for name, why in card.withheld.items()), none="nothing")),
    ]
    rows += [
        (role.words.capitalize(), common.listed(document.roles[role.key]))
        for role in ROLES
        if document.roles.get(role.key)
    ]
    return Facts(tuple(rows))


def _groups(document: Document) -> tuple[Block, ...]:
    groups = document.subject.groups
    if not groups:
        return (Text("None: the audit names no sensitive attribute, so nothing here says how groups fare."),)
    return (
        Text(f"Judged by {common.listed(groups)}. Groups the audit does not name were not judged."),
        Items(tuple(Item(text=note) for note in document.subject.notes)),
    )


def _measures(told: Sections) -> tuple[Block, ...]:
    looked = (*told.fails, *told.uncertain, *told.passes, *told.explored)
    if not looked:
        return (Text("Nothing."),)
    each = {finding.check: finding for finding in looked}
    rows = tuple(
        (check, finding.measures, fmt.limit(finding.limit, finding.evidence[0].unit) if finding.evidence else fmt.DASH)
        for check, finding in sorted(each.items())
    )
    return (Grid(caption="Checks that measured", head=("Check", "What it measures", "Limit"), rows=rows),)


def _data(document: Document) -> Block:
    card = document.subject
    parts = common.listed((f"{fmt.count(n)} {part}" for part, n in card.parts.items()), none="not split")
    return Facts((("Judged on", common.rows_of(document)), ("Parts", parts), ("Columns", fmt.count(card.columns))))


def _found(told: Sections) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for title, found in (("Fails", told.fails), ("Uncertain", told.uncertain), ("Passes", told.passes)):
        if found:
            blocks += [Text(f"{title}: {len(found)}."), Items(items(found, most=20))]
    return tuple(blocks) or (Text("Nothing was judged."),)


def _by_group(told: Sections) -> tuple[Block, ...]:
    numbers = common.by_group((*told.fails, *told.uncertain, *told.passes))
    if not numbers:
        return (Text("No number was judged by group."),)
    return (
        Grid(
            caption="Judged numbers by group",
            head=("Groups", "Measure", "Verdict, value and interval", "Limit", "n"),
            rows=tuple(_row(finding, number) for finding, number in numbers),
        ),
    )


def _row(finding: Finding, number: Evidence) -> tuple[str | tuple[Item, ...], ...]:
    return (
        " and ".join(number.groups) if len(number.groups) == 2 else ", ".join(number.groups),
        number.name,
        (Item(text=quote.told(number), verdict=number.verdict),),
        fmt.limit(finding.limit, number.unit),
        fmt.count(number.n),
    )


def _caveats(document: Document, told: Sections) -> tuple[Block, ...]:
    looked = (*told.fails, *told.uncertain, *told.passes)
    limits = tuple(Item(text=text) for text in dict.fromkeys(each.does_not_show for each in looked) if text)
    unseen = (*told.errors, *told.not_applicable)
    blocks: list[Block] = [Items(limits)] if limits else []
    if unseen:
        blocks += [Text("Not looked at:"), Items(items(unseen, most=12))]
    if document.provenance.skip:
        blocks.append(Text(f"Left out on request: {common.listed(document.provenance.skip)}."))
    return tuple(blocks) or (Text("Nothing was judged, so nothing is shown at all."),)
