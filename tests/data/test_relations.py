"""One model or one a group: the likelihood ratio of statsmodels, and what a group of its own relation would gain."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.data import relations
from fairwitness.stats.levels import fold_of

Floats = NDArray[np.float64]


def drawn(seed: int, bent: float, n: int = 3000) -> tuple[NDArray[np.bool_], Floats, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    codes, x = rng.integers(0, 2, n), rng.normal(size=(n, 3))
    score = x @ np.array([1.0, 0.5, 0.0]) - bent * codes * x[:, 0] - 0.5 * codes
    return rng.random(n) < 1 / (1 + np.exp(-score)), x, codes


def test_interactions_are_those_of_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    y, x, codes = drawn(0, 0.3)
    own = np.column_stack([x, codes])
    small = api.Logit(y, api.add_constant(own)).fit(disp=0)
    large = api.Logit(y, api.add_constant(np.column_stack([own, x * codes[:, None]]))).fit(disp=0)
    found = relations.interactions(y, x, codes)
    assert found.freedom == 3
    assert found.statistic == pytest.approx(2 * (large.llf - small.llf), abs=1e-4)


def test_a_group_of_its_own_relation_gains_and_others_do_not() -> None:
    y, x, codes = drawn(1, 2.0)
    gain = relations.own_models(y, x, codes, fold_of(codes, rng=np.random.default_rng(0)), ("a", "b"))
    assert min(each.low or -1 for each in gain.values()) > 0
    y, x, codes = drawn(2, 0.0)
    gain = relations.own_models(y, x, codes, fold_of(codes, rng=np.random.default_rng(0)), ("a", "b"))
    assert all((each.value or 0) < 0.01 for each in gain.values())


def test_groups_too_small_to_tell_are_left_out() -> None:
    codes = np.array([0] * 100 + [1] * 100 + [2] * 10)
    y = np.arange(210) % 2 == 0
    kept = relations.enough(y, np.zeros((210, 3)), codes)
    assert kept[:200].all()
    assert not kept[200:].any()
    assert not relations.enough(y, np.zeros((210, 8)), codes).any()


def test_columns_are_as_many_as_rows_allow_the_most_telling_first() -> None:
    y, x, codes = drawn(4, 0.0, 400)
    few = np.where(np.arange(400) < 60, codes, 0)  # about 30 rows of the second group
    columns, kept = relations.narrowed(y, x, few)
    assert columns.shape[1] < 3
    assert (columns[:, 0] == x[:, 0]).all()
    assert kept.all()
    assert not relations.narrowed(y, x, np.where(np.arange(400) < 8, 1, 0))[1].any()


@pytest.mark.slow
def test_no_gain_is_claimed_where_one_relation_holds() -> None:
    """With a limit of 5 % of the loss, fair groups of 150 to 1,500 are never accused."""
    accused = 0
    for seed in range(60):
        y, x, codes = drawn(seed, 0.0, 300 if seed % 2 else 3000)
        fold = fold_of(codes, rng=np.random.default_rng(seed))
        gain = relations.own_models(y, x, codes, fold, ("a", "b"))
        accused += any((each.low or 0) > 0.05 for each in gain.values())
    assert accused == 0
