"""Personal data in columns and texts: found by form and check digits, counted, and never handed on.

A form that also fits order numbers proves nothing by itself: one in ten 16-digit numbers passes a card's check by chance.
So what passes is counted only where it passes more often than chance, or where hardly anything of that form fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fairwitness.privacy import checksums

CHANCE = 1e-4
"""How seldom chance alone may let so many pass, before they are counted."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal data.

    Attributes:
        name: In words, as a plural: "e-mail addresses".
        form: What it looks like, at word boundaries.
        check: Whether characters of that form (letters and digits only) can be one; None: the form is all there is.
        chance: How often characters of that form pass by chance.
        alone: The form is rare enough that one that passes is counted; otherwise only many are.
        bare: May also stand in a column of whole numbers, with this many digits.
    """

    name: str
    form: re.Pattern[str]
    check: Callable[[str], bool] | None = None
    chance: float = 0.0
    alone: bool = True
    bare: tuple[int, int] | None = None


def _form(pattern: str) -> re.Pattern[str]:
    """The pattern where it stands alone: not inside a word, a decimal, a path, or a longer row of digits."""
    return re.compile(rf"(?<![\w.,/:+@#-])(?<!\d\d )(?:{pattern})(?![\w@]|[.,/:-]\d| \d{{3}})", re.ASCII)


def _phone(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if text.startswith(("+", "00")):
        return 8 <= len(digits.removeprefix("00")) <= 15
    return len(set(digits)) > 2 and (digits[0] == "0" or (digits[-10] in "23456789" and digits[-7] in "23456789"))


PHONE = (
    r"(?:\+|00)[1-9]\d{0,2}(?:[ .-]?\(0?\d{1,4}\))?(?:[ .-]?\d){6,13}"  # international
    r"|(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}"  # North America
    r"|0\d{1,4}[ /-]\d{3,4}[ -]?\d{3,5}|0[1-9](?:[ .]\d\d){4}"  # with a trunk 0, as in Europe
)
EMAIL = r"[A-Za-z0-9][\w.+%'-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"

MAIL, TELEPHONE = "e-mail addresses", "phone numbers"
KINDS = (
    Kind(MAIL, re.compile(rf"(?<![\w.+%'-]){EMAIL}(?![\w@-])", re.ASCII)),
    Kind(TELEPHONE, _form(PHONE), _phone),
    Kind("payment cards", _form(r"\d(?:[ -]?\d){12,18}"), checksums.card, chance=0.1, bare=(13, 19)),
    Kind("IBANs", _form(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"), checksums.iban, chance=1 / 97),
    Kind("US social security numbers", _form(r"\d{3}([- ])\d{2}\1\d{4}"), checksums.ssn, chance=0.0),
    Kind("UK national insurance numbers", _form(r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]"), checksums.nino),
    Kind(
        "UK NHS numbers", _form(r"\d{3} \d{3} \d{4}"), checksums.nhs, chance=1 / 11, alone=False
    ),  # bare: an ISBN passes
    Kind(
        "German tax numbers",
        _form(r"\d{2} ?\d{3} ?\d{3} ?\d{3}"),
        checksums.steuer_id,
        chance=0.005,
        alone=False,
        bare=(11, 11),
    ),
    Kind(
        "French social security numbers",
        _form(r"[1-478] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}"),
        checksums.nir,
        chance=0.01,
        bare=(15, 15),
    ),
    Kind("Spanish DNI and NIE", _form(r"(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]"), checksums.dni, chance=1 / 23),
    Kind(
        "Italian tax codes", _form(r"[A-Z]{6}\w{2}[A-Z]\w{2}[A-Z]\w{3}[A-Z]"), checksums.codice_fiscale, chance=1 / 26
    ),
    Kind("Polish PESEL", _form(r"\d{11}"), checksums.pesel, chance=0.02, alone=False, bare=(11, 11)),
    Kind(
        "Swedish personal numbers",
        _form(r"(?:19|20)?\d{6}[-+]\d{4}"),
        lambda text: checksums.personnummer(text[-10:]),
        0.02,
    ),
    Kind("Dutch citizen numbers", _form(r"\d{9}"), checksums.bsn, chance=1 / 11, alone=False, bare=(9, 9)),
    Kind("Canadian social insurance numbers", _form(r"\d{3}([- ])\d{3}\1\d{3}"), checksums.sin, chance=0.1),
    Kind("Brazilian CPF", _form(r"\d{3}\.\d{3}\.\d{3}-\d{2}"), checksums.cpf, chance=0.01),
    Kind(
        "Indian Aadhaar numbers", _form(r"\d{4} \d{4} \d{4}|\d{12}"), checksums.aadhaar, 0.1, alone=False, bare=(12, 12)
    ),
)

GIVEN_NAMES = frozenset(
    [
        "Aisha",
        "Alexander",
        "Ali",
        "Amanda",
        "Amy",
        "Andrea",
        "Andrew",
        "Angela",
        "Ann",
        "Anna",
        "Anne",
        "Anthony",
        "Antonio",
        "Barbara",
        "Benjamin",
        "Brian",
        "Carlos",
        "Carol",
        "Catherine",
        "Charles",
        "Christian",
        "Christina",
        "Christopher",
        "Daniel",
        "David",
        "Deborah",
        "Dennis",
        "Diane",
        "Donald",
        "Dorothy",
        "Edward",
        "Elena",
        "Elizabeth",
        "Emily",
        "Emma",
        "Eric",
        "Fatima",
        "Francesco",
        "Frank",
        "Gary",
        "George",
        "Giulia",
        "Giuseppe",
        "Gregory",
        "Hans",
        "Helen",
        "Ibrahim",
        "Jacob",
        "James",
        "Janet",
        "Jason",
        "Jean",
        "Jeffrey",
        "Jennifer",
        "Jessica",
        "John",
        "Jonathan",
        "Jose",
        "Joseph",
        "Joshua",
        "Juan",
        "Julia",
        "Julie",
        "Karen",
        "Katherine",
        "Kathleen",
        "Kelly",
        "Kenneth",
        "Kevin",
        "Kimberly",
        "Larry",
        "Latoya",
        "Laura",
        "Lauren",
        "Linda",
        "Lisa",
        "Lucas",
        "Luis",
        "Margaret",
        "Maria",
        "Marie",
        "Mark",
        "Martin",
        "Mary",
        "Matthew",
        "Megan",
        "Mehmet",
        "Melissa",
        "Michael",
        "Michelle",
        "Mohammed",
        "Muhammad",
        "Nancy",
        "Nathan",
        "Nicholas",
        "Nicole",
        "Olivia",
        "Omar",
        "Pamela",
        "Patricia",
        "Patrick",
        "Paul",
        "Peter",
        "Pierre",
        "Rachel",
        "Raymond",
        "Rebecca",
        "Richard",
        "Robert",
        "Ronald",
        "Ryan",
        "Samantha",
        "Samuel",
        "Sandra",
        "Sarah",
        "Scott",
        "Sharon",
        "Sophie",
        "Stephanie",
        "Stephen",
        "Steven",
        "Susan",
        "Tamika",
        "Teresa",
        "Thomas",
        "Timothy",
        "Tyrone",
        "Victoria",
        "Walter",
        "William",
        "Wolfgang",
        "Yusuf",
    ]
)
_TITLES = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Sra?|Signora?)\.?"
_NAME = re.compile(rf"\b(?:{_TITLES} [A-Z][a-z]{{1,}}|({'|'.join(sorted(GIVEN_NAMES))}) [A-Z][a-z]+)\b")

_SOME_DIGITS = re.compile(r"(?:\D*\d){5}")
"""A text with fewer holds nothing but e-mail addresses; saves looking."""

_TELLING = (
    ("e-mail", r"e_?mails?"),
    ("phone", r"(tele)?phones?|mobile|handy|tel"),
    ("name", r"(first|last|full|given|family|middle|sur|nach|vor|user)_?names?|name|surnames?"),
    (
        "national number",
        r"ssn|nino|nir|dni|nie|bsn|pesel|cpf|aadhaar|passport|steuer_?id|tax_?id|national_?id|social_?security",
    ),
    ("account", r"ibans?|accounts?_?(no|num|number)|cards?_?(no|num|number)|credit_?card"),
    ("address", r"(street|home|postal)_?(address)?|address|zip_?code|postcode|post_?code|ip_?address"),
    ("date of birth", r"birth_?(date|day)|date_?of_?birth|dob"),
)
"""What the name of a column says that it holds, whole words, capitals and separators aside."""


@dataclass(frozen=True, slots=True)
class Found:
    """How much of one kind a column holds; counts only.

    Attributes:
        rows: Rows that hold one.
        passed: Different strings of the form that pass the check.
        looked_alike: Different strings of the form.
    """

    rows: int
    passed: int
    looked_alike: int


def scan(values: NDArray[Any], *, whole_numbers: bool = False) -> dict[str, Found]:
    """Kinds of personal data in a column, by name.

    Args:
        values: (n,) str or None; or float64 with NaN for missing, where `whole_numbers` is set.
        whole_numbers: The values are whole numbers: only kinds that are digits and nothing else are looked for.

    Returns:
        The kinds that are there; a kind whose passing is no more than chance explains is not.
    """
    texts, counts = _distinct(values, whole_numbers=whole_numbers)
    mails = np.array(["@" in text for text in texts], dtype=bool)
    digits = np.array([_SOME_DIGITS.match(text) is not None for text in texts], dtype=bool)
    found = {}
    for kind in KINDS:
        if whole_numbers:
            made = _numbers(kind, texts, counts)
        else:
            likely = mails if kind.name == MAIL else digits
            made = _in_texts(kind, np.array(texts, dtype=object)[likely], counts[likely])
        if made is not None and _more_than_chance(kind, made):
            found[kind.name] = made
    return found


def names(values: NDArray[Any]) -> int:
    """Rows that seem to name a person: a title before a capital, or one of 150 given names before one.

    A weak method: it misses most names of most peoples, and takes "Martin Place" for a person.
    """
    texts, counts = _distinct(values, whole_numbers=False)
    return sum(int(count) for text, count in zip(texts, counts, strict=True) if _NAME.search(text))


def telling(column: str) -> str | None:
    """What personal data a column holds by its own name, or None.

    >>> telling("Home-Phone"), telling("emailAddress"), telling("phoneme")
    ('phone', 'e-mail', None)
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column)
    plain = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    return next((what for what, form in _TELLING if re.search(rf"(?:^|_)(?:{form})(?:_|$)", plain)), None)


def _distinct(values: NDArray[Any], *, whole_numbers: bool) -> tuple[Sequence[str], NDArray[np.int64]]:
    if whole_numbers:
        found, counts = np.unique(values[np.isfinite(values)], return_counts=True)
        return [str(int(value)) for value in found], counts
    kept = np.array([value for value in values if value is not None and len(value) > 5], dtype=object)
    if not len(kept):
        return [], np.zeros(0, dtype=np.int64)
    texts, counts = np.unique(kept, return_counts=True)
    return texts.tolist(), counts


def _in_texts(kind: Kind, texts: Iterable[str], counts: NDArray[np.int64]) -> Found | None:
    alike: set[str] = set()
    passed: set[str] = set()
    rows = 0
    for text, count in zip(texts, counts, strict=True):
        strings = {match.group() for match in kind.form.finditer(text)}
        good = {string for string in strings if kind.check is None or kind.check(_tidy(string, kind))}
        alike |= strings
        passed |= good
        rows += int(count) if good else 0
    return Found(rows, len(passed), len(alike)) if passed else None


def _numbers(kind: Kind, texts: Sequence[str], counts: NDArray[np.int64]) -> Found | None:
    if kind.bare is None or kind.check is None:
        return None
    low, high = kind.bare
    alike = [(text, int(count)) for text, count in zip(texts, counts, strict=True) if low <= len(text) <= high]
    passed = [count for text, count in alike if kind.check(text)]
    return Found(sum(passed), len(passed), len(alike)) if passed else None


def _tidy(string: str, kind: Kind) -> str:
    return string if kind.name == TELEPHONE else re.sub(r"[^A-Za-z0-9]", "", string).upper()


def _more_than_chance(kind: Kind, found: Found) -> bool:
    """Whether so many pass that chance does not explain it, or, of a form that is rare, at least half."""
    if kind.alone and 2 * found.passed >= found.looked_alike:
        return True
    return bool(kind.chance and stats.binom.sf(found.passed - 1, found.looked_alike, kind.chance) <= CHANCE)
