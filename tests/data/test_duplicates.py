"""Copies: against pandas on random columns, and through the checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import PART
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.data.duplicates import repeats, shared

Look = Callable[..., Any]
AT_MOST = Limit(at_most=0.01)


def some_rows(rng: np.random.Generator, n: int, kinds: int) -> dict[str, NDArray[Any]]:
    """Few distinct values, so that chance makes copies; missing among them, and both zeros."""
    numbers = np.array([0.0, -0.0, 1.5, np.nan, 7.0])
    words = np.array(["a", "b", None, "", "a b"], dtype=object)
    return {"x": rng.choice(numbers[:kinds], n), "y": rng.choice(words[:kinds], n), "z": rng.choice(numbers, n)}


@pytest.mark.parametrize("seed", range(5))
def test_repeats_are_those_of_pandas(seed: int) -> None:
    columns = some_rows(np.random.default_rng(seed), 120, 5)
    expected = pd.DataFrame(columns).duplicated().to_numpy()
    assert expected.any()
    assert not expected.all()
    np.testing.assert_array_equal(repeats(columns), expected)


@pytest.mark.parametrize("seed", range(5))
def test_shared_rows_are_those_of_a_merge(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = some_rows(rng, 120, 5)
    of, among = rng.random(120) < 0.4, rng.random(120) < 0.4
    frame = pd.DataFrame(columns)
    known = frame[among].drop_duplicates()
    merged = frame[of].merge(known, how="left", on=list(columns), indicator=True)
    expected = np.zeros(120, dtype=bool)
    expected[of] = (merged["_merge"] == "both").to_numpy()
    np.testing.assert_array_equal(shared(columns, of=of, among=among), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pictures_are_compared_pixel_by_pixel(dtype: type) -> None:
    pictures: NDArray[Any] = np.random.default_rng(0).integers(0, 255, (50, 7, 5)).astype(dtype)
    pictures[30] = pictures[4]
    pictures[31] = pictures[4]
    pictures[31, 6, 4] += 1
    np.testing.assert_array_equal(np.flatnonzero(repeats({"image": pictures})), [30])


def test_a_collision_accuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were all hashes equal, only true copies may be found."""
    monkeypatch.setattr(
        "fairwitness.data.duplicates.row_hashes", lambda columns: np.zeros(len(columns["x"]), dtype=np.uint64)
    )
    np.testing.assert_array_equal(repeats({"x": np.array([1.0, 2.0, 1.0, 3.0])}), [False, False, True, False])


def verdict(outcome: object) -> Verdict:
    assert isinstance(outcome, Measured)
    (estimate,) = outcome.judged.values()
    return estimate.against(AT_MOST)


@pytest.mark.parametrize(
    ("rows", "copies", "expected"),
    [(2_000, 0, Verdict.PASS), (2_000, 200, Verdict.FAIL), (40, 0, Verdict.UNCERTAIN)],
)
def test_duplicates_at_three_sizes(look: Look, rows: int, copies: int, expected: Verdict) -> None:
    x = np.arange(rows, dtype=np.float64)
    x[:copies] = x[-copies:] if copies else x[:0]
    outcome = look("data.exact-duplicates", {"x": x})
    assert verdict(outcome) is expected
    assert (f"{copies} of 2,000 rows (10.0" in outcome.headline) == bool(copies)


@pytest.mark.parametrize("copied", [0, 50])
def test_audited_rows_that_were_trained_on(look: Look, copied: int) -> None:
    n = 1_000
    rng = np.random.default_rng(0)
    columns: dict[str, NDArray[Any]] = {"x": rng.normal(size=n), "y": rng.choice(np.array(["0", "1"], object), n)}
    columns[PART] = np.repeat(np.array(["train", "audit"], dtype=object), n // 2)
    for name in ("x", "y"):
        columns[name][500 : 500 + copied] = columns[name][:copied]
    outcome = look("data.shared-rows", columns, target="y", positive="1")
    assert verdict(outcome) is (Verdict.FAIL if copied else Verdict.PASS)
    assert ("50 of 500 audit rows (10.0" in outcome.headline) == bool(copied)
    columns["y"][:copied] = np.where(columns["y"][:copied] == "1", "0", "1")  # another outcome is another row
    assert verdict(look("data.shared-rows", columns, target="y", positive="1")) is Verdict.PASS


def test_no_audit_rows_is_not_applicable(look: Look) -> None:
    columns = {"x": np.arange(9.0), PART: np.array(["train"] * 9, dtype=object)}
    assert isinstance(look("data.shared-rows", columns), NotApplicable)
