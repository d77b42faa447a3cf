"""A page as Markdown."""

from __future__ import annotations

from fairwitness import draw
from fairwitness.accountability.pages.blocks import (
    WORDS,
    Asked,
    Block,
    Chart,
    Facts,
    Grid,
    Item,
    Items,
    Marked,
    Page,
    Picture,
    Text,
)
from fairwitness.draw import format as fmt
from fairwitness.draw import quote
from fairwitness.draw.markdown import code, escape


def markdown(page: Page) -> str:
    """The page in GitHub's Markdown; what comes from data cannot format, link, mention or open a tag."""
    page = quote.clean(page, longest=None)
    lines = [f"# {escape(page.title)}", "", f"*{escape(page.kind)}, {escape(page.day)}*", ""]
    lines += [escape(page.lead), ""] if page.lead else []
    lines += [*_facts(page.facts), ""] if page.facts else []
    for section in page.sections:
        lines += [f"## {escape(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    lines += ["---", "", f"{escape(page.foot)} Made by {escape(page.tool)}."]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> list[str]:
    match block:
        case Text(words) | Picture(caption=words) | Marked(words=words):
            return [escape(words)]
        case Facts():
            return _facts(block.rows)
        case Items():
            return [f"- {_item(each)}" for each in block.items]
        case Grid():
            return _grid(block)
        case Chart():
            numbers = draw.table(block.figure)
            return _grid(
                Grid(caption=block.figure.title, head=tuple(each.label for each in numbers.head), rows=numbers.rows)
            )
        case Asked():
            return _asked(block)


def _facts(rows: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"- **{escape(term)}:** {escape(text)}" for term, text in rows]


def _item(item: Item) -> str:
    mark = f"**{fmt.WORDS[item.verdict]}:** " if item.verdict else ""
    detail = f" ({escape(item.detail)})" if item.detail else ""
    ref = f" {code(item.ref)}" if item.ref else ""
    return f"{mark}{escape(item.text)}{detail}{ref}"


def _grid(grid: Grid) -> list[str]:
    def cell(value: str | tuple[Item, ...]) -> str:
        return escape(value) if isinstance(value, str) else "<br>".join(map(_item, value))

    rows = ["| " + " | ".join(map(cell, row)) + " |" for row in grid.rows]
    head = "| " + " | ".join(map(escape, grid.head)) + " |"
    return [head, "| " + " | ".join("---" for _ in grid.head) + " |", *rows]


def _asked(asked: Asked) -> list[str]:
    clause = f" *{escape(asked.clause)}*" if asked.clause else ""
    lines = [f"### {escape(asked.asks)}", "", f"**{WORDS[asked.state]}.**{clause} Ask {escape(asked.whom)}."]
    if asked.answer:
        by = f" ({escape(asked.by)})" if asked.by else ""
        lines += ["", f"> {escape(asked.answer)}{by}"]
    if asked.measured:
        lines += ["", "Measured:", "", *(f"- {_item(each)}" for each in asked.measured)]
    return lines
