"""The whole audit on labels drawn at random: a network trained until it knows them by heart gives its rows away."""

from typing import Any

import numpy as np
import pytest

import fairwitness
from fairwitness.core.estimate import Verdict

pytest.importorskip("torch")
pytestmark = pytest.mark.slow


def audited(**options: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    n = 600
    rows: dict[str, Any] = {f"x{number}": rng.normal(size=n) for number in range(20)}
    rows |= {"label": rng.integers(0, 2, n), "race": rng.choice(["A", "B"], n)}
    report = fairwitness.audit(
        rows,
        target="label",
        positive=1,
        groups=["race"],
        config={"model": {"train": "mlp", "options": options}},
        checks={"only": ["privacy.membership-inference", "privacy.loss-attack"]},
    )
    return {finding.check: finding for finding in report.findings}


def test_a_network_trained_by_heart_is_found() -> None:
    found = audited(epochs=60, held=0.0, hidden=[128], dropout=0.0)
    for one in found.values():
        assert one.verdict is Verdict.FAIL, one
    ratio = found["privacy.membership-inference"]
    tables = {series.title: series.columns for series in ratio.series}
    attacks = tables["What the attacks tell"]
    assert attacks["AUC"][0] > 0.6
    assert attacks["TPR at 1 % FPR"][1] > 0.05


def test_a_network_stopped_at_once_is_not_accused() -> None:
    found = audited(epochs=1, patience=1, hidden=[4])
    assert {one.verdict for one in found.values()} == {Verdict.UNCERTAIN}
