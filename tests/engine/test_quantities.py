"""Settings of predicted quantities and of lists: what is audited, and each wrong setting in one line."""

from typing import Any

import numpy as np
import polars as pl
import pytest

import fairwitness
from fairwitness.core.errors import ColumnError, ConfigError, DataError, UserError
from fairwitness.core.findings import Finding

CHECKS = ["fairness.mean-error-gap", "fairness.exposure-ratio", "fairness.flag-rate-ratio"]


def frame(n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    rent = rng.normal(50, 10, n)
    return pl.DataFrame(
        {
            "race": rng.choice(["a", "b"], n),
            "rent": rent,
            "guess": rent + rng.normal(size=n),
            "good": rng.integers(0, 2, n),
            "chance": rng.random(n),
            "query": [f"q{i // 20}" for i in range(n)],
            "text": ["x"] * n,
        }
    )


def audit(data: pl.DataFrame | None = None, **settings: Any) -> dict[str, Finding]:
    settings = {"groups": ["race"], "checks": {"only": CHECKS}, **settings}
    report = fairwitness.audit(frame() if data is None else data, **settings)
    return {finding.check: finding for finding in report.findings}


def test_a_recorded_prediction_is_audited_and_lists_stay_off() -> None:
    found = audit(target="rent", prediction="guess")
    assert found["fairness.mean-error-gap"].verdict == "pass"
    assert found["fairness.exposure-ratio"].reason.startswith("Needs rows placed in lists: declare [ranking]")
    assert found["fairness.flag-rate-ratio"].reason.startswith("Needs flags of what is unusual")


def test_a_target_of_few_numbers_is_a_quantity_where_one_is_predicted() -> None:
    data = frame().with_columns(rent=10 * (pl.col("rent") / 10).round(0))
    assert audit(data, target="rent", prediction="guess")["fairness.mean-error-gap"].verdict == "pass"


def test_lists_are_ordered_by_a_column_or_by_the_score() -> None:
    by_column = audit(target="good", positive=1, ranking={"score": "rent", "list": "query"})["fairness.exposure-ratio"]
    assert "20 lists of 400 people" in by_column.lead
    by_score = audit(target="good", positive=1, score="chance", ranking={"list": "query"})["fairness.exposure-ratio"]
    assert "20 lists" in by_score.lead
    whole = audit(target="good", positive=1, ranking={"score": "rent"})["fairness.exposure-ratio"]
    assert "1 list of 400 people" in whole.lead
    assert whole.verdict in {"pass", "uncertain"}


def test_declared_anomalies_are_flags() -> None:
    found = audit(target="good", positive=1, decision="chance >= 0.9", subject={"task": "anomaly"})
    assert found["fairness.flag-rate-ratio"].verdict in {"uncertain", "pass"}


@pytest.mark.parametrize("decision", ["chance >= 0.9", "good"])
def test_flags_need_no_record_of_who_was_unusual(decision: str) -> None:
    found = audit(
        decision=decision, subject={"task": "anomaly", "positive": 1} if decision == "good" else {"task": "anomaly"}
    )
    assert found["fairness.flag-rate-ratio"].verdict in {"uncertain", "pass"}


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"target": "rent", "prediction": "gess"}, ColumnError, "did you mean 'guess'"),
        ({"target": "good", "positive": 1, "prediction": "text"}, ColumnError, "not a column of numbers"),
        ({"target": "query", "prediction": "guess"}, ConfigError, "holds classes; name [model] decision"),
        ({"prediction": "guess"}, ConfigError, "prediction needs [subject] target"),
        ({"target": "rent", "prediction": "guess", "score": "chance"}, ConfigError, "stands alone"),
        ({"target": "good", "ranking": {"score": "rnt"}}, ColumnError, "for [ranking] score; did you mean 'rent'"),
        ({"target": "good", "ranking": {"score": "rent", "list": "qery"}}, ColumnError, "did you mean 'query'"),
        ({"target": "good", "ranking": {"list": "query"}}, ConfigError, "[ranking] needs score"),
        ({"target": "good", "ranking": {"scor": "rent"}}, ConfigError, "did you mean 'score'"),
        ({"target": "good", "ranking": {"score": "text"}}, ColumnError, "not a column of numbers"),
    ],
)
def test_wrong_settings_are_one_line(settings: dict[str, Any], kind: type[UserError], words: str) -> None:
    with pytest.raises(kind) as caught:
        audit(**settings)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "settings"),
    [
        ("guess", {"target": "rent", "prediction": "guess"}),
        ("rent", {"target": "good", "positive": 1, "ranking": {"score": "rent"}}),
        ("query", {"target": "good", "positive": 1, "ranking": {"score": "rent", "list": "query"}}),
    ],
)
def test_empty_cells_are_refused(column: str, settings: dict[str, Any]) -> None:
    data = frame().with_columns(pl.when(pl.col("chance") < 0.01).then(None).otherwise(pl.col(column)).alias(column))
    with pytest.raises(DataError, match=r"missing in|empty in"):
        audit(data, **settings)
