"""Areas under the ROC curve against scikit-learn, by pairs, and by the share of draws their intervals cover."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from fairwitness.core.errors import TooFewError
from fairwitness.stats.auc import areas, auc, auc_from_histogram


@pytest.mark.parametrize("digits", [0, 1, 9])
def test_matches_sklearn_with_and_without_ties(digits: int) -> None:
    rng = np.random.default_rng(digits)
    labels = rng.integers(0, 2, 500)
    scores = np.round(rng.normal(size=500) + labels, digits)
    found = auc(scores, labels)
    assert found.value == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert (found.unit, found.n) == ("auc", 500)


def test_a_histogram_is_the_same_as_rows_tied_within_bins() -> None:
    negatives, positives = np.array([5, 3, 0, 2]), np.array([1, 0, 4, 6])
    scores = np.repeat([0, 1, 2, 3, 0, 1, 2, 3], [*negatives, *positives])
    labels = np.repeat([False, True], [negatives.sum(), positives.sum()])
    assert auc_from_histogram(negatives, positives) == auc(scores, labels)


def test_many_histograms_at_once_and_empty_classes() -> None:
    negatives = np.array([[3, 1], [0, 0], [1, 0]])
    positives = np.array([[1, 3], [2, 2], [0, 5]])
    # by pairs: (1·1.5 + 3·3.5) / 16 with ties half; no negatives; every positive above
    np.testing.assert_allclose(areas(negatives, positives), [12 / 16, np.nan, 1.0])


def test_one_class_or_unordered_scores_are_refused() -> None:
    with pytest.raises(TooFewError):
        auc([0.1, 0.2], [1, 1])
    with pytest.raises(ValueError, match="NaN"):
        auc([0.1, np.nan], [1, 0])
    with pytest.raises(ValueError, match="scores for"):
        auc([0.1, 0.2], [1])


def test_perfect_separation_still_has_doubt() -> None:
    found = auc(np.arange(20), np.arange(20) >= 10)
    assert found.value == found.high == 1
    assert found.low is not None
    assert 0.7 < found.low < 0.95


@pytest.mark.parametrize(
    ("shift", "spread", "sizes"),
    [(0.5, 1.0, (10, 10)), (2.5, 1.0, (10, 10)), (1.5, 1.0, (20, 100)), (1.5, 2.0, (20, 100)), (1.0, 0.5, (15, 60))],
)
def test_interval_covers(shift: float, spread: float, sizes: tuple[int, int]) -> None:
    """Two normal classes: the true area is known, and how alike they are in spread must not matter."""
    rng = np.random.default_rng(5)
    truth, labels, draws = stats.norm.cdf(shift / np.hypot(1, spread)), np.repeat([1, 0], sizes), 800
    covered = 0
    for _ in range(draws):
        scores = np.concatenate([rng.normal(shift, spread, sizes[0]), rng.normal(0, 1, sizes[1])])
        found = auc(scores, labels)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert covered / draws > 0.93
