"""Numbers that states and banks give to people, by the check digits or the form each must have.

Every function takes the characters alone, capitals, without spaces and the like, and says whether they could be such a
number. A number can pass by chance: `personal.KINDS` states how often.
"""

from __future__ import annotations

import re
from datetime import date

_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_IBAN_LENGTHS = dict(
    pair.split(":")
    for pair in [
        "AD:24",
        "AE:23",
        "AL:28",
        "AT:20",
        "AZ:28",
        "BA:20",
        "BE:16",
        "BG:22",
        "BH:22",
        "BR:29",
        "BY:28",
        "CH:21",
        "CR:22",
        "CY:28",
        "CZ:24",
        "DE:22",
        "DK:18",
        "DO:28",
        "EE:20",
        "EG:29",
        "ES:24",
        "FI:18",
        "FO:18",
        "FR:27",
        "GB:22",
        "GE:22",
        "GI:23",
        "GL:18",
        "GR:27",
        "GT:28",
        "HR:21",
        "HU:28",
        "IE:22",
        "IL:23",
        "IQ:23",
        "IS:26",
        "IT:27",
        "JO:30",
        "KW:30",
        "KZ:20",
        "LB:28",
        "LC:32",
        "LI:21",
        "LT:20",
        "LU:20",
        "LV:21",
        "MC:27",
        "MD:24",
        "ME:22",
        "MK:19",
        "MR:27",
        "MT:31",
        "MU:30",
        "NL:18",
        "NO:15",
        "PK:24",
        "PL:28",
        "PS:29",
        "PT:25",
        "QA:29",
        "RO:24",
        "RS:22",
        "SA:24",
        "SC:31",
        "SE:24",
        "SI:19",
        "SK:24",
        "SM:27",
        "TN:24",
        "TR:26",
        "UA:29",
        "VA:22",
        "VG:24",
        "XK:20",
    ]
)
_CARDS = re.compile(
    r"4\d{12}(\d{3}){0,2}|5[1-5]\d{14}|2(22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|6(011|5\d\d|4[4-9]\d)\d{12}"
    r"|35(2[89]|[3-8]\d)\d{12}|3(0[0-5]|[68]\d)\d{11}|62\d{14,17}"
)
_CODICE = re.compile(r"[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]")
_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        ],
        strict=True,
    )
)
_DIHEDRAL = ["0123456789", "1234067895", "2340178956", "3401289567", "4012395678"]
_DIHEDRAL += ["5987604321", "6598710432", "7659821043", "8765932104", "9876543210"]
_TURNS = [
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
]


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B.

    >>> luhn("79927398713"), luhn("79927398710")
    (True, False)
    """
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def card(digits: str) -> bool:
    """A payment card: an issuer's first digits, a length it uses, and Luhn's check."""
    return _CARDS.fullmatch(digits) is not None and len(set(digits)) > 1 and luhn(digits)


def iban(text: str) -> bool:
    """ISO 13616: the country's length, and 1 modulo 97 (ISO/IEC 7064)."""
    if _IBAN_LENGTHS.get(text[:2]) != str(len(text)):
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def ssn(digits: str) -> bool:
    """US social security number: no check digit, but numbers never given out (000, 666, 9xx; 00; 0000; two of adverts)."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    advertised = digits in {"078051120", "219099999"}
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000" and not advertised


def nino(text: str) -> bool:
    """UK national insurance number: no check digit, but prefixes never given out."""
    form = re.fullmatch(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", text)
    return form is not None and text[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def nhs(digits: str) -> bool:
    """UK NHS number, modulo 11."""
    check = -sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return check == int(digits[9]) and len(set(digits)) > 1


def steuer_id(digits: str) -> bool:
    """German tax number for life: in ten digits one comes twice or three times (not thrice in a row), ISO/IEC 7064 mod 11, 10."""
    counts = sorted(digits[:10].count(digit) for digit in set(digits[:10]))
    if digits[0] == "0" or counts[-1] not in {2, 3} or counts[:-1] != [1] * (len(counts) - 1):
        return False
    if any(digit * 3 in digits[:10] for digit in "0123456789"):
        return False
    carry = 10
    for digit in digits[:10]:
        carry = ((carry + int(digit)) % 10 or 10) * 2 % 11
    return (11 - carry) % 10 == int(digits[10])


def nir(text: str) -> bool:
    """French social security number: sex, month, place (2A and 2B in Corsica), and 97 less the rest modulo 97."""
    if re.fullmatch(r"[1-478]\d{2}(0[1-9]|1[0-2]|[2-9]\d)(\d{2}|2[AB])\d{8}", text) is None:
        return False
    number = text.replace("2A", "19").replace("2B", "18")
    return 97 - int(number[:13]) % 97 == int(number[13:])


def dni(text: str) -> bool:
    """Spanish DNI, or NIE of foreigners (X, Y or Z before): the number modulo 23 as a letter."""
    number = {"X": "0", "Y": "1", "Z": "2"}.get(text[0], text[0]) + text[1:-1]
    return number.isdigit() and _LETTERS[int(number) % 23] == text[-1]


def codice_fiscale(text: str) -> bool:
    """Italian tax code of a person: letters and digits in their places, and a check letter."""
    if _CODICE.fullmatch(text) is None:
        return False
    even = sum(int(char) if char.isdigit() else ord(char) - 65 for char in text[1:15:2])
    return (sum(_ODD[char] for char in text[:15:2]) + even) % 26 == ord(text[15]) - 65


def pesel(digits: str) -> bool:
    """Polish PESEL: a day of birth (the century rides on the month), and weights 1, 3, 7, 9."""
    month = int(digits[2:4])
    century = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}.get(month // 20)
    if century is None or not _is_day(century + int(digits[:2]), month % 20, int(digits[4:6])):
        return False
    return -sum(int(d) * w for d, w in zip(digits[:10], (1, 3, 7, 9) * 3, strict=False)) % 10 == int(digits[10])


def personnummer(digits: str) -> bool:
    """Swedish personal number, ten digits: a day of birth (60 added for coordination numbers), and Luhn's check."""
    year, month, day = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    return luhn(digits) and any(_is_day(century + year, month, day % 60) for century in (1900, 2000))


def bsn(digits: str) -> bool:
    """Dutch citizen service number: weights 9 to 2 and minus 1, modulo 11."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return digits != "0" * 9 and sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 == 0


def sin(digits: str) -> bool:
    """Canadian social insurance number: Luhn's check; none begins with 0 or 8."""
    return digits[0] not in "08" and luhn(digits)


def cpf(digits: str) -> bool:
    """Brazilian CPF: two check digits modulo 11."""

    def check(length: int) -> int:
        total = sum(int(d) * w for d, w in zip(digits, range(length + 1, 1, -1), strict=False))
        return total * 10 % 11 % 10

    return len(set(digits)) > 1 and (check(9), check(10)) == (int(digits[9]), int(digits[10]))


def aadhaar(digits: str) -> bool:
    """Indian Aadhaar: Verhoeff's check; none begins with 0 or 1, or reads alike from behind."""
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = int(_DIHEDRAL[state][int(_TURNS[place % 8][int(digit)])])
    return digits[0] > "1" and digits != digits[::-1] and state == 0


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
