"""Numbers by row and summaries of two audits: paired where they can be, and as wide as they must be where they cannot."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from fairwitness.core.comparison import Criterion
from fairwitness.core.errors import DataError
from fairwitness.core.estimate import Limit
from fairwitness.core.findings import Document
from fairwitness.engine import measured, trades
from fairwitness.engine.comparison import compare
from fairwitness.engine.judged import PLACE, Judged
from fairwitness.io import atomic
from support.documents import document, evidence, finding


def found(value: float, low: float, high: float, data: str) -> Document:
    made = document((finding("fairness.selection-rate-gap", "race", "fail", evidence=(evidence(value, low, high),)),))  # type: ignore[arg-type]  # a verdict's word
    return replace(made, provenance=replace(made.provenance, data_digest=data))


def only(before: Document, after: Document) -> Criterion:
    made = compare(before, after, rows=None, provenance={})
    assert not made.paired
    (criterion,) = made.criteria
    return criterion


def test_of_different_rows_the_interval_is_that_of_independent_numbers() -> None:
    """Zou and Donner's example of two normal means: the square root of both widths squared."""
    made = only(found(0.30, 0.20, 0.40, "a" * 64), found(0.10, 0.05, 0.15, "b" * 64))
    half = np.hypot(0.10, 0.05)
    assert (made.change, made.low, made.high) == pytest.approx((-0.2, -0.2 - half, -0.2 + half))
    assert made.moved == "better"


def test_of_the_same_rows_it_holds_whatever_they_share() -> None:
    made = only(found(0.30, 0.20, 0.40, "a" * 64), found(0.10, 0.05, 0.15, "a" * 64))
    assert (made.low, made.high) == pytest.approx((0.05 - 0.40, 0.15 - 0.20))
    assert "both intervals" in made.method


def test_numbers_by_row_are_paired_by_their_place(tmp_path: Path) -> None:
    """Against SciPy's paired t test on the rows both have."""
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=60), rng.normal(0.3, size=60)
    for name, ids, values in (("a", np.arange(60), one), ("b", np.arange(59, -1, -1), other[::-1])):
        folder = atomic.directory(tmp_path / name / "private" / "rows")
        atomic.write_npz(folder / "robustness.box.broken.npz", ids=ids, values=values)
    (measure,) = measured.shared(tmp_path / "a", tmp_path / "b")
    criterion = measured.measured(measure, level=0.95)
    expected = stats.ttest_rel(other, one).confidence_interval(0.95)
    assert criterion.metric == "broken (robustness.box)"
    assert criterion.change == pytest.approx(float((other - one).mean()))
    assert (criterion.low, criterion.high) == pytest.approx((expected.low, expected.high), abs=0.01)
    assert not criterion.judged


def test_damaged_rows_are_one_line(tmp_path: Path) -> None:
    assert Judged.load(tmp_path) is None
    atomic.directory(tmp_path / "private")
    (tmp_path / PLACE).write_bytes(b"not an archive")
    with pytest.raises(DataError, match="is damaged; audit again into that folder"):
        Judged.load(tmp_path)


def criterion(metric: str, before: float, after: float, **more: Any) -> Criterion:
    told: dict[str, Any] = {
        "check": f"fairness.{metric}",
        "about": "race",
        "group": None,
        "unit": "points",
        "low": after - before - 0.1,
        "high": after - before + 0.1,
        "level": 0.95,
        "n": 1000,
        "method": "",
        "better": "lower",
        "moved": "unclear",
        "judged": True,
        "limit": Limit(at_most=0.1),
    }
    return Criterion(metric=metric, before=before, after=after, change=after - before, **(told | more))


BETTER = criterion("selection-rate gap", 0.26, 0.01, moved="better")


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([], "The selection-rate gap by race fell from 26.0 to 1.0 points beyond doubt; nothing that is judged got"),
        (
            [criterion("equalised-odds gap", 0.05, 0.2, moved="worse")],
            "but the equalised-odds gap by race grew to 4.0 times what it was, from 5.0 to 20.0 points, beyond doubt.",
        ),
        (
            [criterion("equalised-odds gap", 0.05, 0.2)],
            "but the equalised-odds gap by race grew to 4.0 times what it was, from 5.0 to 20.0 points, which may be chance.",
        ),
        (
            [criterion("accuracy gap", 0.001, 0.04)],
            "nothing that is judged got clearly worse",
        ),  # small, and may be chance
        (
            [criterion("accuracy gap", 0.001, 0.2)],
            "but the accuracy gap by race grew from 0.1 to 20.0 points",
        ),  # no multiple
        (
            [criterion("accuracy", 0.9, 0.85, unit="share", better="higher", about=None)],
            "but the accuracy fell from 90.0 to 85.0",
        ),
        (
            [criterion(f"{which}-rate gap", 0.05, 0.2, moved="worse") for which in ("true-positive", "false-positive")]
            + [criterion("equalised-odds gap", 0.05, 0.2, moved="worse")],
            "equalised-odds gap by race grew to 4.0 times what it was, from 5.0 to 20.0 points, beyond doubt.",  # once
        ),
    ],
)
def test_what_was_given_stands_in_the_first_sentence(others: list[Criterion], words: str) -> None:
    assert words in trades.headline([BETTER, *others], answers=frozenset({BETTER.check}))
    assert len(trades.trades([BETTER, *others])) == ("but" in words or "once" in words or words.startswith("equalised"))


def test_rows_that_would_tell_grow_with_the_square_of_what_is_missing() -> None:
    """A change of −10 points with an upper limit 20 points above it needs four times the rows."""
    hoped = criterion("selection-rate gap", 0.20, 0.10, low=-0.3, high=0.10)
    (said,) = trades.to_tell([hoped], answers=frozenset({hoped.check}))
    assert "about 4,000 rows like these would tell" in said
    assert "here are 1,000" in said
    sentence = trades.headline([hoped], answers=frozenset({hoped.check}))
    assert sentence.startswith("The selection-rate gap by race fell from 20.0 to 10.0 points, which may be chance, and")


@pytest.mark.parametrize(("worse", "moved"), [("high", "worse"), ("low", "better"), ("", "unclear")])
def test_numbers_by_row_say_which_way_is_worse_and_are_told_by_cell(tmp_path: Path, worse: str, moved: str) -> None:
    """In cell b alone all rows go from 0 to 1; in a nothing moves, and c has too few rows."""
    cells = np.array(["a"] * 40 + ["b"] * 30 + ["c"] * 5, dtype=object)
    for name, values in (("before", np.zeros(75)), ("after", (cells == "b").astype(float))):
        folder = atomic.directory(tmp_path / name / "private" / "rows")
        told = {"name": np.array("named by an attack"), "worse": np.array(worse)}
        atomic.write_npz(folder / "privacy.box.named.npz", ids=np.arange(75), values=values, **told)
    found = measured.shared(tmp_path / "before", tmp_path / "after", {"sex": cells})
    made = {each.group: each for each in (measured.measured(one, level=0.95) for one in found)}
    assert list(made) == [None, "a", "b"]
    assert (made["a"].moved, made["b"].moved) == ("same", moved)
    assert made["b"].change == 1
    sentence = trades.headline([BETTER], answers=frozenset(), spilled=list(made.values()))
    wanted = "over all rows, the share of named by an attack (privacy.box) grew from 0.0 to 40.0"
    assert (wanted in sentence) == (moved == "worse")
    assert len(trades.trades([BETTER], spilled=list(made.values()))) == (2 if moved == "worse" else 0)
