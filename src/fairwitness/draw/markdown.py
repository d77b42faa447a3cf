"""Text for GitHub's Markdown in which nothing that comes from data can format, link, mention or open a tag."""

from __future__ import annotations

import re

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$])")


def escape(text: str) -> str:
    """Text that Markdown leaves alone: no markup, no tag, no mention, no bare link."""
    text = SPECIAL.sub(r"\\\1", text)  # before the entities, whose # is not the data's
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    return text.replace("://", ":&#47;&#47;").replace("www.", "www&#46;")


def code(text: str) -> str:
    """An id as code; a backtick or a pipe would end it."""
    return "`" + text.replace("`", "'").replace("|", "¦") + "`"
