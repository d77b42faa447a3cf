import pytest

from fairwitness.accountability.policy.people import alike, alike_among, among, key_of, same_person


@pytest.mark.parametrize(("one", "other"), [("Ada Byron", "ada  byron"), ("Zoë", "Zoe\u0308"), ("Straße", "STRASSE")])
def test_one_person_in_two_spellings(one: str, other: str) -> None:
    assert same_person(one, other)
    assert among(one, ["somebody", other])


def test_two_people() -> None:
    assert not same_person("Ada Byron", "Ada Bryon")
    assert not among("Ada", [])


def test_a_key_has_no_spaces_in_its_name() -> None:
    assert key_of("ada.byron", "Ada Byron")
    assert key_of("A.Byron", "A. Byron")
    assert not key_of("ada", "Ada Byron")


SPELLINGS = ["Bea Carr", "bea.carr", "Carr, Bea", "BEA-CARR", "Béa Carr", "B\u0435a Carr", "Bea\u200b Carr", "BeaCarr"]


@pytest.mark.parametrize("other", SPELLINGS)
def test_names_that_may_hide_one_person(other: str) -> None:
    assert alike("Bea Carr", other)
    assert alike_among(other, ["Ed Fox", "Bea Carr"])
    assert not alike(other, "Bea Car")
    assert not alike(other, "Ed Fox")


def test_names_of_signs_alone_are_not_all_one() -> None:
    assert not alike("...", "---")
    assert alike("山田 太郎", "太郎 山田")
    assert not alike("山田 太郎", "山田 次郎")
