import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.check import Measured, NotApplicable, Outcome
from fairwitness.core.columns import MISSING, Column
from support import given
from support.generated import asked, fitted, outline

TEXT = Column(name="text", kind="text")


def found(dialect: NDArray[np.object_], worse: float) -> Outcome:
    """Nats a token of 2, and `worse` times as many for the dialect `south`."""
    rng = np.random.default_rng(0)
    n = len(dialect)
    units = rng.integers(1, 30, n)
    nats = units * 2 * np.where(dialect == "south", worse, 1.0) * rng.gamma(25, 1 / 25, n)
    part = np.where(np.arange(n) % 2, "audit", "train")
    return asked(given.check("fairness.fit-ratio"), outline(TEXT), lambda _: fitted(nats, units, part, dialect))


def dialects(*counts: int) -> NDArray[np.object_]:
    names = ["north", "south", "west", MISSING]
    return np.random.default_rng(1).permutation(np.repeat(names[: len(counts)], counts)).astype(object)


def test_a_group_that_is_fitted_worse_is_named_with_its_interval() -> None:
    outcome = found(dialects(600, 600, 20, 100), 1.5)
    assert isinstance(outcome, Measured)
    ((key, ratio),) = outcome.judged.items()
    assert key.groups == ("north", "south")
    assert ratio.value == pytest.approx(1.5, abs=0.1)
    assert ratio.low is not None
    assert ratio.low > 1.3
    assert "1.5" in outcome.headline
    assert "nats a token for rows with south" in outcome.headline
    assert outcome.notes == ("west: fewer than 30 audit rows, too few to compare",)
    table = given.series(outcome, "Fit by dialect")
    assert table["dialect"] == ("north", "south")


def test_groups_fitted_alike_reach_one() -> None:
    outcome = found(dialects(600, 600), 1.0)
    assert isinstance(outcome, Measured)
    (ratio,) = outcome.judged.values()
    assert ratio.low == pytest.approx(1.0)


def test_one_group_alone_is_not_compared() -> None:
    assert isinstance(found(dialects(600, 20), 1.5), NotApplicable)


def test_a_density_above_one_has_no_ratio() -> None:
    rows = fitted(-np.ones(200), np.ones(200), np.full(200, "audit"), dialects(100, 100))
    outcome = asked(given.check("fairness.fit-ratio"), outline(TEXT), lambda _: rows)
    assert isinstance(outcome, NotApplicable)
