"""How many threads sums are made in. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for many small batches: sums do not depend on how many cores share them, and on a busy machine threads
    that wait for one another took twenty times as long.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    with threadpool_limits(1):
        yield
