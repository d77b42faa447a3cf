"""What settings say of the sources of bias: read into the outline, kept from models, and refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import fairwitness
from fairwitness.core.errors import UserError


def frame(n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 1)) + 0.7 * rng.normal(size=(n, 3))
    y = (x.sum(axis=1) + rng.normal(size=n) > 0).astype(int)
    return pl.DataFrame(
        {
            "sex": np.where(rng.random(n) < 0.5, "women", "men"),
            "race": np.where(rng.random(n) < 0.5, "p", "q"),
            "x1": x[:, 0],
            "x2": x[:, 1],
            "x3": x[:, 2],
            "need": x[:, 0] + rng.normal(size=n),
            "hired": y,
            "checked": [int(y[i]) if i % 4 == 0 else None for i in range(n)],
            "r1": y,
            "r2": 1 - y,
            "day": [f"20{15 + i % 8}-03-01" for i in range(n)],
        }
    )


SETTINGS: dict[str, Any] = {
    "subject": {"target": "hired", "positive": 1, "groups": ["sex", "race"], "legitimate": ["x1"], "date": "day"},
    "gold": {"label": "checked", "truth": {"x1": "need"}},
    "annotators": {"columns": ["r1", "r2"], "groups": {"r1": "women"}},
    "indicators": {"skill": ["x1", "x2", "x3"]},
    "reference": {"sex × race": {"men × p": 0.3, "men × q": 0.2, "women × p": 0.2, "women × q": 0.3}},
    "checks": {"only": ["data"]},
}


def audit(tmp_path: Path, **changes: Any) -> Any:
    return fairwitness.audit(frame(), config=SETTINGS | changes)


def test_everything_said_reaches_its_check(tmp_path: Path) -> None:
    report = audit(tmp_path)
    verdicts = {finding.id: finding.verdict for finding in report.findings}
    for check in (
        "unequal-measurement",
        "stand-in-gap",
        "label-error-gap",
        "annotator-gap",
        "unlike-relations",
        "unexplained-gap",
        "bias-source",
    ):
        assert verdicts[f"data.{check}/sex"] not in {"error", "not-applicable"}, check
    assert verdicts["data.under-representation/sex × race"] == "explored"
    assert not {"checked", "need", "r1", "r2"} & set(report.document.subject.features)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gold": {"label": "cheked"}}, "no column 'cheked' for [gold] label; did you mean 'checked'?"),
        ({"gold": {"label": "day"}}, "no class of 'hired'; write its own: 0 and 1"),
        ({"gold": {"truth": {"x1": "sex"}}}, "[gold.truth] names 'sex', which is not a column of numbers"),
        ({"indicators": {"skill": ["x1", "x2"]}}, "name three or more different columns"),
        ({"indicators": {"skill": ["x1", "x2", "sex"]}}, "which is not a column of numbers"),
        ({"annotators": {"columns": ["r1"]}}, "agreement takes two annotators or more"),
        ({"annotators": {"columns": ["r1", "r2"], "groups": {"r3": "men"}}}, "which is not one of the columns"),
        (
            {"subject": SETTINGS["subject"] | {"legitimate": ["hired"]}},
            "names the target 'hired'; name columns that are known before it",
        ),
        ({"subject": SETTINGS["subject"] | {"date": "dya"}}, "no column 'dya' for [subject] date; did you mean 'day'?"),
        ({"subject": SETTINGS["subject"] | {"features": ["x1", "checked"]}}, "is both ignore and feature"),
        ({"reference": {"sex × age": {"men × old": 1.0}}}, "is not one of the groups"),
    ],
)
def test_mistakes_are_one_line_with_the_way_out(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as raised:
        audit(tmp_path, **changes)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_tallies_hold_no_rows_and_say_so(tmp_path: Path) -> None:
    """Settings that only rows can answer do not stop an audit of counts."""
    from fairwitness.io.settings import dump_toml
    from support.command import run

    frame().write_csv(tmp_path / "data.csv")
    (tmp_path / "audit.toml").write_text(dump_toml(SETTINGS | {"data": {"path": "data.csv"}}), encoding="utf-8")
    (tmp_path / "counts.toml").write_text(dump_toml(SETTINGS), encoding="utf-8")
    assert run("tally audit.toml --out one.npz", cwd=tmp_path).code == 0
    ran = run("audit counts.toml --from-tallies one.npz --out report", cwd=tmp_path)
    assert ran.code in {0, 1}, ran.err
