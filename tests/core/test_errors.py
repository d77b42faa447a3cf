import pytest

from fairwitness.core.errors import ColumnError, ConfigError, UserError, hint


def test_the_nearest_name_is_suggested() -> None:
    error = ColumnError.missing("gendr", key="[subject] groups", have=["age", "gender"], source="audit.toml")
    assert str(error) == "audit.toml: no column 'gendr' for [subject] groups; did you mean 'gender'?"


@pytest.mark.parametrize(
    ("name", "have", "words"),
    [
        ("RACE", ["race"], "did you mean 'race'?"),
        ("zzz", ["a", "b"], "there is a, b"),
        ("zzz", [], "there are none"),
        ("zzz", [f"c{i}" for i in range(15)], "and 3 more"),
    ],
)
def test_hints(name: str, have: list[str], words: str) -> None:
    assert words in hint(name, have)


def test_messages_are_one_line() -> None:
    assert str(UserError("one\n  two\tthree")) == "one two three"


def test_errors_of_the_standard_kind_too() -> None:
    assert isinstance(ConfigError.bad_value("seed", -1, source="audit.toml", want="at least 0"), ValueError)
    assert isinstance(ColumnError("x"), LookupError)
