"""`fairwitness watch` as a user meets it: quiet, alarmed, late labels, the same again, stopped, two at once, bad input."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from fairwitness.accountability.ledger import Ledger
from support.command import Ran, run

CONFIG = """
name = "loans"
[data]
path = "audited.csv"
[subject]
target = "repaid"
positive = 1
favorable = 1
groups = ["region"]
people = "applicants"
[model]
decision = "approved"
[monitor]
id = "number"
"""


def people(seed: int, n: int = 600, *, south: float = 0.6, income: float = 1.0, start: int = 0) -> pl.DataFrame:
    """Applicants; three of five are approved, in the south a share `south` of them; one decision in ten is wrong."""
    rng = np.random.default_rng(seed)
    region = rng.choice(["north", "south"], n)
    approved = rng.random(n) < np.where(region == "south", south, 0.6)
    repaid = approved ^ (rng.random(n) < 0.1)
    return pl.DataFrame(
        {
            "number": [f"A{start + i}" for i in range(n)],
            "region": region,
            "income": np.round(rng.lognormal(3, 0.4, n) * income, 3),
            "city": rng.choice(["Aby", "Bex", "Cal"], n),
            "approved": approved.astype(int),
            "repaid": repaid.astype(int),
        }
    )


@pytest.fixture
def audited(tmp_path: Path) -> Path:
    """A folder with an audit of recorded decisions."""
    (tmp_path / "audit.toml").write_text(CONFIG, encoding="utf-8")
    people(0, 1500).write_csv(tmp_path / "audited.csv")
    ran = run("audit audit.toml --only fairness.selection-rate-gap", cwd=tmp_path)
    assert ran.code in {0, 1}, ran.err
    return tmp_path


def watch(folder: Path, rest: str) -> Ran:
    return run(f"watch audit.toml {rest}", cwd=folder)


def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "audit-report" / "watch.json").read_text(encoding="utf-8"))
    return found


def test_quiet_on_rows_like_the_audited(audited: Path) -> None:
    people(1, start=5000).write_csv(audited / "new.csv")
    ran = watch(audited, "new.csv --prometheus loans.prom")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Quiet: over 600 new applicants in 1 look, nothing is surely worse than audited")
    assert told(audited)["labelled"] == 600
    assert (audited / "audit-report" / "watch.html").stat().st_size > 5000
    private = audited / "audit-report" / "private"
    assert stat.S_IMODE((private / "watch.sqlite").stat().st_mode) == 0o600
    assert "fairwitness_watch_quiet" in (audited / "loans.prom").read_text(encoding="utf-8")


def test_an_attribute_named_as_another_column_is_one_sample(audited: Path) -> None:
    """Two samples with the same labels make node_exporter refuse the whole file."""
    config = (audited / "audit.toml").read_text(encoding="utf-8")
    config = config.replace('["region"]', '["city"]') + '[groups.city]\ncolumn = "region"\n'
    (audited / "audit.toml").write_text(config, encoding="utf-8")
    ran = run("audit audit.toml --only fairness.selection-rate-gap", cwd=audited)
    assert ran.code in {0, 1}, ran.err
    people(60, start=5000).write_csv(audited / "new.csv")
    ran = watch(audited, "new.csv --prometheus loans.prom")
    assert ran.code == 0, ran.err
    lines = (audited / "loans.prom").read_text(encoding="utf-8").splitlines()
    samples = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    assert len(samples) == len(set(samples)) > 20


def test_a_gap_that_opens_is_an_alarm_and_is_recorded_once(audited: Path) -> None:
    people(2, 1500, south=0.25, start=5000).write_csv(audited / "new.csv")
    for _ in range(2):
        ran = watch(audited, "new.csv")
        assert ran.code == 1, ran.err
    assert "North applicants are decided in favour" in ran.out.replace("north", "North")
    with Ledger(audited / ".fairwitness" / "ledger.sqlite", make=False) as log:
        alerts = [stored.entry.body for stored in log.read(["alert"])]
    gaps = [body for body in alerts if body["what"] == "gap"]
    assert [body["about"] for body in gaps] == ["region"]
    assert len({str(body["id"]) for body in alerts}) == len(alerts)
    people(3, start=9000).write_csv(audited / "later.csv")
    assert watch(audited, "later.csv").code == 1  # evidence is not taken back


def test_drift_a_changed_unit_and_a_new_category_are_named(audited: Path) -> None:
    moved = people(4, income=1000.0, start=5000).with_columns(city=pl.col("city").replace({"Cal": "Dun"}))
    moved.write_csv(audited / "new.csv")
    ran = watch(audited, "new.csv")
    assert ran.code == 1
    assert "as if the unit had changed" in ran.out
    assert "new: Dun" in ran.out
    people(5, start=9000).write_csv(audited / "later.csv")
    assert watch(audited, "later.csv").code == 0  # the latest rows are like the audited again
    assert "passed" in watch(audited, "later.csv").out


def test_the_same_rows_are_counted_once(audited: Path) -> None:
    people(6, start=5000).write_csv(audited / "new.csv")
    watch(audited, "new.csv")
    before = told(audited)
    again = watch(audited, "new.csv")
    assert "These rows were counted as look 1" in again.out
    after = told(audited)
    assert (after["rows"], after["evidence"], after["looks"]) == (before["rows"], before["evidence"], before["looks"])
    pl.concat([people(6, start=5000).head(100), people(7, 50, start=9000)]).write_csv(audited / "overlapping.csv")
    ran = watch(audited, "overlapping.csv")
    assert "50 new rows counted, 100 left out as seen before." in ran.out


def test_rows_seen_before_or_too_few_do_not_end_an_alarm(audited: Path) -> None:
    moved = people(30, income=1000.0, start=5000)
    moved.write_csv(audited / "new.csv")
    assert watch(audited, "new.csv").code == 1
    moved.head(300).write_csv(audited / "again.csv")  # another file, no new row
    assert watch(audited, "again.csv").code == 1
    people(31, 5, start=8000).write_csv(audited / "few.csv")
    assert watch(audited, "few.csv").code == 1
    people(32, income=1000.0, start=9000).write_csv(audited / "still.csv")
    watch(audited, "still.csv")
    (alarm,) = [alarm for alarm in told(audited)["alarms"] if alarm["about"] == "income"]  # one, as long as it lasts
    assert (alarm["look"], alarm["stands"]) == (1, True)
    people(33, start=10_000).write_csv(audited / "mended.csv")
    assert watch(audited, "mended.csv").code == 0


def test_of_few_rows_nothing_is_shown(audited: Path) -> None:
    rare = people(34, 24, income=1000.0, start=5000).with_columns(city=pl.lit("Zyx"))
    rare.write_csv(audited / "new.csv")
    ran = watch(audited, "new.csv")
    assert ran.code == 1
    assert "has moved far since the audit, in 24 new rows, too few to show how" in ran.out
    assert "Zyx" not in json.dumps(told(audited)["alarms"])
    assert not [table for table in told(audited)["tables"] if table["title"].startswith("Columns")]


def test_the_same_rows_exported_again_with_outcomes_are_labels(audited: Path) -> None:
    new = people(35, start=5000)
    new.with_columns(repaid=pl.lit(None, dtype=pl.Int64)).write_csv(audited / "may.csv")
    watch(audited, "may.csv")
    pl.concat([new.head(200), people(36, 10, start=9000)]).write_csv(audited / "june.csv")
    ran = watch(audited, "june.csv")
    assert "10 new rows counted, 200 left out as seen before; 200 of these bring an outcome" in ran.out
    assert (told(audited)["rows"], told(audited)["labelled"]) == (610, 210)
    pl.concat([new.head(201).tail(2), people(37, 1, start=9900)]).write_csv(audited / "july.csv")
    assert "2 left out as seen before; 1 of these bring" in watch(audited, "july.csv").out


def test_groups_too_small_for_most_looks_have_a_line_of_all_rows_so_far(audited: Path) -> None:
    for look, n in enumerate((150, 44, 40, 36)):
        people(50 + look, n, start=5000 + 1000 * look).write_csv(audited / "new.csv")
        watch(audited, "new.csv")
    (line,) = [figure for figure in told(audited)["figures"] if figure["title"].startswith("Decided in favour")]
    assert [moment["n"] for moment in line["moments"]] == [150, 194, 234, 270]


def test_without_ids_it_is_said_that_rows_may_count_twice(audited: Path) -> None:
    config = (audited / "audit.toml").read_text(encoding="utf-8")
    (audited / "audit.toml").write_text(config.replace('id = "number"', ""), encoding="utf-8")
    people(38, start=5000).write_csv(audited / "new.csv")
    assert watch(audited, "new.csv").code == 0
    assert "a row that comes in two files is counted twice" in " ".join(told(audited)["notes"])


def test_decisions_or_groups_made_otherwise_need_a_new_audit(audited: Path) -> None:
    config = (audited / "audit.toml").read_text(encoding="utf-8")
    people(39, start=5000).write_csv(audited / "new.csv")
    (audited / "audit.toml").write_text(
        config.replace('decision = "approved"', 'decision = "income >= 20"'), encoding="utf-8"
    )
    ran = watch(audited, "new.csv")
    assert ran.code == 2, ran.out
    assert "decides or groups otherwise than the audit" in ran.err
    assert ran.err.count("\n") == 1


def test_a_clock_that_went_back_is_said(audited: Path) -> None:
    findings = audited / "audit-report" / "findings.json"
    text = findings.read_text(encoding="utf-8")
    begun = json.loads(text)["provenance"]["started"]
    findings.write_text(text.replace(begun, "2990-01-01T00:00:00+00:00"), encoding="utf-8")
    people(40, start=5000).write_csv(audited / "new.csv")
    watch(audited, "new.csv --prometheus loans.prom")
    assert told(audited)["age"] == 0
    assert "The clock is behind" in " ".join(told(audited)["notes"])


def test_labels_that_come_later_are_joined_by_id_and_once(audited: Path) -> None:
    new = people(8, start=5000)
    new.drop("repaid").write_csv(audited / "new.csv")
    assert watch(audited, "new.csv").code == 0
    assert (told(audited)["rows"], told(audited)["labelled"]) == (600, 0)
    assert "The outcome is known of 0 of 600 new rows" in str(told(audited)["notes"])
    strangers = people(9, 5, start=99_000).select("number", "repaid")
    pl.concat([new.select("number", "repaid").head(250), strangers]).write_csv(audited / "outcomes.csv")
    ran = watch(audited, "--labels outcomes.csv")
    assert "Labels: 250 joined to rows, 5 of no row that waits for one" in ran.out
    assert told(audited)["labelled"] == 250
    again = watch(audited, "--labels outcomes.csv")
    assert "Labels: 0 joined to rows, 255 of no row" in again.out
    assert told(audited)["labelled"] == 250
    right = sum((new["approved"] == new["repaid"])[:250])
    (table,) = [t for t in told(audited)["tables"] if t["title"] == "Decided rightly by region"]
    shares, n = table["columns"]["new"], table["columns"]["n new"]
    assert sum(s * m for s, m in zip(shares, n, strict=True)) == pytest.approx(right)


def test_ids_are_kept_as_keyed_hashes(audited: Path) -> None:
    new = people(10, 300, start=5000)
    new.drop("repaid").write_csv(audited / "new.csv")
    watch(audited, "new.csv")
    held = (audited / "audit-report" / "private" / "watch.sqlite").read_bytes()
    assert b"A5007" not in held
    public = "".join((audited / "audit-report" / name).read_text("utf-8") for name in ("watch.json", "watch.html"))
    assert "A5007" not in public


def test_more_errors_than_the_audit_left_open(audited: Path) -> None:
    new = people(11, 800, start=5000)
    flipped = pl.Series("repaid", np.where(np.arange(800) % 4 == 0, 1 - new["approved"], new["approved"]))
    new.with_columns(flipped).write_csv(audited / "new.csv")
    ran = watch(audited, "new.csv")
    assert ran.code == 1
    assert "decisions whose outcome is known are wrong" in ran.out


def test_an_audit_that_is_too_old_says_so(audited: Path) -> None:
    findings = audited / "audit-report" / "findings.json"
    text = findings.read_text(encoding="utf-8")
    started = json.loads(text)["provenance"]["started"]
    findings.write_text(text.replace(started, "2024-01-01T00:00:00+00:00"), encoding="utf-8")
    with (audited / "audit.toml").open("a", encoding="utf-8") as file:
        file.write("[policy]\nvalid_days = 90\n")
    people(12, start=5000).write_csv(audited / "new.csv")
    ran = watch(audited, "new.csv")
    assert ran.code == 1
    assert "days old and holds for 90: audit again" in ran.out


def test_other_settings_need_a_restart(audited: Path) -> None:
    people(13, start=5000).write_csv(audited / "new.csv")
    watch(audited, "new.csv")
    config = (audited / "audit.toml").read_text(encoding="utf-8")
    (audited / "audit.toml").write_text(config + "alpha = 0.01\n", encoding="utf-8")
    refused = watch(audited, "new.csv")
    assert refused.code == 2
    assert "--restart begins anew" in refused.err
    assert watch(audited, "new.csv --restart").code == 0
    assert told(audited)["looks"] == 1
    assert len(list((audited / "audit-report" / "private").glob("watch-until-*.sqlite"))) == 1


def test_other_data_than_audited_are_refused(audited: Path) -> None:
    people(14, 1500).write_csv(audited / "audited.csv")
    people(15, start=5000).write_csv(audited / "new.csv")
    ran = watch(audited, "new.csv")
    assert ran.code == 2
    assert "the data are not those audited" in ran.err


BAD: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], str]] = {
    "missing group": (lambda f: f.drop("region"), "no column 'region'"),
    "missing two": (lambda f: f.drop("region", "approved"), "2 columns of the audited data are missing"),
    "no rows": (lambda f: f.head(0), "there is nothing to audit"),
    "words for numbers": (
        lambda f: f.with_columns(income=pl.lit("much")),
        "holds words or dates where numbers were audited",
    ),
    "other classes": (lambda f: f.with_columns(repaid=pl.col("repaid") + 7), "holds 2 values the audit never saw"),
    "other decisions": (lambda f: f.with_columns(approved=pl.lit(7)), "hold different values"),
    "no id": (lambda f: f.drop("number"), "no column 'number' for [monitor] id"),
    "ids twice": (lambda f: f.with_columns(number=pl.lit("A1")), "occur more than once"),
    "ids missing": (lambda f: f.with_columns(number=pl.lit(None, dtype=pl.String)), "is empty in 600 rows"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_rows_end_in_one_line_and_count_nothing(audited: Path, name: str) -> None:
    spoil, words = BAD[name]
    spoil(people(16, start=5000)).write_csv(audited / "bad.csv")
    ran = watch(audited, "bad.csv")
    assert ran.code == 2, ran.out
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert not (audited / "audit-report" / "watch.json").exists()


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("", "nothing new is given"),
        ("nope.csv", "there is no such file"),
        ("audited.csv --out elsewhere", "elsewhere/findings.json: cannot be read"),
        ("--labels audit.toml", "is not a format that is read"),
    ],
)
def test_bad_commands_end_in_one_line(audited: Path, rest: str, words: str) -> None:
    ran = watch(audited, rest)
    assert ran.code == 2
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert not (audited / "elsewhere").exists()


def test_a_damaged_memory_is_one_line(audited: Path) -> None:
    people(17, start=5000).write_csv(audited / "new.csv")
    watch(audited, "new.csv")
    (audited / "audit-report" / "private" / "watch.sqlite").write_bytes(b"not a database" * 400)
    ran = watch(audited, "new.csv")
    assert ran.code == 2
    assert "--restart begins anew" in ran.err
    assert watch(audited, "new.csv --restart").code == 0


def started(folder: Path, rest: list[str]) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "fairwitness", "watch", "audit.toml", *rest]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(words, cwd=folder, stdout=quiet, stderr=quiet, env=os.environ | {"OMP_NUM_THREADS": "1"})


@pytest.mark.slow
def test_killed_at_any_moment_the_same_command_loses_and_doubles_nothing(audited: Path) -> None:
    people(18, 1500, south=0.25, start=5000).write_csv(audited / "new.csv")
    for delay in (0.6, 0.9, 1.2, 1.5, 1.8):
        running = started(audited, ["new.csv"])
        time.sleep(delay)
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert watch(audited, "new.csv").code == 1
    assert (told(audited)["rows"], told(audited)["looks"]) == (1500, 1)
    with Ledger(audited / ".fairwitness" / "ledger.sqlite", make=False) as log:
        ids = [str(stored.entry.body["id"]) for stored in log.read(["alert"])]
    assert len(ids) == len(set(ids)) >= 1


@pytest.mark.slow
def test_two_at_once_are_both_counted_and_each_once(audited: Path) -> None:
    for i in range(2):
        people(20 + i, 400, start=5000 + 1000 * i).write_csv(audited / f"new{i}.csv")
    running = [started(audited, [f"new{i}.csv"]) for i in (0, 1, 0)]
    assert [each.wait() for each in running] == [0, 0, 0]
    with sqlite3.connect(audited / "audit-report" / "private" / "watch.sqlite") as db:
        assert db.execute("SELECT count(*), count(DISTINCT batch) FROM looks").fetchone() == (2, 2)
        assert db.execute("SELECT count(*) FROM rows").fetchone() == (800,)
