"""The interval of a paired drop: by hand, and by how often it holds."""

import numpy as np
import pytest

from fairwitness.core.errors import TooFewError
from fairwitness.stats.paired import drop


def test_by_hand() -> None:
    """12 lost, 4 gained of 100: 8 points; (8 ± 1.96 sqrt(17 − 64/102)) / 102."""
    found = drop(12, 4, 100)
    assert found.value == 0.08
    half = 1.959964 * (17 - 64 / 102) ** 0.5
    assert (found.low, found.high) == pytest.approx(((8 - half) / 102, (8 + half) / 102), abs=1e-6)
    turned = drop(4, 12, 100)
    assert found.low is not None
    assert found.high is not None
    assert (turned.value, turned.low, turned.high) == pytest.approx((-0.08, -found.high, -found.low))


@pytest.mark.parametrize(("lost", "gained"), [(0.01, 0.0), (0.05, 0.02), (0.3, 0.1), (0.02, 0.02), (0.6, 0.0)])
@pytest.mark.parametrize("n", [40, 500])
def test_holds_as_often_as_it_says(lost: float, gained: float, n: int) -> None:
    rng = np.random.default_rng(0)
    draws = rng.multinomial(n, [lost, gained, 1 - lost - gained], size=2_000)
    inside = 0
    for a, b, _ in draws:
        found = drop(int(a), int(b), n)
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= lost - gained <= found.high
    assert inside / 2_000 >= 0.94


def test_nothing_and_too_much() -> None:
    with pytest.raises(TooFewError):
        drop(0, 0, 0)
    with pytest.raises(ValueError, match="do not fit"):
        drop(3, 3, 5)
    whole = drop(5, 0, 5)
    assert whole.value == whole.high == 1
