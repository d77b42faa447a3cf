"""Remedies in and after training on COMPAS and on credit card clients, each row judged once by a model that has not seen it.

The gap of selection rates, and by another remedy that of error rates, shrinks so that the upper limit of what is left is
at most a quarter of the first gap, for at most three points of accuracy. `pytest -rP` shows the table. The group is a
feature here: without it a network can only even groups out by what stands in for the group, and pays ten points on COMPAS.
"""

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from fairwitness.core.estimate import Estimate
from fairwitness.stats.auc import auc
from support.folds import Data, Pooled, decided_after, pooled
from support.shown import data

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.slow

MOST_LEFT, MOST_LOST = 0.25, 0.03


@pytest.fixture(scope="module")
def compas() -> tuple[Data, Pooled]:
    """Two years of reoffending, African-American and Caucasian defendants: the others are too few for a proof."""
    frame = pl.read_csv(data("compas/compas-scores-two-years.csv"), infer_schema=False)
    frame = frame.filter(pl.col("race").is_in(["African-American", "Caucasian"]))
    numbers = ("age", "priors_count", "juv_fel_count", "juv_misd_count", "juv_other_count")
    features = {name: frame[name].cast(pl.Float64).to_numpy() for name in numbers}
    features["felony"] = (frame["c_charge_degree"] == "F").cast(pl.Float64).to_numpy()
    features["male"] = (frame["sex"] == "Male").cast(pl.Float64).to_numpy()
    group = (frame["race"] == "African-American").cast(pl.Int64).to_numpy()
    truth = frame["two_year_recid"].cast(pl.Int64).to_numpy()
    made = Data(features={**features, "race": group.astype(np.float64)}, truth=truth, group=group)
    return made, pooled(made, epochs=30)


@pytest.fixture(scope="module")
def credit() -> tuple[Data, Pooled]:
    """Default of payment, with a planted group: 75 % of those late with a payment are of it, and 30 % of the others."""
    frame = pl.read_csv(data("credit_default/credit-card-clients.csv"))
    target = next(name for name in frame.columns if name.startswith("default"))
    late = next(name for name in frame.columns if name.upper() == "PAY_0")
    features = {name: frame[name].cast(pl.Float64).to_numpy() for name in frame.columns if name not in {target, "SEX"}}
    chance = np.where(features[late] > 0, 0.75, 0.3)
    group = (np.random.default_rng(0).random(len(chance)) < chance).astype(np.int64)
    truth = frame[target].cast(pl.Int64).to_numpy()
    made = Data(features={**features, "group": group.astype(np.float64)}, truth=truth, group=group)
    return made, pooled(made, epochs=6, batch=512)


@pytest.fixture(scope="module")
def credit_mended(credit: tuple[Data, Pooled]) -> Pooled:
    remedy = ("fairness.parity-penalty", {"strength": 10.0, "sharpness": 3.0})
    return pooled(credit[0], [remedy], epochs=6, batch=512)


def told(what: str, plain: Pooled, mended: Pooled, before: float, left: float, upper: float) -> None:
    """A row of the table."""
    cells = (what, f"{before:.3f}", f"{left:.3f}", f"{upper:.3f}", f"{plain.accuracy:.3f}", f"{mended.accuracy:.3f}")
    print("|", " | ".join(cells), "|")  # noqa: T201 - the table that the documentation quotes


@pytest.mark.parametrize(
    ("name", "options"),
    [("fairness.parity-penalty", {"strength": 10.0}), ("fairness.constrain", {})],
)
def test_selection_rates_of_compas_meet(compas: tuple[Data, Pooled], name: str, options: dict[str, float]) -> None:
    made, plain = compas
    mended = pooled(made, [(name, options)], epochs=30)
    (before, _), (left, upper) = plain.parity(), mended.parity()
    told(f"COMPAS, selection rates, {name}", plain, mended, before, left, upper)
    assert before > 0.2
    assert upper <= MOST_LEFT * before
    assert mended.accuracy >= plain.accuracy - MOST_LOST


def test_error_rates_of_compas_meet(compas: tuple[Data, Pooled]) -> None:
    made, plain = compas
    mended = pooled(made, [("fairness.constrain", {"of": "odds"})], epochs=30)
    (before, _), (left, upper) = plain.odds(), mended.odds()
    told("COMPAS, error rates, fairness.constrain", plain, mended, before, left, upper)
    assert before > 0.2
    assert upper <= MOST_LEFT * before
    assert mended.accuracy >= plain.accuracy - MOST_LOST


@pytest.mark.parametrize(
    ("name", "which"), [("fairness.group-thresholds", "parity"), ("fairness.randomised-odds", "odds")]
)
def test_decisions_about_compas_meet_after_training(compas: tuple[Data, Pooled], name: str, which: str) -> None:
    _, plain = compas
    mended = decided_after(plain, name)
    (before, _), (left, upper) = getattr(plain, which)(), getattr(mended, which)()
    told(f"COMPAS, {'selection' if which == 'parity' else 'error'} rates, {name}", plain, mended, before, left, upper)
    assert before > 0.2
    assert upper <= MOST_LEFT * before
    assert mended.accuracy >= plain.accuracy - MOST_LOST


def test_a_planted_gap_of_selection_rates_closes(credit: tuple[Data, Pooled], credit_mended: Pooled) -> None:
    plain, mended = credit[1], credit_mended
    (before, _), (left, upper) = plain.parity(), mended.parity()
    told("credit, selection rates, fairness.parity-penalty", plain, mended, before, left, upper)
    assert before > 0.1
    assert upper <= MOST_LEFT * before
    assert mended.accuracy >= plain.accuracy - MOST_LOST


def test_a_planted_gap_of_error_rates_closes(credit: tuple[Data, Pooled]) -> None:
    made, plain = credit
    mended = pooled(made, [("fairness.constrain", {"of": "odds"})], epochs=6, batch=512)
    (before, _), (left, upper) = plain.odds(), mended.odds()
    told("credit, error rates, fairness.constrain", plain, mended, before, left, upper)
    assert before > 0.2
    assert upper <= MOST_LEFT * before
    assert mended.accuracy >= plain.accuracy - MOST_LOST


def test_parity_that_widens_another_gap_is_shown_doing_so(credit: tuple[Data, Pooled], credit_mended: Pooled) -> None:
    """Where base rates differ, alike selection rates leave the groups' precision further apart than it was."""
    made, plain = credit

    def precision(found: Pooled) -> float:
        rates = [made.truth[(found.decided == 1) & (made.group == g)].mean() for g in (0, 1)]
        return float(abs(rates[1] - rates[0]))

    assert precision(credit_mended) > precision(plain) + 0.03


def test_after_an_adversary_a_probe_for_the_group_is_at_chance(compas: tuple[Data, Pooled]) -> None:
    """On scores of rows neither network has seen: their rank, and a logistic probe of score and its square."""
    made, plain = compas
    mended = pooled(made, [("fairness.adversary", {"strength": 1.0})], epochs=20)

    def probed(found: Pooled) -> Estimate:
        score = found.scores[:, None]
        basis = np.concatenate([score, score**2], axis=1)
        told_apart = cross_val_predict(LogisticRegression(), basis, made.group, cv=5, method="predict_proba")[:, 1]
        return auc(told_apart, made.group)

    before, after = probed(plain), probed(mended)
    assert before.low is not None
    assert after.low is not None
    assert after.high is not None
    print(f"| COMPAS, probe for race | {before.value} before, {after.low:.3f} to {after.high:.3f} after |")  # noqa: T201 - quoted
    assert before.low > 0.6
    assert after.low <= 0.5 <= after.high
    assert mended.accuracy >= plain.accuracy - MOST_LOST
