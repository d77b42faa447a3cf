"""Audits of counts say of every person what audits of the rows say."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import fairwitness
from fairwitness.core.errors import UserError
from fairwitness.core.findings import Finding
from fairwitness.engine import scale
from fairwitness.engine.audit import audit
from fairwitness.engine.cells import table, tally
from fairwitness.engine.config import Config, parse
from fairwitness.engine.progress import silent
from fairwitness.io.counting import Wanted
from fairwitness.stats.tally import Tally

SETTINGS: dict[str, Any] = {
    "name": "planted",
    "data": {"sample": 1000},
    "subject": {"target": "y", "positive": 1, "favorable": 1, "groups": ["race", "age"]},
    "groups": {"age": {"edges": [25, 45]}},
    "columns": {"income": {"sentinels": [999]}},
    "model": {"score": "score", "threshold": 0.6},
}
COUNTED = {"data", "fairness"}
ROWS = {
    *("data.proxies", "data.target-leaks", "data.sentinel-codes", "data.clashing-headers", "data.bias-source"),
    *("data.unequal-measurement", "data.label-error-gap", "data.unlike-relations", "data.unexplained-gap"),
    *("data.unexplained-missingness", "data.stand-in-gap", "data.annotator-gap", "fairness.local-law-144"),
    *(
        "data.label-conflicts",
        "data.near-duplicates",
        "fairness.auc-gap",
        "fairness.score-errors",
        "fairness.consistency",
    ),
    "fairness.worst-slices",
}
"""What takes rows."""
LESS = {"fairness.local-law-144", "fairness.auc-gap"}
"""What says less, and not nothing, where there are none."""


def people(n: int = 6000) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    race = rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1])
    income = np.round(rng.normal(size=n), 3)
    income[rng.random(n) < np.where(race == "b", 0.2, 0.05)] = np.nan
    income[:50] = 999
    score = np.round(rng.random(n), 2)
    score[:20] = 1.0
    return pl.DataFrame(
        {
            "race": race,
            "age": rng.integers(18, 90, n),
            "income": income,
            "score": score,
            "y": (rng.random(n) < score).astype(int),
            "plan": rng.integers(0, 5, n),
        }
    ).with_columns(
        pl.col("income").fill_nan(None),
        pl.when(pl.col("race") == "c").then(None).otherwise(pl.col("race")).alias("race"),
        pl.when(pl.int_range(n) % 97 == 0).then(None).otherwise(pl.col("y")).alias("y"),
    )


def told(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """What is said of people, sample or not."""
    return {
        each.id: near([each.verdict, each.title, each.evidence, each.series])
        for each in findings
        if each.pillar in COUNTED and each.check not in ROWS
    }


def near(thing: Any) -> Any:
    """Numbers to ten digits: sums differ in the last ones by the order in which rows are added."""
    if is_dataclass(thing) and not isinstance(thing, type):
        return near(asdict(thing))
    if isinstance(thing, dict):
        return {key: near(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [near(each) for each in thing]
    return float(f"{thing:.10g}") if isinstance(thing, float) else thing


def settings(**changes: Any) -> Config:
    return parse({**SETTINGS, **changes}, source="audit.toml")


def count(path: Path, config: Config, **more: Any) -> Tally:
    return scale.count(str(path), config, base=Path(), progress=silent, source="audit.toml", **more)


def test_a_scan_is_audited_as_the_rows_are_and_what_takes_rows_sees_a_sample() -> None:
    rows = people()
    whole = fairwitness.audit(rows, config=SETTINGS).findings
    found = fairwitness.audit(rows.lazy(), config=SETTINGS)
    lazy = {each.id: each for each in found.findings}
    mine = {each.id: each for each in whole}
    copies = lazy.pop("data.exact-duplicates"), mine.pop("data.exact-duplicates")
    assert told(tuple(lazy.values())) == told(tuple(mine.values()))
    assert copies[0].verdict == "not-applicable"
    assert copies[0].reason.startswith("Needs every row at once, and 985 of 5,938 were drawn")
    assert "Measured on 985 rows drawn at random from 5,938" in lazy["data.proxies/race"].notes
    assert found.document.subject.rows == 5938
    assert any("Counts are of all rows" in note for note in found.document.subject.notes)


def test_few_rows_are_read_whole() -> None:
    rows = people(900)
    whole, lazy = (fairwitness.audit(data, config=SETTINGS).findings for data in (rows, rows.lazy()))
    assert [(each.id, each.verdict, each.title) for each in whole if each.pillar != "carbon"] == [
        (each.id, each.verdict, each.title) for each in lazy if each.pillar != "carbon"
    ]


def test_shards_counted_apart_are_audited_as_one(tmp_path: Path) -> None:
    rows, config = people(), settings()
    rows[:1000].write_parquet(tmp_path / "a.parquet")
    rows[1000:2500].write_csv(tmp_path / "b.csv")
    rows[2500:].write_ipc(tmp_path / "c.arrow")
    paths = []
    for name in ("a.parquet", "b.csv", "c.arrow"):
        paths.append(tmp_path / f"{name}.tally")
        count(tmp_path / name, config).save(paths[-1])
    shards = audit(config, tallies_of=paths, source="audit.toml")
    whole = audit(config, data=rows, source="audit.toml")
    mine, theirs = told(whole.findings), told(shards.findings)
    assert mine.pop("data.exact-duplicates") != theirs.pop("data.exact-duplicates")
    assert theirs == mine
    refused = {each.id: each for each in shards.findings if each.check in ROWS - LESS}
    assert {each.verdict for each in refused.values()} == {"not-applicable"}
    assert refused["data.target-leaks"].reason == "Needs the rows themselves (only tallies are here)"


def test_a_tally_holds_no_number_of_anybody(tmp_path: Path) -> None:
    people().write_parquet(tmp_path / "a.parquet")
    made = count(tmp_path / "a.parquet", settings())
    assert made.axes["age"] == ("24", "25", "45")
    assert made.total == 6000
    assert len(made.axes["score"]) <= 24
    assert set(json.loads(made.axes[scale.CUTS][0])) == {"age", "score"}


def test_cut_numbers_lie_in_their_bins_and_sums_are_of_the_values() -> None:
    """Against one row at a time."""
    rows = people()
    wanted = Wanted(
        by=("race", "age", "score"),
        cuts={"age": (25.0, 45.0), "score": (0.0, 0.3, 0.6, 1.0)},
        whole=frozenset({"age"}),
        missing=("income",),
        sums=("plan",),
        sentinels={"income": (999.0,)},
    )
    made = tally(rows.lazy(), wanted)

    def inside(value: float, cuts: tuple[float, ...]) -> int:
        return sum(value >= cut for cut in cuts)

    cells: Counter[tuple[Any, ...]] = Counter()
    missing: Counter[tuple[Any, ...]] = Counter()
    sums: Counter[tuple[Any, ...]] = Counter()
    for row in rows.iter_rows(named=True):
        key = (row["race"], inside(row["age"], (25, 45)), inside(row["score"], (0, 0.3, 0.6, 1)))
        cells[key] += 1
        missing[key] += row["income"] is None or row["income"] == 999
        sums[key] += row["plan"]
    held = table(made, source="x", fingerprint="")
    assert held.counted is not None
    assert held.frame["age"].dtype == pl.Int64
    keys = [
        (row["race"], inside(row["age"], (25, 45)), inside(row["score"], (0, 0.3, 0.6, 1)))
        for row in held.frame.iter_rows(named=True)
    ]
    assert dict(zip(keys, held.counted.rows.tolist(), strict=True)) == cells
    assert dict(zip(keys, held.counted.missing["income"].tolist(), strict=True)) == missing
    assert dict(zip(keys, held.counted.sums["plan"].tolist(), strict=True)) == pytest.approx(sums, rel=1e-12)


@pytest.mark.parametrize("kind", ["eager", "pandas", "arrow", "batches"])
def test_frames_of_every_library_are_counted_alike(kind: str) -> None:
    rows = people()
    wanted = Wanted(by=("race", "y", "score"), cuts={"score": (0.0, 0.5, 1.0)}, missing=("income",), sums=("plan",))
    makers: dict[str, Callable[[], object]] = {
        "eager": lambda: rows,
        "pandas": rows.to_pandas,
        "arrow": rows.to_arrow,
        "batches": lambda: pl.concat([rows[:10], rows[10:]], rechunk=False),
    }
    frame = makers[kind]()
    one, other = tally(rows.lazy(), wanted), tally(frame, wanted)
    assert one.axes == other.axes
    assert one.counts.tolist() == other.counts.tolist()
    for name, each in one.sums.items():
        np.testing.assert_allclose(other.sums[name], each, rtol=1e-12)


SHADES = {  # IBM: published error rates times published shares of 1,270 faces, rounded
    "skin": ["darker"] * 4 + ["lighter"] * 4,
    "gender": ["female", "female", "male", "male"] * 2,
    "error": [1, 0] * 4,
    "faces": [94, 177, 38, 280, 21, 275, 1, 384],
}


def test_gender_shades_is_audited_from_its_published_table() -> None:
    """Buolamwini and Gebru 2018: 34.7 % of darker women and 0.3 % of lighter men; one attribute alone shows less."""
    config = parse(
        {
            "data": {"counts": "faces", "note": "Counts are derived from rates and shares."},
            "subject": {
                "target": "error",
                "positive": 1,
                "favorable": 0,
                "groups": ["skin", "gender"],
                "intersections": [["skin", "gender"]],
            },
        },
        source="audit.toml",
    )
    made = audit(config, data=SHADES, source="audit.toml")
    found = {each.id: each for each in made.findings}
    by_both, by_skin, by_gender = (
        found[f"fairness.selection-rate-gap/{about}"] for about in ("skin × gender", "skin", "gender")
    )
    rates = dict(zip(by_both.series[0].columns["group"], by_both.series[0].columns["rate"], strict=True))
    published = {"darker × female": 34.7, "darker × male": 12.0, "lighter × female": 7.1, "lighter × male": 0.3}
    assert {group: 100 - 100 * float(rate or 0) for group, rate in rates.items()} == pytest.approx(published, abs=0.2)
    widest = [each.evidence[0].value or 0 for each in (by_both, by_skin, by_gender)]
    assert widest[0] > 0.34
    assert max(widest[1:]) < 0.2
    assert made.subject.rows == 1270
    assert "Counts are derived from rates and shares." in made.subject.notes


def test_a_table_of_counts_is_audited_as_its_rows_one_by_one() -> None:
    rows = people().with_columns(pl.col("score").round(1))
    counted = rows.drop("income").group_by(pl.all().exclude("income")).len("n")
    expected = fairwitness.audit(rows.drop("income"), config={**SETTINGS, "columns": {}}).findings
    found = fairwitness.audit(counted, config={**SETTINGS, "columns": {}, "data": {"counts": "n"}}).findings
    mine, theirs = told(expected), told(found)
    skipped = {name for name in theirs if theirs[name][0] == "not-applicable" and mine[name][0] != "not-applicable"}
    assert skipped == {"data.exact-duplicates"}
    assert {k: v[:2] for k, v in mine.items() if k not in skipped} == {
        k: v[:2] for k, v in theirs.items() if k not in skipped
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"groups": {"age": {"quantiles": 3}}},
            "audit.toml: [groups.age] quantiles differ from place to place; declare",
        ),
        ({"model": {"train": "mlp"}}, "audit.toml: only recorded decisions and scores are counted where the rows lie;"),
        (
            {"subject": {"target": "income", "groups": ["race", "age"]}},
            "audit.toml: target 'income' is a quantity, which is not counted; audit",
        ),
        ({"decisions": {"ledger": "x", "id": "plan"}}, "audit.toml: [decisions] id corrects single rows"),
    ],
)
def test_what_cannot_be_counted_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    people().write_parquet(tmp_path / "a.parquet")
    changed = {**SETTINGS, "model": {}, "subject": {"target": "y", "groups": ["age"]}, **change}
    with pytest.raises(UserError) as caught:
        count(tmp_path / "a.parquet", parse(changed, source="audit.toml"))
    assert str(caught.value).startswith(message)


def test_tallies_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    rows, path = people(), tmp_path / "a.parquet"
    rows.write_parquet(path)
    one, other, foreign, narrower = (tmp_path / f"{name}.tally" for name in ("one", "other", "foreign", "narrower"))
    config, later = settings(), settings(model={"score": "score", "threshold": 0.37})
    count(path, config).save(one)
    count(path, later).save(other)
    rows.drop("plan").write_parquet(path)
    count(path, config).save(narrower)
    Tally.of({"g": np.array(["a"], dtype=object)}).save(foreign)
    for paths, used, message in (
        ([one, one], config, "is given twice, and would be counted twice; name each tally once"),
        ([one, other], config, "cuts numbers elsewhere than"),
        ([one, narrower], config, "counts other columns than"),
        ([foreign], config, "holds other counts; `fairwitness tally` makes those"),
        ([one], later, "'score' was not cut where audit.toml now wants it; make the tallies again"),
        ([one], settings(model={"train": "mlp"}), "tallies hold no rows; take [model] out"),
    ):
        with pytest.raises(UserError, match=message.replace("[", r"\[").replace("]", r"\]")):
            audit(used, tallies_of=paths, source="audit.toml")


def test_counts_of_nobody_are_refused() -> None:
    for counts, message in (
        ([0, 0], "counts 'n' add up to 0; there is nobody to audit"),
        ([-1, 2], "counts 'n' must be whole numbers of at least 0 in every row"),
        ([1.5, 2], "counts 'n' must be whole numbers of at least 0 in every row"),
        ([None, 2], "counts 'n' must be whole numbers of at least 0 in every row"),
        (["x", "y"], "counts 'n' must be whole numbers of at least 0 in every row"),
    ):
        frame = pl.DataFrame({"y": [0, 1], "n": counts})
        with pytest.raises(UserError, match=message):
            fairwitness.audit(frame, target="y", config={"data": {"counts": "n"}})


def test_quantiles_of_a_scan_are_those_of_the_rows_drawn() -> None:
    config = {**SETTINGS, "groups": {"age": {"quantiles": 3}}}
    found = fairwitness.audit(people().lazy(), config=config)
    assert "age: age cut at the quantiles of 1,000 rows drawn at random" in found.document.subject.notes
    (gap,) = (each for each in found.findings if each.id == "data.group-imbalance/age")
    assert gap.verdict == "pass"
