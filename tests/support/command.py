"""Runs the command line in this process: what it printed, what it said on standard error, how it exited."""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from fairwitness.cli import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def run(command: str | Sequence[str], *, cwd: Path) -> Ran:
    """`fairwitness COMMAND` in a folder."""
    words = shlex.split(command) if isinstance(command, str) else list(command)
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        contextlib.chdir(cwd),
        mock.patch.object(sys, "argv", ["fairwitness", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return Ran(code, out.getvalue(), err.getvalue())
