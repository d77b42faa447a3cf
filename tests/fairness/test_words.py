import pytest

from fairwitness.fairness import words
from support.given import outline


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
