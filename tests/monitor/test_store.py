"""What a watch remembers, where the disk is full, the file may not be written, or a writer was killed in the middle."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fairwitness.monitor.store import Store, WatchError, set_aside


def write_much(store: Store) -> None:
    with store.writing():
        store.add_look("second", {"rows": 2})
        store.put_rows((f"person {i}", {"groups": {"region": "north"}}) for i in range(20_000))


def test_a_full_disk_is_said_as_such_and_counts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "watch.sqlite"
    with Store(path, about="a") as store, store.writing():
        store.add_look("first", {"rows": 1})
    with Store(path, about="a") as full:
        full._db.execute("PRAGMA max_page_count = 8")  # as a disk with no room left
        with pytest.raises(WatchError, match=r"cannot be written .*full.*nothing was counted") as caught:
            write_much(full)
    assert "--restart" not in str(caught.value)
    with Store(path, about="a") as store:
        assert [look.batch for look in store.looks()] == ["first"]
        assert store.unknown(["person 1"]) == [True]


def test_a_file_that_cannot_be_opened_does_not_ask_for_a_new_beginning(tmp_path: Path) -> None:
    (tmp_path / "watch.sqlite").mkdir()
    with pytest.raises(WatchError, match="cannot be written") as caught:
        Store(tmp_path / "watch.sqlite", about="a")
    assert "--restart" not in str(caught.value)


KILLED = """
import os, signal, sys
from fairwitness.monitor.store import Store
from pathlib import Path
store = Store(Path(sys.argv[1]), about="a")
store._db.execute("PRAGMA cache_size = 2")  # written to disk before the end of the step, as in a large one
with store.writing():
    store.put_rows((f"person {i}", {"groups": {}}) for i in range(5000))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_new_beginning_after_a_killed_writer_takes_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "watch.sqlite"
    with Store(path, about="a") as store, store.writing():
        store.put_rows((f"early {i}", None) for i in range(3000))
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert (tmp_path / "watch.sqlite-journal").exists()
    aside = set_aside(path, when="2026-01-01T00:00:00")
    with Store(path, about="b") as store, store.writing():
        assert store.unknown(["early 1"]) == [True]
        store.put_rows([("late", None)])
    assert aside is not None
    with sqlite3.connect(aside) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM rows").fetchone() == (3000,)
    db.close()


def test_two_beginnings_within_a_second_keep_both_records(tmp_path: Path) -> None:
    path = tmp_path / "watch.sqlite"
    for about in ("a", "b"):
        Store(path, about=about).__exit__(None, None, None)
        set_aside(path, when="2026-01-01T00:00:00")
    assert len(list(tmp_path.glob("watch-until-*.sqlite"))) == 2
    assert set_aside(path, when="2026-01-01T00:00:00") is None
