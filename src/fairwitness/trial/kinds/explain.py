"""Models that read a short cut."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.special import expit

from fairwitness.trial.kinds.data import telling
from fairwitness.trial.kinds.robustness import network, standard_sum
from fairwitness.trial.planted import Kind, Made
from fairwitness.trial.rows import people, settings


def stand_in(dice: Generator, area: float) -> Made:
    """A network that goes by a column which tells the group with that AUC, as much as by any other."""
    who = people(dice, most=2500)
    district = telling(dice, who.group == "west", area).round(3)
    read = {**who.features, "district": district}
    middle = float(np.median(standard_sum(read)))
    model, total = network(read, what="all alike", body=f"return 2 * (z @ self.weight - {middle:.6f})")
    good = dice.random(len(total)) < expit(2 * (total - middle))
    return Made(
        frame=who.frame(district=district, good=good.astype(int)),
        settings=settings(model={"factory": "model:build", "seen": "none"}),
        files={"model.py": model},
    )


KINDS = (
    Kind(
        pillar="explain",
        name="stand-in",
        words="decisions rest on a column that stands in for the group",
        expects=frozenset({"explain.protected-reason"}),
        strengths=(0.8, 0.9, 0.99),
        clean=(0.5, 0.5, 0.5),
        make=stand_in,
    ),
)
