from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from fairwitness.draw.text import breadth, esc, fit, plain, two_lines

# Every character there is, lone surrogates and controls among them.
ANYTHING = st.text(st.characters(codec=None, categories=None), max_size=40)


@given(ANYTHING)
def test_plain_text_has_no_control_and_survives_xml(text: str) -> None:
    safe = plain(text)
    assert not any(
        unicodedata.category(char) in {"Cc", "Cs"} or unicodedata.bidirectional(char) in OVERRIDES for char in safe
    )
    assert plain(safe) == safe
    assert ET.fromstring(f'<a b="{esc(text)}">{esc(text)}</a>').get("b") == safe  # noqa: S314 - our own text


OVERRIDES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_letters_of_every_script_stay() -> None:
    for name in ("José", "שחור", "أسود", "黒人", "नेपाली", "N’Djamena"):
        assert plain(name) == name


@given(st.text(st.characters(categories=["L", "N", "Zs", "P"]), min_size=1, max_size=60), st.floats(20, 300))
def test_fitted_text_fits(text: str, room: float) -> None:
    assert breadth(fit(text, room)) <= room
    lines = two_lines(text, room)
    assert len(lines) <= 2
    assert all(breadth(line) <= room for line in lines)


def test_a_label_breaks_between_words_and_says_when_it_is_cut() -> None:
    assert two_lines("Hispanic over Black", 80) == ("Hispanic", "over Black")
    assert fit("Wherever-on-the-Water", 60).endswith("…")
