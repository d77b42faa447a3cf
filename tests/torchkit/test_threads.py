"""How many threads NumPy's matrices get."""

from typing import Any

from threadpoolctl import threadpool_info  # type: ignore[import-untyped]  # it ships no types

from fairwitness.torchkit.threads import one_thread_for_matrices


def _threads(kind: str) -> list[Any]:
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == kind]


def test_matrices_get_one_thread_and_as_many_as_before_afterwards() -> None:
    before, others = _threads("blas"), _threads("openmp")
    with one_thread_for_matrices():
        assert set(_threads("blas")) == {1}
        assert _threads("openmp") == others
    assert _threads("blas") == before
