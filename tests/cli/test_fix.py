"""`fix` and `compare` as their user meets them."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from fairwitness.accountability.ledger.store import Ledger
from support.command import run
from support.mended import plant

FAIRWITNESS = [sys.executable, "-m", "fairwitness"]


def test_fix_writes_everything_says_the_trade_first_and_records_itself(tmp_path: Path) -> None:
    plant(tmp_path, rows=2000)
    ran = run("fix audit.toml --remedy fairness.group-thresholds:within=0.01 --out fixed", cwd=tmp_path)
    assert ran.code == 1, ran.err  # it does not pass either
    first, second = ran.out.split("\n\n")[0].split("✗ WORSE: ")[:2]
    assert "but the equalised-odds gap by sex grew to" in " ".join(first.split())
    assert "beyond doubt" in " ".join(second.split())
    written = {str(path.relative_to(tmp_path / "fixed")) for path in (tmp_path / "fixed").glob("[!p]*")}
    assert written == {"comparison.json", "comparison.html", "collect.json", "audit.toml", "model", "child"}
    for side in ("parent", "child"):
        assert (tmp_path / "fixed" / side / "report.html").exists()
    schema = json.loads(run("schema comparison", cwd=tmp_path).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    made = json.loads((tmp_path / "fixed" / "comparison.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(made)
    with Ledger(tmp_path / ".fairwitness" / "ledger.sqlite") as log:
        (entry,) = [each.entry.body for each in log.read(["remedy"])]
    assert entry["child"] == made["after"]["fingerprint"]
    assert entry["outcome"] == "finished"
    assert "equalised-odds gap by sex" in entry["worse"]  # type: ignore[operator]  # a list of ids

    again = run("audit fixed/audit.toml --out again --no-ledger", cwd=tmp_path)
    assert again.code == 1, again.err
    compared = run("compare fixed/parent again --out compared", cwd=tmp_path)
    assert compared.code == 0, compared.err
    assert json.loads((tmp_path / "compared" / "comparison.json").read_text())["criteria"] == made["criteria"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("fix", "name what to try"),
        ("fix --remedy fairness.reweight", "did you mean 'fairness.reweigh'?"),
        ("fix --remedy fairness.reweigh --budget 0", "the budget is 0 trained models"),
        ("fix nowhere.toml --auto", "no such file"),
        ("fix --auto --out planted.csv", "choose another folder"),
        ("compare nowhere also-nowhere", "cannot be read"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, command: str, words: str) -> None:
    plant(tmp_path, rows=200)
    ran = run(f"{command} --no-ledger" if command.startswith("fix") else command, cwd=tmp_path)
    assert ran.code == 2
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "fixed" / "parent").exists()


@pytest.mark.slow
def test_killed_half_way_the_same_command_goes_on_and_trains_nothing_twice(tmp_path: Path) -> None:
    """Killed when two of its four models are whole: the next run trains the other two, and one after it none."""
    plant(tmp_path, rows=1200)
    command = "fix --remedy fairness.parity-penalty --budget 3 --no-ledger"
    running = subprocess.Popen(
        [*FAIRWITNESS, *command.split()], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    cache = tmp_path / "fixed" / "private" / "cache"
    while running.poll() is None and len(list(cache.glob("*/model.json"))) < 2:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    whole = len(list(cache.glob("*/model.json")))
    assert 2 <= whole <= 4
    assert not (tmp_path / "fixed" / "comparison.json").exists()
    trained = []
    for _ in range(2):
        run(command, cwd=tmp_path)
        made = json.loads((tmp_path / "fixed" / "comparison.json").read_text(encoding="utf-8"))
        trained.append(made["spent"]["models trained"])
    assert trained == [4 - whole, 0]
