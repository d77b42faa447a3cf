"""The commands, as somebody new to them would use them: one line for whatever is wrong, and nothing half-done."""

import json
import stat
from pathlib import Path

import pytest

from support.command import Ran, run

DATA = """nr,who,said,score,why,sex
A-1,Maria Muster,0,0.41,debt,women
A-2,Karl Kurz,1,0.83,,men
"""
SETTINGS = """
[subject]
favorable = 1
[roles]
owner = "Ada Byron"
builder = "Bea Carr"
[appeals]
contact = "appeals@bank.example"
"""
IMPORT = "decisions import data.csv --id nr --person who --decision said --score score --reasons why --group sex"
PERSONAL = ("Maria", "Muster", "A-1", "0.41", "debt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").write_text(DATA, encoding="utf-8")
    (tmp_path / "audit.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def imported(folder: Path) -> Path:
    assert run(IMPORT, cwd=folder).out == "Recorded: 2 new, 0 known before\n"
    return folder


def refused(command: str, folder: Path) -> str:
    ran: Ran = run(command, cwd=folder)
    assert ran.code == 2, ran
    assert ran.err.startswith("fairwitness: ")
    assert ran.err.count("\n") == 1
    return ran.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("decisions import nothing.csv --id nr --person who --decision said", "nothing.csv"),
        ("decisions import data.csv --id number --person who --decision said", "no column 'number' for --id"),
        ("decisions import data.csv --id nr --person who", "give --decision COL, or --score COL and --threshold"),
        (f"{IMPORT} --group gender", "no column 'gender'"),
        (f"{IMPORT} --findings none.json", "none.json"),
        (f"{IMPORT} --policy none.toml", "none.toml"),
        (f"{IMPORT} --config none.toml", "none.toml: no such file"),
        ("decisions import audit.toml --id @row --person @row --decision said", "leave out --decision"),
        ("decisions import audit.toml --id @row --person @row", "[data] path is missing"),
        ("trace A-1", "no decisions were imported here"),
        ("appeal list", "no decisions were imported here"),
        ("letter A-1 --out letter.html", "no decisions were imported here"),
        ("decisions erase --person Maria --as Dan", "no decisions were imported here"),
    ],
)
def test_before_an_import(folder: Path, command: str, said: str) -> None:
    assert said in refused(command, folder)
    assert not (folder / ".fairwitness").exists()


def test_what_is_good_must_be_known(folder: Path) -> None:
    (folder / "audit.toml").unlink()
    assert "give --favorable VALUE" in refused(IMPORT, folder)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("trace A-9", "no decision with this id"),
        ("trace", "give the decision's ID, or --person REF"),
        ("trace A-1 --person Maria", "give the decision's ID, or --person REF"),
        ("trace --person Otto", "nothing is recorded about this person"),
        ("letter A-2 --out letter.html", "good for the person"),
        ("letter A-1 --out letter.pdf", "a letter is .html or .txt"),
        ("letter A-1 --out none/letter.html", "cannot be written"),
        ("appeal file A-1 --reason ' ' --as Clara", "an appeal needs a reason"),
        ("appeal file A-1 --reason Paid --as ' '", "--as is empty"),
        ("appeal acknowledge A-1 --as Clara", "this decision was not appealed"),
        ("appeal close A-0123456789 --as Clara", "no such appeal"),
        ("decisions release --person 'Maria Muster' --name x --as Lea", "no legal hold 'x'"),
    ],
)
def test_after_an_import(imported: Path, command: str, said: str) -> None:
    error = refused(command, imported)
    assert said in error
    assert not [word for word in PERSONAL if word in error]


def test_no_message_holds_what_a_row_says(imported: Path) -> None:
    (imported / "data.csv").write_text(DATA.replace("0.41", "0.42"), encoding="utf-8")
    error = refused(IMPORT, imported)
    assert "data.csv: row 1 changes 'score' of a decision recorded before" in error
    assert not [word for word in (*PERSONAL, "0.42") if word in error]


def test_a_letter_is_its_owners_alone(imported: Path) -> None:
    for name in ("letter.html", "letter.txt"):
        assert run(f"letter A-1 --out {name}", cwd=imported).code == 0
        assert stat.S_IMODE((imported / name).stat().st_mode) == 0o600


def test_a_list_of_appeals_for_programs(imported: Path) -> None:
    assert run("appeal list", cwd=imported).out == "No appeals.\n"
    run("appeal file A-1 --reason Paid --as Clara", cwd=imported)
    (appeal,) = json.loads(run("appeal list --open --format json", cwd=imported).out)
    assert (appeal["state"], appeal["origin"], appeal["overdue"]) == ("filed", "person", False)
    assert run("appeal list --overdue", cwd=imported).out == "No appeals.\n"
