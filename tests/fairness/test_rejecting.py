"""The band of doubt against trying every width."""

from __future__ import annotations

import numpy as np
import pytest

from fairwitness.core.remedy import Tuned
from fairwitness.fairness.rejecting import reject_width
from fairwitness.fairness.remedies.reject_option import RejectOption, RejectOptionOptions


@pytest.mark.parametrize("widest", [0.0, 0.125, 0.5])
@pytest.mark.parametrize("seed", range(4))
def test_no_other_width_is_nearer_and_none_as_near_is_less(widest: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.choice(["a", "b", "c"], 90).astype(object)
    margins = rng.integers(-8, 8, 90) / 16 + (groups == "a") / 32  # exact, so that equal widths are equal
    found = reject_width(margins, groups, frozenset("b"), widest=widest)

    def gap(width: float) -> float:
        good = np.where(np.abs(margins) < width, groups == "b", margins >= 0)
        return float(np.ptp([good[groups == name].mean() for name in "abc"]))

    tried = np.arange(0, round(widest * 1000) + 1) / 1000 + 1e-7
    assert found <= widest
    assert gap(found) == pytest.approx(min(gap(width) for width in [0, *tried[:-1]]))
    assert all(gap(width) > gap(found) + 1e-9 for width in tried if width < found - 1 / 64 - 1e-3)


@pytest.mark.parametrize("favorable", ["yes", "no"])
def test_the_band_gives_good_decisions_to_the_group_with_fewer(favorable: str) -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(["a", "b"], 500).astype(object)
    scores = np.clip(rng.normal(0.5, 0.15, 1000) + 0.1 * (groups == "a"), 0, 1)
    tuned = Tuned(
        ids=np.arange(1000),
        scores=scores[:, None],
        recorded=np.where(rng.random(1000) < scores, "yes", "no").astype(object),
        groups=groups,
        classes=("no", "yes"),
        positive="yes",
        favorable=favorable,
        threshold=0.5,
    )
    edit, _ = RejectOption().fit(tuned, RejectOptionOptions(), rng=rng)
    decided = edit.decide(tuned.scores, groups, tuned.ids)
    good = [float((decided[groups == name] == favorable).mean()) for name in "ab"]
    assert good[0] == pytest.approx(good[1], abs=0.005)
    moved = decided != np.where(scores >= 0.5, "yes", "no")
    poorer = "b" if favorable == "yes" else "a"
    inside = np.abs(scores - 0.5) <= np.abs(scores - 0.5)[moved].max()
    assert set(decided[inside & (groups == poorer)]) == {favorable}
    assert set(decided[inside & (groups != poorer)]) == {"no" if favorable == "yes" else "yes"}
