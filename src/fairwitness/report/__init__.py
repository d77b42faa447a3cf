"""An audit's findings on every surface: terminal, page, Markdown, code scanning, build server.

Each surface takes a `core.findings.Document` and nothing else, knows no check by name, and shows what was not looked
at apart from what passed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from fairwitness.core.findings import Document
from fairwitness.report.as_html import html
from fairwitness.report.as_junit import junit
from fairwitness.report.as_markdown import markdown
from fairwitness.report.as_sarif import sarif
from fairwitness.report.as_text import text

Format = Literal["text", "html", "markdown", "sarif", "junit"]

RENDERERS: dict[Format, Callable[[Document], str]] = {
    "text": text,
    "html": html,
    "markdown": markdown,
    "sarif": sarif,
    "junit": junit,
}

__all__ = ["RENDERERS", "Format", "html", "junit", "markdown", "render", "sarif", "text"]


def render(document: Document, format: Format) -> str:  # noqa: A002 - the word a user types
    """The document in one format, as text ready to be written in UTF-8."""
    return RENDERERS[format](document)
