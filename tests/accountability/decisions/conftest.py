from collections.abc import Iterator
from pathlib import Path

import pytest

from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.record import record
from support.decisions import DECISIONS, NOW

pytest.importorskip("cryptography", reason="decisions need the extra `ledger`")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "record" / "ledger.sqlite"


@pytest.fixture
def book(ledger: Path) -> Iterator[Book]:
    with Book(ledger) as book:
        rows = ((f"row {place}", decision) for place, decision in enumerate(DECISIONS, start=1))
        list(record(book, rows, now=NOW))
        yield book
