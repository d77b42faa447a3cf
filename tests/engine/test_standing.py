"""Weights and clusters: what takes account of them, what is not evaluated, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fairwitness
from fairwitness.core.errors import UserError
from fairwitness.engine import scale
from fairwitness.engine.audit import audit as examined
from fairwitness.engine.cache import Cache
from fairwitness.engine.comparison import compare
from fairwitness.engine.config import Config, parse
from fairwitness.engine.judged import Judged
from fairwitness.engine.progress import silent
from fairwitness.engine.subject import assemble
from fairwitness.io.read import read

BOTH = {
    "data.label-rate-gap",
    "fairness.accuracy-gap",
    "fairness.equalized-odds-gap",
    "fairness.false-positive-rate-gap",
    "fairness.predictive-parity-gap",
    "fairness.selection-rate-gap",
    "fairness.true-positive-rate-gap",
}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    person, likes = np.repeat(np.arange(150), 4), np.repeat(rng.normal(size=150), 4)
    return pd.DataFrame(
        {
            "person": [f"p{each}" for each in person],
            "sex": np.repeat(rng.choice(["men", "women"], 150), 4),
            "x": (likes + rng.normal(size=600)).round(2),
            "chosen": (likes + rng.normal(size=600) > 0).astype(int),
            "good": (likes + rng.normal(size=600) > 0).astype(int),
            "w": rng.choice([1.0, 2.0, 5.0], 600),
            "same": 3.0,
        }
    )


FEW = ("fairness.selection-rate-gap", "fairness.impact-ratio")


def audit(frame: pd.DataFrame, subject: dict[str, Any], only: tuple[str, ...] = FEW, **more: Any) -> dict[str, Any]:
    report = fairwitness.audit(
        frame,
        target="good",
        positive=1,
        favorable=1,
        decision="chosen",
        groups=["sex"],
        config={"subject": {"exclude": ["same"], **subject}, "checks": {"only": only}, **more},
    )
    return {each.check: each for each in report.findings}


@pytest.fixture(scope="module")
def plain(people: pd.DataFrame) -> dict[str, Any]:
    return audit(people, {"exclude": ["same", "w", "person"]}, ("data", "fairness"))


@pytest.mark.parametrize("subject", [{"cluster": "person"}, {"weight": "w"}], ids=["clusters", "weights"])
def test_rates_take_account_and_all_else_is_not_evaluated(
    people: pd.DataFrame, plain: dict[str, Any], subject: dict[str, Any]
) -> None:
    found = audit(people, subject, ("data", "fairness"))
    (name,) = subject.values()
    for check, finding in found.items():
        if check in BOTH:
            assert all("linearised" in each.method for each in finding.evidence), check
            assert "linearised variance" in finding.notes[0]
        elif plain[check].verdict != "not-applicable" and finding.verdict == "not-applicable":
            assert f"'{name}'" in finding.reason
            assert finding.reason.startswith("Not evaluated: ")
    ours, theirs = (each["fairness.selection-rate-gap"].series[0].columns for each in (found, plain))
    assert all(np.subtract(ours["high"], ours["low"]) > np.subtract(theirs["high"], theirs["low"]))
    assert found["fairness.impact-ratio"].verdict == "not-applicable"
    assert found["data.exact-duplicates"].verdict != "not-applicable"


def test_weighted_rates_are_shown(people: pd.DataFrame) -> None:
    finding = audit(people, {"weight": "w"})["fairness.selection-rate-gap"]
    women = people[people["sex"] == "women"]
    rate = float((women["w"] * women["chosen"]).sum() / women["w"].sum())
    table = finding.series[0].columns
    assert table["rate"][table["group"].index("women")] == pytest.approx(rate, abs=1e-5)
    assert f"{100 * rate:.1f}\u202f%" in finding.title


def test_weights_are_shares_however_large_they_are(people: pd.DataFrame) -> None:
    found = [
        audit(people.assign(w=people["w"] * times), {"weight": "w"})["fairness.selection-rate-gap"].evidence[0]
        for times in (1.0, 1e290)
    ]
    assert (found[0].value, found[0].low, found[0].high) == pytest.approx((found[1].value, found[1].low, found[1].high))


def test_what_changes_nothing_is_left_out_and_said(people: pd.DataFrame, plain: dict[str, Any]) -> None:
    alone = people.assign(person=range(len(people)))
    for frame, subject in ((people, {"weight": "same", "exclude": ["w", "person"]}), (alone, {"cluster": "person"})):
        found = audit(frame, {"exclude": ["same", "w"], **subject})
        assert found["fairness.selection-rate-gap"].evidence == plain["fairness.selection-rate-gap"].evidence
        assert found["fairness.impact-ratio"].verdict != "not-applicable"


def test_an_error_of_groups_that_nothing_is_made_of_is_said(people: pd.DataFrame) -> None:
    for subject, said in (({"weight": "w"}, True), ({"exclude": ["same", "w", "person"]}, False)):
        report = fairwitness.audit(
            people.drop(columns=["same"] if said else []),
            target="good",
            positive=1,
            favorable=1,
            groups={"sex": {"error": 0.05}},
            config={"subject": subject, "checks": {"only": ["fairness.selection-rate-gap"]}},
        )
        assert any("sex may be wrong" in note for note in report.document.subject.notes) is said


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ({"weight": "wait"}, "no column 'wait' for [subject] weight"),
        ({"cluster": "persons"}, "no column 'persons' for [subject] cluster; did you mean 'person'?"),
        ({"weight": "person"}, "[subject] weight 'person' is not numeric; give how many people a row stands for"),
        ({"weight": "x"}, "[subject] weight 'x' is missing or not above 0 in "),
        ({"weight": "good"}, "column 'good' is both target and weight"),
        ({"wieght": "w"}, "wieght"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(people: pd.DataFrame, subject: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as told:
        audit(people, subject)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_a_row_of_nobody_and_rows_only_counted_are_refused(people: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cluster 'person' is empty in 2 rows"):
        audit(people.assign(person=people["person"].where(people.index > 1)), {"cluster": "person"})
    with pytest.raises(UserError, match=r"\[subject\] weight needs the rows"):
        audit(people.assign(n=1), {"weight": "w"}, data={"counts": "n"})
    people.to_csv(tmp_path / "people.csv", index=False)
    with pytest.raises(UserError, match=r"\[subject\] cluster needs the rows"):
        scale.count(
            "people.csv",
            parse({"subject": {"cluster": "person"}}, source="x"),
            base=tmp_path,
            progress=silent,
            source="x",
        )


def test_rows_of_a_cluster_stay_in_one_part() -> None:
    assert parse({"subject": {"cluster": "person"}}, source="x").split.unit == "person"
    assert parse({"subject": {"cluster": "house"}, "split": {"unit": "person"}}, source="x").split.unit == "person"


def test_comparisons_and_units_that_are_no_clusters_say_so(people: pd.DataFrame) -> None:
    subject = {"weight": "w", "cluster": "person"}
    settings: dict[str, Any] = {
        "subject": {"target": "good", "positive": 1, "favorable": 1, "groups": ["sex"], **subject},
        "model": {"decision": "chosen"},
        "checks": {"only": ["fairness.selection-rate-gap"]},
    }
    told = parse(settings, source="x")
    document, rows = examined(told, data=people), judged(people, told)
    notes = compare(document, document, rows=(rows, rows), provenance={}).notes
    assert any("'w'" in note and "leaves out of account" in note for note in notes)
    assert any("'person'" in note and "narrower" in note for note in notes)

    unit = parse(
        {**settings, "subject": {**settings["subject"], "weight": None, "cluster": None}, "split": {"unit": "person"}},
        source="x",
    )
    assert any("unless [subject] cluster" in note for note in examined(unit, data=people).subject.notes)


def judged(frame: pd.DataFrame, config: Config) -> Judged:
    subject = assemble(read(frame), config, model=None, base=Path(), cache=Cache(None), progress=silent, source="x")
    found = Judged.of(subject)
    assert found is not None
    return found
