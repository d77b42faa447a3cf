"""Planted generators: one that copies, one that does not, one with too few rows to tell."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.check import Measured, NotApplicable, Outcome
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Verdict
from support import given
from support.generated import asked, fitted, outline, sampled

PICTURE = Column(name="picture", kind="image")
TEXT = Column(name="text", kind="text")
WORDS = [f"w{number}" for number in range(200)]


def verdict(name: str, outcome: Outcome) -> Verdict:
    limit = given.check(name).info.limit
    assert isinstance(outcome, Measured), outcome
    assert limit is not None
    (estimate,) = outcome.judged.values()
    return estimate.against(limit)


def images(n: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8)).astype(np.uint8)


def lines(n: int, seed: int) -> NDArray[np.object_]:
    rng = np.random.default_rng(seed)
    made = np.empty(n, dtype=object)
    made[:] = [" ".join(rng.choice(WORDS, 12)) for _ in range(n)]
    return made


def copied(
    column: Column, samples: NDArray[np.generic], train: NDArray[np.generic], audit: NDArray[np.generic]
) -> Outcome:
    check = given.check("privacy.copied-samples")
    return asked(check, outline(column), sampled(column, samples, train, audit))


def test_a_generator_that_copies_fails() -> None:
    train = images(400, 1)
    found = copied(PICTURE, np.concatenate([train[:300], images(700, 2)]), train, images(300, 3))
    assert verdict("privacy.copied-samples", found) is Verdict.FAIL
    assert isinstance(found, Measured)
    assert "300 of 1,000 samples equal a training row exactly" in found.lead
    table = given.series(found, "Samples that equal a row exactly")
    assert table["samples that equal one"][0] == 300
    assert table["samples that equal one"][2] == 0


def test_a_generator_of_texts_that_copies_a_third_fails() -> None:
    train = lines(400, 1)
    found = copied(TEXT, np.concatenate([train[:300], lines(600, 2)]), train, lines(400, 3))
    assert verdict("privacy.copied-samples", found) is Verdict.FAIL


@pytest.mark.parametrize("column", [PICTURE, TEXT], ids=lambda column: column.name)
def test_one_that_learned_the_kind_alone_is_at_one_half(column: Column) -> None:
    make = images if column is PICTURE else lines
    found = copied(column, make(2_000, 1), make(900, 2), make(900, 3))
    assert isinstance(found, Measured)
    (share,) = found.judged.values()
    assert share.value == pytest.approx(0.5, abs=0.05)
    assert verdict("privacy.copied-samples", found) is not Verdict.FAIL


def test_few_rows_are_not_looked_at() -> None:
    found = copied(PICTURE, images(50, 1), images(400, 2), images(29, 3))
    assert found == NotApplicable("29 rows a part are too few to be near; 30 are needed")


def test_samples_that_are_level_have_no_share() -> None:
    same = np.array(["nothing else"] * 40, dtype=object)
    found = copied(TEXT, same, same, same)
    assert isinstance(found, NotApplicable)
    assert "each is as close to audit rows" in found.reason


def exposed(gap: float, n: int = 800) -> Outcome:
    """Training rows that need `gap` standard deviations fewer nats a token than audit rows."""
    rng = np.random.default_rng(0)
    part = np.where(rng.random(n) < 0.5, "train", "audit")
    units = rng.integers(1, 30, n)
    nats = units * (5 + rng.normal(size=n) - gap * (part == "train"))
    rows = fitted(nats, units, part, np.where(rng.random(n) < 0.95, "north", "south"))
    return asked(given.check("privacy.exposed-training-rows"), outline(TEXT), lambda _: rows)


def test_rows_told_apart_fail_by_the_area_of_two_normals() -> None:
    """The area is Phi(d / sqrt 2) for means d deviations apart: 0.760 for d = 1."""
    found = exposed(1.0)
    assert verdict("privacy.exposed-training-rows", found) is Verdict.FAIL
    assert isinstance(found, Measured)
    (area,) = found.judged.values()
    assert area.value == pytest.approx(0.760, abs=0.035)
    assert (area.claim, area.high) == ("lower bound", None)


def test_an_attack_that_finds_nothing_passes_nobody() -> None:
    found = exposed(0.0)
    assert verdict("privacy.exposed-training-rows", found) is Verdict.UNCERTAIN
    assert isinstance(found, Measured)
    table = given.series(found, "How well training rows are told apart, by dialect")
    assert table["dialect"] == ("north", "south")
    assert table["AUC"][0] == pytest.approx(0.5, abs=0.06)
    assert table["AUC"][1] is None  # of fewer than 30 rows none is shown


def test_rows_of_one_part_only_are_not_compared() -> None:
    rows = fitted(np.ones(9), np.ones(9), np.full(9, "train"), np.full(9, "north"))
    found = asked(given.check("privacy.exposed-training-rows"), outline(TEXT), lambda _: rows)
    assert isinstance(found, NotApplicable)
