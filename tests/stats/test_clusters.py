"""Rates of weighted and clustered rows, against statsmodels, a bootstrap of clusters, and counting how often they hold."""

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import CLUSTER, NO, WEIGHT, YES
from fairwitness.stats import gaps, intervals
from fairwitness.stats.clusters import Drawn
from fairwitness.stats.tally import Tally

ASKED = "said"


def counted(
    group: NDArray[np.int64],
    hit: NDArray[np.bool_],
    *,
    cluster: NDArray[np.int64] | None = None,
    weight: NDArray[np.float64] | None = None,
) -> Tally:
    columns = {"g": group.astype(str).astype(object), ASKED: np.where(hit, YES, NO).astype(object)}
    if cluster is not None:
        columns[CLUSTER] = cluster.astype(str).astype(object)
    return Tally.of(columns, sums=None if weight is None else {WEIGHT: weight})


def drawn(tally: Tally) -> Drawn:
    found = Drawn.of(tally, ("g",), ASKED)
    assert found is not None
    return found


def households(
    rng: np.random.Generator, *, n: int = 80, size: int = 4, nested: bool = True, alike: float = 1.0, groups: int = 2
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Groups, answers and clusters, rows of a cluster `alike`; a cluster is of one group where `nested`."""
    cluster = np.repeat(np.arange(n), size)
    group = rng.integers(0, groups, n)[cluster] if nested else rng.integers(0, groups, n * size)
    hit = alike * rng.normal(size=n)[cluster] + rng.normal(size=n * size) > 0
    return group, hit, cluster


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_rates_and_covariance_are_those_of_statsmodels(*, nested: bool, weighted: bool) -> None:
    """Least squares on one column a group, covariance by cluster, its own correction for few clusters put in."""
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(0)
    group, hit, cluster = households(rng, nested=nested, groups=3)
    weight = rng.uniform(0.5, 4, len(hit)) if weighted else np.ones(len(hit))
    ours = drawn(counted(group, hit, cluster=cluster, weight=weight if weighted else None))

    dummies = (group[:, None] == np.arange(3)).astype(float)
    theirs = sm.WLS(hit.astype(float), dummies, weights=weight).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )

    clusters = np.array([len(set(cluster[group == code])) for code in range(3)])
    more = np.sqrt(clusters / (clusters - 1))
    np.testing.assert_allclose(ours.rates, theirs.params, rtol=1e-12)
    np.testing.assert_allclose(ours.covariance, theirs.cov_params() * np.outer(more, more), rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(ours.units, clusters)


def test_weights_alone_have_the_sandwich_variance_of_statsmodels() -> None:
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    group, hit = rng.integers(0, 2, 500), rng.random(500) < 0.3
    weight = rng.uniform(1, 9, 500)
    ours = drawn(counted(group, hit, weight=weight))
    dummies = (group[:, None] == np.arange(2)).astype(float)
    theirs = sm.WLS(hit.astype(float), dummies, weights=weight).fit(cov_type="HC0")
    size = np.bincount(group)
    np.testing.assert_allclose(ours.rates, theirs.params, rtol=1e-12)
    np.testing.assert_allclose(np.diag(ours.covariance), np.diag(theirs.cov_params()) * size / (size - 1), rtol=1e-9)


@pytest.mark.parametrize("nested", [True, False])
def test_the_interval_of_a_gap_is_that_of_a_bootstrap_of_clusters(*, nested: bool) -> None:
    rng = np.random.default_rng(2)
    group, hit, cluster = households(rng, n=400, nested=nested)
    tally = counted(group, hit, cluster=cluster)
    totals, hits = tally.by(("g",)), tally.hits(("g",), ASKED)
    found = drawn(tally)
    low, high = found.difference([0], [1], intervals.critical(0.95))
    assert gaps.rates(hits, totals, drawn=found)["1"].value == pytest.approx(hits["1"] / totals["1"])

    each = np.zeros((400, 2, 2))
    np.add.at(each, (cluster, group, hit.astype(int)), 1)
    times = rng.multinomial(400, np.full(400, 1 / 400), size=4000)
    cells = np.tensordot(times, each, axes=1)
    rate = cells[..., 1] / cells.sum(axis=-1)
    ends = np.quantile(rate[:, 1] - rate[:, 0], [0.025, 0.975])
    assert (low[0], high[0]) == pytest.approx(tuple(ends), abs=0.012)


def test_rows_that_stand_alone_with_equal_weights_are_people() -> None:
    rng = np.random.default_rng(3)
    group, hit = rng.integers(0, 2, 900), rng.random(900) < 0.2
    one = drawn(counted(group, hit, cluster=np.arange(900)))
    two = drawn(counted(group, hit, weight=np.where(np.arange(900) < 1, 2.0000001, 2.0)))
    size = np.bincount(group)
    for each in (one, two):
        np.testing.assert_allclose(each.effective(1.96), size, rtol=0.01)
        np.testing.assert_allclose(
            each.limits(1.96), intervals.wilson(np.bincount(group, hit), size, z=1.96), atol=2e-3
        )


def test_copying_every_row_into_its_cluster_changes_nothing() -> None:
    """Ten copies of a person say what the person says."""
    rng = np.random.default_rng(4)
    group, hit = rng.integers(0, 2, 300), rng.random(300) < 0.4
    once = drawn(counted(group, hit, cluster=np.arange(300)))
    copied = drawn(counted(np.repeat(group, 10), np.repeat(hit, 10), cluster=np.repeat(np.arange(300), 10)))
    np.testing.assert_allclose(copied.covariance, once.covariance, rtol=1e-12)
    np.testing.assert_allclose(copied.difference([0], [1], 1.96), once.difference([0], [1], 1.96), atol=2e-3)


def test_one_cluster_and_clusters_all_alike_leave_doubt() -> None:
    group = np.array([0] * 50 + [1] * 50)
    hit = np.array([False] * 50 + [True] * 50)
    found = drawn(counted(group, hit, cluster=np.array([7] * 50 + list(range(50)))))
    low, high = found.limits(1.96)
    assert (low[0], high[0]) == (0, 1)
    assert (low[1], high[1]) == pytest.approx(intervals.wilson(50.0, 50.0, z=1.96), abs=1e-9)
    assert Drawn.of(counted(group, hit), ("g",), ASKED) is None


@pytest.mark.slow
@pytest.mark.parametrize(("n", "groups"), [(40, 2), (150, 4)])
def test_intervals_of_the_widest_gap_hold_where_those_of_rows_do_not(n: int, groups: int) -> None:
    """All groups have the rate 0.5, so the true gap is 0; six rows a person, two thirds of their spread the person's."""
    rng, draws = np.random.default_rng(5), 400
    held = naive = alarms = 0
    for _ in range(draws):
        group, hit, cluster = households(rng, n=n, size=6, alike=1.4, groups=groups)
        tally = counted(group, hit, cluster=cluster)
        totals, hits = tally.by(("g",)), tally.hits(("g",), ASKED)
        found = gaps.widest_gap(hits, totals, drawn=drawn(tally), rng=rng, draws=400)
        plain = gaps.widest_gap(hits, totals)
        held += (found.estimate.low or 0) <= 0
        naive += (plain.estimate.low or 0) <= 0
        alarms += (found.estimate.p or 0) < 0.05
    assert held / draws >= 0.93
    assert naive / draws < 0.8
    assert alarms / draws <= 0.085


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.05, 0.4])
def test_weighted_rates_hold_as_often_as_they_say(rate: float) -> None:
    """Weights that go with the answer: the plain share is wrong, the weighted one is covered."""
    rng, draws, held = np.random.default_rng(6), 600, 0
    for _ in range(draws):
        hit = rng.random(3000) < rate
        kept = rng.random(3000) < np.where(hit, 0.6, 0.15)
        weight = np.where(hit, 1 / 0.6, 1 / 0.15)[kept] * 1.0
        low, high = drawn(counted(np.zeros(kept.sum(), np.int64), hit[kept], weight=weight)).limits(1.96)
        held += low[0] <= rate <= high[0]
    assert held / draws >= 0.93


@pytest.mark.parametrize("weighted", [True, False])
def test_a_single_cluster_tells_as_one_person_whatever_rounding_leaves_of_its_variance(*, weighted: bool) -> None:
    """Its rows are off by nothing together but for rounding, which is no variance of theirs."""
    rng = np.random.default_rng(0)
    group, cluster = np.repeat([0, 1], [300, 30]), np.append(np.arange(300) // 3, np.full(30, 10))
    for hits in (3, 11, 23, 29):
        hit = np.append(rng.random(300) < 0.5, np.arange(30) < hits)
        found = drawn(counted(group, hit, cluster=cluster, weight=rng.uniform(0.1, 1.1, 330) if weighted else None))
        assert found.effective(1.96)[1] < 1
        assert found.equal_p(draws=200, rng=np.random.default_rng(1)) > 0.1
        low, high = found.difference([0], [1], 1.96)
        own, other = (float(each[0]) for each in found.limits(1.96))
        assert (low[0], high[0]) == pytest.approx((-other, 1 - own))
        assert "the 30 of 1 tell as much as 1 person drawn one by one" in found.words


def test_many_groups_are_compared_a_few_draws_at_a_time() -> None:
    rng = np.random.default_rng(0)
    group = np.arange(12_000) % 120
    found = drawn(counted(group, rng.random(12_000) < 0.5, cluster=rng.integers(0, 6_000, 12_000)))
    tracemalloc.start()
    p = found.equal_p(draws=600, rng=rng)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.001 < p <= 1
    assert peak < 60e6  # bytes; all draws at once take over 100e6
