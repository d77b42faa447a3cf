"""COMPAS with no model: ProPublica's published counts, exactly, with intervals."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.command import run

DATA = Path(__file__).parents[3] / "shared" / "data" / "compas" / "compas-scores-two-years.csv"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="COMPAS lies beside the repository, not in it")


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("compas")
    ran = run(
        [
            "audit",
            str(DATA),
            *("--target", "two_year_recid", "--positive", "1", "--favorable", "0"),
            *("--decision", "decile_score >= 5", "--group", "race", "--out", "report"),
        ],
        cwd=folder,
    )
    assert ran.code == 1, ran.err
    document = json.loads((folder / "report" / "findings.json").read_text(encoding="utf-8"))
    assert any("decile_score" in note for note in document["subject"]["notes"])  # equal duplicate headers, merged
    return {item["id"]: item for item in document["findings"]}


def table(finding: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (columns,) = [series["columns"] for series in finding["series"] if series["title"] == "By group"]
    names = list(columns)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {row["group"]: row for row in rows}


@pytest.mark.parametrize(
    ("group", "false_positives", "negatives", "misses", "positives"),
    [("African-American", 805, 1795, 532, 1901), ("Caucasian", 349, 1488, 461, 966)],
)
def test_propublicas_counts(
    findings: dict[str, Any], group: str, false_positives: int, negatives: int, misses: int, positives: int
) -> None:
    fpr = table(findings["fairness.false-positive-rate-gap/race"])[group]
    assert (fpr["hits"], fpr["n"]) == (false_positives, negatives)
    assert fpr["rate"] == pytest.approx(false_positives / negatives)
    assert fpr["low"] < fpr["rate"] < fpr["high"]
    tpr = table(findings["fairness.true-positive-rate-gap/race"])[group]
    assert (tpr["n"] - tpr["hits"], tpr["n"]) == (misses, positives)
    assert tpr["misses"] == misses


def test_intervals_of_dressel_and_farid(findings: dict[str, Any]) -> None:
    """Dressel and Farid 2018: false positive rates 44.8 [42.7, 46.9] and 23.5 [20.7, 26.5] (their 23.5 is 23.45)."""
    rows = table(findings["fairness.false-positive-rate-gap/race"])
    black, white = rows["African-American"], rows["Caucasian"]
    assert (100 * black["low"], 100 * black["high"]) == pytest.approx((42.7, 46.9), abs=0.35)
    assert (100 * white["low"], 100 * white["high"]) == pytest.approx((20.7, 26.5), abs=1.0)


def test_conflicting_criteria_are_both_shown(findings: dict[str, Any]) -> None:
    """Predictive parity between the two large groups is close while false positive rates are far apart."""
    assert findings["fairness.false-positive-rate-gap/race"]["verdict"] == "fail"
    ppv = table(findings["fairness.predictive-parity-gap/race"])
    assert ppv["African-American"]["rate"] == pytest.approx(0.6297, abs=5e-5)
    assert ppv["Caucasian"]["rate"] == pytest.approx(0.5913, abs=5e-5)
    assert findings["data.target-leaks"]["verdict"] == "fail"  # is_recid and what follows from it


def test_small_groups_are_not_dropped(findings: dict[str, Any]) -> None:
    rows = table(findings["fairness.selection-rate-gap/race"])
    assert {"Asian", "Native American", "Hispanic", "Other"} <= set(rows)
    assert sum(row["n"] for row in rows.values()) == 7214


def test_why_not_all_criteria_hold_is_said_in_propublicas_numbers(findings: dict[str, Any]) -> None:
    """By Chouldechova's identity with PPV 1874 / 3028, TPR 1874 / 2867 and base rates 1901 / 3696 and 966 / 2454."""
    found = findings["fairness.criteria"]
    assert found["verdict"] == "explored"
    (columns,) = [series["columns"] for series in found["series"] if series["title"].startswith("Criteria by race")]
    holds = dict(zip(columns["criterion"], columns["within 10.0 points"], strict=True))
    assert (holds["predictive parity"], holds["predictive equality"]) == ("holds", "broken")
    assert "42.6\u202f% and 26.1\u202f%" in found["lead"]
