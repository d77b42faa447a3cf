"""Values that mean something to a terminal, a browser, SQL or TOML pass through every command as mere text."""

from __future__ import annotations

import csv
import shlex
import tomllib
from pathlib import Path

import pytest

from support.command import Ran, run

pytest.importorskip("cryptography")

ESCAPE, BIDI, C1 = "\x1b[2J\x1b]0;pwned\x07", "\u202egnp.exe", "\x9b31m"
HTML, SQL, TOML = "<script>alert(1)</script>", "'); DROP TABLE entries; --", '"""\n[roles]\napprover = "x'
EVIL = f"{HTML}{SQL}{TOML}{ESCAPE}{BIDI}{C1}\nHolds"
OBEYED = ("\x1b", "\x07", "\x9b", "\u202e")

SETTINGS = """
name = "lending"
[subject]
favorable = 1
[roles]
owner = "Ada Byron"
builder = "Bea Carr"
[appeals]
contact = "appeals@bank.example <script>"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with (tmp_path / "data.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["nr", "who", "said", "why", "change", "sex"])
        rows.writerow(["A-1", f"Maria {EVIL}", f"0{EVIL}", EVIL.replace(";", ","), EVIL, f"women {EVIL}"])
        rows.writerow(["A-2", "Karl", f"0{EVIL}", EVIL.replace(";", ","), EVIL, "men"])
    (tmp_path / "audit.toml").write_text(SETTINGS, encoding="utf-8")
    columns = "--id nr --person who --decision said --reasons why --change change --group sex"
    done(tmp_path, shlex.split(f"decisions import data.csv {columns}"))
    return tmp_path


def done(folder: Path, words: list[str]) -> Ran:
    ran = run(words, cwd=folder)
    assert ran.code == 0, ran.err
    assert not [sign for sign in OBEYED if sign in ran.out + ran.err], words
    return ran


def test_an_appeal_full_of_them(folder: Path) -> None:
    appeal = done(folder, ["appeal", "file", "A-1", "--reason", EVIL, "--as", EVIL]).out.strip()
    done(folder, ["appeal", "acknowledge", appeal, "--as", EVIL])
    done(folder, ["appeal", "assign", appeal, "--reviewer", EVIL, "--as", "Clara"])
    done(folder, ["appeal", "review", appeal, "--decision", EVIL, "--reason", EVIL, "--as", EVIL])
    words = ["--outcome", "overturned", "--decision", "1", "--reason", EVIL, "--tell", EVIL, "--as", EVIL]
    decided = done(folder, ["appeal", "decide", appeal, *words])
    assert "Opened for review, decided alike: 1" in decided.out
    done(folder, ["appeal", "tell", appeal, "--told", EVIL, "--as", EVIL])
    traced = done(folder, ["trace", "A-1"]).out
    assert "\nHolds" not in traced.replace("\nHolds now", "")  # nothing written passes for a line of its own
    assert "included in the log, its commitment opens" in traced
    listed = done(folder, ["appeal", "list"]).out
    assert len(listed.strip().splitlines()) == 2
    done(folder, ["ledger", "show"])
    assert done(folder, ["verify"]).out.rstrip().endswith("Holds")


def test_letters_hold_them_as_text(folder: Path) -> None:
    done(folder, ["letter", "A-1", "--out", "letter.html"])
    done(folder, ["letter", "A-1", "--out", "letter.txt"])
    page = (folder / "letter.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    for name in ("letter.html", "letter.txt"):
        assert not [sign for sign in OBEYED if sign in (folder / name).read_text(encoding="utf-8")], name


def test_names_of_keys_and_roles(folder: Path) -> None:
    assert run(["key", "new", EVIL], cwd=folder).code == 2
    assert not [sign for sign in OBEYED if sign in run(["key", "new", EVIL], cwd=folder).err]
    line = done(folder, ["key", "new", "../../evil"]).out.strip()
    assert [path.name for path in (folder / "config").rglob("*.key")] == [".._.._evil.key"]
    done(folder, ["key", "register", line, "--role", EVIL])
    assert len(done(folder, ["key", "list"]).out.strip().splitlines()) == 1


def test_errors_are_one_harmless_line(folder: Path) -> None:
    for words in (
        ["audit", f"{EVIL}.csv"],
        ["verify", EVIL],
        ["verify", "--key", EVIL],
        ["sign", EVIL, "--as", "x", "--decision", "approve", "--reason", "x"],
        ["trace", EVIL],
        ["decisions", "import", "data.csv", "--id", EVIL, "--person", "who", "--decision", "said"],
        ["ledger", "checkpoint", "--as", EVIL],
    ):
        ran = run(words, cwd=folder)
        assert ran.code == 2, words
        assert ran.err.count("\n") == 1
        assert not [sign for sign in OBEYED if sign in ran.err]


def test_answers_stay_toml_whatever_the_subject_is_called(folder: Path) -> None:
    (folder / "people.csv").write_text("x,y\n" + "1,0\n2,1\n" * 40, encoding="utf-8")
    name = '"' + "".join(f"\\u{ord(sign):04x}" for sign in EVIL + "\x7f") + '"'
    (folder / "evil.toml").write_text(
        f'name = {name}\n[data]\npath = "people.csv"\n[subject]\ntarget = "y"\n', encoding="utf-8"
    )
    run(["audit", "evil.toml", "--only", "accountability"], cwd=folder)
    ran = run(["assess", "audit-report/findings.json", "--out", "assessment"], cwd=folder)
    assert not [sign for sign in OBEYED if sign in ran.out + ran.err]
    for file in folder.rglob("*.toml"):
        assert "approver" not in tomllib.loads(file.read_text(encoding="utf-8")).get("roles", {}), file
    for page in folder.rglob("*.html"):
        assert "<script>alert" not in page.read_text(encoding="utf-8")
