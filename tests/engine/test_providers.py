"""Tallies and rows from a subject, against counting by pandas."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairwitness.core.asks import FAVORED, LABEL, SCORE, RowsAsk, TallyAsk, group_column
from fairwitness.engine.audit import audit
from fairwitness.engine.cache import Cache
from fairwitness.engine.config import parse
from fairwitness.engine.progress import silent
from fairwitness.engine.providers import Provider
from fairwitness.engine.subject import Subject, assemble
from fairwitness.io.read import read


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 5000
    return pd.DataFrame(
        {
            "race": rng.choice(["a", "b", "c"], n, p=[0.7, 0.2, 0.1]),
            "male": rng.choice([0.0, 1.0, np.nan], n, p=[0.5, 0.45, 0.05]),
            "p": rng.random(n).round(3),
            "y": rng.integers(0, 2, n),
            "z": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
        }
    )


@pytest.fixture(scope="module")
def subject(frame: pd.DataFrame) -> Subject:
    settings = {
        "subject": {"target": "y", "positive": 1, "favorable": 0, "groups": ["race", "sex"]},
        "groups": {"sex": {"column": "male", "values": {"1": "men", "0": "women"}}},
        "model": {"score": "p"},
    }
    config = parse(settings, source="x")
    return assemble(read(frame), config, model=None, base=Path(), cache=Cache(None), progress=silent, source="x")


def test_counts_equal_pandas(frame: pd.DataFrame, subject: Subject) -> None:
    ask = TallyAsk(by=("race", "sex"), of=(LABEL, FAVORED), judged=True)
    tally = Provider(subject, seed=0).give([ask])[ask]
    sex = frame["male"].map({1.0: "men", 0.0: "women"}).fillna("(missing)")
    favoured = np.where(frame["p"] >= 0.5, "no", "yes")  # predicted 1, which is bad for the person
    label = np.where(frame["y"] == 1, "yes", "no")
    expected = pd.Series(1, index=[frame["race"], sex, label, favoured]).groupby(level=[0, 1, 2, 3]).sum()
    counted = {tuple(key.split(" × ")): n for key, n in tally.by(["race", "sex", LABEL, FAVORED]).items()}
    assert counted == expected.to_dict()
    assert tally.total == len(frame)


def test_binned_scores_carry_their_sums(frame: pd.DataFrame, subject: Subject) -> None:
    ask = TallyAsk(by=("race",), of=(SCORE,), edges=((SCORE, (0.0, 0.25, 0.5, 1.0)),), sums=(SCORE,), judged=True)
    tally = Provider(subject, seed=0).give([ask])[ask]
    expected = frame.groupby("race")["p"].sum()
    assert tally.sum_by(["race"], SCORE) == pytest.approx(expected.to_dict())
    low = tally.where({SCORE: "[0, 0.25)"}).by(["race"])
    assert low == frame[frame["p"] < 0.25].groupby("race").size().to_dict()


def test_missing_values_are_counted_by_group(frame: pd.DataFrame, subject: Subject) -> None:
    ask = TallyAsk(by=("race",), missing=("z",))
    tally = Provider(subject, seed=0).give([ask])[ask]
    assert tally.hits(["race"], "z") == frame["z"].isna().groupby(frame["race"]).sum().to_dict()


def test_rows_are_raw_and_groups_apart(frame: pd.DataFrame, subject: Subject) -> None:
    ask = RowsAsk(columns=("male", "z"), groups=("sex",), at_most=1000)
    rows = Provider(subject, seed=0).give([ask])[ask]
    again = Provider(subject, seed=0).give([ask])[ask]
    assert (rows.ids == again.ids).all()
    assert len(rows) == len(set(rows.ids)) == 1000
    np.testing.assert_array_equal(rows.columns["male"], frame["male"].to_numpy()[rows.ids])
    assert set(rows.columns[group_column("sex")]) == {"men", "women", None}


def test_permuting_rows_changes_no_judged_number(frame: pd.DataFrame) -> None:
    """Recorded scores: all rows are judged, so their order cannot matter; only rows drawn at random are then others."""
    settings = {
        "subject": {"target": "y", "positive": 1, "favorable": 0, "groups": ["race"]},
        "model": {"score": "p"},
        "checks": {"only": ["fairness"]},
    }
    config = parse(settings, source="x")
    whole = audit(config, data=frame)
    mixed = audit(config, data=frame.sample(frac=1, random_state=1).reset_index(drop=True))
    one, other = (
        [each for f in found.findings for each in f.evidence if each.verdict != "explored"] for found in (whole, mixed)
    )
    assert one
    assert [(e.name, e.n, e.verdict) for e in one] == [(e.name, e.n, e.verdict) for e in other]
    for here, there in zip(one, other, strict=True):  # sums of scores differ in the last bit
        assert (here.value, here.low, here.high) == pytest.approx((there.value, there.low, there.high), rel=1e-12)
