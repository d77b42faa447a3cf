"""Writers that are many, that are killed, or that find the disk full: no entry lost, doubled or torn."""

import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fairwitness.accountability.ledger import Ledger, LedgerError
from fairwitness.accountability.ledger.verify import verify
from support import ledgers
from support.ledgers import entries, log_of

ENOUGH = 10**6


def write(folder: Path, *, writers: int, batches: int, kills: int = 0, seed: int = 0) -> int:
    """Let writers loose on one ledger in `folder`, and look at what they leave; the number of entries."""
    words = [str(word) for word in (folder / "ledger.sqlite", folder, writers, batches, kills, seed)]
    subprocess.run([sys.executable, str(ledgers.__file__), *words], check=True)
    return check(folder / "ledger.sqlite", {file.name: file for file in folder.glob("w*x*")})


def check(path: Path, told: dict[str, Path]) -> int:
    """Every batch that a writer was told is recorded is there, whole and once; at most one more a writer is."""
    assert not verify(path).problems
    with Ledger(path) as log:
        found = Counter(str(stored.entry.body["id"]) for stored in log.read())
    assert set(found.values()) <= {1}
    batches = Counter(tuple(name.rsplit("-", 2)[:2]) for name in found)
    for name, file in told.items():
        confirmed = [int(line) for line in file.read_text(encoding="utf-8").split()] if file.exists() else []
        mine = {int(batch): count for (writer, batch), count in batches.items() if writer == name}
        assert mine == {batch: batch % 7 + 1 for batch in range(len(mine))}
        assert len(confirmed) <= len(mine) <= len(confirmed) + 1
    return sum(found.values())


def test_killed_writers_leave_whole_batches(tmp_path: Path) -> None:
    assert write(tmp_path, writers=4, batches=ENOUGH, kills=8, seed=0) > 0


@pytest.mark.slow
def test_200_kills_leave_whole_batches(tmp_path: Path) -> None:
    assert write(tmp_path, writers=4, batches=ENOUGH, kills=200, seed=1) > 0


def test_many_writers_lose_and_double_nothing(tmp_path: Path) -> None:
    """The first of them makes the ledger."""
    assert write(tmp_path, writers=4, batches=25) == 4 * sum(batch % 7 + 1 for batch in range(25))


def test_a_reader_holds_up_no_writer_and_sees_what_was_there(tmp_path: Path) -> None:
    with Ledger(log_of(tmp_path / "ledger.sqlite", 2500)) as reader, Ledger(tmp_path / "ledger.sqlite") as writer:
        reading = reader.read()
        next(reading)
        writer.append(entries(3))
        assert sum(1 for _ in reading) == 2499


def test_a_writer_that_waits_in_vain_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairwitness.accountability.ledger.store.PATIENCE", 0.05)
    path = log_of(tmp_path / "ledger.sqlite", 3)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    with Ledger(path) as log, pytest.raises(LedgerError, match="another program kept it locked"):
        log.append(entries(1))
    db.execute("ROLLBACK")
    db.close()
    with Ledger(path) as log:
        assert log.size == 3


def test_a_full_disk_records_nothing_of_a_batch(tmp_path: Path) -> None:
    """SQLite is told that the file may grow by a few pages only, which is how its own tests fill a disk."""
    path = log_of(tmp_path / "ledger.sqlite", 300)
    with Ledger(path) as log:
        (pages,) = log._db.execute("PRAGMA page_count").fetchone()
        log._db.execute(f"PRAGMA max_page_count = {pages + 8}")
        with pytest.raises(LedgerError, match="the disk is full"):
            log.append(entries(3000))
        assert log.size == 300
        log.append(entries(1))
        assert log.size == 301
    assert not verify(path).problems


FILLER = """
import resource, signal, sys
from pathlib import Path
from fairwitness.accountability.ledger import Entry, Ledger, LedgerError
path = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 2**18,) * 2)
try:
    with Ledger(path) as log:
        while True:
            log.append([Entry(kind="audit", body={"text": "x" * 1000})] * 50)
except LedgerError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_writes_that_the_system_refuses_leave_the_ledger_as_it_was(tmp_path: Path) -> None:
    path = log_of(tmp_path / "ledger.sqlite", 300)
    ran = subprocess.run([sys.executable, "-c", FILLER, str(path)], capture_output=True, text=True, check=True)
    assert "the disk refused" in ran.stdout or "the disk is full" in ran.stdout
    with Ledger(path) as log:
        assert log.size > 300
        assert (log.size - 300) % 50 == 0
    assert not verify(path).problems
