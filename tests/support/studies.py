"""The two studies as anyone makes them, audited once for all tests of a run: it takes half a minute of processor time."""

import fcntl
import shutil
from pathlib import Path

import pytest

from support.command import run


def study(name: str, factory: pytest.TempPathFactory) -> Path:
    """A folder with the study in `here` and its audit in `report`, made by whichever process asks first. Not to be changed."""
    base = factory.getbasetemp()
    root = base.parent if base.name.startswith("popen-") else base  # of a process among several
    folder = root / f"study-{name}"
    with (root / f"{name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "report" / "findings.json").exists():
            folder.mkdir(exist_ok=True)
            assert run(f"example {name} here", cwd=folder).code == 0
            ran = run("audit here/audit.toml --out report", cwd=folder)
            assert ran.code in {0, 1}, ran.err
    return folder


def keep(made: Path, out: Path) -> None:
    """Put what an audit keeps for its next run where another audit of the same subject will look for it."""
    shutil.copytree(made / "report" / "private" / "cache", out / "private" / "cache")
