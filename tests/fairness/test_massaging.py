"""Labels changed: ten applicants and other counts, worked out by hand by the rule of Kamiran and Calders 2012."""

from __future__ import annotations

import numpy as np
import pytest

from fairwitness.core.columns import Column
from fairwitness.core.errors import UserError
from fairwitness.core.remedy import Learning
from fairwitness.core.subject import Rows
from fairwitness.fairness.massaging import looks_good, massaging
from fairwitness.fairness.remedies.massage import Massage, MassageOptions

SEX = np.array(["m"] * 5 + ["f"] * 5)
GOOD = np.array([1, 1, 1, 1, 0, 0, 0, 1, 0, 1], dtype=bool)
CHANCE = np.array([0.98, 0.89, 0.98, 0.69, 0.30, 0.02, 0.40, 0.76, 0.02, 0.93])


def test_ten_applicants() -> None:
    """4 of 5 men and 2 of 5 women have it, so one of each moves: of the women without it the one at
    40 % gets it, of the men with it the one at 69 % loses it.
    """
    assert np.flatnonzero(massaging(SEX, GOOD, CHANCE)).tolist() == [3, 6]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_any_number_of_groups_goes_that_far_towards_one_rate_and_as_many_stay_good(share: float) -> None:
    rng = np.random.default_rng(0)
    groups = rng.choice(["a", "b", "c"], 3000, p=[0.6, 0.3, 0.1])
    good = rng.random(3000) < np.where(groups == "a", 0.6, 0.3)
    scores = rng.random(3000)
    changed = massaging(groups, good, scores, share=share)
    after = good ^ changed
    assert abs(int(after.sum()) - int(good.sum())) <= 2
    for name in "abc":
        of = groups == name
        expected = (1 - share) * good[of].mean() + share * good.mean()
        assert after[of].mean() == pytest.approx(expected, abs=0.51 / of.sum())
        kept, moved = scores[of & good & ~changed], scores[of & good & changed]
        assert not len(moved) or moved.max() <= kept.min()  # those that lose it look worst
        assert not (changed & good & of).any() or not (changed & ~good & of).any()


def test_rows_are_ranked_by_models_that_have_not_seen_their_unit() -> None:
    """A column that names the unit says nothing of a unit never seen; the one that tells the outcome does."""
    rng = np.random.default_rng(0)
    units = np.repeat(np.arange(300), 2)
    good = rng.random(300)[units] < 0.5
    columns = {"x": good + rng.normal(0, 0.5, 600), "unit": units.astype(np.float64)}
    told = looks_good(columns, [Column(name="x", kind="number")], good, units, rng=rng)
    blind = looks_good(columns, [Column(name="unit", kind="integer")], good, units, rng=rng)
    assert told[good].mean() > told[~good].mean() + 0.4
    assert abs(blind[good].mean() - blind[~good].mean()) < 0.06


def test_rows_of_pictures_cannot_be_ranked() -> None:
    learning = Learning(
        rows=Rows(ids=np.arange(4), columns={}, media={"image": np.zeros((4, 2, 2))}),
        target=np.array(["no", "yes"] * 2, dtype=object),
        weights=np.ones(4),
        groups={"sex": np.array(["f", "m", "f", "m"], dtype=object)},
        columns=(Column(name="image", kind="image"),),
        classes=("no", "yes"),
        positive="yes",
        favorable="yes",
        units=np.arange(4),
    )
    with pytest.raises(UserError, match="there are none; take fairness"):
        Massage().rows(learning, MassageOptions(), by="sex", rng=np.random.default_rng(0))
