"""WCAG 2.2 contrast, by its own formula: text at least 4.5:1, marks at least 3:1, on every ground they stand on."""

from __future__ import annotations

import itertools
import re

import pytest

from fairwitness.draw import DARK, LIGHT, css


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_gives_the_published_extremes() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.48, abs=0.01)


SCHEMES = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])


@SCHEMES
def test_text_can_be_read(tokens: dict[str, str]) -> None:
    everywhere = itertools.product(("ink", "muted", "link", "fail", "unc", "pass"), ("bg", "panel"))
    shaded = [("ink", ground) for ground in ("h0", "h1", "h2", "h3", "band")]
    poor = {pair: contrast(tokens[pair[0]], tokens[pair[1]]) for pair in [*everywhere, *shaded]}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 4.5} == {}


@SCHEMES
def test_marks_can_be_seen(tokens: dict[str, str]) -> None:
    pairs = itertools.product(("ink", "fail", "unc", "pass", "muted"), ("bg", "band"))
    lines = [(colour, "bg") for colour in ("gA", "gB", "gC", "bar")]
    poor = {pair: contrast(tokens[pair[0]], tokens[pair[1]]) for pair in [*pairs, *lines]}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 3} == {}


def test_both_schemes_name_the_same_tokens_and_the_style_uses_no_other() -> None:

    assert set(LIGHT) == set(DARK)
    assert set(re.findall(r"var\(--(\w+)\)", css())) <= set(LIGHT)
