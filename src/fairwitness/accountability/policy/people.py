"""Names of people, compared so that another spelling of a name is not another person.

Two questions, each answered on the safe side: whether a name is the one that is meant (`same_person`: little may differ),
and whether two names might hide one person who must be two (`alike`: much may differ).
"""

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


def alike(one: str, other: str) -> bool:
    """Whether two names are so much alike that they may be one person's: but for dots, accents, order, or lookalikes.

    It keeps people apart where they must be, such as builder and approver: who is wrongly taken for another asks
    somebody else, or is given a middle name.
    """
    return _skeleton(one) == _skeleton(other)


def alike_among(name: str, names: Iterable[str]) -> bool:
    """Whether the name is `alike` one of them."""
    return any(alike(name, each) for each in names)


def key_of(key: str, person: str) -> bool:
    """Whether a key's name, which has no spaces, stands for the person: `ada.byron` for "Ada Byron"."""
    return same_person(key.replace(".", " "), person.replace(".", " "))


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


LOOKALIKES = str.maketrans("01|аеорсухіјѕһԁвкмнтαενορτυικ", "ollaeopcyxijshdbkmhtaevoptuik")
"""Letters of other scripts, and digits, that a reader takes for Latin letters."""


def _skeleton(name: str) -> str:
    """What is left of a name: its letters without accents, lookalikes as the letter they look like, words in order."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if unicodedata.category(sign)[0] not in "MC")
    folded = plain.casefold().translate(LOOKALIKES)
    words = "".join(sign if sign.isalnum() else " " for sign in folded).split()
    return "".join(sorted(words)) or folded
