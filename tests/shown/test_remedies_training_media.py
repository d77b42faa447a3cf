"""Remedies in training on images and texts, through the config: a mark of the group that sways the model no longer does."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import fairwitness
from support.images import digits

pytest.importorskip("torch")

pytestmark = pytest.mark.slow

ROWS = 1200


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Group and outcome, alike in 80 % of rows."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, ROWS)
    return group, np.where(rng.random(ROWS) < 0.8, group, 1 - group)


def gap(report: fairwitness.Report) -> float:
    (found,) = [finding for finding in report.findings if finding.check == "fairness.selection-rate-gap"]
    value = found.evidence[0].value
    assert value is not None
    return abs(value)


def audited(data: Any, train: str, remedies: list[dict[str, Any]], **options: Any) -> fairwitness.Report:
    model = {"train": train, "options": options, "remedies": remedies}
    config = {"model": model, "checks": {"only": ["fairness.selection-rate-gap"]}}
    return fairwitness.audit(data, target="label", positive="yes", favorable="yes", groups=["site"], config=config)


def test_digits_with_a_corner_that_tells_the_site(tmp_path: Path) -> None:
    """Threes and eights from two sites, one of which marks a corner; eights come from it four times as often."""
    pictures, labels = digits()
    group, outcome = drawn()
    rng = np.random.default_rng(1)
    places = [rng.choice(np.flatnonzero(labels == (8 if label else 3))) for label in outcome]
    images = pictures[places]
    images[group == 1, :5, :5] = 255
    data = tmp_path / "digits.npz"
    np.savez(data, image=images, site=np.where(group, "b", "a"), label=np.where(outcome, "yes", "no"))
    options = {"epochs": 8, "patience": 8}
    plain = gap(audited(data, "cnn", [], **options))
    remedy = {"remedy": "fairness.parity-penalty", "options": {"strength": 8.0}}
    mended = gap(audited(data, "cnn", [remedy], **options))
    print(f"| digits, cnn, fairness.parity-penalty | {plain:.3f} | {mended:.3f} |")  # noqa: T201 - quoted
    assert plain > 0.4
    assert mended < 0.5 * plain


def test_texts_with_a_word_that_tells_the_site() -> None:
    group, outcome = drawn()
    rng = np.random.default_rng(2)
    neutral = np.array(["we", "went", "there", "on", "monday", "with", "friends", "and", "saw", "the", "town"])
    words = np.array([["dull", "slow", "bad"], ["bright", "quick", "good"]])
    texts = []
    for of, label in zip(group, outcome, strict=True):
        telling = rng.choice(words[label if rng.random() < 0.8 else 1 - label], 2)
        texts.append(" ".join([("northern", "southern")[of], *rng.choice(neutral, 5), *telling]))
    data = pl.DataFrame({"text": texts, "site": np.where(group, "b", "a"), "label": np.where(outcome, "yes", "no")})
    options = {"epochs": 8, "patience": 8}
    plain = gap(audited(data, "gru", [], **options))
    remedy = {"remedy": "fairness.parity-penalty", "options": {"strength": 20.0}}
    mended = gap(audited(data, "gru", [remedy], **options))
    print(f"| texts, gru, fairness.parity-penalty | {plain:.3f} | {mended:.3f} |")  # noqa: T201 - quoted
    assert plain > 0.4
    assert mended < 0.5 * plain
