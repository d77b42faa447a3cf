"""A page taken apart: what a browser would see, without one."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise


class Parsed(HTMLParser):
    """Elements as (tag, attributes), and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [value for _, attrs in self.elements if (value := attrs.get(name)) is not None]


def check(text: str) -> Parsed:
    """What every page of ours keeps: one first heading, no level skipped, names of their own, nothing from outside."""
    parsed = Parsed(text)
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = parsed.all("id")
    assert len(ids) == len(set(ids))
    assert {href.removeprefix("#") for href in parsed.all("href")} <= set(ids)
    regions = [attrs["aria-label"] for _, attrs in parsed.elements if attrs.get("role") == "region"]
    assert len(regions) == len(set(regions))
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "base"}
    names = {name for _, attrs in parsed.elements for name in attrs}
    assert not {name for name in names if name.startswith("on") or name in {"style", "src", "srcset", "srcdoc"}}
    return parsed
