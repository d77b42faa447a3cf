"""Who learns from what: counted."""

import numpy as np
import pytest

from fairwitness.torchkit.masks import all_but_one_fold, halves, out_of_fold


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_halves_are_random_and_complementary() -> None:
    masks = halves(np.repeat(np.arange(50), 3), 6, rng())
    assert (masks[::2] == ~masks[1::2]).all()
    assert masks.sum(axis=1).tolist() == [75] * 6
    assert (masks.sum(axis=0) == 3).all()
    assert len({mask.tobytes() for mask in masks}) == 6
    with pytest.raises(ValueError, match="ask for an even number"):
        halves(np.arange(4), 3, rng())


def test_each_row_is_left_out_of_one_fold_with_all_rows_of_its_unit() -> None:
    units = rng(1).permutation(np.repeat([f"person {number}" for number in range(23)], 3))
    masks = all_but_one_fold(units, 5, rng())
    assert ((~masks).sum(axis=0) == 1).all()
    for person in np.unique(units):
        assert len(np.unique(masks[:, units == person], axis=1).T) == 1
    assert sorted((~masks).sum(axis=1).tolist()) == [12, 12, 15, 15, 15]  # 23 people of 3 rows in 5 folds


def test_folds_hold_each_label_equally_often() -> None:
    labels = rng(2).permutation(np.array(["rare"] * 10 + ["common"] * 40))
    masks = all_but_one_fold(np.arange(50), 5, rng(), labels=labels)
    assert [int((labels[~mask] == "rare").sum()) for mask in masks] == [2] * 5
    assert [int((~mask).sum()) for mask in masks] == [10] * 5
    assert not np.array_equal(masks, all_but_one_fold(np.arange(50), 5, rng(1), labels=labels))


@pytest.mark.parametrize("count", [1, 4])
def test_folds_that_cannot_be_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} folds of 3 units; at least 2 folds, each with a unit"):
        all_but_one_fold(np.arange(3), count, rng())


def test_scores_out_of_fold_are_those_of_networks_that_have_not_seen_the_row() -> None:
    learn = np.array([[True, False, False], [False, True, False]])
    scores = np.array([[[1.0], [2.0], [3.0]], [[10.0], [20.0], [30.0]]])
    assert out_of_fold(scores, learn).tolist() == [[10.0], [2.0], [16.5]]
    with pytest.raises(ValueError, match="have seen 1 of the rows"):
        out_of_fold(scores, learn | [True, False, False])
