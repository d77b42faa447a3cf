"""Counts kept as things happen, against counting everything again from what was recorded."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from fairwitness.accountability.decisions import appeals, counts, erasure, rulings
from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.record import record
from fairwitness.accountability.decisions.rulings import Outcome, Ruling
from fairwitness.accountability.decisions.vault import beside
from fairwitness.core.errors import UserError
from support.decisions import FIRST, NOW, RULES

PEOPLE = [
    replace(FIRST, id=str(n), person=f"p{n}", groups={"sex": "men" if n % 3 else "women"}, reasons=(f"r{n % 4}",))
    for n in range(8)
]
PEOPLE.append(replace(FIRST, id="8", person="p8", groups={"sex": "men"}, reasons=()))  # never appeals
OUTCOMES: tuple[Outcome, ...] = ("upheld", "overturned", "partly")


def act(book: Book, rng: np.random.Generator, day: int) -> None:
    """Something at random, most of it refused; an erasure now and then."""
    who, now = str(rng.integers(8)), NOW + timedelta(days=day)
    ruling = Ruling(outcome=OUTCOMES[rng.integers(3)], reason="x", decision="half")
    match rng.integers(12):
        case 0 | 1:
            appeals.file(book, who, reason="x", by="c", rules=RULES, now=now)
        case 2 | 3:
            appeals.acknowledge(book, who, by="c", now=now)
        case 4 | 5:
            appeals.assign(book, who, reviewer="r", by="c", rules=RULES, now=now)
        case 6 | 7:
            appeals.review(book, who, by="r", decision="1", reason="x", rules=RULES, now=now)
        case 8 | 9:
            rulings.decide(book, who, ruling, by="r", rules=RULES, now=now)
        case 10:
            appeals.told(book, who, names=["the person", "Credit Bureau"], by="c", now=now)
        case _:
            appeals.close(book, who, by="c", now=now)


def again(book: Book, sex: dict[str, str]) -> Counter[tuple[str, str]]:
    """(stage, group) counted from the ledger's steps: the first appeal a person filed against each decision."""
    found = Counter[tuple[str, str]]()
    seen = set[str]()
    for case in book.cases().values():
        group = sex[case.decision]
        if case.origin == "similar":
            found["similar", group] += 1
            continue
        if case.decision in seen:
            continue
        seen.add(case.decision)
        found["appealed", group] += 1
        if case.outcome is None:
            found["open", group] += 1
            continue
        found["answered", group] += 1
        found[case.outcome.value, group] += 1
        found["late", group] += case.decided[:10] > case.due
    return found


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_what_counting_again_gives(ledger: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with Book(ledger) as book:
        list(record(book, [(each.id, each) for each in PEOPLE], now=NOW))
        sex = {book.decision(each.id)[0]: each.groups["sex"] for each in PEOPLE}
        for day in range(160):
            with suppress(UserError):
                act(book, rng, day // 2)
        expected = again(book, sex)
        erased = 0
        for each in PEOPLE:
            with suppress(UserError):
                erased += erasure.erase(book, each.person, by="d", now=NOW)
        found = counts.read(beside(ledger), today=NOW.date())
        for stage in ("appealed", "open", "answered", "late", "upheld", "overturned", "partly", "similar"):
            have = found.by(["sex"], stage)
            assert have == {group: expected[stage, group] for group in ("men", "women")}, stage
        assert found.by(["sex"], "decided") == {"men": 6, "women": 3}
    assert erased
    assert sum(expected.values()) > len(PEOPLE)
