"""Models that give their training rows away, and tables that give people away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.random import Generator

from fairwitness.trial.planted import Kind, Made
from fairwitness.trial.rows import drawn_groups, people, recorded, settings

GAVE_AWAY = frozenset({"privacy.membership-inference", "privacy.loss-attack"})


def by_heart(dice: Generator, share: float) -> Made:
    """A wide network trained without restraint on 8-by-8 digits, `share` of the labels drawn at random: it can know those
    only by heart. The twin is the default network, stopped early, on true labels.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    rows = dice.choice(len(bunch.target), 900, replace=False)
    pixels = bunch.data[rows][:, bunch.data.std(axis=0) > 0]
    odd = bunch.target[rows] % 2 == 1
    redrawn = dice.random(len(odd)) < share
    good = np.where(redrawn, dice.random(len(odd)) < 0.5, odd)
    columns = {f"p{number}": values for number, values in enumerate(pixels.T)}
    frame = {**columns, "group": drawn_groups(dice, len(odd), {"east": 0.5, "west": 0.5}), "good": good.astype(int)}
    unrestrained = {"epochs": 60, "held": 0.0, "hidden": [128], "dropout": 0.0}
    return _table(frame, model={"train": "mlp", "options": unrestrained} if share else {"train": "mlp"})


TREE = """
from pathlib import Path

import polars as pl
from sklearn.tree import DecisionTreeClassifier


def build():
    rows = pl.read_csv(Path(__file__).parent / "data.csv").filter(pl.col("part") == "train")
    features = {features!r}
    tree = DecisionTreeClassifier(min_samples_leaf={smallest}, random_state=0)
    return tree.fit(rows.select(features).to_pandas(), rows["good"].to_numpy())
"""


def grown(dice: Generator, leaves: float) -> Made:
    """A tree that stops at so few rows a leaf, as somebody else trained it; each leaf of the twin's holds a tenth of all."""
    who = people(dice, least=1800, most=2200)
    part = dice.choice(["train", "audit"], len(who.good))
    smallest = int(leaves) or len(who.good) // 10
    return Made(
        frame=who.frame(part=part),
        settings=settings(
            model={"black_box": "model:build", "seen": "train-part"},
            split={"column": "part"},
        ),
        files={"model.py": TREE.format(smallest=smallest, features=list(who.features))},
    )


SAID = ("asked for a later date", "no answer yet", "paid in full", "will call again", "moved house", "form 27 sent")
NAMES = ("ana", "ben", "chi", "dov", "eun", "fay", "gus", "hal")


def personal(dice: Generator, rows: float) -> Made:
    """Notes with an e-mail address or a telephone number in so many rows."""
    who = people(dice)
    notes = dice.choice(SAID, len(who.good)).astype(object)
    for row in dice.choice(len(notes), int(rows), replace=False):
        name, number = NAMES[dice.integers(len(NAMES))], dice.integers(1000, 9999)
        addressed = f"write to {name}.{number}@mail.example.com"
        notes[row] = addressed if dice.random() < 0.5 else f"ring +44 20 7946 {number}"
    return recorded(who, who.frame(note=notes.astype(str)))


def singled_out(dice: Generator, share: float) -> Made:
    """Year and place, known to others, that single out about `share` of the people."""
    who = people(dice)
    n = len(who.good)
    cells = n / -np.log(share) if share else 20
    years = max(2, int(np.sqrt(cells)))
    places = max(2, round(cells / years))
    year, place = 1940 + dice.integers(years, size=n), dice.integers(places, size=n)
    names = np.array([f"town {number}" for number in range(places)])
    known = {"year": {"quasi_identifier": True}, "town": {"quasi_identifier": True}}
    return recorded(who, who.frame(year=year, town=names[place]), columns=known)


def _table(frame: Mapping[str, Any], **tables: Mapping[str, Any]) -> Made:
    return Made(frame=pl.DataFrame(frame), settings=settings(**tables))


KINDS = (
    Kind(
        pillar="privacy",
        name="by-heart",
        words="a network knows its training rows by heart",
        expects=GAVE_AWAY,
        strengths=(0.3, 0.6, 1.0),
        clean=(0.0, 0.0, 0.0),
        make=by_heart,
        costly=True,
    ),
    Kind(
        pillar="privacy",
        name="grown",
        words="a tree of somebody else's knows its training rows",
        expects=GAVE_AWAY,
        strengths=(4, 2, 1),
        clean=(0, 0, 0),
        make=grown,
    ),
    Kind(
        pillar="privacy",
        name="personal-data",
        words="addresses and telephone numbers stand in a note",
        expects=frozenset({"privacy.personal-data"}),
        strengths=(1, 10, 100),
        clean=(0, 0, 0),
        make=personal,
    ),
    Kind(
        pillar="privacy",
        name="singled-out",
        words="people are alone with what others know of them",
        expects=frozenset({"privacy.uniqueness"}),
        strengths=(0.1, 0.3, 0.8),
        clean=(0.0, 0.0, 0.01),
        make=singled_out,
    ),
)
