"""Equal groups are not accused, and a large audit stays small."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import fairwitness

RUNS = 120


@pytest.mark.slow
def test_twenty_equal_groups_are_seldom_accused() -> None:
    """20 groups of 100 at one rate: a run is accused if any fairness finding fails. At most 5 % of runs."""
    rng = np.random.default_rng(20)
    groups = np.repeat([f"g{i:02}" for i in range(20)], 100)
    accused = 0
    for _ in range(RUNS):
        data = {"group": groups, "label": rng.integers(0, 2, 2000), "decision": (rng.random(2000) < 0.2).astype(int)}
        report = fairwitness.audit(
            data,
            target="label",
            positive=1,
            favorable=1,
            decision="decision",
            groups=["group"],
            checks={"only": ["fairness"]},
        )
        accused += any(finding.verdict == "fail" for finding in report.findings)
    assert accused <= 0.05 * RUNS, accused


def test_a_wide_audit_stays_under_a_megabyte(tmp_path: Path) -> None:
    """Every check over three attributes, their pairs and their crossing, with 8, 6 and 12 categories."""
    rng = np.random.default_rng(0)
    n = 20_000
    frame = pl.DataFrame(
        {
            "race": rng.choice([f"race {i}" for i in range(8)], n),
            "region": rng.choice([f"region {i}" for i in range(12)], n),
            "band": rng.choice([f"band {i}" for i in range(6)], n),
            "income": rng.lognormal(8, 1, n),
            "score": rng.random(n),
            "label": rng.integers(0, 2, n),
        }
    )
    out = tmp_path / "out"
    report = fairwitness.audit(
        frame,
        target="label",
        positive=1,
        favorable=1,
        score="score",
        groups=["race", "region", "band"],
        subject={"intersections": [["race", "region", "band"]]},
        out=out,
    )
    findings = out / "findings.json"
    assert findings.stat().st_size < 1_000_000
    assert (out / "report.html").stat().st_size < 300_000
    assert len({finding.check for finding in report.findings if finding.pillar == "fairness"}) >= 8
    assert not [finding.id for finding in report.findings if finding.verdict == "error"]
    assert json.loads(findings.read_text(encoding="utf-8"))["summary"]["error"] == 0
