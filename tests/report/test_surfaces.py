"""Terminal, Markdown, SARIF and JUnit, from the same sample document."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from typing import Any, get_args
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from fairwitness import report
from fairwitness.core.estimate import Severity, Verdict
from fairwitness.draw import quote
from fairwitness.draw.markdown import escape
from fairwitness.draw.sections import sections
from fairwitness.report import view
from support.documents import LAPSED, WAIVER, crowd, document, finding, sample
from support.figures import HOSTILE

# The part of the SARIF 2.1.0 schema (OASIS, sections 3.13 to 3.27) that this log uses.
SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {"required": ["id", "shortDescription"]},
                                    }
                                },
                            }
                        },
                    },
                    "invocations": {"items": {"required": ["executionSuccessful"]}},
                    "results": {
                        "type": "array",
                        "items": {
                            "required": ["message", "ruleId", "ruleIndex", "partialFingerprints"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {"required": ["text"], "properties": {"text": {"minLength": 1}}},
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                                "locations": {"minItems": 1},
                                "suppressions": {
                                    "items": {
                                        "required": ["kind"],
                                        "properties": {
                                            "kind": {"enum": ["inSource", "external"]},
                                            "status": {"enum": ["accepted", "underReview", "rejected"]},
                                        },
                                    }
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("format", get_args(report.Format))
@pytest.mark.parametrize("made", [sample(), document()], ids=["sample", "empty"])
def test_every_format_renders_without_a_harmful_character(format: report.Format, made: Any) -> None:  # noqa: A002 - the word a user types
    text = report.render(made, format)
    assert text.endswith("\n")
    assert "\u202e" not in text
    assert not {char for char in text if unicodedata.category(char) == "Cc"} - {"\n"}


def test_the_terminal_keeps_to_its_width_and_puts_what_fails_first() -> None:
    text = report.text(sample(), width=80)
    assert max(map(len, text.splitlines())) <= 80
    order = ["FAILS", "UNCERTAIN", "BROKE", "NEEDS A PERSON", "EXPLORED", "DID NOT APPLY", "PASSES", "GATE"]
    places = [text.index(f"\n{word}") for word in order]
    assert places == sorted(places)
    assert text.index("Two columns give the answer away") < text.index("Creditworthy Black applicants")
    assert re.search(r"GATE Closed: 3 findings block\n( {4}\S+\n){3}$", text)


def test_a_number_does_not_leave_its_unit_on_another_line() -> None:
    for width in range(40, 100):
        lines = report.text(sample(), width=width).splitlines()
        assert not [line for line in lines if line.strip().startswith(("%", "39.7]"))]


def test_a_question_to_a_person_comes_before_whom_to_ask() -> None:
    text = report.text(sample())
    assert "@ Who answers for this system by name?\n    Ask the head of team." in text


def test_the_terminal_folds_passes_to_a_line_a_pillar() -> None:
    text = report.text(sample())
    assert "✓ Fairness of decisions, 1: selection-rate-gap/sex" in text


def test_colour_is_ours_alone() -> None:
    text = report.text(sample(), colour=True)
    assert "\x1b[1;31m" in text
    bare = [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()]
    assert bare == report.text(sample()).splitlines()
    assert "\ufffd[31m" in text  # the escape in a group's name lost its power


def test_a_crowd_is_cut_and_counted_in_the_terminal() -> None:
    assert "and 35 more in findings.json" in report.text(crowd(60))


def test_sarif_has_the_shape_the_standard_asks_for() -> None:
    log = json.loads(report.sarif(sample()))
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert len({tuple(each["partialFingerprints"].values()) for each in run["results"]}) == len(run["results"])


def test_sarif_levels_follow_severity_and_uncertain_is_a_note() -> None:
    (run,) = json.loads(report.sarif(sample()))["runs"]
    got = {(each["properties"]["verdict"], each["properties"]["severity"], each["level"]) for each in run["results"]}
    assert got == {
        ("fail", "critical", "error"),
        ("fail", "high", "error"),
        ("fail", "medium", "warning"),
        ("fail", "low", "note"),
        ("uncertain", "medium", "note"),
    }


def test_sarif_marks_what_is_waived_and_says_what_did_not_look() -> None:
    (run,) = json.loads(report.sarif(sample()))["runs"]
    said = [each["suppressions"][0]["justification"] for each in run["results"] if "suppressions" in each]
    assert said == [
        f"waived by A. Example, head of lending until 31 January 2027: {WAIVER.reason}",
        "no worse than the baseline",
    ]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    levels = [each["level"] for each in invocation["toolExecutionNotifications"]]
    assert (levels.count("error"), levels.count("note")) == (1, 6)


def test_a_fingerprint_does_not_change_with_the_numbers() -> None:
    def prints(verdict: Verdict, title: str) -> str:
        made = document((finding("data.missing", "sex", verdict, title=title),))
        return str(json.loads(report.sarif(made))["runs"][0]["results"][0]["partialFingerprints"])

    assert prints(Verdict.FAIL, "Sex is missing for 12 %") == prints(Verdict.UNCERTAIN, "Sex is missing for 4 %")


def test_junit_counts_match_its_cases() -> None:
    root = ET.fromstring(report.junit(sample()).encode())  # noqa: S314 - our own text
    for element in (root, *root.iter("testsuite")):
        cases = list(element.iter("testcase"))
        assert int(element.get("tests") or 0) == len(cases)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(name) or 0) == sum(case.find(tag) is not None for case in cases)
    assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("2", "1", "11")


def test_junit_skips_a_waived_failure_with_the_reason_and_fails_a_lapsed_one() -> None:
    def outcome(waiver: Any) -> ET.Element:
        made = document((finding("data.duplicates", None, Verdict.FAIL, waiver=waiver),))
        (case,) = ET.fromstring(report.junit(made).encode()).iter("testcase")  # noqa: S314 - our own text
        return case[0]

    assert outcome(WAIVER).tag == "skipped"
    assert "waived by A. Example" in (outcome(WAIVER).get("message") or "")
    assert outcome(LAPSED).tag == "failure"


def test_markdown_leaves_data_powerless() -> None:
    text = report.markdown(sample())
    outside_code = re.sub(r"`[^`]*`", "", text.replace("\\`", ""))
    assert "<img" not in outside_code
    assert "](javascript" not in outside_code
    assert all(line.count("|") - line.count("\\|") == 5 for line in outside_code.splitlines() if line.startswith("|"))
    assert (
        escape("@team see https://x.example www.y.example")
        == "&#64;team see https:&#47;&#47;x.example www&#46;y.example"
    )
    assert escape(HOSTILE.replace("\x1b", "")).count("\\|") == 1


def test_most_severe_first_then_by_pillar_and_id() -> None:
    made = document(
        (
            finding("fairness.b", None, Verdict.FAIL, severity=Severity.LOW),
            finding("fairness.a", None, Verdict.FAIL, severity=Severity.LOW),
            finding("data.z", None, Verdict.FAIL, severity=Severity.LOW),
            finding("explain.a", None, Verdict.FAIL, severity=Severity.CRITICAL),
        )
    )
    assert [each.id for each in sections(made).fails] == ["explain.a", "data.z", "fairness.a", "fairness.b"]


@pytest.mark.parametrize(
    ("iso", "shown"),
    [("2026-11-22T09:30:00Z", "22 November 2026"), ("2027-01-31", "31 January 2027"), ("soon", "soon")],
)
def test_days_are_written_out(iso: str, shown: str) -> None:
    assert quote.day(iso) == shown


def test_advice_is_cut_at_its_first_sentence() -> None:
    assert view.first_sentence("Drop approx. 3 columns. Then train.") == "Drop approx. 3 columns."
    assert view.first_sentence("Keep 0.5 of it") == "Keep 0.5 of it"


def test_numbers_in_prose_hold_together() -> None:
    assert quote.tidy("64.6 % [53.6, 74.2] of 3, 4") == "64.6\u202f% [53.6,\u00a074.2] of 3, 4"


def test_who_answers_and_how_long_it_holds_stand_in_the_provenance() -> None:
    made = sample()
    prov = replace(made.provenance, valid_days=90)
    told = view.provenance(replace(made, provenance=prov, roles={"owner": ("Ada",), "appeal_handler": ("Di", "Ed")}))
    assert {("Owner", "Ada", ""), ("Appeal handler", "Di, Ed", ""), ("Holds until", "20 February 2027", "")} <= set(
        told
    )
    assert not {"Owner", "Holds until"} & {term for term, _, _ in view.provenance(made)}
