"""Counting in several places and auditing the counts, as a user does it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairwitness.stats.tally import Tally
from support.command import run

CONFIG = """
[data]
path = "a.csv"
[subject]
target = "repaid"
positive = 1
favorable = 1
groups = ["sex"]
[model]
decision = "limit > 0"
"""
HEAD = "sex,limit,repaid\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "audit.toml").write_text(CONFIG, encoding="utf-8")
    for name, start in (("a", 0), ("b", 300)):
        rows = "".join(f"{'fm'[i % 2]},{(i * 7) % 3 * 50},{(i * 5) % 7 % 2}\n" for i in range(start, start + 300))
        (tmp_path / f"{name}.csv").write_text(HEAD + rows, encoding="utf-8")
    return tmp_path


def test_two_places_are_audited_together(folder: Path) -> None:
    for name in "ab":
        ran = run(f"tally audit.toml --data {name}.csv --out {name}.tally", cwd=folder)
        assert ran.code == 0
        assert ran.out.startswith(f"Written: {name}.tally (300 rows, 8 combinations). Next: fairwitness audit")
    ran = run("audit audit.toml --from-tallies a.tally b.tally --out report --no-ledger", cwd=folder)
    assert ran.code in {0, 1}
    assert "600 rows" in ran.out
    assert "Needs the rows themselves (only tallies are here)" in " ".join(ran.out.split())
    assert (folder / "report" / "tallies" / "outcomes.npz").exists()
    assert not (folder / "report" / "private" / "judged.npz").exists()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("tally nowhere.toml", "nowhere.toml: no such file; `fairwitness init DATA` writes one"),
        ("tally audit.toml --data c.csv", "c.csv: there is no such file;"),
        ("tally audit.toml --out .", ".: is a folder; name a file with --out, such as shard.tally"),
        ("tally audit.toml --out a.csv/x.tally", "a.csv: cannot be written"),
        ("audit audit.toml more.tally", "command line: what is more.tally? One thing is audited; tallies follow"),
        ("audit a.csv --from-tallies a.tally", "command line: --from-tallies needs the settings they were made with;"),
        ("audit audit.toml --from-tallies a.csv", "a.csv: not a sound tally: the archive is damaged"),
        ("audit audit.toml --from-tallies none.tally", "none.tally: there is no such file; check the path"),
    ],
)
def test_wrong_input_is_one_line(folder: Path, command: str, message: str) -> None:
    ran = run(command, cwd=folder)
    assert ran.code == 2
    assert ran.err.startswith(f"fairwitness: {message}")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('engine = "sparc"', "audit.toml: data.engine is 'sparc'; input should be 'memory', 'lazy' or 'spark'"),
        ('engine = "lazy"\ncounts = "n"', "audit.toml: data: a table of counts is small; take engine out"),
        ("sample = 3", "audit.toml: data.sample is 3;"),
        ('counts = "sex"', "a.csv: counts 'sex' must be whole numbers of at least 0 in every row"),
        ('counts = "sexes"', "audit.toml: no column 'sexes' for [data] counts; did you mean 'sex'?"),
    ],
)
def test_wrong_settings_are_one_line(folder: Path, settings: str, message: str) -> None:
    (folder / "audit.toml").write_text(CONFIG.replace("[data]", f"[data]\n{settings}"), encoding="utf-8")
    ran = run("audit audit.toml --out report --no-ledger", cwd=folder)
    assert ran.code == 2
    assert ran.err.startswith(f"fairwitness: {message}")


def test_a_cell_of_another_kind_far_down_is_one_line(folder: Path) -> None:
    rows = "f,10,1\nm,0,0\n" * 400_000
    (folder / "a.csv").write_text(HEAD + rows + "f,much,1\n", encoding="utf-8")
    ran = run("tally audit.toml --out a.tally", cwd=folder)
    assert ran.code == 2
    assert ran.err.startswith("fairwitness: a.csv: cannot be ")
    assert ran.err.count("\n") == 1
    assert not (folder / "a.tally").exists()


@pytest.mark.slow
def test_a_killed_count_leaves_the_file_as_it_was(folder: Path) -> None:
    out = folder / "a.tally"
    assert run("tally audit.toml --out a.tally", cwd=folder).code == 0
    before = out.read_bytes()
    (folder / "a.csv").write_text(HEAD + "f,10,1\nm,0,0\n" * 500_000, encoding="utf-8")
    for wait in (0.5, 1.0, 1.5):
        with subprocess.Popen(
            [sys.executable, "-m", "fairwitness", "tally", "audit.toml", "--out", "a.tally"], cwd=folder
        ) as running:
            time.sleep(wait)
            os.kill(running.pid, signal.SIGKILL)
        if out.read_bytes() != before:
            assert Tally.load(out).total == 1_000_000
    assert run("tally audit.toml --out a.tally", cwd=folder).code == 0
    assert Tally.load(out).total == 1_000_000
