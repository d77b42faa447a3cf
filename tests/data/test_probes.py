"""Linear probes: against scikit-learn, and permutations that say nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.data.probes import linear, readable
from fairwitness.stats.levels import fold_of


@pytest.mark.parametrize("width", [7, 400])
def test_scores_are_those_of_ridge_regression(width: int) -> None:
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    table = rng.normal(size=(200, width)) * np.minimum(np.arange(1, width + 1), 8)
    classes = np.where(table[:, 0] + rng.normal(size=200) > 0, "b", "a").astype(object)
    found = linear(table, classes, rng=np.random.default_rng(5), draws=0)
    scaled = (table - table.mean(axis=0)) / table.std(axis=0)
    target = (classes == "b").astype(float) - (classes == "b").mean()
    fold = fold_of((classes == "b").astype(np.int64), rng=np.random.default_rng(5))
    for part in range(5):
        out = fold == part
        model = Ridge(alpha=width, fit_intercept=False).fit(scaled[~out], target[~out])
        np.testing.assert_allclose(found.scores[out, 1], model.predict(scaled[out]), atol=1e-10)
    assert set(found.told) == {"b"}
    assert (found.told["b"].low or 0) > 0.6 or width > 7


def test_three_classes_and_a_column_that_says_nothing() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 3, 300)
    table = np.column_stack([np.eye(3)[codes] + 0.7 * rng.normal(size=(300, 3)), np.ones(300)])
    found = linear(table, np.array(["x", "y", "z"], dtype=object)[codes], rng=rng, draws=19)
    assert set(found.told) == {"x", "y", "z"}
    assert found.p == 0.05
    assert found.scores.shape == (300, 3)


def test_p_is_uniform_where_nothing_is_told_and_strata_account_for_what_they_tell() -> None:
    """Classes go with strata and so does the table, and with nothing else: told overall, not within."""
    rng = np.random.default_rng(2)
    plain, inside = [], []
    for _ in range(60):
        strata = rng.integers(0, 2, 80)
        classes = np.where(rng.random(80) < 0.2 + 0.6 * strata, "b", "a").astype(object)
        table = strata[:, None] + 0.5 * rng.normal(size=(80, 3))
        plain.append(linear(table, classes, rng=rng, draws=19).p)
        inside.append(linear(table, classes, rng=rng, draws=19, strata=strata).p)
    assert np.mean(np.array(plain) <= 0.05) > 0.9
    assert np.mean(np.array(inside) <= 0.05) < 0.15  # 60 × 0.05 = 3 ± 1.7
    assert 0.4 < np.mean(inside) < 0.65


def test_pictures_texts_and_series_become_numbers() -> None:
    rows = Rows(
        ids=np.arange(3),
        columns={"t": np.array(["a b b", None, "a"], dtype=object), "x": np.array([1.0, np.nan, 3.0])},
        media={"i": np.arange(3 * 20 * 40, dtype=np.uint8).reshape(3, 20, 40), "s": np.ones((3, 4, 2))},
    )
    kinds = {"t": "text", "x": "number", "i": "image", "s": "series"}
    columns = [Column(name=name, kind=kind) for name, kind in kinds.items()]  # type: ignore[arg-type]  # a Kind each
    table = readable(rows, columns)
    assert table.shape == (3, 1 + 512 + 256 + 8)
    words = table[:, 1:513]
    np.testing.assert_allclose((words**2).sum(axis=1), [1, 0, 1])
    assert sorted(words[0][words[0] > 0]) == pytest.approx(np.log([2, 3]) / np.hypot(*np.log([2, 3])))
    assert readable(rows, []).shape == (3, 0)


def test_half_a_character_is_a_word_like_any_other() -> None:
    """JSON may hold one, and UTF-8 may not."""
    rows = Rows(ids=np.arange(2), columns={"t": np.array(["a \ud800", "a"], dtype=object)})
    assert (readable(rows, [Column(name="t", kind="text")]) > 0).sum(axis=1).tolist() == [2, 1]
