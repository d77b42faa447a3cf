"""The log on disk: what goes in comes out, in order, and nothing takes it away."""

import sqlite3
from pathlib import Path

import pytest

from fairwitness.accountability.ledger import Entry, Ledger, LedgerError
from fairwitness.accountability.ledger.entries import Kind
from support.ledgers import Tree, entries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records" / "ledger.sqlite"


def test_what_is_appended_is_read_back(path: Path) -> None:
    with Ledger(path) as log:
        assert log.append(entries(3)) == range(3)
        assert log.append(entries(2, kind="alert")) == range(3, 5)
        assert log.size == 5
    with Ledger(path, make=False) as log:
        assert [stored.index for stored in log.read()] == [0, 1, 2, 3, 4]
        assert [stored.index for stored in log.read(["alert"])] == [3, 4]
        assert [stored.index for stored in log.read(since=1, until=4)] == [1, 2, 3]
        assert next(log.read()).entry == entries(1)[0]
        assert [stored.index for stored in log.find("audit", "id-1")] == [1]
        assert not list(log.find("appeal", "id-1"))


def test_entries_are_counted_by_kind(path: Path) -> None:
    with Ledger(path) as log:
        assert log.counts() == {}
        log.append([*entries(3), *entries(2, kind="alert")])
        assert log.counts() == {"alert": 2, "audit": 3}


def test_more_than_a_page_is_read_and_root_is_that_of_the_rfc(path: Path) -> None:
    with Ledger(path) as log:
        for size in (1, 254, 1, 1, 300, 1500):  # below, onto and over the borders of kept subtrees
            log.append(entries(size))
            assert log.root() == Tree([stored.leaf for stored in log.read()]).root()
        assert len(list(log.read())) == 2057


def test_time_is_set_once_and_kept_where_given(path: Path) -> None:
    with Ledger(path) as log:
        log.append([Entry(kind="audit", body={}), Entry(kind="audit", body={}, time="2026-01-01T00:00:00Z")])
        first, second = log.read()
    assert first.entry.time.endswith("Z")
    assert second.entry.time == "2026-01-01T00:00:00Z"


def test_a_batch_is_all_or_none(path: Path) -> None:
    with Ledger(path) as log:
        with pytest.raises(LedgerError, match="it is nan"):
            log.append([*entries(2), Entry(kind="audit", body={"x": [float("nan")]})])
        assert log.size == 0


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"x": float("inf")}, "audit.x cannot be recorded: it is inf"),
        ({"x": {1: 2}}, "a key in it is a int"),
        ({"x": b"bytes"}, "it is a bytes"),
        ({"x": "\ud800"}, "not valid Unicode"),
        ({"x": "a" * 2**23}, "larger than 4 MiB"),
    ],
)
def test_what_json_cannot_hold_is_refused_without_quoting_it(path: Path, body: dict[str, object], why: str) -> None:
    with Ledger(path) as log, pytest.raises(LedgerError, match=why):
        log.append([Entry(kind="audit", body=body)])  # type: ignore[arg-type] # wrong on purpose


def test_an_unknown_kind_is_refused(path: Path) -> None:
    wrong: Kind = "audits"  # type: ignore[assignment] # wrong on purpose
    with Ledger(path) as log, pytest.raises(LedgerError, match="did you mean 'audit'"):
        log.append([Entry(kind=wrong, body={})])


@pytest.mark.parametrize("table", ["entries", "nodes", "checkpoints", "meta"])
def test_sqlite_itself_refuses_to_change_or_delete(path: Path, table: str) -> None:
    with Ledger(path) as log:
        log.append(entries(256))
    column = {"entries": "data", "nodes": "hash", "checkpoints": "note", "meta": "value"}[table]
    db = sqlite3.connect(path)
    db.execute("INSERT INTO checkpoints VALUES (0, 1, 'note')")
    for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):  # noqa: S608 - our own names
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    for statement in (
        "INSERT OR REPLACE INTO entries SELECT 0, leaf, kind, key, data FROM entries WHERE place = 1",
        "INSERT INTO entries SELECT 999, leaf, kind, key, data FROM entries WHERE place = 1",
        "INSERT OR REPLACE INTO nodes SELECT height, place, x'00' FROM nodes",
        "INSERT OR REPLACE INTO checkpoints VALUES (0, 2, 'note')",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    db.close()


def test_folder_and_file_are_the_owners_alone(path: Path) -> None:
    Ledger(path).close()
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Ledger(tmp_path / "ledger.sqlite").close()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_what_is_no_ledger_is_refused_in_one_line(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, and long enough to be looked at\n" * 40, encoding="utf-8")
    other = tmp_path / "other.sqlite"
    db = sqlite3.connect(other)
    db.execute("CREATE TABLE t (x)")
    db.commit()
    db.close()
    newer = tmp_path / "newer.sqlite"
    Ledger(newer).close()
    db = sqlite3.connect(newer)
    db.execute("PRAGMA user_version = 2")
    db.close()
    for path, why in (
        (text, "not a ledger"),
        (other, "not a ledger"),
        (tmp_path, "is a folder"),
        (newer, "version 2"),
        (tmp_path / "absent.sqlite", "no ledger there"),
    ):
        with pytest.raises(LedgerError, match=why) as caught:
            Ledger(path, make=False)
        assert "\n" not in str(caught.value)
