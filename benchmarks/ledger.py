"""What the ledger takes beside pymerkle's SQLite tree, and beside what is asked of it: `python benchmarks/ledger.py [ENTRIES]`.

Ratios only: against pymerkle on the same entries, durable in both, and against the limits that the project sets itself
(10,000 durable appends a second, a proof in 10 ms, 10^6 entries verified in 20 s). Beside them the physical limit: the
same rows put into SQLite without any hashing, and the same bytes hashed without reading them.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from pymerkle import SqliteTree

from fairwitness.accountability.ledger import JSON, Entry, Ledger, merkle
from fairwitness.accountability.ledger.entries import encode
from fairwitness.accountability.ledger.verify import verify

APPENDS_PER_SECOND, PROOF_SECONDS, VERIFY_SECONDS, VERIFY_ENTRIES = 10_000, 0.01, 20.0, 10**6
BATCH = 10_000
FEW = 60
"""Appends of pymerkle's that are timed: each is a transaction of its own."""


def main(size: int) -> None:
    """Print one line a comparison."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, Ledger(Path(folder) / "ledger.sqlite") as log:
        ours, plain = [], []
        for start in range(0, size, BATCH):
            batch = [decision(place) for place in range(start, min(start + BATCH, size))]
            ours.append(seconds(partial(log.append, batch)) / len(batch))
            plain.append(seconds(partial(insert, Path(folder), batch, start)) / len(batch))
        theirs = pymerkle(Path(folder))
        line("durable appends, those of pymerkle's SqliteTree", theirs, statistics.median(ours))
        line("durable appends, plain rows in SQLite (the limit)", statistics.median(plain), statistics.median(ours))
        line("durable appends, 10,000 a second as asked", 1 / APPENDS_PER_SECOND, statistics.median(ours))
        proofs = [work(partial(log.inclusion, place)) for place in range(0, size, max(size // 50, 1))]
        line(f"a proof from {size:,} entries, 10 ms as asked", PROOF_SECONDS, statistics.median(proofs))
        line(f"the slowest of {len(proofs)} proofs, 10 ms as asked", PROOF_SECONDS, max(proofs))
        whole = work(partial(verify, log.path))
        line(f"verifying {size:,}, 20 s a million as asked", VERIFY_SECONDS * size / VERIFY_ENTRIES, whole)
        line("verifying, hashing alone (the limit)", work(partial(hash_all, size)), whole)


def decision(place: int) -> Entry:
    """An entry of about 280 bytes, as a decision takes."""
    body: dict[str, JSON] = {"id": f"d-{place:09}", "model": "a" * 64, "policy": "b" * 64, "score": place / 7}
    body["reasons"] = ["R1", "R2"]
    return Entry(kind="decision", body=body, time="2026-01-02T03:04:05Z")


def insert(folder: Path, batch: list[Entry], start: int) -> None:
    """The same bytes as plain rows, durable as ours are."""
    rows = [(start + place, encode(entry, start + place)) for place, entry in enumerate(batch)]
    with closing(sqlite3.connect(folder / "plain.sqlite", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE IF NOT EXISTS rows (place INTEGER PRIMARY KEY, data BLOB)")
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO rows VALUES (?, ?)", rows)
        db.execute("COMMIT")


def pymerkle(folder: Path) -> float:
    """Seconds an append of pymerkle's takes, the median."""
    tree = SqliteTree(str(folder / "pymerkle.sqlite"))
    data = [encode(decision(place), place) for place in range(FEW)]
    return statistics.median([seconds(partial(tree.append_entry, item)) for item in data])


def hash_all(size: int) -> None:
    """A leaf and an inner node an entry, of bytes made beforehand."""
    data = encode(decision(0), 0)
    for _ in range(size):
        merkle.node_hash(merkle.leaf_hash(data), merkle.EMPTY)


def seconds(work: Callable[[], object]) -> float:
    """On the wall: waiting for the disk is what durable means."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def work(call: Callable[[], object]) -> float:
    """On the processor, for what waits for nothing: a busy machine does not decide."""
    start = time.process_time()
    call()
    return time.process_time() - start


def line(what: str, over: float, under: float) -> None:
    """How many times faster ours is."""
    print(f"  {over / under:>8.2f} x  {what}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10**6)
