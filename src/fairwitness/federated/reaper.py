"""Ends what a simulation leaves behind: `python -m fairwitness.federated.reaper PARENT`, with a pipe as its input.

Ray's own processes end with the one that started them, all but two, which first try for a minute to tell somebody. Here the
parent's descendants are written down while it lives, and ended as soon as the pipe closes, however its other end dies.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path

LOOK = 0.5
"""Seconds between two looks at who is there."""

Process = tuple[int, str]  # its number, and when it began: numbers come again


def table(processes: Path = Path("/proc")) -> dict[Process, int]:
    """Every process and its parent's number; none where the system does not tell (other than Linux)."""
    found = {}
    for entry in processes.glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # gone meanwhile
        found[int(entry.name), fields[19]] = int(fields[1])
    return found


def below(parent: int, among: dict[Process, int]) -> set[Process]:
    """A process' children, and theirs."""
    found: set[Process] = set()
    new = {process for process, above in among.items() if above == parent}
    while new:
        found |= new
        new = {each for each, above in among.items() if above in {pid for pid, _ in new}} - found
    return found


def main(parent: int) -> None:
    """Look until the end of input, then end whoever is still there."""
    known: set[Process] = set()
    while not select.select([sys.stdin], [], [], LOOK)[0]:
        known |= below(parent, table())
    for pid, _ in known & table().keys():
        if pid != os.getpid():
            with suppress(OSError):  # gone by itself
                os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
