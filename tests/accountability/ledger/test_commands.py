"""The commands as their users meet them: a log's holder, a witness, a stranger, and somebody who mistypes."""

import shutil
from pathlib import Path

import pytest

from support.command import run
from support.ledgers import entries, log_of, tamper

LEDGER = Path(".fairwitness/ledger.sqlite")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five entries, and keys of jane.doe and of a witness, both registered."""
    folder = tmp_path_factory.mktemp("made")
    (folder / ".fairwitness").mkdir()
    log_of(folder / LEDGER, 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        for name in ("jane.doe", "example.com/w1"):
            file = folder / f"{name[:4]}.pub"
            file.write_text(run(["key", "new", name], cwd=folder).out, encoding="utf-8")
            assert run(["key", "register", file.name], cwd=folder).code == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of one's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "copy" / "config"))
    return shutil.copytree(made, tmp_path / "copy")


def ok(command: str, folder: Path) -> str:
    ran = run(command, cwd=folder)
    assert ran.code == 0, ran.err + ran.out
    return ran.out


def test_from_a_checkpoint_to_a_stranger(folder: Path) -> None:
    ok("ledger checkpoint --as jane.doe --out first", folder)
    ok("witness cosign first --as example.com/w1 --key jane.pub --out cosigned", folder)
    assert "7 entries with 2 signatures" in ok("ledger checkpoint --add cosigned", folder)
    ok("key register jane.pub --role owner", folder)
    ok("ledger checkpoint --as jane.doe", folder)
    ok("ledger prove --since cosigned --out request", folder)
    assert "example.com/w1" in ok("witness cosign request --as example.com/w1", folder)
    assert "jane.doe" in ok("key list", folder)
    ok("ledger export --out all --since first", folder)
    ok("ledger export 1 3 --out some", folder)
    for what in ("", "all/bundle.json"):
        told = ok(f"verify {what} --since first --key jane.pub", folder)
        assert told.splitlines()[-1] == "Holds"
    ok("verify some/bundle.json --key jane.pub", folder)
    assert (folder / "all" / "verify.py").read_text(encoding="utf-8").startswith('"""Checks a bundle')


def test_what_was_tampered_with_is_exit_1_by_name(folder: Path) -> None:
    ok("ledger checkpoint --as jane.doe --out first", folder)
    tamper(folder / LEDGER, "UPDATE entries SET kind = 'alert' WHERE place = 2")
    ran = run("verify", cwd=folder)
    assert ran.code == 1
    assert "tampered: entry 2 is filed under what it is not" in ran.out.splitlines()
    assert ran.out.splitlines()[-1] == "Does not hold"
    (folder / "first").write_text((folder / "first").read_text("utf-8").replace("\n7\n", "\n9\n"), encoding="utf-8")
    ran = run("verify --since first", cwd=folder)
    assert "truncated" in ran.out
    assert ran.code == 1


def test_a_witness_that_refuses_names_the_fault(folder: Path) -> None:
    ok("ledger checkpoint --as jane.doe --out first", folder)
    ok("witness cosign first --as example.com/w1 --key jane.pub", folder)
    (folder / LEDGER).unlink()
    log_of(folder / LEDGER, 9)
    ok("ledger checkpoint --as jane.doe --out other", folder)
    text = (folder / "other").read_text(encoding="utf-8").split("\n")
    text[0] = (folder / "first").read_text(encoding="utf-8").split("\n")[0]
    (folder / "other").write_text("\n".join(text), encoding="utf-8")
    ran = run("witness cosign other --as example.com/w1", cwd=folder)
    assert ran.code == 2
    assert "tampered" in ran.err  # the log's name is under the signature too


def test_entries_are_listed_by_kind_and_printed_whole(folder: Path) -> None:
    assert len(ok("ledger show --kind audit", folder).splitlines()) == 6
    assert len(ok("ledger show --last 2", folder).splitlines()) == 3
    assert ok("ledger show 0", folder).startswith('{"body":{"id":"id-0"')
    assert ok("ledger show 0", folder).strip().encode() == entry_bytes(folder)


def entry_bytes(folder: Path) -> bytes:
    from fairwitness.accountability.ledger.entries import encode

    return encode(entries(1)[0], 0)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("verify nowhere.sqlite", "nowhere.sqlite: no ledger there"),
        ("verify .", "is a folder"),
        ("verify --since nowhere", "nowhere: cannot be read"),
        ("verify --since jane.pub", "jane.pub: a signed note is"),
        ("verify --key nonsense", "NAME+ID+KEY"),
        ("ledger show 99", "99 is asked for and the ledger has 7"),
        ("ledger show --kind audits", "did you mean 'audit'"),
        ("ledger checkpoint", "--as NAME"),
        ("ledger checkpoint --as nobody", "key new nobody"),
        ("ledger checkpoint --as jane.doe --out no/such/folder", "make the folder first"),
        ("ledger prove", "INDEX"),
        ("ledger prove 0", "nothing is signed yet"),
        ("ledger prove --since 3", "nothing is signed yet"),
        ("ledger export --out somewhere", "nothing is signed yet"),
        ("ledger show --ledger elsewhere.sqlite", "no ledger there"),
        ("key new 'jane doe'", "jane.doe"),
        ("key new jane.doe", "is there already"),
        ("key register jane", "NAME+ID+KEY"),
        ("witness cosign jane.pub --as example.com/w1", "jane.pub: a signed note is"),
    ],
)
def test_what_is_mistyped_is_one_line_with_the_way_out(folder: Path, command: str, says: str) -> None:
    ran = run(command, cwd=folder)
    assert ran.code == 2
    assert says in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_options_agree_with_the_library() -> None:
    from fairwitness.accountability.commands import options
    from fairwitness.accountability.ledger import DEFAULT

    assert options.DEFAULT == DEFAULT
