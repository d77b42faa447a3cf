"""One row of each unit."""

import numpy as np

from fairwitness.stats.units import one_of_each


def test_each_unit_has_one_row_and_each_of_its_rows_the_same_chance() -> None:
    units = np.array(["b", "a", "b", "c", "b"], dtype=object)
    rng = np.random.default_rng(0)
    drawn = np.array([one_of_each(units, rng) for _ in range(3_000)])
    assert (drawn.sum(axis=1) == 3).all()
    np.testing.assert_allclose(drawn.mean(axis=0), [1 / 3, 1, 1 / 3, 1, 1 / 3], atol=0.03)
