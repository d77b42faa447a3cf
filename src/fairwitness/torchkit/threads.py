"""How many threads sums are made in. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for many small batches: sums do not depend on how many cores share them, and on a busy machine threads
    that wait for one another took twenty times as long.
    """
    with _limited():
        yield


@contextmanager
def one_thread_for_matrices() -> Iterator[None]:
    """One thread for NumPy's products and inverses, and as many as before for everything else.

    Those of checks are of some dozen columns: two threads took twice as long where nobody else was at work, and ten times
    where somebody was.
    """
    import numpy as np  # noqa: F401 - what is limited has to be loaded

    with _limited("blas"):
        yield


@contextmanager
def _limited(kind: Literal["blas"] | None = None) -> Iterator[None]:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    with threadpool_limits(1, user_api=kind):
        yield
