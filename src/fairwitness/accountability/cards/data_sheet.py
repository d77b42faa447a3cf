"""A data sheet: what was measured of the data, under the questions a data set must answer for."""

from __future__ import annotations

from fairwitness.accountability.cards import common
from fairwitness.accountability.pages import Asked, Block, Facts, Items, Page, Section, Text, items
from fairwitness.core.findings import Document, Finding
from fairwitness.draw import format as fmt
from fairwitness.draw import quote
from fairwitness.draw.sections import sections

OWNER = "the data owner"
OPEN: dict[str, tuple[Asked, ...]] = {
    "Motivation": (common.asked("why-made", "Why were these data gathered, by whom, and who paid for it?", OWNER),),
    "Collection": (
        common.asked("how-collected", "How and when did each record come to be, and from which people?", OWNER),
        common.asked("consent", "Did the people know, and could they say no?", "the data protection officer"),
    ),
    "Labels": (common.asked("who-labelled", "Who decided the recorded outcome of each row, and by what rule?", OWNER),),
    "Distribution": (common.asked("licence", "Who may have these data, and under which licence?", OWNER),),
    "Maintenance": (
        common.asked("corrections", "Who corrects a wrong record, and how is a person's row erased?", OWNER),
    ),
}
"""What no measurement answers. They stay open in the card: the audit has no answer to carry over."""


def data_sheet(document: Document) -> Page:
    """The sheet of the audited data.

    Source:
        Gebru et al. 2021, Datasheets for Datasets, Communications of the ACM 64(12):86-92: its sections, in its order.
    """
    document = quote.clean(document)
    card = document.subject
    return Page(
        kind="Data sheet",
        day=quote.day(document.provenance.started),
        title=f"The data behind {card.name}",
        lead=_lead(document),
        facts=(
            ("Rows", fmt.count(card.rows)),
            ("Columns", fmt.count(card.columns)),
            ("Digest", document.provenance.data_digest),
        ),
        sections=(
            Section(title="Motivation", blocks=OPEN["Motivation"]),
            Section(title="Composition", blocks=_composition(document)),
            Section(title="Collection", blocks=OPEN["Collection"]),
            Section(title="Labels and preparation", blocks=(*OPEN["Labels"], *_prepared(document))),
            Section(title="What was measured of the data", blocks=_measured(document)),
            Section(title="Uses", blocks=common.answered(document, "purpose", "legal_basis")),
            Section(title="Distribution", blocks=OPEN["Distribution"]),
            Section(title="Maintenance", blocks=(*common.answered(document, "owner"), *OPEN["Maintenance"])),
        ),
        foot=common.FOOT,
        tool=f"{document.provenance.tool} {document.provenance.version}",
    )


def of_data(document: Document) -> tuple[Finding, ...]:
    """The findings about the data themselves, in the report's order."""
    told = sections(document)
    looked = (*told.fails, *told.uncertain, *told.explored, *told.passes, *told.errors, *told.not_applicable)
    return tuple(each for each in looked if each.pillar == "data")


def _lead(document: Document) -> str:
    told = sections(document)
    fails = sum(each.pillar == "data" for each in told.fails)
    unsure = sum(each.pillar == "data" for each in told.uncertain)
    if not any(each.pillar == "data" for each in (*told.fails, *told.uncertain, *told.passes)):
        return "No check of the data was judged."
    return f"Of the checks of the data, {fmt.count(fails)} fail and {fmt.count(unsure)} are uncertain."


def _composition(document: Document) -> tuple[Block, ...]:
    card = document.subject
    rows = (
        ("Each row is about", card.people),
        ("Outcome", card.target or "none declared"),
        ("Sensitive attributes", common.listed(card.groups, none="none declared")),
        ("Features", common.listed(card.features, none="not declared")),
        ("Parts", common.listed((f"{fmt.count(n)} {part}" for part, n in card.parts.items()), none="not split")),
    )
    return (Facts(rows), *common.answered(document, "people_affected"))


def _prepared(document: Document) -> tuple[Block, ...]:
    card = document.subject
    kept = tuple((name, why) for name, why in card.withheld.items())
    blocks: list[Block] = [Text("Columns kept from the model:"), Facts(kept)] if kept else []
    return (*blocks, *(Text(note) for note in card.notes))


def _measured(document: Document) -> tuple[Block, ...]:
    found = of_data(document)
    return (Items(items(found)),) if found else (Text("No check of the data ran."),)
