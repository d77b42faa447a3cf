"""`fairwitness explain` of a model that reads one text: what it prints and writes, and for whom."""

import csv
import json
import stat
from pathlib import Path

import pytest

from support.command import Ran, run

CONFIG = """
name = "hiring"
[data]
path = "data.csv"
[subject]
target = "hired"
positive = "yes"
favorable = "yes"
people = "applicants"
features = ["letter"]
[columns]
letter = { kind = "text" }
[model]
black_box = "own:load"
"""
OWN = r"""
import re
import numpy as np

WEIGHTS = {"excellent": 2.0, "women's": -4.0, "late": -3.0}

def load():
    def score(frame):
        logits = [sum(WEIGHTS.get(w, 0) for w in re.findall(r"[\w']+", (t or "").lower())) for t in frame["letter"]]
        return 1 / (1 + np.exp(-(0.5 + np.array(logits))))
    return score
"""
LETTERS = (
    "Excellent welder. Captain of the women's chess club.",
    "Excellent welder. Captain of the chess club.",
    "Late for <script>alert(1)</script> & all",
    "",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with (tmp_path / "data.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["letter", "hired"])
        out.writerows([each, "yes" if number % 2 else "no"] for number, each in enumerate(LETTERS * 30))
    (tmp_path / "audit.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    return tmp_path


def explained(folder: Path, more: str) -> Ran:
    return run(f"explain audit.toml {more} --out out", cwd=folder)


def test_a_refused_applicant_is_told_the_word_and_its_page_is_hers_alone(folder: Path) -> None:
    ran = explained(folder, "--row 1")
    assert ran.code == 0, ran.err
    assert "1. “women's”" in ran.out.split("What counted against")[1].split("What counted in favour")[0]
    assert "Without “women's”" in ran.out
    made = folder / "out/private/explained"
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    for name in ("row-1.html", "row-1.json"):
        assert stat.S_IMODE((made / name).stat().st_mode) == 0o600
    page = (made / "row-1.html").read_text(encoding="utf-8")
    assert '<mark class="con4">women&#39;s' in page
    assert json.loads((made / "row-1.json").read_text(encoding="utf-8"))["changes"]["ways"] == [["women's"]]


def test_what_a_text_holds_is_shown_and_never_run(folder: Path) -> None:
    ran = explained(folder, "--row 3")
    assert ran.code == 0, ran.err
    page = (folder / "out/private/explained/row-3.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "alert(" in page


def test_json_and_the_number_of_reasons(folder: Path) -> None:
    ran = explained(folder, "--row 1 --format json --reasons 1 --changes 1 --budget 50")
    told = json.loads(ran.out)
    assert [reason["name"] for reason in told["reasons"]["against"]["stated"]] == ["women's"]
    assert told["changes"]["budget"] == 50
    assert "".join(part["text"] for part in told["parts"]) == LETTERS[0]


def test_an_empty_text_is_refused_in_one_line(folder: Path) -> None:
    ran = explained(folder, "--row 4")
    assert (ran.code, ran.out) == (2, "")
    said = "audit.toml: the text in 'letter' has no word, so no word led to the decision; name another row\n"
    assert ran.err.endswith(said)


def test_without_a_row_words_are_told_and_no_text_is(folder: Path) -> None:
    ran = run("explain audit.toml --out out", cwd=folder)
    assert ran.code == 0, ran.err
    assert " 1. “women’s”" in ran.out.replace("'", "’")
    page = (folder / "out/explained.html").read_text(encoding="utf-8")
    assert "welder. Captain" not in page
    assert not (folder / "out/private/explained").exists()
    assert "--row NUMBER explains one decision, such as 1, 3 and 5" in ran.err


def test_a_word_of_one_person_is_not_told_however_many_rows_and_visits_are_hers(folder: Path) -> None:
    """One applicant wrote her name in twelve letters, each of another day: a split by days does not make her twelve."""
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["day", "person", "letter", "hired"])
        for number in range(60):
            hers = number < 12
            letter = "Excellent Zuleika was late." if hers else LETTERS[number % 2]
            out.writerow([f"d{number}", "p0" if hers else f"p{number}", letter, "yes" if number % 3 else "no"])
    (folder / "own.py").write_text(OWN.replace('"late": -3.0', '"zuleika": -3.0'), encoding="utf-8")
    settings = CONFIG.replace("[columns]", 'cluster = "person"\n[split]\nunit = "day"\n[columns]')
    (folder / "audit.toml").write_text(settings, encoding="utf-8")
    ran = run("explain audit.toml --out out", cwd=folder)
    assert ran.code == 0, ran.err
    assert "women" in ran.out
    assert "zuleika" not in ran.out
    assert "zuleika" not in (folder / "out/explained.html").read_text(encoding="utf-8")
