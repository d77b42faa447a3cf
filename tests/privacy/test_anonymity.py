"""Classes against pandas and brute force, and planted tables: one where all stand out, one where nobody does."""

import numpy as np
import pandas as pd
import pytest

from fairwitness.core.check import Given, Measured, NotApplicable
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Rows
from fairwitness.privacy.anonymity import classes, distinct
from support import given


def table(n: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n).astype(float)
    age[rng.random(n) < 0.1] = np.nan
    town = rng.choice(np.array(["A", "B", "C", None], dtype=object), n)
    return pd.DataFrame({"age": age, "town": town, "ill": rng.choice(list("xyz"), n)})


def test_classes_are_those_of_pandas() -> None:
    frame = table()
    found = classes([frame["age"].to_numpy(), frame["town"].to_numpy(dtype=object)])
    groups = frame.groupby(["age", "town"], dropna=False)["ill"]
    assert found.people.tolist() == groups.transform("size").tolist()
    assert found.k == groups.size().min()
    assert distinct(found, frame["ill"].to_numpy(dtype=object)).tolist() == groups.transform("nunique").tolist()


def test_rows_of_one_person_do_not_hide_each_other() -> None:
    """Two rows of Ann are alike, and Ann is still alone; Bob and Cy share theirs."""
    found = classes([np.array([1.0, 1.0, 2.0, 2.0])], np.array(["Ann", "Ann", "Bob", "Cy"], dtype=object))
    assert found.people.tolist() == [1, 1, 2, 2]
    assert found.unique.tolist() == [True, True, False, False]


def checked(columns: dict[str, np.ndarray], *, declared: tuple[str, ...] = ("age", "town")) -> Measured | NotApplicable:
    kinds = tuple(
        Column(name=name, kind="number" if values.dtype.kind == "f" else "category", quasi_identifier=name in declared)
        for name, values in columns.items()
    )
    check = given.check("privacy.uniqueness")
    rows = Rows(ids=np.arange(len(next(iter(columns.values())))), columns=columns)
    subject = given.outline(columns=kinds, target="ill")
    asked = check.asks(subject, None, check.Options())
    if isinstance(asked, NotApplicable):
        return asked
    outcome = check.run(
        Given(
            outline=subject,
            about=None,
            level=0.95,
            limit=check.info.limit,
            rng=np.random.default_rng(0),
            context={},
            made=dict.fromkeys(asked, rows),
        ),
        check.Options(),
    )
    assert isinstance(outcome, Measured | NotApplicable)
    return outcome


def people(ages: int, towns: int, n: int = 300) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        "age": rng.integers(0, ages, n).astype(float),
        "town": rng.integers(0, towns, n).astype(str).astype(object),
        "ill": rng.choice(np.array(["yes", "no"], dtype=object), n),
    }


def verdict(found: Measured | NotApplicable) -> Verdict:
    assert isinstance(found, Measured)
    (share,) = found.judged.values()
    limit = given.check("privacy.uniqueness").info.limit
    assert limit is not None
    return share.against(limit)


def test_everybody_stands_out() -> None:
    found = checked(people(10_000, 50))
    assert verdict(found) is Verdict.FAIL
    assert isinstance(found, Measured)
    assert "by age and town" in found.headline
    table = given.series(found, "Unique rows if one quasi-identifier were dropped")
    assert table["dropped"][1] == "age"  # without it, six people a town
    assert table["unique"][1] < 0.02


def test_nobody_stands_out() -> None:
    found = checked(people(3, 2))
    assert verdict(found) is Verdict.PASS
    assert isinstance(found, Measured)
    assert "k = " in found.lead
    (bars,) = found.figures
    assert bars.kind == "bars"
    assert bars.counts[-1] == 300


def test_a_class_that_gives_the_outcome_away_is_counted() -> None:
    columns = {
        "age": np.array([1.0, 1.0, 1.0, 2.0, 2.0, 3.0]),
        "town": np.array(["A"] * 6, dtype=object),
        "ill": np.array(["yes", "yes", "yes", "yes", "no", "no"], dtype=object),
    }
    found = checked(columns)
    assert isinstance(found, Measured)
    assert "3 further rows lie in larger classes" in found.lead
    np.testing.assert_array_equal(found.row_values["unique"].values, [0, 0, 0, 0, 0, 1])


def test_nothing_declared_is_not_looked_at() -> None:
    found = checked(people(3, 2), declared=())
    assert isinstance(found, NotApplicable)
    assert "quasi_identifier = true" in found.reason


@pytest.mark.parametrize("n", [1, 2])
def test_a_table_of_one_or_two(n: int) -> None:
    assert classes([np.arange(n, dtype=float)]).k == 1
