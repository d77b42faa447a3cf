import numpy as np
import pytest

from fairwitness.core.errors import DataError
from fairwitness.engine.split import by_column, by_row, by_unit


def test_shares_are_as_asked() -> None:
    """Binomial: 100,000 rows at 0.5 stray by less than 5 standard errors (0.008)."""
    parts = by_row(100_000, seed=3, train=0.5, tune=0.15)
    for part, share in (("train", 0.5), ("tune", 0.15), ("audit", 0.35)):
        assert abs(np.mean(parts == part) - share) < 5 * np.sqrt(share * (1 - share) / 1e5)


def test_a_row_keeps_its_part_when_rows_are_added() -> None:
    assert (by_row(1000, seed=0, train=0.5, tune=0.2)[:400] == by_row(400, seed=0, train=0.5, tune=0.2)).all()


def test_neighbours_and_seeds_are_unrelated() -> None:
    first = by_row(20_000, seed=0, train=0.5, tune=0.1) == "train"
    second = by_row(20_000, seed=1, train=0.5, tune=0.1) == "train"
    limit = 5 / np.sqrt(20_000)
    assert abs(np.corrcoef(first, second)[0, 1]) < limit
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < limit


def test_rows_of_one_person_stay_together() -> None:
    rng = np.random.default_rng(0)
    units = rng.integers(0, 500, 5000)
    parts = by_unit(units, seed=0, train=0.5, tune=0.1)
    assert all(len(set(parts[units == unit])) == 1 for unit in np.unique(units))
    shuffled = rng.permutation(5000)
    assert (by_unit(units[shuffled], seed=0, train=0.5, tune=0.1) == parts[shuffled]).all()


def test_a_column_says_it_in_our_words() -> None:
    assert list(by_column(["train", "audit"], name="part", source="x.csv")) == ["train", "audit"]
    with pytest.raises(
        DataError, match=r"x.csv: split column 'part' holds 'test'; its values must be train, tune, audit"
    ):
        by_column(["train", "test"], name="part", source="x.csv")
