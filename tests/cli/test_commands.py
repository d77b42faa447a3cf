"""Each command as a user meets it: what it writes, what it prints, how it exits."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.command import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hiring decisions in which women are hired half as often, 4,000 rows, and a group of one."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["men", "women"], 4000)
    hired = rng.random(4000) < np.where(sex == "women", 0.2, 0.4)
    years = rng.poisson(6, 4000)
    lines = ["sex,years,hired", *(f"{s},{y},{int(h)}" for s, y, h in zip(sex, years, hired, strict=True))]
    (tmp_path / "hiring.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "audit.toml").write_text(
        '[data]\npath = "hiring.csv"\n[subject]\ntarget = "hired"\nfavorable = 1\ngroups = ["sex"]\n', encoding="utf-8"
    )
    return tmp_path


def document(folder: Path, out: str = "audit-report") -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / out / "findings.json").read_text(encoding="utf-8"))
    return loaded


def test_an_unfair_past_is_found_and_the_gate_closes(folder: Path) -> None:
    ran = run("audit", cwd=folder)
    assert ran.code == 1
    assert "women" in ran.out
    assert "recorded 'hired' audited as past decisions" in document(folder)["headline"]
    assert (folder / "audit-report" / "report.html").exists()


def test_from_another_folder_paths_are_the_configs(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert run(["audit", str(folder), "--out", "here"], cwd=elsewhere).code == 1
    assert (elsewhere / "here" / "findings.json").exists()


def test_every_format_is_printed_and_made_again_from_findings(folder: Path) -> None:
    import jsonschema

    for name in ("json", "sarif", "junit", "markdown", "html", "text"):
        printed = run(f"audit --format {name}", cwd=folder)
        again = run(f"report audit-report/findings.json --format {name}", cwd=folder)
        assert printed.code == 1
        assert again.out == printed.out
        if name == "json":
            schema = json.loads(run("schema", cwd=folder).out)
            jsonschema.Draft202012Validator(schema).validate(json.loads(printed.out))
        elif name == "sarif":
            assert json.loads(printed.out)["version"] == "2.1.0"
        elif name == "junit":
            assert ET.fromstring(printed.out).tag in {"testsuites", "testsuite"}  # noqa: S314 - our own output


def test_report_writes_a_file(folder: Path) -> None:
    run("audit", cwd=folder)
    assert run("report audit-report/findings.json --out again.html", cwd=folder).code == 0
    assert (folder / "again.html").read_text() == (folder / "audit-report" / "report.html").read_text()


def test_waivers_and_baseline(folder: Path) -> None:
    failing = {
        f["check"] for f in (run("audit", cwd=folder), document(folder))[1]["findings"] if f["verdict"] == "fail"
    }
    waivers = "".join(
        f'[[waivers]]\ncheck = "{check}"\nowner = "A. Example"\nreason = "known"\nexpires = 2099-01-01\n'
        for check in sorted(failing)
    )
    config = (folder / "audit.toml").read_text(encoding="utf-8")
    (folder / "audit.toml").write_text(config + waivers, encoding="utf-8")
    assert run("audit --out waived", cwd=folder).code == 0
    assert all(check in document(folder, "waived")["headline"] for check in failing)
    (folder / "audit.toml").write_text(config + waivers.replace("2099", "2020"), encoding="utf-8")
    assert run("audit --out lapsed", cwd=folder).code == 1
    assert "waiver expired" in document(folder, "lapsed")["headline"]
    (folder / "audit.toml").write_text(config, encoding="utf-8")
    assert run("audit --baseline audit-report/findings.json --out next", cwd=folder).code == 0


def test_presets_limits_and_level_change_verdicts(folder: Path) -> None:
    wide = (
        '[limits]\n"fairness.selection-rate-gap" = { at_most = 0.9 }\n"fairness.impact-ratio" = { at_least = 0.01 }\n'
    )
    config = (folder / "audit.toml").read_text(encoding="utf-8")
    (folder / "audit.toml").write_text(config + wide, encoding="utf-8")
    assert run("audit --only fairness", cwd=folder).code == 0
    assert run("audit --only fairness --preset strict", cwd=folder).code == 0  # one's own limits lie over a preset
    (folder / "audit.toml").write_text(config, encoding="utf-8")
    run("audit --only fairness --preset strict", cwd=folder)
    limits = {f["check"]: f["limit"] for f in document(folder)["findings"]}
    assert limits["fairness.impact-ratio"]["at_least"] == 0.9


def test_strict_blocks_on_doubt(folder: Path) -> None:
    """Only the questions to a person are open: they block with --strict and not without."""
    assert run("audit --only accountability", cwd=folder).code == 0
    assert run("audit --only accountability --strict", cwd=folder).code == 1


def test_init_writes_a_config_that_runs(folder: Path) -> None:
    (folder / "audit.toml").unlink()
    assert run("init hiring.csv", cwd=folder).code == 0
    text = (folder / "audit.toml").read_text(encoding="utf-8")
    assert 'target = "hired"' in text
    assert 'groups = ["sex"]' in text
    assert run("audit", cwd=folder).code in {0, 1}


def test_init_guesses_codes_and_bins(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    ages = np.round(rng.normal(45, 12, 500), 1)
    income = np.where(rng.random(500) < 0.02, 999999, np.round(rng.lognormal(8, 0.5, 500)))
    rows = [f"{a},{int(i)},{k % 2}" for k, (a, i) in enumerate(zip(ages, income, strict=True))]
    (tmp_path / "d.csv").write_text("\n".join(["age,income,approved", *rows]), encoding="utf-8")
    assert run("init d.csv", cwd=tmp_path).code == 0
    text = (tmp_path / "audit.toml").read_text(encoding="utf-8")
    assert "[groups.age]\nedges = [" in text
    assert "[columns.income]\nsentinels = [999999]" in text
    assert run("audit", cwd=tmp_path).code in {0, 1}


def test_checks_are_listed_and_explained(tmp_path: Path) -> None:
    listed = run("checks", cwd=tmp_path)
    assert listed.code == 0
    assert "fairness.selection-rate-gap" in listed.out
    explained = run("checks fairness.selection-rate-gap", cwd=tmp_path)
    assert "at most 0.1" in explained.out
    assert "Newcombe" in explained.out


@pytest.mark.slow
def test_the_health_example_runs(tmp_path: Path) -> None:
    assert run("example health", cwd=tmp_path).code == 0
    assert run("audit health --out report", cwd=tmp_path).code in {0, 1}
    about = {f["about"] for f in document(tmp_path, "report")["findings"]}
    assert {"sex", "age_band"} <= about
    assert not [f["id"] for f in document(tmp_path, "report")["findings"] if f["verdict"] == "error"]


def test_version(tmp_path: Path) -> None:
    from fairwitness import __version__

    assert run("--version", cwd=tmp_path).out.strip() == f"fairwitness {__version__}"


def test_our_fault_is_exit_3_and_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret of a person")

    monkeypatch.setattr("fairwitness.engine.audit.scale.steps", broken)
    ran = run("audit", cwd=folder)
    assert ran.code == 3
    assert len(ran.err.strip().splitlines()) == 1
    assert "secret" not in ran.err


def test_a_check_that_breaks_is_an_error_in_the_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret of a person")

    monkeypatch.setattr("fairwitness.data.checks.exact_duplicates.ExactDuplicates.run", broken)
    assert run("audit --only data.exact-duplicates", cwd=folder).code == 1
    (finding,) = document(folder)["findings"]
    assert finding["verdict"] == "error"
    assert "RuntimeError" in finding["reason"]
    assert "secret" not in json.dumps(finding)


def test_interrupted_says_how_to_go_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fairwitness.engine.audit.scale.steps", stopped)
    ran = run("audit", cwd=folder)
    assert ran.code == 130
    assert "the same command goes on" in ran.err
