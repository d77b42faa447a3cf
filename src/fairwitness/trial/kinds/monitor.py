"""Worlds that changed between training and use."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from fairwitness.trial.kinds.robustness import network
from fairwitness.trial.planted import Kind, Made
from fairwitness.trial.rows import people, settings


def drifted(dice: Generator, shift: float) -> Made:
    """A column lies so many standard deviations higher in the rows that are audited than in those trained on."""
    who = people(dice, most=2500)
    name = list(who.features)[dice.integers(len(who.features))]
    later = dice.random(len(who.good)) < 0.5
    values = who.features[name] + shift * who.features[name].std() * later
    now = {**who.features, name: values}
    model, total = network(now, what="all alike", body="return 2 * (z @ self.weight)")
    wrong = dice.random(len(total)) < 0.1
    good = (total > np.median(total)) ^ wrong
    return Made(
        frame=who.frame(**{name: values}, part=np.where(later, "audit", "train"), good=good.astype(int)),
        settings=settings(model={"factory": "model:build", "seen": "train-part"}, split={"column": "part"}),
        files={"model.py": model},
    )


KINDS = (
    Kind(
        pillar="monitor",
        name="drifted",
        words="rows it is judged on are unlike those it learned from",
        expects=frozenset({"monitor.split-drift"}),
        strengths=(0.9, 1.5, 3.0),
        clean=(0.0, 0.0, 0.0),
        make=drifted,
    ),
)
