"""Columns as counts, and how far they moved: by hand, against SciPy, read back, and by how often a false alarm is raised."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fairwitness.core.columns import MISSING
from fairwitness.monitor.drift import Drift, drifts
from fairwitness.monitor.profile import OTHER, Profile, Scale


def found(before: dict[str, NDArray[Any]], after: dict[str, NDArray[Any]]) -> dict[str, Drift]:
    profile = Profile.of(before)
    return {each.column: each for each in drifts(profile, profile.again(after), after)}


def text(*values: str | None) -> NDArray[np.object_]:
    return np.array(values, dtype=object)


def test_categories_by_hand() -> None:
    told = found({"city": text(*"aaabbbccca")}, {"city": text(*"abbbbbbbcd")})["city"]
    assert told.where == "is b"
    assert [told.before, told.after] == pytest.approx([0.3, 0.7])
    assert told.change.value == pytest.approx(0.4)
    assert (told.new, told.new_rows) == ({}, 1)  # one row: not named


def test_new_categories_that_several_have_are_named() -> None:
    told = found({"city": text(*"ab" * 20)}, {"city": text(*"ab" * 10, *"d" * 6, None)})["city"]
    assert (told.new, told.new_rows) == ({"d": 6}, 6)


def test_many_categories_are_kept_apart_from_the_rare() -> None:
    values = text(*(f"c{i}" for i in range(80) for _ in range(80 - i)))
    scale = Scale.of(values)
    assert scale is not None
    assert len(scale.names) == 51
    assert scale.names[-1] == OTHER
    assert scale.count(text("c79", "never", "c0", None)) == {
        **dict.fromkeys(scale.names, 0),
        OTHER: 2,
        "c0": 1,
        MISSING: 1,
    }


def test_numbers_move_by_kolmogorov_and_smirnovs_distance_at_the_tenths() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.normal(size=2000), rng.normal(0.5, size=1500)
    told = found({"x": before}, {"x": after})["x"]
    full = stats.ks_2samp(before, after).statistic
    assert told.change.value is not None
    assert 0.85 * full <= told.change.value <= full + 1e-12


def test_missing_numbers_are_a_change_of_their_own() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.normal(size=1000), rng.normal(size=1000)
    after[:400] = np.nan
    told = found({"x": before}, {"x": after})["x"]
    assert told.where == "recorded"
    assert [told.before, told.after] == pytest.approx([1.0, 0.6])


@pytest.mark.parametrize("factor", [1000.0, 2.54, 1 / 12])
def test_a_changed_unit_is_told_with_its_factor(factor: float) -> None:
    rng = np.random.default_rng(2)
    told = found({"x": rng.lognormal(3, 1, 2000)}, {"x": rng.lognormal(3, 1, 800) * factor})["x"]
    assert told.times == pytest.approx(factor, rel=0.15)


def test_a_shift_or_a_few_rows_is_no_changed_unit() -> None:
    rng = np.random.default_rng(3)
    before = rng.normal(10, 3, 2000)
    assert found({"x": before}, {"x": before[:500] + 6})["x"].times is None
    assert found({"x": before}, {"x": before[:10] * 1000})["x"].times is None


def test_a_profile_is_read_back_from_its_tally() -> None:
    rng = np.random.default_rng(4)
    held = rng.normal(-2, 1.3, 500)
    held[:20] = np.nan
    columns = {
        "x": held,
        "few": rng.integers(0, 4, 500).astype(float),
        "city": rng.choice(["a", "b [c", "[1, 2)"], 500).astype(object),
    }
    profile = Profile.of(columns)
    again = Profile.read(profile.tally(), frozenset({"x", "few"}))
    new = {"x": rng.normal(size=50), "few": np.array([0.0, 3.0, 9.0]), "city": text("a", "z", None)}
    for name, values in new.items():
        was, now = profile.scales[name].count(values), again.scales[name].count(values)
        assert {k: n for k, n in was.items() if n} == {k: n for k, n in now.items() if n}
    assert {name: {k: n for k, n in counts.items() if n} for name, counts in profile.counts.items()} == again.counts


def test_columns_without_values_are_left_out() -> None:
    profile = Profile.of({"x": np.full(4, np.nan), "y": text(None, None)})
    assert profile.scales == {}
    assert drifts(profile, {}, {}) == ()


@pytest.mark.slow
def test_false_alarms_over_twenty_columns() -> None:
    """Holm at 5 %: over 100 clean batches at most 5 % have any column called drifted, three standard errors allowed."""
    rng = np.random.default_rng(5)
    ever = 0
    for _ in range(100):
        before = {f"x{i}": rng.normal(size=400) for i in range(10)} | {
            f"c{i}": rng.integers(0, 5, 400).astype(float) for i in range(10)
        }
        after = {f"x{i}": rng.normal(size=150) for i in range(10)} | {
            f"c{i}": rng.integers(0, 5, 150).astype(float) for i in range(10)
        }
        ever += any(each.told(alpha=0.05, least=0.0) for each in found(before, after).values())
    assert ever / 100 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)


def test_it_takes_both_a_sure_change_and_one_that_matters() -> None:
    rng = np.random.default_rng(6)
    before, after = (rng.random(200_000) < p for p in (0.50, 0.52))
    told = found({"x": before.astype(float)}, {"x": after.astype(float)})["x"]
    assert told.told(alpha=0.001, least=0.01)
    assert not told.told(alpha=0.001, least=0.10)
