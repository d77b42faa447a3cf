from __future__ import annotations

import json
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
import typer.main

from fairwitness.accountability.evidence import Source, source
from fairwitness.accountability.ledger.entries import KINDS
from fairwitness.accountability.regulation import NAMES, evidenced, show, table
from fairwitness.cli.app import app
from fairwitness.core.estimate import Verdict
from fairwitness.core.questions import QUESTIONS
from fairwitness.core.registry import registered
from fairwitness.io import findings as documents
from support.command import run
from support.documents import document, finding, sample
from support.figures import HOSTILE
from support.html import check

TABLES = pytest.mark.parametrize("name", NAMES)


@cache
def known_commands() -> set[str]:
    """First words after `fairwitness`."""
    return set(vars(typer.main.get_command(app))["commands"])


@TABLES
def test_every_row_is_complete(name: str) -> None:
    made = table(name)
    assert made.name == name
    assert made.note
    clauses = [row.clause for row in made.row]
    assert len(clauses) == len(set(clauses))
    for row in made.row:
        assert row.asks.endswith("."), row.clause
        assert made.version(row), row.clause
        assert date.fromisoformat(made.checked(row)) <= date.today(), row.clause  # noqa: DTZ011 - a day, not a time
        assert row.checks or row.planned or row.context or row.record or row.missing, row.clause


@TABLES
def test_every_id_exists_or_is_marked_planned(name: str) -> None:
    ids = {each.id for each in registered()}
    for row in table(name).row:
        for pattern in row.checks:
            assert any(fnmatchcase(known, pattern) for known in ids), f"{row.clause}: {pattern}"
        assert all("." in pattern for pattern in row.planned), row.clause
        assert set(row.record) <= set(KINDS), row.clause
        assert set(row.context) <= {question.key for question in QUESTIONS}, row.clause
        assert set(row.commands) <= known_commands(), row.clause


def test_the_clauses_asked_for_are_there() -> None:
    act = {row.clause for row in table("eu-ai-act").row}
    for part in ("9(2)", "10(2)(f)", "11(1)", "12(1)", "13(1)", "14(4)", "15(5)"):
        assert any(part in clause for clause in act), part
    for number in range(1, 10):
        assert any(f"Annex IV({number})" in clause or f"({number})" in clause for clause in act), number
    gdpr = {row.clause for row in table("gdpr").row}
    assert {"35(7)(a)", "35(7)(b)", "35(7)(c)", "35(7)(d)", "35(9)", "35(11)"} <= gdpr


def test_what_2026_left_open_says_so() -> None:
    (special,) = (row for row in table("eu-ai-act").row if row.clause == "10(5)")
    assert "4a" in special.unsure
    assert "2 December 2027" in table("eu-ai-act").note
    assert "2023-03" in table("ecoa-reg-b").note
    assert all(row.unsure for row in table("nyc-ll144").row if "5-303" in row.clause or "5-304" in row.clause)


@TABLES
def test_every_row_shows_evidence_or_says_why_not(name: str) -> None:
    for made in (source(sample()), source(document())):
        for row in evidenced(table(name), made):
            assert bool(row.items) != row.none.startswith("no evidence: "), row.row.clause
            assert not row.none.endswith(": "), row.row.clause


def test_a_finding_stands_with_its_verdict_and_number() -> None:
    (row,) = (each for each in evidenced(table("nist-ai-rmf"), source(sample())) if each.row.clause == "MEASURE 2.11")
    first = row.items[0]
    assert (first.verdict, first.ref) == (Verdict.FAIL, "fairness.selection-rate-gap/race")
    assert first.detail.startswith("26.0 points [14.2,")
    assert row.more == 1  # five findings about fairness, four shown


def test_a_check_that_did_not_look_says_why() -> None:
    made = document((finding("explain.model-outline", None, Verdict.NOT_APPLICABLE, reason="There is no model."),))
    (row,) = (each for each in evidenced(table("nist-ai-rmf"), source(made)) if each.row.clause == "MEASURE 2.9")
    assert row.none == "no evidence: There is no model"


def test_the_ledger_and_a_persons_answers_are_evidence() -> None:
    bare = source(sample())
    row = {each.row.clause: each for each in evidenced(table("gdpr"), Source(bare.document, {"appeal": 3}))}
    assert [each.text for each in row["21, 22(1)-(3)"].items] == ["3 entries of kind appeal"]
    assert row["16, 18, 19"].none == "no evidence: the ledger holds nothing of it"
    without = {each.row.clause: each.none for each in evidenced(table("gdpr"), bare)}
    assert without["16, 18, 19"] == "no evidence: no ledger was read"


@pytest.mark.parametrize("output", ["html", "markdown", "json"])
def test_every_surface_says_it_claims_nothing(output: str, tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_text(documents.dump(sample()), encoding="utf-8")
    words = [word for name in NAMES for word in ("--regulation", name)]
    ran = run(["evidence", "findings.json", *words, "--format", output], cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "no claim" in ran.out
    assert "complian" not in ran.out.lower()
    if output == "html":
        check(ran.out)
    if output == "json":
        tree = json.loads(ran.out)
        rows = [row for each in tree["tables"] for row in each["rows"]]
        assert len(rows) == sum(len(table(name).row) for name in NAMES)
        assert all(row["text_version"] and row["checked_on"] for row in rows)
        assert all(bool(row["evidence"]) != bool(row["no_evidence"]) for row in rows)


def test_hostile_groups_are_shown_and_do_nothing() -> None:
    made = document((finding("fairness.selection-rate-gap", HOSTILE, Verdict.FAIL, title=HOSTILE),))
    text = show((table("eu-ai-act"),), source(made), "html")
    assert "<img src=x" in "".join(check(text).words)
    assert "<img" not in text


def test_without_a_name_the_tables_are_listed(tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_text(documents.dump(sample()), encoding="utf-8")
    ran = run("evidence findings.json", cwd=tmp_path)
    assert ran.code == 0
    assert all(name in ran.out for name in NAMES)


def test_a_misspelt_table_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_text(documents.dump(sample()), encoding="utf-8")
    ran = run("evidence findings.json --regulation gpdr", cwd=tmp_path)
    assert ran.code == 2
    assert ran.err.strip().endswith("--regulation gpdr: no such table; did you mean 'gdpr'?")


def test_a_ledger_that_is_not_there_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_text(documents.dump(sample()), encoding="utf-8")
    ran = run("evidence findings.json --regulation gdpr --ledger log.sqlite", cwd=tmp_path)
    assert ran.code == 2
    assert "log.sqlite" in ran.err
    assert not (tmp_path / "log.sqlite").exists()
