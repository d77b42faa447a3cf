"""Remedies before and after training, from the config to the decisions on audit rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fairwitness
from fairwitness.core.errors import UserError
from support.media import striped

GAP, ODDS, SENSE = "fairness.selection-rate-gap", "fairness.equalized-odds-gap", "fairness.true-positive-rate-gap"


def drawn(n: int = 4000) -> dict[str, Any]:
    """Group a is favoured by the outcome, by x that tells the outcome, and by a proxy that tells only the group."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["a", "b"], n)
    x = rng.normal(size=n) + 0.6 * (sex == "a")
    return {
        "x": x,
        "proxy": (sex == "a") + rng.normal(0, 0.4, n),
        "sex": sex,
        "site": rng.choice(["n", "s"], n),
        "y": np.where(x + 0.8 * (sex == "a") + rng.logistic(size=n) > 0.7, "yes", "no"),
    }


DATA = drawn()


def audit(*remedies: Mapping[str, Any], check: str = GAP, data: Any = None, **more: Any) -> fairwitness.Report:
    model = {"train": "mlp", "options": {"epochs": 15, "hidden": [8], "learning_rate": 0.02}, "remedies": remedies}
    config = {"model": model, "checks": {"only": [check]}, **more}
    return fairwitness.audit(
        DATA if data is None else data, target="y", positive="yes", favorable="yes", groups=("sex",), config=config
    )


def gap(report: fairwitness.Report) -> float:
    """The widest of what is judged."""
    values = [each.value for each in report.findings[0].evidence]
    assert values
    return max(value for value in values if value is not None)


@pytest.fixture(scope="module")
def before() -> dict[str, float]:
    return {check: gap(audit(check=check)) for check in (GAP, ODDS, SENSE)}


@pytest.mark.parametrize(
    ("remedy", "check", "most"),
    [
        ("fairness.resample", GAP, 0.7),
        ("fairness.massage", GAP, 0.7),
        ("fairness.repair", GAP, 0.35),
        ("data.drop-proxies", GAP, 0.8),
        ("data.residualise-proxies", GAP, 0.35),
        ("fairness.group-thresholds", GAP, 0.35),
        ("fairness.reject-option", GAP, 0.35),
        ("fairness.common-threshold", GAP, 1.0),
        ("fairness.opportunity-thresholds", SENSE, 0.5),
        ("fairness.randomised-odds", ODDS, 0.5),
    ],
)
def test_what_it_answers_gets_better_on_audit_rows(
    remedy: str, check: str, most: float, before: dict[str, float]
) -> None:
    report = audit({"remedy": remedy}, check=check)
    assert gap(report) < most * before[check]
    assert any(note.startswith(remedy) for note in report.document.subject.notes)


def test_parity_by_thresholds_moves_error_rates_apart_where_outcomes_differ() -> None:
    """What a remedy makes worse is as much a fact as what it mends."""
    data = drawn()
    rng = np.random.default_rng(1)
    data["proxy"] = rng.normal(size=4000)
    data["x"] = rng.normal(size=4000) + 1.2 * (data["sex"] == "a")
    data["y"] = np.where(data["x"] + rng.logistic(0, 0.05, size=4000) > 0.6, "yes", "no")
    plain = gap(audit(check=ODDS, data=data))
    mended = gap(audit({"remedy": "fairness.group-thresholds"}, check=ODDS, data=data))
    assert mended > 2 * plain


@pytest.mark.parametrize(
    "remedy", ["fairness.group-calibration", "fairness.common-calibration", "fairness.multicalibrate"]
)
def test_scores_are_mended_and_the_audit_goes_on(remedy: str) -> None:
    report = audit({"remedy": remedy}, check="fairness.calibration-gap")
    assert "mended by" in report.document.subject.model
    assert report.findings[0].evidence


def test_sampling_goes_together_with_thresholds_and_two_rules_do_not() -> None:
    audit({"remedy": "fairness.oversample"}, {"remedy": "fairness.repair"}, {"remedy": "fairness.group-thresholds"})
    with pytest.raises(UserError, match="do not go together: each would decide"):
        audit({"remedy": "fairness.group-thresholds"}, {"remedy": "fairness.reject-option"})


def test_a_crossed_group_is_read_when_it_decides() -> None:
    model = {
        "train": "mlp",
        "options": {"epochs": 3, "hidden": [4]},
        "remedies": [
            {"remedy": "fairness.repair", "by": "sex × site"},
            {"remedy": "fairness.multicalibrate", "by": "sex × site"},
            {"remedy": "fairness.group-thresholds", "by": "sex × site"},
        ],
    }
    config = {"model": model, "checks": {"only": [GAP]}}
    report = fairwitness.audit(DATA, target="y", positive="yes", groups=("sex", "site"), config=config)
    assert all(finding.verdict != "error" for finding in report.findings)


@pytest.mark.parametrize(
    ("remedy", "words"),
    [
        (
            {"remedy": "fairness.group-thresholds", "options": {"equal": "luck"}},
            "equal is 'luck'; it must be one of selection",
        ),
        ({"remedy": "fairness.group-thresholds", "options": {"within": 2}}, "within is 2; it must be from 0 to 1"),
        (
            {"remedy": "fairness.group-calibration", "options": {"method": "magic"}},
            "method is 'magic'; it must be one of",
        ),
        ({"remedy": "data.drop-proxies", "options": {"above": 0.2}}, "above is 0.2; it must be from 0.5 to 1"),
        ({"remedy": "fairness.common-calibration", "by": "sex"}, "looks at no group; leave out by"),
    ],
)
def test_options_that_mean_nothing_are_one_line(remedy: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        audit(remedy)
    assert words in str(caught.value)


def test_columns_left_out_are_told_with_those_the_model_does_not_read() -> None:
    report = audit({"remedy": "data.drop-proxies"}, check="explain.model-outline")
    (finding,) = report.findings
    assert "It reads 2 columns" in finding.lead


def striped_by_site() -> tuple[dict[str, Any], dict[str, Any]]:
    """Images of stripes; at site a nearly all of those that stand are recorded as such, at b a third are not."""
    images, kinds = striped(400)
    rng = np.random.default_rng(0)
    site = rng.choice(["a", "b"], 400)
    tall = (kinds == "tall") & ((site == "a") | (rng.random(400) < 0.6))
    return {"site": site, "label": np.where(tall, "yes", "no")}, {"image": images}


@pytest.mark.parametrize(
    "remedy",
    [
        "fairness.reweigh",
        "fairness.resample",
        "fairness.oversample",
        "fairness.group-thresholds",
        "fairness.multicalibrate",
    ],
)
def test_models_of_images_are_mended(remedy: str, tmp_path: Path) -> None:
    columns, media = striped_by_site()
    np.savez(tmp_path / "stripes.npz", **columns, **media)
    report = fairwitness.audit(
        config={
            "data": {"path": str(tmp_path / "stripes.npz")},
            "subject": {"target": "label", "positive": "yes", "groups": ["site"]},
            "model": {
                "train": "cnn",
                "options": {"epochs": 2, "widths": [4], "batch": 64},
                "remedies": [{"remedy": remedy}],
            },
            "checks": {"only": [GAP]},
        }
    )
    assert report.findings[0].verdict != "error"
    assert any(note.startswith(remedy) for note in report.document.subject.notes)


@pytest.mark.parametrize("remedy", ["fairness.resample", "fairness.randomised-odds"])
def test_models_of_text_are_mended(remedy: str) -> None:
    rng = np.random.default_rng(0)
    rude, site = rng.random(400) < 0.5, rng.choice(["a", "b"], 400)
    lines = [f"you are {'an idiot' if bad else 'most kind'} number {number}" for number, bad in enumerate(rude)]
    config = {
        "columns": {"comment": {"kind": "text"}},
        "model": {"train": "gru", "options": {"epochs": 2, "hidden": 8}, "remedies": [{"remedy": remedy}]},
        "checks": {"only": [GAP]},
    }
    data = {
        "comment": lines,
        "site": site,
        "toxic": np.where(rude & ((site == "a") | (rng.random(400) < 0.7)), "yes", "no"),
    }
    report = fairwitness.audit(data, target="toxic", positive="yes", groups=["site"], config=config)
    assert report.findings[0].verdict != "error"
    assert any(note.startswith(remedy) for note in report.document.subject.notes)


def test_what_ranks_by_columns_refuses_images_in_one_line(tmp_path: Path) -> None:
    columns, media = striped_by_site()
    np.savez(tmp_path / "stripes.npz", **columns, **media)
    with pytest.raises(
        UserError, match=r"fairness\.massage ranks rows by columns of numbers and categories, and there are none"
    ):
        fairwitness.audit(
            config={
                "data": {"path": str(tmp_path / "stripes.npz")},
                "subject": {"target": "label", "positive": "yes", "groups": ["site"]},
                "model": {"train": "cnn", "remedies": [{"remedy": "fairness.massage"}]},
            }
        )
