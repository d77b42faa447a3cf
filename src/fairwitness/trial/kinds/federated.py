"""Places that do as they like."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from fairwitness.trial.kinds.data import turned
from fairwitness.trial.kinds.fairness import decided
from fairwitness.trial.planted import Kind, Made
from fairwitness.trial.rows import drawn_groups, people

SITES = {"harbour": 0.4, "hill": 0.3, "mill": 0.3}


def one_site(dice: Generator, gap: float) -> Made:
    """At one of three sites `west` gets `gap` fewer good decisions; at the others all are treated alike."""
    who = people(dice, least=3000, most=3500)
    group = drawn_groups(dice, len(who.good), {"east": 0.5, "west": 0.5})
    site = drawn_groups(dice, len(who.good), SITES)
    chosen = who.score >= np.median(who.score)
    here = site == "mill"
    chosen[here] = turned(dice, chosen[here], group[here] == "west", gap)
    return decided(who, chosen, more={"group": group, "site": site}, options={"federated.site-gap": {"site": "site"}})


KINDS = (
    Kind(
        pillar="federated",
        name="one-site",
        words="one of three sites treats groups apart",
        expects=frozenset({"federated.site-gap"}),
        strengths=(0.25, 0.35, 0.5),
        clean=(0.0, 0.0, 0.0),
        make=one_site,
    ),
)
