"""Faults a hostile reader found, each kept out by a test."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import fairwitness
from fairwitness.core.errors import UserError
from fairwitness.core.findings import Finding
from support.command import run


def people(n: int = 600, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "age": rng.normal(45, 12, n).round(2),
        "income": rng.lognormal(8, 1, n).round(2),
        "g": rng.choice(["a", "b"], n),
        "y": rng.integers(0, 2, n),
    }


def one(report: fairwitness.Report, check: str, about: str | None = None) -> Finding:
    (found,) = [f for f in report.findings if f.check == check and f.about == about]
    return found


def test_a_group_does_not_hide_the_raw_column_of_its_name() -> None:
    """`age` cut into bands is the group; the raw `age` gives the target away and makes every row its own."""
    data = people()
    data["y"] = (data["age"] > 42).astype(int)
    report = fairwitness.audit(data, target="y", groups={"age": {"edges": [30, 60]}}, checks={"only": ["data"]})
    assert one(report, "data.exact-duplicates").evidence[0].value == 0
    leak = one(report, "data.target-leaks")
    assert leak.verdict == "fail"
    assert leak.evidence[0].value == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["@label", "@part"])
def test_names_of_our_own_columns_are_refused(name: str) -> None:
    data = {**people(), name: people()["g"]}
    with pytest.raises(UserError, match="begins with @"):
        fairwitness.audit(data, target="y")


def test_another_target_in_the_same_folder_trains_another_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=1200)
    a, b = (rng.random(1200) < 1 / (1 + np.exp(-sign * 3 * x)) for sign in (1, -1))
    data = {"x": x, "A": a.astype(int), "B": b.astype(int), "g": rng.choice(["u", "v"], 1200)}
    common: dict[str, Any] = {"train": "mlp", "groups": ["g"], "model": None, "checks": {"only": ["fairness"]}}
    for target, other in (("A", "B"), ("B", "A")):
        settings = {"model": {"options": {"epochs": 20}}, "subject": {"exclude": [other]}}
        report = fairwitness.audit(data, target=target, out=tmp_path, config=settings, **common)
        accuracy = one(report, "fairness.accuracy-gap", "g").series[0].columns["rate"]
        assert min(float(rate or 0) for rate in accuracy) > 0.7


def test_free_text_is_not_looked_into_and_that_is_said() -> None:
    data = people()
    data["story"] = [f"once upon a time there was number {i} who lived in a house of its own" for i in range(600)]
    proxies = one(fairwitness.audit(data, target="y", groups=["g"]), "data.proxies", "g")
    assert any("story" in note for note in proxies.notes)
    alone = {key: data[key] for key in ("story", "g", "y")}
    assert one(fairwitness.audit(alone, target="y", groups=["g"]), "data.proxies", "g").verdict == "not-applicable"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"limits": {"fairness.selection-rate-gap": {"at_most": 10}}}, "write 0.10 for 10 points"),
        ({"limits": {"fairness.selection-rate-gap": {"at_most": -5}}}, "between 0 and 1"),
        ({"limits": {"fairness.selection-rate-gap": {"at_most": float("nan")}}}, "a limit is a number"),
        ({"subject": {"intersections": [["g", "g"]]}}, "two or more different"),
        ({"subject": {"intersections": [["g"]]}}, "two or more different"),
        ({"seed": 10**20}, "seed"),
        ({"columns": {"g": {"kind": "number"}}}, "declared number"),
        ({"columns": {"age": {"kind": "image"}}}, "the column holds none"),
        ({"checks": {"only": ["data"], "skip": ["data"]}}, "leave no check to run"),
        (
            {
                "waivers": [
                    {"check": "data.proxies", "about": "rac", "owner": "o", "reason": "r", "expires": "2099-01-01"}
                ]
            },
            "no such grouping",
        ),
    ],
)
def test_settings_that_would_mislead_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        fairwitness.audit(people(), target="y", groups=["g"], favorable=1, **settings)


def test_an_identifier_is_neither_group_nor_target(tmp_path: Path) -> None:
    data = {**people(), "email": [f"person{i}@example.org" for i in range(600)]}
    pl.DataFrame(data).write_csv(tmp_path / "d.csv")
    for command in ("audit d.csv --target y --group email", "audit d.csv --target email --favorable 7"):
        ran = run(command, cwd=tmp_path)
        assert ran.code == 2
        assert "identifier" in ran.err
        assert "example.org" not in ran.err + ran.out


def test_its_own_findings_are_a_baseline_nothing_is_worse_than(tmp_path: Path) -> None:
    data = people(2000)
    data["leak"] = data["y"] * 2.0
    data["twin"] = 1.0 - data["y"]
    first = fairwitness.audit(data, target="y", groups=["g"], out=tmp_path)
    assert not first.passes
    again = fairwitness.audit(data, target="y", groups=["g"], baseline=str(tmp_path / "findings.json"))
    assert again.passes, again.document.gate.blocking


def test_a_waiver_that_covers_nothing_is_not_said_to_waive() -> None:
    waiver = {"check": "data.exact-duplicates", "owner": "o", "reason": "r", "expires": "2099-01-01"}
    report = fairwitness.audit(people(), target="y", groups=["g"], waivers=[waiver])
    assert "waived" not in report.document.headline


def test_data_given_on_the_spot_is_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf").mkdir()
    pl.DataFrame(people()).write_csv(tmp_path / "here.csv")
    (tmp_path / "conf" / "audit.toml").write_text('[subject]\ntarget = "y"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    report = fairwitness.audit("here.csv", config="conf/audit.toml", checks={"only": ["data.class-imbalance"]})
    assert report.document.subject.rows == 600


def test_init_into_another_folder_names_the_data_from_there(tmp_path: Path) -> None:
    pl.DataFrame(people()).write_csv(tmp_path / "here.csv")
    assert run("init here.csv --out sub/draft.toml", cwd=tmp_path).code == 0
    assert run("audit sub/draft.toml", cwd=tmp_path).code in {0, 1}


def test_a_report_is_a_frame_and_a_page_in_a_notebook(tmp_path: Path) -> None:
    report = fairwitness.audit(people(), target="y", groups=["g"], favorable=1)
    frame = report.to_frame()
    judged = sum(len(finding.evidence) or 1 for finding in report.findings)
    assert frame.height == judged
    assert {"check", "verdict", "value", "low", "high", "at_most"} <= set(frame.columns)
    assert report._repr_html_().startswith("<iframe")
    assert "<script" not in report._repr_html_()  # escaped inside srcdoc
    assert report.document.headline in repr(report).replace("\n", " ")
    saved = json.loads((report.save(tmp_path / "out") / "findings.json").read_text(encoding="utf-8"))
    assert saved["headline"] == report.document.headline


def divided(n: int = 900) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=n)
    parts = np.where(np.arange(n) < 500, "train", np.where(np.arange(n) < 600, "tune", "audit"))
    return {"x": x, "g": rng.choice(["a", "b"], n), "y": (x + rng.normal(size=n) > 0).astype(int), "part": parts}


def sigmoid(frame: pl.DataFrame) -> list[float]:
    return [1 / (1 + math.exp(-x)) for x in frame["x"]]


def test_a_model_that_saw_the_train_part_needs_to_know_which_it_is() -> None:
    data = divided()
    with pytest.raises(UserError, match=r"needs \[split\] column"):
        fairwitness.audit(data, target="y", groups=["g"], config={"model": {"seen": "train-part"}}, model=sigmoid)
    config = {"model": {"seen": "train-part"}, "split": {"column": "part"}}
    report = fairwitness.audit(data, target="y", groups=["g"], config=config, model=sigmoid)
    assert report.document.subject.judged_rows == 300


def test_data_that_come_divided_keep_their_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for part, n in (("train", 60), ("test", 30)):
        arrays[f"{part}_images"] = rng.integers(0, 255, (n, 6, 6)).astype(np.uint8)
        arrays[f"{part}_labels"] = np.arange(n) % 2
    np.savez(tmp_path / "pictures.npz", **arrays)

    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 2))
    report = fairwitness.audit(tmp_path / "pictures.npz", target="label", model=net)
    assert report.document.subject.judged_rows == 30


def test_a_unit_that_the_split_column_tears_apart_is_refused() -> None:
    data = {**divided(), "person": np.arange(900) % 450}
    with pytest.raises(UserError, match="400 values of unit 'person' lie in several parts"):
        fairwitness.audit(
            data, target="y", groups=["g"], train="mlp", split={"column": "part", "unit": "person"}, seed=1
        )


def test_a_decision_given_on_the_spot_displaces_the_files_model(tmp_path: Path) -> None:
    pl.DataFrame(people()).write_csv(tmp_path / "d.csv")
    text = '[data]\npath = "d.csv"\n[subject]\ntarget = "y"\ngroups = ["g"]\n[model]\ntrain = "mlp"\n'
    (tmp_path / "audit.toml").write_text(text, encoding="utf-8")
    ran = run("audit --decision 'income > 3000' --positive 1 --format json", cwd=tmp_path)
    assert ran.code in {0, 1}, ran.err
    assert json.loads(ran.out)["subject"]["decisions_from"] == "decision"


def test_a_model_that_stumbles_over_a_row_does_not_quote_it(tmp_path: Path) -> None:
    def stumbles(frame: pl.DataFrame) -> np.ndarray:
        return np.array([float(name) for name in frame["name"]])

    data = {**people(40), "name": [f"Jane Doe {i}" for i in range(40)]}
    with pytest.raises(UserError) as caught:
        fairwitness.audit(data, target="y", model=stumbles)
    assert "ValueError" in str(caught.value)
    assert "Jane" not in str(caught.value)
