"""Faults of data: representation, measurement, labels, leaks, copies, codes and headers."""

from __future__ import annotations

from math import sqrt

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtri

from fairwitness.trial.planted import Kind, Made
from fairwitness.trial.rows import People, Truth, drawn_groups, people, recorded

CODES = (-99.0, 999.0, 9999.0)


def under_represented(dice: Generator, share: float) -> Made:
    """`west` is half of the population and `share` times that of the rows."""
    who = people(dice)
    west = share / 2
    group = drawn_groups(dice, len(who.good), {"east": 1 - west, "west": west})
    return recorded(who, who.frame(group=group), reference={"group": {"east": 0.5, "west": 0.5}})


def tiny_group(dice: Generator, members: float) -> Made:
    """A group of so many people beside the others."""
    who = people(dice)
    group = who.group.astype(object)
    group[dice.choice(len(group), int(members), replace=False)] = "north"
    return recorded(who, who.frame(group=group.astype(str)))


def small_crossing(dice: Generator, members: float) -> Made:
    """Two attributes whose groups are all large, and a crossing of so many people."""
    who = people(dice)
    group = drawn_groups(dice, len(who.good), {"east": 0.6, "west": 0.4})
    age = drawn_groups(dice, len(who.good), {"young": 0.7, "old": 0.3})
    both = np.flatnonzero((group == "west") & (age == "old"))
    age[dice.permutation(both)[int(members) :]] = "young"
    return recorded(who, who.frame(group=group, age_band=age), subject={"groups": ["group", "age_band"]})


def missing_by_group(dice: Generator, gap: float) -> Made:
    """A column is not filled in for `gap` more of one group than for the others, where it lacks in 2 %."""
    who = people(dice)
    name = _feature(dice, who)
    lacks = dice.random(len(who.good)) < np.where(who.group == "west", 0.02 + gap, 0.02)
    return recorded(who, who.frame(**{name: np.where(lacks, np.nan, who.features[name])}))


def biased_labels(dice: Generator, gap: float) -> Made:
    """Outcomes of `west` recorded worse than they were and those of the others better, `gap` apart."""
    who = people(dice)
    return recorded(who, who.frame(good=turned(dice, who.good, who.group == "west", gap).astype(int)))


def codes_for_missing(dice: Generator, share: float) -> Made:
    """A number that stands for "not known" in some rows, unannounced."""
    who = people(dice)
    usual = [name for name, values in who.features.items() if values.min() >= 0 and values.max() <= 170]
    name = usual[dice.integers(len(usual))]
    values, n = who.features[name].copy(), len(who.good)
    if share:
        values[dice.choice(n, max(3, round(share * n)), replace=False)] = CODES[dice.integers(len(CODES))]
    long_tail = np.round(np.exp(dice.normal(3, 1, n)), 1)  # innocent, and far out at its upper end
    return recorded(who, who.frame(**{name: values}, distance=long_tail))


def copied_rows(dice: Generator, share: float) -> Made:
    """Rows that are there a second time."""
    who = people(dice)
    frame = who.frame()
    again = frame.sample(round(share * frame.height), seed=int(dice.integers(2**31)))
    whole = pl.concat([frame, again]).sample(fraction=1.0, shuffle=True, seed=int(dice.integers(2**31)))
    return recorded(who, whole)


def leak(dice: Generator, area: float) -> Made:
    """A column filled in after the outcome, from which the outcome is told with that AUC."""
    who = people(dice, least=2000)
    after = telling(dice, who.good, area)
    return recorded(who, who.frame(letters=after.round(2)))


def proxy(dice: Generator, area: float) -> Made:
    """A column that tells the group with that AUC, and nothing of the outcome."""
    who = people(dice)
    return recorded(who, who.frame(district=telling(dice, who.group == "west", area).round(2)))


def mismeasured(dice: Generator, shift: float) -> Made:
    """A real column that reads so many standard deviations higher for one group: another instrument, other units."""
    who = people(dice)
    name = _feature(dice, who)
    values = who.features[name]
    return recorded(who, who.frame(**{name: values + shift * values.std() * (who.group == "west")}))


def rare_class(dice: Generator, ratio: float) -> Made:
    """Of one class so many rows for each of the other."""
    who = people(dice, least=2500)
    kept = ~who.good | (dice.random(len(who.good)) < ratio)
    return recorded(who, who.frame().filter(pl.Series(kept)))


def clashing_names(dice: Generator, names: float) -> Made:
    """So many pairs of columns under one name that hold different things; the twin has one column twice."""
    who = people(dice)
    frame = who.frame()
    own = list(who.features)[: max(1, int(names))]
    for name in own:
        values = dice.permutation(who.features[name]) if names else who.features[name]
        frame = frame.with_columns(pl.Series(f"{name} again", values))
    header = tuple(name.removesuffix(" again") for name in frame.columns)
    return Made(frame=frame, settings=recorded(who).settings, header=header)


def turned(dice: Generator, good: Truth, where: Truth, gap: float) -> Truth:
    """Outcomes with as many good ones as before in all, and `gap` fewer where it says so; half of them must be good."""
    made, far, near = good.copy(), gap * (1 - where.mean()), gap * where.mean()
    for place, value, share in ((where & good, False, far), (~where & ~good, True, near)):
        rows = np.flatnonzero(place)
        made[dice.choice(rows, round(min(1.0, 2 * share) * len(rows)), replace=False)] = value
    return made


def telling(dice: Generator, which: Truth, area: float) -> NDArray[np.float64]:
    """(n,) normal numbers by which rows are told from the others with that AUC: means sqrt(2) z(AUC) apart."""
    made: NDArray[np.float64] = dice.normal(size=len(which)) + sqrt(2) * ndtri(min(area, 0.9999)) * which
    return made


def _feature(dice: Generator, who: People) -> str:
    names = list(who.features)
    return names[dice.integers(len(names))]


KINDS = (
    Kind(
        pillar="data",
        name="under-represented",
        words="a group is rarer in the data than in the population",
        expects=frozenset({"data.under-representation"}),
        strengths=(0.6, 0.4, 0.15),
        clean=(1.0, 1.0, 0.9),
        make=under_represented,
    ),
    Kind(
        pillar="data",
        name="tiny-group",
        words="a group has too few people to be judged",
        expects=frozenset({"data.group-imbalance"}),
        strengths=(25, 12, 4),
        clean=(40, 60, 90),
        make=tiny_group,
    ),
    Kind(
        pillar="data",
        name="small-crossing",
        words="two attributes crossed leave a handful of people",
        expects=frozenset({"data.small-intersections"}),
        strengths=(25, 12, 4),
        clean=(40, 60, 90),
        make=small_crossing,
    ),
    Kind(
        pillar="data",
        name="missing-by-group",
        words="a column is not filled in for many of one group",
        expects=frozenset({"data.missingness-gap"}),
        strengths=(0.15, 0.3, 0.6),
        clean=(0.0, 0.0, 0.02),
        make=missing_by_group,
    ),
    Kind(
        pillar="data",
        name="biased-labels",
        words="outcomes of one group are recorded worse than they were",
        expects=frozenset({"data.label-rate-gap", "fairness.selection-rate-gap", "fairness.impact-ratio"}),
        strengths=(0.2, 0.3, 0.45),
        clean=(0.0, 0.0, 0.04),
        make=biased_labels,
    ),
    Kind(
        pillar="data",
        name="codes-for-missing",
        words="a number stands for “not known”",
        expects=frozenset({"data.sentinel-codes"}),
        strengths=(0.002, 0.01, 0.04),
        clean=(0.0, 0.0, 0.0),
        make=codes_for_missing,
    ),
    Kind(
        pillar="data",
        name="copied-rows",
        words="rows are there twice",
        expects=frozenset({"data.exact-duplicates"}),
        strengths=(0.03, 0.1, 0.3),
        clean=(0.0, 0.0, 0.003),
        make=copied_rows,
    ),
    Kind(
        pillar="data",
        name="leak",
        words="a column is filled in after the outcome",
        expects=frozenset({"data.target-leaks"}),
        strengths=(0.98, 0.99, 0.999),
        clean=(0.5, 0.75, 0.85),
        make=leak,
    ),
    Kind(
        pillar="data",
        name="proxy",
        words="a column tells the group",
        expects=frozenset({"data.proxies"}),
        strengths=(0.8, 0.9, 0.99),
        clean=(0.5, 0.5, 0.6),
        make=proxy,
    ),
    Kind(
        pillar="data",
        name="mismeasured",
        words="a column is measured otherwise for one group",
        expects=frozenset({"data.proxies"}),
        strengths=(1.2, 2.0, 4.0),
        clean=(0.0, 0.0, 0.0),
        make=mismeasured,
    ),
    Kind(
        pillar="data",
        name="rare-class",
        words="one class has far fewer rows",
        expects=frozenset({"data.class-imbalance"}),
        strengths=(0.6, 0.25, 0.05),
        clean=(1.0, 1.0, 0.9),
        make=rare_class,
    ),
    Kind(
        pillar="data",
        name="clashing-names",
        words="columns that differ share a name",
        expects=frozenset({"data.clashing-headers"}),
        strengths=(1, 2, 3),
        clean=(0, 0, 0),
        make=clashing_names,
    ),
)
