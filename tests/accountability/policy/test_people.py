import pytest

from fairwitness.accountability.policy.people import among, key_of, same_person


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
