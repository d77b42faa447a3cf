from math import exp, log

import numpy as np
import pytest

from fairwitness.core.errors import TooFewError
from fairwitness.fairness.fit import Fit, fit, widest_ratio


def test_the_ratio_of_sums_has_the_jackknifes_error() -> None:
    """The linear standard error and that of leaving one row out agree to the order 1 / n."""
    rng = np.random.default_rng(0)
    units = rng.integers(1, 30, 400).astype(float)
    nats = units * rng.gamma(9, 0.5, 400)
    found = fit(nats, units)
    left_out = np.log((nats.sum() - nats) / (units.sum() - units))
    jackknife = np.sqrt(399 / 400 * ((left_out - left_out.mean()) ** 2).sum())
    assert found.value == pytest.approx(nats.sum() / units.sum())
    assert found.error == pytest.approx(jackknife, rel=0.01)


def test_one_row_says_nothing_of_the_spread() -> None:
    with pytest.raises(TooFewError):
        fit(np.ones(1), np.ones(1))


def test_two_groups_named_beforehand() -> None:
    """exp(log(3 / 2) ± 1.96 · 0.05), by hand: errors 0.03 and 0.04."""
    fits = {"b": Fit(value=3.0, error=0.03, rows=50), "a": Fit(value=2.0, error=0.04, rows=60)}
    groups, ratio = widest_ratio(fits)
    assert groups == ("a", "b")
    expected = [exp(log(1.5) + sign * 1.959964 * 0.05) for sign in (0, -1, 1)]
    assert [ratio.value, ratio.low, ratio.high] == pytest.approx(expected, rel=1e-6)
    assert ratio.n == 110


@pytest.mark.parametrize("values", [(2.0, 2.0, 2.0, 2.0), (2.0, 2.1, 2.2, 2.4)])
def test_the_interval_holds_the_widest_ratio_there_truly_is(values: tuple[float, ...]) -> None:
    """Rows of 1 to 20 tokens, whose nats a token spread by a third: in 95 % of 400 draws at least, less four errors."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(400):
        fits: dict[str, Fit] = {}
        for value in values:
            units = rng.integers(1, 20, 80).astype(float)
            fits[str(len(fits))] = fit(units * value * rng.gamma(9, 1 / 9, 80), units)
        _, ratio = widest_ratio(fits)
        assert ratio.low is not None
        assert ratio.high is not None
        held += ratio.low <= max(values) / min(values) <= ratio.high
    assert held / 400 > 0.95 - 4 * np.sqrt(0.95 * 0.05 / 400)
