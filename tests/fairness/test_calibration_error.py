"""The calibration error against its definition, folded normals by simulation, and COMPAS at equal scores."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from fairwitness.core.errors import TooFewError
from fairwitness.fairness.calibration import Bin
from fairwitness.fairness.calibration_error import beyond_score, calibration_error, folded
from fairwitness.stats.nested import dummies, logistic

COMPAS = Path(__file__).parents[3] / "shared" / "data" / "compas" / "compas-scores-two-years.csv"


def drawn(n: int, off: float, rng: np.random.Generator) -> tuple[list[Bin], float]:
    """Tenths of scores that are `off` towards the ends, and the error there truly is over them."""
    scores = rng.beta(2, 2, n)
    chances = np.clip(scores + off * np.where(scores < 0.5, 1, -1), 0, 1)
    hits, tenth = rng.random(n) < chances, np.minimum((10 * scores).astype(int), 9)
    bins = [
        Bin(int(own.sum()), int(hits[own].sum()), float(scores[own].sum())) for t in range(10) for own in [tenth == t]
    ]
    return bins, sum(abs(float((scores - chances)[tenth == t].sum())) for t in range(10)) / n


@pytest.mark.parametrize(("n", "off"), [(60, 0.0), (300, 0.1), (3000, 0.05)])
def test_intervals_cover_and_the_bias_is_less_than_the_plain_ones(n: int, off: float) -> None:
    rng, covered, errors, plain = np.random.default_rng(0), 0, [], []
    for _ in range(150):
        bins, truth = drawn(n, off, rng)
        found = calibration_error(bins, rng=rng)
        assert found.low is not None
        assert found.high is not None
        assert found.value is not None
        covered += found.low <= truth <= found.high
        errors.append(found.value - truth)
        plain.append(sum(abs(each.score - each.hits) for each in bins) / n - truth)
    assert covered >= 0.93 * 150
    assert abs(np.mean(errors)) < 0.01 + 0.6 * abs(np.mean(plain))


def test_a_firm_error_is_that_of_the_definition() -> None:
    """Half of the people at 0.2 too high, half at 0.1 too low: 0.15, from many people."""
    bins = [Bin(100_000, 10_000, 30_000.0), Bin(100_000, 80_000, 70_000.0)]
    found = calibration_error(bins, rng=np.random.default_rng(0))
    assert found.value == pytest.approx(0.15, abs=1e-6)
    with pytest.raises(TooFewError):
        calibration_error([Bin(0, 0, 0.0)], rng=np.random.default_rng(0))


def test_folded_normals_are_as_simulated() -> None:
    sizes = np.abs(np.random.default_rng(0).normal([0.0, 0.5, 3.0], [1.0, 0.7, 0.5], (400_000, 3))).mean(axis=0)
    assert folded(np.array([0.0, 0.5, 3.0]), np.array([1.0, 0.7, 0.5])) == pytest.approx(sizes, abs=0.005)


@pytest.mark.skipif(not COMPAS.exists(), reason="COMPAS lies beside the repository, not in it")
def test_compas_at_equal_deciles() -> None:
    """Black and white defendants at equal deciles: p = 0.081, so the scores are seen to mean the same for both."""
    with COMPAS.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["race"] in {"African-American", "Caucasian"}]
    decile = np.array([float(row["decile_score"]) for row in rows])
    black = np.array([row["race"] == "African-American" for row in rows]).astype(np.intp)
    again = np.array([row["two_year_recid"] == "1" for row in rows])
    assert len(rows) == 6150
    assert logistic(again, decile[:, None] / 10, dummies(black)).p == pytest.approx(0.081, abs=5e-4)
    assert beyond_score(decile / 11, again, black) > 0.05


@pytest.mark.parametrize("distortion", [1.0, 2.0])
def test_scores_that_are_off_alike_accuse_no_group(distortion: float) -> None:
    """Groups differ in their scores, and scores are too sure for everybody: at most 9 % of 60 tests at 5 %."""
    rng, fired = np.random.default_rng(1), 0
    for _ in range(60):
        group = (rng.random(800) < 0.4).astype(np.intp)
        odds = rng.normal(size=800) + 0.7 * group
        positive = rng.random(800) < 1 / (1 + np.exp(-odds))
        fired += beyond_score(1 / (1 + np.exp(-distortion * odds)), positive, group) < 0.05
    assert fired <= 7


def test_a_group_whose_outcome_differs_at_equal_scores_is_seen() -> None:
    rng = np.random.default_rng(0)
    group, odds = np.repeat([0, 1], 1000), rng.normal(size=2000)
    positive = rng.random(2000) < 1 / (1 + np.exp(-odds - group))
    assert beyond_score(1 / (1 + np.exp(-odds)), positive, group) < 1e-6
    steep = rng.random(2000) < 1 / (1 + np.exp(-odds * np.where(group, 0.3, 1.5)))  # right on average, in both groups
    assert beyond_score(1 / (1 + np.exp(-odds)), steep, group) < 1e-6
    assert beyond_score(np.full(20, 0.5), positive[:20], group[:20]) == 1.0  # too few people


def test_the_chance_of_hundreds_of_groups_lies_as_far_out_as_their_level() -> None:
    """One bin: the size of a normal number has its quantiles in closed form."""
    level, error = 0.95 ** (1 / 400), (0.5 * 0.5 / 1000) ** 0.5
    found = calibration_error([Bin(1000, 500, 800.0)], level=level, rng=np.random.default_rng(0))
    assert found.low is not None
    assert (0.3 - found.low) / error == pytest.approx(norm.ppf(1 - (1 - level) / 4), rel=0.03)
