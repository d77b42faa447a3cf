"""Names of people, compared so that another spelling of a name is not another person."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def same_person(one: str, other: str) -> bool:
    """Whether two names are one name but for case, spaces and the way letters are encoded.

    Two people of one name are one here: who approves must be told apart from who built, so give them middle names.
    """
    return _key(one) == _key(other)


def among(name: str, names: Iterable[str]) -> bool:
    """Whether the name is one of them."""
    return any(same_person(name, each) for each in names)


def key_of(key: str, person: str) -> bool:
    """Whether a key's name, which has no spaces, stands for the person: `ada.byron` for "Ada Byron"."""
    return same_person(key.replace(".", " "), person.replace(".", " "))


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
