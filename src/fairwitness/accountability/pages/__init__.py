"""Pages for people: typed blocks in, one HTML file that fetches nothing or Markdown out; they look like the report."""

from __future__ import annotations

from fairwitness.accountability.pages.as_html import html
from fairwitness.accountability.pages.as_markdown import markdown
from fairwitness.accountability.pages.blocks import (
    Asked,
    Block,
    Chart,
    Facts,
    Grid,
    Item,
    Items,
    Mark,
    Marked,
    Page,
    Picture,
    Section,
    State,
    Text,
)
from fairwitness.accountability.pages.of_findings import item, items

__all__ = [
    "Asked",
    "Block",
    "Chart",
    "Facts",
    "Grid",
    "Item",
    "Items",
    "Mark",
    "Marked",
    "Page",
    "Picture",
    "Section",
    "State",
    "Text",
    "html",
    "item",
    "items",
    "markdown",
]
