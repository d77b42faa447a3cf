"""Numbers that authorities print as examples, and python-stdnum on many that are random."""

import random
import string
from collections.abc import Callable
from importlib import import_module

import pytest

from fairwitness.privacy import checksums

LETTERS, DIGITS = string.ascii_uppercase, string.digits
PUBLISHED = [
    (checksums.card, "4111111111111111"),  # test numbers of the card networks
    (checksums.card, "378282246310005"),
    (checksums.card, "30569309025904"),
    (checksums.iban, "DE89370400440532013000"),  # the register of ISO 13616
    (checksums.iban, "GB29NWBK60161331926819"),
    (checksums.iban, "FR1420041010050500013M02606"),
    (checksums.iban, "NO9386011117947"),
    (checksums.nhs, "9434765919"),
    (checksums.steuer_id, "86095742719"),  # the German tax office's test numbers
    (checksums.steuer_id, "65929970489"),
    (checksums.nir, "255081416802538"),
    (checksums.dni, "12345678Z"),
    (checksums.dni, "X1234567L"),
    (checksums.codice_fiscale, "RSSMRA85T10A562S"),
    (checksums.pesel, "44051401359"),
    (checksums.personnummer, "8112189876"),
    (checksums.bsn, "111222333"),
    (checksums.sin, "130692544"),
    (checksums.cpf, "52998224725"),
    (checksums.aadhaar, "234123412346"),
    (checksums.nino, "AA123456C"),
]


@pytest.mark.parametrize(("check", "number"), PUBLISHED, ids=lambda each: getattr(each, "__name__", each))
def test_published_examples_pass(check: Callable[[str], bool], number: str) -> None:
    assert check(number)


def test_numbers_never_given_out_fail() -> None:
    for wrong in ("000120001", "666120001", "900120001", "123000001", "123120000", "078051120"):
        assert not checksums.ssn(wrong)
    for wrong in ("GB123456A", "QQ123456A", "DA123456A", "AB123456E"):
        assert not checksums.nino(wrong)
    assert not checksums.steuer_id("76011123494")  # a digit three times in a row
    assert not checksums.card("4" * 16)
    assert not checksums.cpf("11111111111")
    assert not checksums.iban("XX89370400440532013000")


def any_of(*parts: str | int) -> Callable[[random.Random], str]:
    """Random strings: a number stands for so many digits, text for one character of it."""
    return lambda dice: "".join(
        "".join(dice.choices(DIGITS, k=part)) if isinstance(part, int) else dice.choice(part) for part in parts
    )


RIVALS = [
    (checksums.luhn, "luhn", any_of(16)),
    (checksums.ssn, "us.ssn", any_of(9)),
    (checksums.nhs, "gb.nhs", any_of(10)),
    (checksums.nir, "fr.nir", any_of("12", 2, "0", "123456789", 10)),
    (checksums.dni, "es.dni", any_of(8, LETTERS)),
    (checksums.dni, "es.nie", any_of("XYZ", 7, LETTERS)),
    (
        checksums.codice_fiscale,
        "it.codicefiscale",
        any_of(*["BCDFRS"] * 6, 2, "ABCDEHLMPRST", "0", "123456789", "ABCH", 3, LETTERS),
    ),
    (checksums.pesel, "pl.pesel", any_of(2, "02468", "123456789", "012", "123456789", 5)),
    (checksums.personnummer, "se.personnummer", any_of(2, "0", "123456789", "012", "1234567", 4)),
    (checksums.bsn, "nl.bsn", any_of(9)),
    (checksums.sin, "ca.sin", any_of(9)),
    (checksums.cpf, "br.cpf", any_of(11)),
    (checksums.aadhaar, "in_.aadhaar", any_of(12)),
]


@pytest.mark.parametrize(("ours", "theirs", "make"), RIVALS, ids=lambda each: each if isinstance(each, str) else "")
def test_random_numbers_pass_where_they_pass_in_stdnum(
    ours: Callable[[str], bool], theirs: str, make: Callable[[random.Random], str]
) -> None:
    pytest.importorskip("stdnum")
    rival = import_module(f"stdnum.{theirs}").is_valid
    dice = random.Random(0)  # noqa: S311 - made-up numbers
    for _ in range(1_500):
        number = make(dice)
        assert ours(number) == rival(number), number


def test_tax_numbers_pass_where_they_pass_in_stdnum_but_for_three_in_a_row() -> None:
    pytest.importorskip("stdnum")
    rival = import_module("stdnum.de.idnr").is_valid
    dice, make = random.Random(0), any_of("123456789", 10)  # noqa: S311 - made-up numbers
    for _ in range(20_000):
        number = make(dice)
        thrice = any(digit * 3 in number[:10] for digit in DIGITS)
        assert checksums.steuer_id(number) == (rival(number) and not thrice), number
