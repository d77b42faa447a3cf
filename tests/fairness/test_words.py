from __future__ import annotations

import pytest

from fairwitness.core.columns import CROSS, MISSING
from fairwitness.fairness import words
from support.given import outline


@pytest.mark.parametrize(
    ("group", "columns", "row", "sentence"),
    [
        ("Black", ("race",), "Black", "Black applicants"),
        ("1", ("sex",), "sex 1", "applicants with sex 1"),
        ("true", ("married",), "married true", "applicants with married true"),
        ("[18, 30)", ("age",), "age [18, 30)", "applicants with age [18, 30)"),
        (MISSING, ("race",), "race not recorded", "applicants whose race is not recorded"),
        (f"Black{CROSS}women", ("race", "sex"), "Black × women", "Black × women"),
        ("Female", ("sex",), "Female", "Female applicants"),
        ("women", ("sex",), "women", "women"),
        (f"Black{CROSS}0", ("race", "sex"), "Black × sex 0", "Black applicants with sex 0"),
        (
            f"Black{CROSS}{MISSING}",
            ("race", "sex"),
            "Black × sex not recorded",
            "Black applicants whose sex is not recorded",
        ),
        (f"a{CROSS}b", ("race",), "a × b", "a × b applicants"),
    ],
)
def test_groups_are_named_in_words(group: str, columns: tuple[str, ...], row: str, sentence: str) -> None:
    assert words.label(group, columns) == row
    assert words.members(group, columns, "applicants") == sentence


def test_few_people_are_counted_and_get_no_rate() -> None:
    assert words.share_of(3, 29) == "3 of 29"
    assert words.share_of(15, 30) == "50.0\u202f%"


@pytest.mark.parametrize(
    ("p", "told"),
    [(0.0005, "less than once in 1,000 shuffles"), (0.0249, "about once in 40 shuffles"), (0.42, "in 42.0\u202f% of")],
)
def test_chance_in_words(p: float, told: str) -> None:
    assert told in words.chance(p)


def test_the_subject_of_a_sentence_follows_who_decided() -> None:
    assert words.decides(outline(), "“1”") == "The model decides “1” for"
    assert words.favours(outline(decisions_from="labels")) == "The recorded decisions are in favour of"
    assert words.for_whom(outline(decisions_from="decision"), "“1”") == " for whom the recorded decision is “1”"


def test_the_other_class_is_named_where_there_is_one() -> None:
    assert words.no_event(outline()) == "“0”"
    assert words.no_event(outline(classes=("0", "1", "2"))) == "not “1”"


def test_long_lists_are_cut() -> None:
    assert words.listed("abcdefgh", shown=4) == "a, b, c and 5 more"
