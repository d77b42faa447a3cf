"""Recording decisions: nothing lost, doubled or rewritten, however it is interrupted."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fairwitness.accountability.decisions import counts
from fairwitness.accountability.decisions import record as recording
from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.errors import DecisionError
from fairwitness.accountability.decisions.record import Imported, record
from fairwitness.accountability.decisions.vault import beside
from fairwitness.accountability.ledger import Entry, LedgerError
from support.decisions import DECISIONS, FIRST, NOW

ROWS = [(f"row {place}", decision) for place, decision in enumerate(DECISIONS, start=1)]


def test_the_same_decisions_twice_are_recorded_once(book: Book, ledger: Path) -> None:
    size, before = book.ledger.size, counts.read(beside(ledger), today=NOW.date()).cells
    assert list(record(book, ROWS * 2, now=NOW)) == [Imported(0, 8, 0)]
    assert book.ledger.size == size == len(DECISIONS)
    assert counts.read(beside(ledger), today=NOW.date()).cells == before


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"score": 0.5}, "'score'"),
        ({"decision": "1", "good": True}, "'decision' and 'good'"),
        ({"reasons": ("history", "debt")}, "'reasons'"),
        ({"person": "Otto Other"}, "'person'"),
        ({"model": "n" * 64}, "'model'"),
    ],
)
def test_a_changed_row_is_refused_by_name(book: Book, changes: dict[str, object], named: str) -> None:
    size = book.ledger.size
    changed = replace(FIRST, **changes)  # type: ignore[arg-type]  # fields of the test
    with pytest.raises(DecisionError, match=f"^row 9 changes {named} of a decision recorded before") as error:
        list(record(book, [("row 8", replace(FIRST, id="new")), ("row 9", changed)], now=NOW))
    assert FIRST.id not in str(error.value)
    assert book.ledger.size == size


def test_a_new_owner_changes_no_old_decision(book: Book) -> None:
    later = [(where, replace(decision, owners=("New Owner",), findings="f" * 64)) for where, decision in ROWS]
    assert list(record(book, later, now=NOW)) == [Imported(0, 4, 0)]


def test_what_the_outbox_holds_is_appended_once(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full at the ledger; then the ledger has it and the vault does not know."""
    with Book(ledger) as book:

        def full(entries: object) -> range:
            raise LedgerError.full("ledger")

        with monkeypatch.context() as patched:
            patched.setattr(book.ledger, "append", full)
            with pytest.raises(LedgerError, match="disk is full"):
                list(record(book, ROWS, now=NOW))
        assert book.ledger.size == 0
    with Book(ledger) as book:
        assert book.ledger.size == len(ROWS)
        book.vault.run("INSERT INTO outbox (entries) VALUES (?)", _as_outbox(book))
    with Book(ledger) as book:
        assert book.ledger.size == len(ROWS)
        assert list(record(book, ROWS, now=NOW)) == [Imported(0, 4, 0)]


def _as_outbox(book: Book) -> str:
    import json

    entries: list[Entry] = [stored.entry for stored in book.ledger.read()]
    return json.dumps([{"kind": each.kind, "body": dict(each.body), "time": each.time} for each in entries])


def test_batches_meet(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "BATCH", 3)
    many = [(f"row {n}", replace(FIRST, id=str(n), person=f"p{n % 5}")) for n in range(10)]
    with Book(ledger) as book:
        assert [done.new for done in record(book, many, now=NOW)] == [3, 6, 9, 10]
        assert book.ledger.size == 10


IMPORT = """
import sys
from dataclasses import replace
from pathlib import Path
from fairwitness.accountability.decisions import record as recording
from fairwitness.accountability.decisions.book import Book
from support.decisions import FIRST, NOW
recording.BATCH = 20
rows = [(f"row {n}", replace(FIRST, id=str(n), person=f"p{n}")) for n in range(400)]
with Book(Path(sys.argv[1])) as book:
    print("ready", flush=True)
    for done in recording.record(book, rows, now=NOW):
        pass
"""


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost_or_doubled(ledger: Path) -> None:
    """Two imports of one file at once, both killed, again and again; then one that is left alone."""
    rng, root = np.random.default_rng(0), Path(__file__).parents[3]
    command = [sys.executable, "-c", IMPORT, str(ledger)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root / "tests")])}
    for _ in range(4):
        both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(2)]
        for process in both:
            assert process.stdout is not None
            process.stdout.readline()
        time.sleep(rng.uniform(0, 0.15))
        for process in both:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        with Book(ledger) as book:
            (held,) = book.vault.run("SELECT count(*) FROM decisions").fetchone()
            assert book.ledger.size == held
    subprocess.run(command, env=environment, check=True, capture_output=True)
    with Book(ledger) as book:
        entries = [str(stored.entry.body["id"]) for stored in book.ledger.read(["decision"])]
        assert len(entries) == len(set(entries)) == book.ledger.size == 400
        assert {entry for (entry,) in book.vault.run("SELECT entry FROM decisions")} == set(entries)
        assert counts.read(beside(ledger), today=NOW.date()).by(["sex"], "decided") == {"women": 400}
