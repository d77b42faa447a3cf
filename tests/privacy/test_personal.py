"""Recall and precision on numbers made to be valid, or nearly; false alarms on real tweets and talk pages."""

import csv
import random
import string
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import RowsAsk
from fairwitness.core.check import Given, Measured
from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.privacy import personal
from support import given

SHARED = Path(__file__).parents[3] / "shared" / "data"
KINDS = {kind.name: kind for kind in personal.KINDS}


def column(texts: list[str]) -> NDArray[np.object_]:
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return made


def digits(dice: random.Random, count: int) -> str:
    return "".join(dice.choices(string.digits, k=count))


def luhn_digit(body: str) -> str:
    """The digit that makes the sum of Luhn's doubled digits a multiple of ten, by trying all."""
    for last in string.digits:
        values = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(body + last))]
        if sum(sum(map(int, str(value))) for value in values) % 10 == 0:
            return last
    raise AssertionError


def card(dice: random.Random) -> str:
    body = dice.choice(["4", "51", "55", "6011"])
    body += digits(dice, 15 - len(body))
    number = body + luhn_digit(body)
    return dice.choice(
        [
            number,
            " ".join(number[i : i + 4] for i in range(0, 16, 4)),
            "-".join([number[:4], number[4:8], number[8:12], number[12:]]),
        ]
    )


def iban(dice: random.Random) -> str:
    country, length = dice.choice([("DE", 18), ("FR", 23), ("NL", 14)])
    inner = digits(dice, length) if country != "NL" else "ABNA" + digits(dice, 10)
    value = int("".join(str(int(char, 36)) for char in inner + country + "00"))
    number = f"{country}{98 - value % 97:02d}{inner}"
    return dice.choice([number, " ".join(number[i : i + 4] for i in range(0, len(number), 4))])


def phone(dice: random.Random) -> str:
    us = f"{dice.randint(200, 989)}", f"{dice.randint(200, 989)}", digits(dice, 4)
    return dice.choice([
        "({}) {}-{}".format(*us), "{}-{}-{}".format(*us), "{}.{}.{}".format(*us), "+1 {} {} {}".format(*us),
        f"+49 30 {digits(dice, 7)}", f"030/{digits(dice, 7)}", f"+44 20 {digits(dice, 4)} {digits(dice, 4)}",
        f"020 {digits(dice, 4)} {digits(dice, 4)}", f"+33 1 {' '.join(digits(dice, 2) for _ in range(4))}",
        f"06 {' '.join(digits(dice, 2) for _ in range(4))}",
    ])  # fmt: skip


def email(dice: random.Random) -> str:
    name = "".join(dice.choices(string.ascii_lowercase, k=6))
    return dice.choice(
        [f"{name}@example.com", f"{name}.{name}@mail.example.co.uk", f"{name.title()}+x_1@uni-{name}.de"]
    )


def social(dice: random.Random) -> str:
    return f"{dice.randint(1, 665):03d}-{dice.randint(1, 99):02d}-{dice.randint(1, 9999):04d}"


def insurance(dice: random.Random) -> str:
    number = f"{dice.choice('ABCEHJ')}{dice.choice('ABCEHJ')}{digits(dice, 6)}{dice.choice('ABCD')}"
    return dice.choice([number, f"{number[:2]} {number[2:4]} {number[4:6]} {number[6:8]} {number[8]}"])


def spanish(dice: random.Random) -> str:
    number = digits(dice, 8)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[int(number) % 23]}"


def french(dice: random.Random) -> str:
    number = f"{dice.choice('12')}{digits(dice, 2)}{dice.randint(1, 12):02d}{dice.randint(1, 95):02d}{digits(dice, 6)}"
    number += f"{97 - int(number) % 97:02d}"
    cuts = (0, 1, 3, 5, 7, 10, 13, 15)
    return dice.choice([number, " ".join(number[a:b] for a, b in pairwise(cuts))])


def brazilian(dice: random.Random) -> str:
    number = digits(dice, 9)
    for _ in range(2):
        total = sum(int(d) * (len(number) + 1 - place) for place, d in enumerate(number))
        number += str(0 if total % 11 < 2 else 11 - total % 11)
    return f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}"


MADE: dict[str, Callable[[random.Random], str]] = {
    "e-mail addresses": email,
    "phone numbers": phone,
    "payment cards": card,
    "IBANs": iban,
    "US social security numbers": social,
    "UK national insurance numbers": insurance,
    "Spanish DNI and NIE": spanish,
    "French social security numbers": french,
    "Brazilian CPF": brazilian,
}
SENTENCES = (
    "Please note {}.",
    "{} is mine",
    "Reach me ({}) or not",
    "ref: {}, thanks",
    "call/write {}; bye",
    '"{}"',
    "{}",
)


@pytest.mark.parametrize("kind", MADE)
def test_nearly_all_of_what_is_there_is_found(kind: str) -> None:
    dice = random.Random(0)  # noqa: S311 - made-up numbers
    texts = [dice.choice(SENTENCES).format(MADE[kind](dice)) for _ in range(300)]
    found = personal.scan(column(texts))
    assert found[kind].rows >= 297


NOT_PERSONAL = [
    "on 2024-05-17 at 12:30:45 the build 10.0.19045.3803 failed", "between 1914-1918 and 1939-1945", "ISBN 0-306-40615-2",
    "ISBN 978-0-306-40615-7", "ISBN 0815340583, pg. 808", "from 192.168.178.21 to 10.0.0.1", "lat 52.520008, lon 13.404954",
    "costs $1,234,567.89 or 1.234.567,89", "see arXiv 2112.03570 and RFC 9162", "order 2024-000123-77 of 17/05/2024",
    "@user said hi @ noon", "user@localhost", "version 3.11.4-20230607", "id=497585303&oldid=497585301", "SKU AB12 CD34",
    "0.123456789012345", "1234567890123456789012345", "12345678-1234-5678-1234-567812345678", "http://x.org/?q=4111111111111112",
    "page 123-456", "the score was 21-17 21-19", "3.14159265358979", "05/17/2024 05:17", "2024 05 17 12 30", "tel aviv 2024",
    "0800 hours", "10,000,000 - 20,000,000", "sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "FR12 is a road", "4 x 1111 2222",
]  # fmt: skip


def test_what_only_looks_like_it_is_left_alone() -> None:
    assert personal.scan(column(NOT_PERSONAL)) == {}


@pytest.mark.parametrize(
    "kind", ["payment cards", "IBANs", "Spanish DNI and NIE", "French social security numbers", "Brazilian CPF"]
)
def test_a_wrong_check_digit_is_nobodys_number(kind: str) -> None:
    """One digit changed: none of these checks lets that pass, and a column of them is not accused."""
    dice = random.Random(1)  # noqa: S311 - made-up numbers
    texts = []
    for _ in range(200):
        text = MADE[kind](dice)
        place = dice.choice([place for place, char in enumerate(text) if char.isdigit() and place > 3])
        texts.append(f"no {text[:place]}{(int(text[place]) + dice.randint(1, 9)) % 10}{text[place + 1 :]}")
    found = personal.scan(column(texts))
    assert found.get(kind) is None


def test_random_order_numbers_are_not_accused_though_a_tenth_pass() -> None:
    dice = np.random.default_rng(0)
    for size in (9, 10, 11, 12, 15):
        numbers = dice.integers(10 ** (size - 1), 10**size, 3_000).astype(float)
        assert personal.scan(numbers, whole_numbers=True) == {}
        assert personal.scan(column([f"{int(number)}" for number in numbers])) == {}
    cards = dice.integers(4 * 10**15, 5 * 10**15, 3_000).astype(float)
    assert sum(KINDS["payment cards"].check(str(int(c))) for c in cards) > 200  # type: ignore[misc]  # it has a check
    assert personal.scan(cards, whole_numbers=True) == {}


def test_numbers_that_all_pass_are_found_in_a_column_of_whole_numbers() -> None:
    dice = random.Random(2)  # noqa: S311 - made-up numbers
    numbers = np.array([float(card(dice).replace(" ", "").replace("-", "")) for _ in range(50)] + [np.nan, 3.0])
    numbers = numbers[~(numbers > 2**53)]  # what a float cannot hold
    assert personal.scan(numbers, whole_numbers=True)["payment cards"].rows == np.isfinite(numbers).sum() - 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "field", "mails", "phones"),
    [
        ("davidson_tweets/labeled_data.csv", "tweet", 3, 22),
        ("wiki_toxicity/toxicity_nonfuzzed_testset.csv", "comment", 6, 0),
        ("bias_in_bios_sample/bios_sample.csv", "hard_text", 0, 1),
    ],
)
def test_real_texts_hold_what_a_person_found_in_them(name: str, field: str, mails: int, phones: int) -> None:
    """Every one of these was read by a person: all are addresses and numbers, none a false alarm."""
    if not (SHARED / name).exists():
        pytest.skip("the shared data are not here")
    with (SHARED / name).open(encoding="utf-8", newline="") as file:
        texts = [row[field] for row in csv.DictReader(file)]
    found = {kind: each.rows for kind, each in personal.scan(column(texts)).items()}
    assert found == {k: n for k, n in (("e-mail addresses", mails), ("phone numbers", phones)) if n}


def test_names_by_title_or_given_name() -> None:
    texts = ["I met Dr. Weber there", "Maria Sanchez wrote", "nobody at all", "The Martin case", "mr nobody"]
    assert personal.names(column(texts)) == 2


@pytest.mark.parametrize(
    ("name", "what"),
    [("e_mail", "e-mail"), ("HomePhone", "phone"), ("first name", "name"), ("SSN", "national number"), ("dob", "date of birth"),
     ("named", None), ("mobility", None), ("email_opened_rate", "e-mail"), ("address", "address"), ("hotel", None)],
)  # fmt: skip
def test_what_the_name_of_a_column_says(name: str, what: str | None) -> None:
    assert personal.telling(name) == what


def checked(texts: list[str]) -> Measured:
    check = given.check("privacy.personal-data")
    declared = Column(name="remarks", kind="text")
    (ask,) = check.asks(given.outline(columns=(declared,), rows=len(texts)), None, check.Options())  # type: ignore[misc]  # asks
    assert isinstance(ask, RowsAsk)
    rows = Rows(ids=np.arange(len(texts)), columns={"remarks": column(texts)})
    outcome = check.run(
        Given(outline=given.outline(columns=(declared,), rows=len(texts)), about=None, level=0.95, limit=check.info.limit,
              rng=np.random.default_rng(0), context={}, made={ask: rows}), check.Options()
    )  # fmt: skip
    assert isinstance(outcome, Measured)
    return outcome


def test_a_column_with_cards_fails_and_shows_none() -> None:
    dice = random.Random(3)  # noqa: S311 - made-up numbers
    numbers = [card(dice) for _ in range(5)]
    found = checked([f"paid with {number}" for number in numbers] + ["paid in cash"] * 20)
    limit = given.check("privacy.personal-data").info.limit
    assert limit is not None
    assert [each.against(limit).value for each in found.judged.values()] == ["fail"]
    assert [(key.metric, each.value) for key, each in found.judged.items()] == [("rows with payment cards", 5.0)]
    assert not any(number in repr(found) for number in numbers)


def test_plain_remarks_pass() -> None:
    found = checked(["paid in cash", "no remarks at all", "came twice"])
    limit = given.check("privacy.personal-data").info.limit
    assert limit is not None
    assert [each.against(limit).value for each in found.judged.values()] == ["pass"]
