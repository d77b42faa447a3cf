"""Each way to tamper with a ledger is found, and called by its name."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from fairwitness.accountability.ledger import Ledger, LedgerError, keys
from fairwitness.accountability.ledger.keys import Signer
from fairwitness.accountability.ledger.standalone import Note
from fairwitness.accountability.ledger.store import Row
from fairwitness.accountability.ledger.verify import verify
from support.ledgers import entries, log_of, rewrite, tamper

JANE, IMPOSTOR, AUDITOR = Signer("jane.doe", b"j" * 32), Signer("jane.doe", b"i" * 32), Signer("auditor", b"a" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """300 entries, of which 301 with Jane's key are signed by her."""
    path = log_of(tmp_path / "ledger.sqlite")
    with Ledger(path) as log:
        keys.register(log, JANE.vkey, role="owner")
        log.checkpoint(JANE)
    return path


def names(path: Path, *, since: str | None = None, signer: Signer | None = None) -> list[str]:
    result = verify(path, since=[] if since is None else [since], keys=[] if signer is None else [signer.key])
    return [problem.name for problem in result.problems]


def kept(path: Path) -> str:
    with Ledger(path) as log:
        return log.notes()[-1]


def test_an_honest_log_holds_and_says_who_signed(path: Path) -> None:
    result = verify(path, since=[kept(path)], keys=[JANE.key])
    assert not result.problems
    assert any(fact.startswith("signed by jane.doe") for fact in result.facts)
    with Ledger(path) as log:
        log.append(entries(2))
    assert any("newer than every checkpoint: 2 entries" in fact for fact in verify(path).facts)


def test_an_empty_log_holds(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.sqlite").close()
    assert not verify(tmp_path / "ledger.sqlite").problems


CHANGED = "UPDATE entries SET data = CAST(replace(CAST(data AS TEXT), 'id-7\"', 'id-8\"') AS BLOB) WHERE place = 7"


@pytest.mark.parametrize(
    ("statements", "name", "where"),
    [
        ((CHANGED,), "tampered", "entry 7 "),
        (("UPDATE entries SET data = x'00' WHERE place = 7",), "tampered", "entry 7 "),
        (("UPDATE entries SET kind = 'waiver' WHERE place = 7",), "tampered", "entry 7 "),
        (("UPDATE entries SET key = 'id-9' WHERE place = 7",), "tampered", "entry 7 "),
        (("UPDATE nodes SET hash = x'00' WHERE height = 8",), "tampered", "kept hashes"),
        (("DELETE FROM nodes",), "tampered", "kept hashes"),
        (("DELETE FROM entries WHERE place = 7",), "truncated", "entries 7 to 7"),
        (("DELETE FROM entries WHERE place >= 290",), "truncated", "301 entries, the log 290"),
        (("DELETE FROM entries WHERE place >= 200",), "truncated", "are kept, the log has 200"),
        (
            (
                "UPDATE entries SET place = -1 WHERE place = 7",
                "UPDATE entries SET place = 7 WHERE place = 8",
                "UPDATE entries SET place = 8 WHERE place = -1",
            ),
            "re-ordered",
            "entry 8 stands at place 7",
        ),
        (("UPDATE checkpoints SET note = 'no note'",), "malformed", "checkpoint"),
        (("DROP TABLE nodes",), "malformed", "no such table"),
    ],
)
def test_what_was_done_to_the_file_is_named(path: Path, statements: tuple[str, ...], name: str, where: str) -> None:
    if "DROP" in statements[0]:
        statements = ("DROP TABLE nodes", "CREATE TABLE nodes (x)")
        where = "no such column"
    tamper(path, *statements)
    problems = verify(path).problems
    assert name in {problem.name for problem in problems}
    assert any(where in problem.text for problem in problems), problems


def test_a_changed_entry_with_its_hashes_mended_is_caught_by_its_own_checkpoint(path: Path) -> None:
    note = kept(path)
    rewrite(path, 280)
    assert names(path) == ["forked"]
    assert set(names(path, since=note)) == {"forked"}


def test_a_log_rewritten_with_its_checkpoints_is_caught_by_one_kept_elsewhere(path: Path) -> None:
    note = kept(path)
    rewrite(path, 280)
    tamper(path, "DELETE FROM checkpoints")
    with Ledger(path) as log:
        keys.register(log, JANE.vkey, role="owner")
        log.checkpoint(JANE)
    assert not names(path)  # who holds the log and the key can do this; that is why checkpoints belong elsewhere
    assert names(path, since=note) == ["forked"]


def test_a_cut_tail_is_caught_by_a_checkpoint_kept_elsewhere(path: Path) -> None:
    note = kept(path)
    tamper(path, "DELETE FROM checkpoints", "DELETE FROM entries WHERE place >= 290")
    assert not names(path)
    assert names(path, since=note) == ["truncated"]


def test_a_fork_shows_in_the_checkpoint_of_the_other_branch(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    other.write_bytes(path.read_bytes())
    with Ledger(other) as log:
        log.append(entries(1))
        note = str(log.checkpoint(JANE).note)
    with Ledger(path) as log:
        log.append(entries(2, kind="alert"))
    assert names(path, since=note) == ["forked"]


def test_another_logs_checkpoint_is_not_taken_for_this_ones(path: Path, tmp_path: Path) -> None:
    with Ledger(log_of(tmp_path / "other.sqlite")) as log:
        note = str(log.checkpoint(JANE).note)
    assert names(path, since=note) == ["forked"]
    with Ledger(path) as log, pytest.raises(LedgerError, match="another log"):
        log.keep(Note.parse(note))


def test_a_name_signed_by_another_key_is_named(path: Path) -> None:
    tamper(path, "DELETE FROM checkpoints")
    with Ledger(path) as log:
        log.checkpoint(IMPOSTOR)
    assert names(path) == ["re-signed"]
    assert set(names(path, signer=JANE)) == {"re-signed"}


def test_a_signature_that_does_not_verify_is_named(path: Path) -> None:
    root = kept(path).splitlines()[2]
    tamper(path, "UPDATE checkpoints SET note = replace(note, substr(note, instr(note, '— ') + 24, 4), 'AAAA')")
    assert root in kept(path)
    assert names(path) == ["tampered"]
    assert set(names(path, signer=JANE)) == {"tampered"}


def test_an_unregistered_name_is_unauthenticated_and_a_trusted_one_must_have_signed(path: Path) -> None:
    with Ledger(path) as log:
        log.checkpoint(AUDITOR)
    result = verify(path)
    assert not result.problems
    assert any("unauthenticated: auditor" in fact for fact in result.facts)
    assert not names(path, signer=AUDITOR)
    assert names(path, signer=JANE) == ["unsigned"]


def test_a_log_that_was_rewritten_is_not_signed_again(path: Path) -> None:
    rewrite(path, 280)
    with Ledger(path) as log, pytest.raises(LedgerError, match="does not continue its last checkpoint"):
        log.checkpoint(JANE)


def test_a_log_that_grows_while_it_is_verified_holds(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = Ledger.raw

    def growing(log: Ledger, until: int) -> Iterator[Row]:
        yield from raw(log, until)
        log.append(entries(600))
        log.checkpoint(JANE)

    monkeypatch.setattr(Ledger, "raw", growing)
    assert not names(path)
    assert not names(path)


def test_triggers_that_are_gone_are_missed(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TRIGGER entries_no_delete")
    assert names(path) == ["unguarded"]


def test_what_was_tampered_with_is_not_read_as_if_it_were_recorded(path: Path) -> None:
    tamper(path, "UPDATE entries SET data = x'7b7d' WHERE place = 7")
    with Ledger(path) as log, pytest.raises(LedgerError, match="entry 7 is not as it was recorded"):
        list(log.read())


def test_many_faults_are_counted_not_listed(path: Path) -> None:
    tamper(path, "UPDATE entries SET leaf = x'00'")
    problems = verify(path).problems
    assert len(problems) < 10
    assert any("more" in problem.text for problem in problems)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET data = CAST(data AS TEXT) WHERE place = 7",
        "UPDATE entries SET data = 7 WHERE place = 7",
        "UPDATE entries SET leaf = 'x' WHERE place = 7",
        "UPDATE entries SET kind = 7 WHERE place = 7",
        "UPDATE nodes SET hash = 'x'",
        "UPDATE nodes SET hash = NULL",
        "UPDATE checkpoints SET note = x'00'",
        "UPDATE checkpoints SET note = 7",
        "DELETE FROM meta",
        "UPDATE meta SET value = 7",
        "UPDATE entries SET data = zeroblob(10000000) WHERE place = 7",
    ],
)
def test_values_of_another_kind_are_a_fault_and_no_crash(path: Path, statement: str) -> None:
    """SQLite keeps any kind of value in any column."""
    with suppress(sqlite3.IntegrityError):  # where the table itself refuses it
        tamper(path, statement)
        assert verify(path).problems


def test_a_second_key_in_a_name_is_told(path: Path) -> None:
    """It may be a new key of the same person, or somebody else's: the log cannot know."""
    with Ledger(path) as log:
        keys.register(log, IMPOSTOR.vkey)
        log.checkpoint(IMPOSTOR)
    result = verify(path)
    assert not result.problems
    later = "signed by jane.doe, 302 entries, with another key than the first of that name, registered as entry 301"
    assert [fact for fact in result.facts if fact.startswith("signed")] == ["signed by jane.doe, 301 entries", later]
