import pytest

from fairwitness.core.columns import CROSS, MISSING
from fairwitness.draw import words


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
        ("under 40", ("age",), "age under 40", "applicants with age under 40"),
        (f"a{CROSS}b", ("race",), "a × b", "a × b applicants"),
    ],
)
def test_groups_are_named_in_words(group: str, columns: tuple[str, ...], row: str, sentence: str) -> None:
    assert words.label(group, columns) == row
    assert words.members(group, columns, "applicants") == sentence


def test_few_people_are_counted_and_get_no_rate() -> None:
    assert words.share_of(3, 29) == "3 of 29"
    assert words.share_of(15, 30) == "50.0\u202f%"


def test_long_lists_are_cut() -> None:
    assert words.listed("abcdefgh", shown=4) == "a, b, c and 5 more"
