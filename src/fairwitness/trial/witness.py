"""Who is tried: anything that looks at a subject's folder and says what is wrong with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from fairwitness.trial.planted import Planted

LONGEST = 900
"""Seconds after which an audit of one subject is given up: they take 2 to 20."""

FINISHED = (0, 1)
"""Exit codes of an audit that came to an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a witness said of one subject.

    Attributes:
        faults: What it accuses the subject of, by the names it has for that; none if it finds nothing wrong.
        trouble: Why it came to no end, or what it could not look at for a fault of its own; empty if all went well.
    """

    faults: tuple[str, ...] = ()
    trouble: str = ""


Witness = Callable[[Path], Said]
"""From the folder a subject lies in to what is said of it; what is planted there it is not told."""


def audit(folder: Path) -> Said:
    """`fairwitness audit FOLDER/audit.toml` with its defaults: every failing finding is an accusation."""
    one_thread = os.environ | {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    with TemporaryDirectory(
        prefix="trial-"
    ) as out:  # one that nobody shares: an audit whose trial was killed may still run
        command = [sys.executable, "-m", "fairwitness", "audit", str(folder / "audit.toml"), "--out", out]
        try:
            ran = subprocess.run(  # noqa: S603 - our own command
                [*command, "--no-ledger"], capture_output=True, text=True, timeout=LONGEST, env=one_thread, check=False
            )
        except subprocess.TimeoutExpired:
            return Said(trouble=f"came to no end in {LONGEST} seconds")
        if ran.returncode not in FINISHED:
            return Said(trouble=f"exit code {ran.returncode}: {' '.join(ran.stderr.split())[-300:]}")
        findings = json.loads((Path(out) / "findings.json").read_text(encoding="utf-8"))["findings"]
    broken = sorted({each["id"] for each in findings if each["verdict"] == "error"})
    return Said(
        faults=tuple(each["id"] for each in findings if each["verdict"] == "fail"),
        trouble=f"a check broke: {', '.join(broken)}" if broken else "",
    )


def found(planted: Planted, said: Said) -> bool:
    """Whether one of the faults named is the one that was planted: the check, whatever group it is about."""
    return any(fault.partition("/")[0] in planted.expects for fault in said.faults)
