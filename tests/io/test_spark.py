"""Spark counts as Polars does; a session of its own on this machine, with the Java that is installed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

pytest.importorskip("pyspark")
if shutil.which("java") is None:
    pytest.skip("needs Java", allow_module_level=True)

import fairwitness
from fairwitness.core.errors import UserError
from fairwitness.engine.cells import tally
from fairwitness.io import lazily
from fairwitness.io.counting import Wanted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")]

WANTED = Wanted(
    by=("race", "age", "score", "member", "y"),
    cuts={"age": (25.0, 45.0), "score": (0.0, 0.1, 0.5, 1.0, float(np.nextafter(1.0, 2.0)))},
    whole=frozenset({"age"}),
    missing=("income",),
    sums=("score",),
    sentinels={"income": (999.0,)},
)


@pytest.fixture(scope="module")
def spark() -> Iterator["SparkSession"]:
    from pyspark.sql import SparkSession

    made = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield made
    made.stop()


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    rng = np.random.default_rng(4)
    n = 3000
    income = np.round(rng.normal(size=n), 3)
    income[:30] = 999
    score = np.round(rng.random(n), 4)
    score[:9] = 1.0
    return pl.DataFrame(
        {
            "race": rng.choice(["a", "b", "NA"], n),
            "age": rng.integers(18, 90, n),
            "income": income,
            "score": score,
            "member": rng.random(n) < 0.5,
            "y": (rng.random(n) < score).astype(int),
        }
    ).with_columns(
        pl.when(pl.col("race") == "NA").then(None).otherwise(pl.col("race")).alias("race"),
        pl.when(pl.int_range(n) % 9 == 0).then(None).otherwise(pl.col("income")).alias("income"),
    )


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_counts_equal_those_of_polars_and_sums_to_twelve_digits(
    spark: "SparkSession", rows: pl.DataFrame, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    rows.write_parquet(path) if name.endswith("parquet") else rows.write_csv(path, null_value="NA")
    theirs = lazily.scan(path, engine="spark")
    here, there = tally(rows.lazy(), WANTED), tally(theirs.frame, WANTED)
    assert theirs.height == 3000
    assert here.axes == there.axes
    assert here.codes.tolist() == there.codes.tolist()
    assert here.counts.tolist() == there.counts.tolist()
    for sums in here.sums:
        np.testing.assert_allclose(there.sums[sums], here.sums[sums], rtol=1e-12)
    drawn = theirs.drawn(1000, 0)
    assert len(drawn) == 1000
    assert drawn.frame.join(rows, on=rows.columns, how="semi", nulls_equal=True).height == 1000


def test_an_audit_on_spark_says_of_everybody_what_one_in_memory_says(spark: "SparkSession", rows: pl.DataFrame) -> None:
    config = {
        "data": {"sample": 1000},
        "subject": {"target": "y", "positive": 1, "favorable": 1, "groups": ["race", "age"]},
        "groups": {"age": {"edges": [25, 45]}},
        "model": {"score": "score"},
        "checks": {"only": ["fairness.accuracy-gap", "fairness.calibration-gap", "data.missingness-gap"]},
    }
    frame = spark.createDataFrame(rows.to_arrow())
    here, there = (fairwitness.audit(data, config=config).findings for data in (rows, frame))
    assert [(each.id, each.verdict, each.title) for each in here] == [
        (each.id, each.verdict, each.title) for each in there
    ]
    quantiles = {**config, "groups": {"age": {"quantiles": 3}}}
    with pytest.raises(UserError, match="quantiles differ from engine to engine; declare edges"):
        fairwitness.audit(frame, config=quantiles)


def test_what_spark_cannot_read_is_one_line(spark: "SparkSession", tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"no parquet at all")
    with pytest.raises(UserError, match=r"^bad.parquet: Spark cannot read it \(.*\); mend it"):
        lazily.scan(tmp_path / "bad.parquet", engine="spark")
    (tmp_path / "x.arrow").write_bytes(b"ARROW1")
    with pytest.raises(UserError, match="Spark reads Parquet and CSV here"):
        lazily.scan(tmp_path / "x.arrow", engine="spark")
