"""`fairwitness explain` as its users meet it: what it prints and writes, for whom, and what it refuses before any work."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import numpy as np
import pytest

from support.command import Ran, run

CONFIG = """
name = "credit"
[data]
path = "data.csv"
[subject]
target = "paid"
positive = "yes"
favorable = "yes"
groups = ["sex"]
people = "clients"
features = ["income", "debts", "house"]
[columns]
income = { words = "yearly income", low = 0, high = 200, step = 1 }
debts = { low = 0, high = 100, change = "down" }
house = { change = "never" }
[model]
black_box = "own:load"
"""
OWN = """
import numpy as np

def load():
    def score(frame):
        income = np.asarray(frame["income"], dtype=float)
        debts = np.asarray(frame["debts"], dtype=float)
        house = np.asarray(frame["house"] == "own", dtype=float)
        return np.clip(0.1 + income / 400 - debts / 300 + 0.2 * house, 0, 1)
    return score
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    with (tmp_path / "data.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["id", "income", "debts", "house", "sex", "paid"])
        out.writerow(["A-1", 80, 30, "rent", "m", "no"])
        for number in range(2, 201):
            row = [f"A-{number}", rng.integers(10, 200), rng.integers(0, 100), rng.choice(["own", "rent"])]
            out.writerow([*row, rng.choice(["m", "f"]), rng.choice(["yes", "no"])])
        out.writerow(["A-1", 80, 30, "rent", "f", "yes"])
        out.writerow(["A-202", 80, 30, "rent", "f", ""])
    (tmp_path / "audit.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    return tmp_path


def explained(folder: Path, more: str) -> Ran:
    return run(f"explain audit.toml {more} --out out", cwd=folder)


def test_a_refused_client_is_told_why_and_what_would_help(folder: Path) -> None:
    """0.1 + 80/400 − 30/300 = 0.2: half is reached with no debts and an income of 160, or an income of 200."""
    ran = explained(folder, "--row 1")
    assert ran.code == 0, ran.err
    assert "Row 1: the model decides paid = no; paid = yes is favourable" in ran.out
    assert "20.0\u202f%; it is decided from 50.0\u202f%" in ran.out
    assert "yearly income: from 80 to 200" in ran.out
    assert "Every nearer change was tried" in ran.out
    assert "no words are declared; [columns.house] words gives them" in ran.out
    assert "house" not in ran.out.split("What would have changed it")[1].split("Note")[0]


def test_what_tells_of_a_person_is_the_owners_alone(folder: Path) -> None:
    explained(folder, "--row 1")
    assert stat.S_IMODE((folder / "out" / "private").stat().st_mode) == 0o700
    made = folder / "out" / "private" / "explained"
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    files = sorted(path.name for path in made.iterdir())
    assert files == ["row-1.html", "row-1.json"]
    assert all(stat.S_IMODE((made / name).stat().st_mode) == 0o600 for name in files)
    page = (made / "row-1.html").read_text(encoding="utf-8")
    assert "What would have changed it" in page
    assert "<script" not in page


def test_json_says_the_same_and_how_it_ended(folder: Path) -> None:
    ran = explained(folder, "--row 1 --format json --changes 1")
    told = json.loads(ran.out)
    assert told["decided"] == "no"
    assert told["score"] == pytest.approx(0.2)
    assert [way["columns"] for way in told["changes"]["ways"]] == [{"income": {"from": 80.0, "to": 200.0}}]
    assert told["changes"]["nearest_proved"] is True
    written = json.loads((folder / "out/private/explained/row-1.json").read_text(encoding="utf-8"))
    assert written == told


def test_exact_points_are_said_to_be_so_for_these_compared_rows(folder: Path) -> None:
    said = "The points are exact for these compared rows; others to compare with would move them."
    assert said in explained(folder, "--row 1").out
    assert said in (folder / "out/private/explained/row-1.html").read_text(encoding="utf-8")


def test_the_same_command_says_the_same(folder: Path) -> None:
    assert explained(folder, "--row 1").out == explained(folder, "--row 1").out


def test_a_row_may_be_named_by_a_column(folder: Path) -> None:
    ran = explained(folder, "--row A-17 --id id")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Row A-17: ")
    assert (folder / "out/private/explained/row-id-A-17.html").exists()


def test_a_number_in_a_column_and_a_rows_number_have_pages_of_their_own(folder: Path) -> None:
    """Row 2 and the client whom the data call 2 are two people."""
    data = (folder / "data.csv").read_text(encoding="utf-8").replace("A-", "")
    (folder / "data.csv").write_text(data, encoding="utf-8")
    assert explained(folder, "--row 3").code == explained(folder, "--row 3 --id id").code == 0
    one, other = (folder / f"out/private/explained/{name}.html" for name in ("row-3", "row-id-3"))
    assert one.exists()
    assert other.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--row 0", "data.csv: no row '0'; rows are numbered from 1 to 202, and --id COLUMN names them otherwise"),
        ("--row 203", "no row '203'; rows are numbered from 1 to 202"),
        ("--row A-1", "no row 'A-1'; rows are numbered"),
        ("--row A-1 --id id", "2 rows have 'A-1' in 'id'; name one by its number, without --id: 1, 201"),
        ("--row A-999 --id id", "no row has 'A-999' in 'id'; look it up in the data"),
        ("--row A-1 --id ids", "no column 'ids' for --id; did you mean 'id'?"),
        ("--row 202", "row 202 has no recorded 'paid' and is left out of the audit; name another row"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused(folder: Path, options: str, said: str) -> None:
    (folder / "own.py").write_text("raise RuntimeError('no work is done before')", encoding="utf-8")
    ran = explained(folder, options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('favorable = "yes"\n', "", "[subject] favorable names the class that is good for the person"),
        ('black_box = "own:load"', 'decision = "paid"', "recorded decisions have no model that could be asked"),
        (
            'features = ["income", "debts", "house"]',
            'features = ["income", "words"]',
            "the model reads the text 'words' and other columns, and such rows cannot be explained yet",
        ),
    ],
)
def test_a_subject_that_cannot_be_explained_is_refused(folder: Path, was: str, becomes: str, said: str) -> None:
    data = (folder / "data.csv").read_text(encoding="utf-8").splitlines()
    words = ["words", *(f"a long story of client {n} which nobody else has told in these very words" for n in data[1:])]
    joined = "\n".join(f'{line},"{word.replace(",", ";")}"' for line, word in zip(data, words, strict=True))
    (folder / "data.csv").write_text(joined, encoding="utf-8")
    (folder / "audit.toml").write_text(CONFIG.replace(was, becomes), encoding="utf-8")
    (folder / "own.py").write_text("raise RuntimeError('no work is done before')", encoding="utf-8")
    ran = explained(folder, "--row 1")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_row_the_model_has_learned_from_is_refused(folder: Path) -> None:
    with (folder / "data.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    parts = ["part", *("train" if place % 2 == 0 else "audit" for place in range(len(rows) - 1))]
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([*row, part] for row, part in zip(rows, parts, strict=True))
    split = '[split]\ncolumn = "part"\n[model]\nseen = "train-part"'
    (folder / "audit.toml").write_text(CONFIG.replace("[model]", split), encoding="utf-8")
    ran = explained(folder, "--row 3")
    assert ran.code == 2
    assert "row 3 is in the train part: the model has learned from it" in ran.err
    assert "the nearest audit row is 2" in ran.err
    assert explained(folder, "--row 2").code == 0


def test_without_a_row_the_model_is_summed_up_and_no_person_is(folder: Path) -> None:
    ran = run("explain audit.toml --out out --format json", cwd=folder)
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert [each["words"] for each in told["columns"][:1]] == ["yearly income"]
    assert {each["column"] for each in told["columns"]} == {"income", "debts", "house"}
    page = (folder / "out" / "explained.html").read_text(encoding="utf-8")
    assert "fewer than 5 people are not drawn" in page
    assert "A-17" not in page
    assert not (folder / "out" / "private" / "explained").exists()
    assert "--row NUMBER explains one decision, such as 1, " in ran.err


@pytest.mark.parametrize("option", ["--id id", "--reasons 2", "--changes 1", "--budget 5"])
def test_what_is_of_one_row_needs_a_row(folder: Path, option: str) -> None:
    ran = run(f"explain audit.toml {option} --out out", cwd=folder)
    name = option.split(maxsplit=1)[0]
    said = f"fairwitness: explain: {name} goes with one row; add --row, or take {name} out\n"
    assert (ran.code, ran.err) == (2, said)


def test_a_page_that_cannot_be_written_is_refused_before_any_work(folder: Path) -> None:
    (folder / "own.py").write_text("raise RuntimeError('no work is done before')", encoding="utf-8")
    (folder / "out" / "private").mkdir(parents=True)
    (folder / "out" / "private" / "explained").touch()
    ran = explained(folder, "--row 1")
    assert ran.code == 2
    assert "private/explained: cannot be written" in ran.err
    assert ran.err.count("\n") == 1


def test_a_person_of_many_rows_speaks_once_in_the_summary(folder: Path) -> None:
    """Twenty rows of each would make the intervals a quarter of their width, and one person a crowd to be drawn."""
    lines = (folder / "data.csv").read_text(encoding="utf-8").splitlines()[:31]
    lines = [lines[0], *(line for line in lines[1:] for _ in range(20))]
    (folder / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    together = '[split]\nunit = "id"\n[model]\nseen = "none"'
    (folder / "audit.toml").write_text(CONFIG.replace("[model]", together), encoding="utf-8")
    ran = run("explain audit.toml --out out --format json", cwd=folder)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["rows"] <= 30
