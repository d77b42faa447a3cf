"""What a page is made of. Strings are data: nothing in them is markup, whichever surface shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fairwitness.core.estimate import Verdict
from fairwitness.core.figures import Figure

State = Literal["answered", "confirmed", "proposed", "unnamed", "open"]
"""Of a question: a person answered; a person took over what was measured; measured, and no person has looked;
answered, and nobody has put a name to it; nobody has answered."""

WORDS: dict[State, str] = {
    "answered": "Answered",
    "confirmed": "Measured, confirmed",
    "proposed": "Measured, not confirmed",
    "unnamed": "Answered, no name",
    "open": "Open",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a list: a verdict's mark where there is one, a sentence, a number or reason, an id."""

    text: str
    detail: str = ""
    verdict: Verdict | None = None
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Terms and what is known of each."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table; a cell is text, or a list of lines."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | tuple[Item, ...], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question to a person, its answer if there is one, and what was measured beside it."""

    key: str
    asks: str
    whom: str
    state: State
    answer: str = ""
    by: str = ""
    clause: str = ""
    measured: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure; in Markdown the numbers drawn."""

    figure: Figure


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and what it shows; in Markdown the words alone."""

    uri: str  # data:image/png;base64,...
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A stretch of a text and how strongly it is marked.

    Attributes:
        strength: From −4, strongly against, to 4, strongly in favour; 0 is not marked.
        space: Whether white space follows.
    """

    text: str
    strength: int
    space: bool


@dataclass(frozen=True, slots=True)
class Marked:
    """A text whose words are marked by weight; in Markdown the words alone."""

    parts: tuple[Mark, ...]

    @property
    def words(self) -> str:
        """The text as it reads."""
        return "".join(f"{part.text} " if part.space else part.text for part in self.parts).strip()


Block = Text | Facts | Items | Grid | Asked | Chart | Picture | Marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole page.

    Attributes:
        kind: What it is, for the line above the title: "Model card".
        day: When what it shows was measured, as a reader writes it.
        title: The one heading of the first level.
        lead: One paragraph under it.
        facts: The lines a reader needs first.
        sections: The rest.
        foot: What it may not be read as.
        layout: `prose`, `wide` for tables, or `sheet` for one printed page.
        tool: What made it.
    """

    kind: str
    day: str
    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    foot: str
    layout: Literal["prose", "wide", "sheet"] = "prose"
    tool: str = "fairwitness"
