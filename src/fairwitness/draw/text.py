"""Text that cannot do harm, and how wide it will be: data values are hostile until shown otherwise."""

from __future__ import annotations

import unicodedata
from html import escape

# Characters that reorder what stands around them; a group's name could use them to swap "pass" and "fail".
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNSEEN = frozenset("\ufeff\ufffe\uffff\u2028\u2029")
REPLACEMENT = "\ufffd"
ELLIPSIS = "…"

NARROW = frozenset("ijlItfr.,:;|'!()[]- \u202f\u00a0")
WIDE = frozenset("mwMW@%")


def plain(text: str) -> str:
    r"""One line of text that no terminal, browser or XML parser can take for anything else.

    White space becomes single spaces; control characters, lone surrogates and bidirectional overrides become U+FFFD,
    so that a reader sees something was there. Letters of every script stay.

    >>> plain("a\x1b[31mb\n c")
    'a\ufffd[31mb c'
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text
    spaced = "".join(" " if char in "\t\n\r\v\f\x85\u2028\u2029" else char for char in text)
    safe = "".join(REPLACEMENT if _harmful(char) else char for char in spaced)
    while "  " in safe:
        safe = safe.replace("  ", " ")
    return safe


def _harmful(char: str) -> bool:
    return char in BIDI or char in UNSEEN or unicodedata.category(char) in {"Cc", "Cs"}


def esc(text: str) -> str:
    """`plain` text for the inside of markup or of a double-quoted attribute."""
    return escape(plain(text), quote=True)


def breadth(text: str, *, size: float = 13, bold: bool = False) -> float:
    """About how many units wide `text` is in a sans-serif of `size`; errs on the wide side (DejaVu Sans).

    SVG text does not wrap and no font is shipped, so layout rests on this estimate.
    """
    ems = 0.0
    for char in text:
        if char in NARROW:
            ems += 0.4
        elif char in WIDE:
            ems += 0.95
        elif unicodedata.east_asian_width(char) in {"W", "F"}:
            ems += 1.0
        elif char.isupper():
            ems += 0.7
        else:
            ems += 0.63
    return ems * size * (1.07 if bold else 1.0)


def fit(text: str, room: float, *, size: float = 13, bold: bool = False) -> str:
    """`text`, cut with an ellipsis to what `room` units hold; the data table has it whole."""
    text = plain(text)
    if breadth(text, size=size, bold=bold) <= room:
        return text
    while text and breadth(text + ELLIPSIS, size=size, bold=bold) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def two_lines(text: str, room: float, *, size: float = 13) -> tuple[str, ...]:
    """`text` on one line if it fits, else broken at a space and each line fitted."""
    text = plain(text)
    if breadth(text, size=size) <= room:
        return (text,)
    words, first = text.split(" "), ""
    while words and breadth(f"{first} {words[0]}".strip(), size=size) <= room:
        first = f"{first} {words.pop(0)}".strip()
    if not first:
        return (fit(text, room, size=size),)
    return (first, fit(" ".join(words), room, size=size))
