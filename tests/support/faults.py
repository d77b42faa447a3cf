"""People with one fault of the data, or none: the simulation behind the activation matrix, and faults put into real rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairwitness.data.sources import Material

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Fault = Literal["none", "representation", "historical", "measurement", "aggregation", "label"]
FAULTS: tuple[Fault, ...] = ("none", "representation", "measurement", "label", "aggregation", "historical")
CHECKED = 400  # rows labelled again


def logit(score: Floats, rng: np.random.Generator) -> Flags:
    return np.asarray(rng.random(len(score)) < 1 / (1 + np.exp(-score)))


def simulated(fault: Fault, rng: np.random.Generator, n: int = 4000) -> Material:
    """Three measures of one thing, an outcome that goes with it, two groups; reference 3.3's five faults."""
    s = rng.random(n) < (0.35 if fault == "representation" else 0.5)
    z = rng.normal(size=n)
    x = z[:, None] + 0.7 * rng.normal(size=(n, 3))
    score = x @ np.array([0.5, 0.5, 0.5])
    if fault == "aggregation":
        score = score - 1.2 * s * x[:, 0]
    if fault == "historical":
        score = score - 0.8 * s
    truth = logit(score, rng)
    recorded = truth & ~(s & (rng.random(n) < 0.2)) if fault == "label" else truth
    if fault == "measurement":
        x[:, 0] = np.where(s, 0.5 * x[:, 0] + 0.5 + 0.5 * rng.normal(size=n), x[:, 0])
    return material(x, recorded, truth, s, rng)


def material(x: Floats, recorded: Flags, truth: Flags, s: Flags, rng: np.random.Generator) -> Material:
    """All that can be told of these people, 400 of them labelled again."""
    gold = np.full(len(s), np.nan)
    checked = rng.choice(len(s), min(CHECKED, len(s)), replace=False)
    gold[checked] = truth[checked]
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    return Material(
        groups=np.where(s, "b", "a").astype(object),
        outcome=recorded,
        columns=scaled,
        factors=scaled,
        items={"measures": {f"x{place}": column for place, column in enumerate(x.T)}},
        gold=gold,
        reference={"a": 0.5, "b": 0.5},
    )


def noisy_and_apart(rng: np.random.Generator, n: int = 4000) -> Material:
    """Nothing but z counts; groups differ in z by 0.8; three measures of it have reliability 1 / 1.49 within groups."""
    s = rng.random(n) < 0.5
    z = rng.normal(size=n) + np.where(s, -0.4, 0.4)
    truth = logit(z, rng)
    return material(z[:, None] + 0.7 * rng.normal(size=(n, 3)), truth, truth, s, rng)


def rates_apart(rng: np.random.Generator, n: int = 4000) -> Material:
    """Groups differ in what counts, which is recorded without error, and so in the outcome; labels are wrong alike."""
    s = rng.random(n) < 0.5
    x = rng.normal(size=(n, 3)) + np.where(s, -0.5, 0.5)[:, None]
    truth = logit(x @ np.array([0.6, 0.6, 0.6]), rng)
    recorded = truth ^ (rng.random(n) < 0.1)
    return replace(material(x, recorded, truth, s, rng), items={})


def selected(rng: np.random.Generator, n: int = 12_000) -> Material:
    """Fair outcomes, but recorded only of people let in, by something unseen and with a bar that is higher for one group."""
    s = rng.random(n) < 0.5
    z, unseen = rng.normal(size=n), rng.normal(size=n)
    x = z[:, None] + 0.7 * rng.normal(size=(n, 3))
    truth = logit(x @ np.array([0.5, 0.5, 0.5]) + unseen, rng)
    let_in = unseen > np.where(s, 0.8, -0.8)
    return material(x[let_in], truth[let_in], truth[let_in], s[let_in], rng)


STRENGTHS: dict[str, dict[Fault, float]] = {
    "mild": {
        "none": 0,
        "representation": 0.47,
        "measurement": 0.15,
        "label": 0.1,
        "aggregation": 0.25,
        "historical": 0.2,
    },
    "plain": {
        "none": 0,
        "representation": 0.44,
        "measurement": 0.4,
        "label": 0.3,
        "aggregation": 0.6,
        "historical": 0.5,
    },
    "gross": {
        "none": 0,
        "representation": 0.35,
        "measurement": 0.8,
        "label": 0.5,
        "aggregation": 1.2,
        "historical": 1.0,
    },
}
"""Share of the group; shift, in standard deviations; share of positives flipped; change of slope; change of log-odds."""
REAL = {
    "credit_default": (
        "credit-card-clients.csv",
        "default payment",
        ("BILL_AMT1", "BILL_AMT3", "BILL_AMT5"),
        ("LIMIT_BAL", "AGE", "PAY_0"),
    ),
    "framingham": (
        "framingham.csv",
        "TenYearCHD",
        ("sysBP", "diaBP", "prevalentHyp"),
        ("age", "cigsPerDay", "totChol"),
    ),
}
"""File, outcome, three columns that measure one thing, three others."""


def on_real_rows(
    folder: Path, data: str, fault: Fault, strength: str, rng: np.random.Generator, most: int = 8000
) -> Material:
    """Real people, two groups drawn afresh, and one fault.

    Columns are as recorded. The outcome is drawn anew from what the real one goes by, half of it good, so that what holds
    for one group holds for the other until the fault is put in.
    """
    size = STRENGTHS[strength][fault]
    x, score = people(folder, data, rng, most)
    s = rng.random(len(x)) < (size if fault == "representation" else 0.5)
    if fault == "aggregation":
        score = score - size * s * x[:, 3]
    if fault == "historical":
        score = score - size * s
    truth = logit(score, rng)
    recorded = truth & ~(s & (rng.random(len(s)) < size)) if fault == "label" else truth
    if fault == "measurement":
        x[:, 0] = np.where(s, x[:, 0] * (1 - size / 2) + size, x[:, 0])
    return named(material(x, recorded, truth, s, rng), data, x)


ANEW: dict[str, dict[Fault, float]] = {
    "mild": {"none": 0, "representation": 0.1, "measurement": 0.9, "label": 0.2, "aggregation": 0.2, "historical": 0.3},
    "plain": {
        "none": 0,
        "representation": 0.3,
        "measurement": 0.7,
        "label": 0.5,
        "aggregation": 0.5,
        "historical": 0.8,
    },
    "gross": {
        "none": 0,
        "representation": 0.7,
        "measurement": 0.5,
        "label": 0.9,
        "aggregation": 1.0,
        "historical": 1.6,
    },
}
"""Share of the older who left; quantile a ceiling is at; share of some positives flipped; change of log-odds beyond a bar;
twice the mean change of log-odds, of half the group."""


def met_anew(folder: Path, data: str, fault: Fault, strength: str, rng: np.random.Generator) -> Material:
    """As `on_real_rows`, with faults of a form that nothing here was built on: the family left out.

    Of one group the older are gone; its first measure stops at a ceiling; its positives are flipped only beyond a bar of
    another column; its relation is a step; half of it, whoever, is held back.
    """
    size = ANEW[strength][fault]
    x, score = people(folder, data, rng, 8000)
    s = rng.random(len(x)) < 0.5
    if fault == "representation":
        stays = ~(s & (x[:, 3] > np.median(x[:, 3])) & (rng.random(len(s)) < size))
        x, score, s = x[stays], score[stays], s[stays]
    if fault == "aggregation":
        score = score - size * s * np.where(x[:, 3] > np.median(x[:, 3]), 1.0, -1.0)
    if fault == "historical":
        score = score - size * (s & (rng.random(len(s)) < 0.5))
    truth = logit(score, rng)
    recorded = truth
    if fault == "label":
        recorded = truth & ~(s & (x[:, 4] > np.median(x[:, 4])) & (rng.random(len(s)) < size))
    if fault == "measurement":
        x[:, 0] = np.where(s, np.minimum(x[:, 0], np.quantile(x[:, 0], size)), x[:, 0])
    return named(material(x, recorded, truth, s, rng), data, x)


def people(folder: Path, data: str, rng: np.random.Generator, most: int) -> tuple[Floats, Floats]:
    """(n, 6) standardised columns of real people, and log-odds of an outcome drawn anew from what the real one goes by."""
    import pandas as pd

    from fairwitness.stats.nested import chances

    file, target, items, others = REAL[data]
    frame = pd.read_csv(folder / data / file)[[target, *items, *others]].dropna()
    frame = frame.sample(min(most, len(frame)), random_state=int(rng.integers(2**31)))
    x = frame[[*items, *others]].to_numpy(float)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    chance = chances(frame[target].to_numpy() == 1, x, x)
    score = np.log(chance / (1 - chance))
    return x, 1.5 * (score - np.median(score)) / score.std()


def named(made: Material, data: str, x: Floats) -> Material:
    """With the columns that measure one thing by their names."""
    return replace(made, items={"measures": {name: x[:, place] for place, name in enumerate(REAL[data][2])}})


def unlabelled(some: Material) -> Material:
    """The same without rows labelled again."""
    return replace(some, gold=None)
