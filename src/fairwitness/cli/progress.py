"""Progress on the terminal: one line that redraws, on standard error, only where somebody watches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fairwitness.engine.progress import Progress, silent

STOPPED = 130
"""Exit code of a command its user stopped, as shells have it."""


@contextmanager
def showing() -> Iterator[Progress]:
    """A progress callback while a long command runs; Ctrl-C ends it with a line that says how to go on.

    It draws where standard error is a terminal, and is silent elsewhere.
    """
    try:
        if sys.stderr.isatty():
            with _drawn() as progress:
                yield progress
        else:
            yield silent
    except KeyboardInterrupt:
        sys.stderr.write("fairwitness: stopped; the same command goes on from what is finished\n")
        raise SystemExit(STOPPED) from None


@contextmanager
def _drawn() -> Iterator[Progress]:
    from rich.console import Console  # only where there is a terminal
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(doing: str, done: int, total: int) -> None:
            bar.update(task, description=doing, completed=done, total=total)

        yield show
