"""Writers that are many, that are killed, or that find the disk full: no entry lost, doubled or torn."""

import multiprocessing
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import numpy as np
import pytest

from fairwitness.accountability.ledger import Ledger, LedgerError
from fairwitness.accountability.ledger.verify import verify
from support.ledgers import entries, log_of, write_batches

FORKS = multiprocessing.get_context("forkserver")  # imports once, so that 200 processes start at once
FORKS.set_forkserver_preload(["support.ledgers"])
ENOUGH = 10**6


def start(path: Path, name: str, told: Path, batches: int) -> ForkServerProcess:
    process = FORKS.Process(target=write_batches, args=(path, name, told, batches))
    process.start()
    return process


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


def killed(tmp_path: Path, moments: int, *, seed: int) -> int:
    """Four writers at a time, each killed at a random moment, `moments` kills in all, on one ledger."""
    rng = np.random.default_rng(seed)
    path = tmp_path / "ledger.sqlite"
    told: dict[str, Path] = {}
    Ledger(path).close()
    for round_ in range(moments // 4):
        names = [f"w{round_}{letter}" for letter in "abcd"]
        told |= {name: tmp_path / name for name in names}
        running = [start(path, name, told[name], ENOUGH) for name in names]
        deadline = time.monotonic() + 30
        while not any(told[name].exists() and told[name].stat().st_size for name in names):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        for process, moment in zip(running, rng.uniform(0, 0.05, 4), strict=True):
            time.sleep(moment)
            process.kill()
            process.join()
    return check(path, told)


def test_killed_writers_leave_whole_batches(tmp_path: Path) -> None:
    assert killed(tmp_path, 4, seed=0) > 0


@pytest.mark.slow
def test_200_kills_leave_whole_batches(tmp_path: Path) -> None:
    assert killed(tmp_path, 200, seed=1) > 0


def test_many_writers_lose_and_double_nothing(tmp_path: Path) -> None:
    path, told = tmp_path / "ledger.sqlite", {f"w{n}": tmp_path / f"w{n}" for n in range(4)}
    running = [start(path, name, file, 25) for name, file in told.items()]  # the first one makes the ledger
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * 4
    assert check(path, told) == 4 * sum(batch % 7 + 1 for batch in range(25))


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
