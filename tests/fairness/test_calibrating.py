"""Maps of scores against other libraries and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from fairwitness.fairness.calibrating import Calibrated, ScoreMap, calibrated, log_odds


def test_platts_line_is_a_logistic_regression_on_his_targets() -> None:
    rng = np.random.default_rng(0)
    scores = rng.beta(2, 3, 400)
    recorded = rng.random(400) < scores**2
    found = calibrated(scores, recorded, "platt").line
    up, down = recorded.sum(), (~recorded).sum()
    target = np.where(recorded, (up + 1) / (up + 2), 1 / (down + 2))
    twice = np.tile(log_odds(scores), 2)[
        :, None
    ]  # each row once as positive and once as negative, weighed by its target
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(
        twice, np.repeat([1, 0], 400), sample_weight=np.concatenate([target, 1 - target])
    )
    assert found == pytest.approx((model.coef_[0, 0], model.intercept_[0]), rel=1e-4)


def test_the_isotonic_map_is_the_min_max_formula() -> None:
    """Barlow, Bartholomew, Bremner and Brunk 1972: at place i, max over s <= i of min over t >= i of the mean of s..t."""
    rng = np.random.default_rng(1)
    scores = np.sort(rng.random(40))
    recorded = rng.random(40) < scores
    expected = [max(min(recorded[s : t + 1].mean() for t in range(i, 40)) for s in range(i + 1)) for i in range(40)]
    np.testing.assert_allclose(calibrated(scores, recorded, "isotonic")(scores), expected)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_a_known_curve_is_found(method: str) -> None:
    rng = np.random.default_rng(2)
    scores = rng.random(40_000)
    truth = 1 / (1 + np.exp(-(0.5 * log_odds(scores) - 1)))
    own = calibrated(scores, rng.random(40_000) < truth, "platt" if method == "platt" else "isotonic")
    middle = (scores > 0.05) & (scores < 0.95)
    assert np.abs(own(scores) - truth)[middle].mean() < (0.006 if method == "platt" else 0.015)


def test_each_group_has_its_own_map_and_others_the_common_one() -> None:
    edit = Calibrated(groups={"a": ScoreMap(knots=((0.0, 1.0), (0.0, 0.5)))}, others=ScoreMap())
    found = edit.rescore(np.array([[0.6], [0.6], [0.0]]), np.array(["a", "b", "b"], dtype=object))
    assert found[:, 0].tolist() == pytest.approx([0.3, 0.6, 0.0], abs=1e-5)
