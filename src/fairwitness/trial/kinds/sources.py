"""Where bias in data comes from: an instrument, labels, relations, outcomes, the place rows come from."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from fairwitness.trial.kinds.data import telling, turned
from fairwitness.trial.planted import Kind, Made
from fairwitness.trial.rows import people, recorded, settings, standard

CHECKED = 800
"""Rows somebody looked at again."""


def other_yardstick(dice: Generator, shift: float) -> Made:
    """Three tests of one real ability; the third reads so many standard deviations higher for `west`."""
    who = people(dice)
    ability = standard(who.features)[:, dice.integers(len(who.features))]
    tests = ability[:, None] + 0.6 * dice.normal(size=(len(ability), 3))
    tests[:, 2] += shift * (who.group == "west")
    named = {f"test_{place}": column.round(3) for place, column in enumerate(tests.T, 1)}
    return recorded(who, who.frame(**named), indicators={"ability": list(named)})


def wrong_labels(dice: Generator, share: float) -> Made:
    """Good outcomes of `west` recorded as bad for `share`, of the others for 3 %; some rows were looked at again."""
    who = people(dice, least=2500)
    hidden = dice.random(len(who.good)) < np.where(who.group == "west", max(share, 0.03), 0.03)
    checked = np.full(len(who.good), np.nan)
    again = dice.choice(len(checked), CHECKED, replace=False)
    checked[again] = who.good[again]
    frame = who.frame(good=(who.good & ~hidden).astype(int), good_checked=checked)
    return recorded(who, frame, gold={"label": "good_checked"})


def two_relations(dice: Generator, share: float) -> Made:
    """What is good for the others is bad for `share` of `west`."""
    who = people(dice, least=2500)
    other = (who.group == "west") & (dice.random(len(who.good)) < share)
    return recorded(who, who.frame(good=(who.good ^ other).astype(int)))


def held_back(dice: Generator, gap: float) -> Made:
    """Outcomes of `west` are `gap` lower than of people who are alike in all that may count."""
    who = people(dice)
    good = turned(dice, who.good, who.group == "west", gap)
    return recorded(who, who.frame(good=good.astype(int)), subject={"legitimate": list(who.features)})


def site_read(dice: Generator, area: float) -> Made:
    """Four sites, whose rows a mark tells apart, and whose outcomes it tells with that AUC; within one it tells nothing."""
    who = people(dice, least=2500)
    mark = telling(dice, who.good, area)
    site = np.array(["a", "b", "c", "d"])[np.searchsorted(np.quantile(mark, [0.25, 0.5, 0.75]), mark)]
    scale = np.array([0.0, 4.0, 8.0, 12.0])[np.searchsorted(["a", "b", "c", "d"], site)]
    noise = dice.normal(size=len(mark))
    held = {name: dice.permutation(values) for name, values in who.features.items()}  # nothing else tells the outcome
    return Made(
        frame=who.frame(**held, site=site, mark=(scale + noise).round(3)),
        settings=settings(subject={"site": "site"}),
    )


KINDS = (
    Kind(
        pillar="data",
        name="other-yardstick",
        words="one of three tests reads higher for a group",
        expects=frozenset({"data.unequal-measurement"}),
        strengths=(0.6, 0.9, 1.5),
        clean=(0.0, 0.0, 0.1),
        make=other_yardstick,
    ),
    Kind(
        pillar="data",
        name="wrong-labels",
        words="good outcomes of a group are recorded as bad",
        expects=frozenset({"data.label-error-gap"}),
        strengths=(0.25, 0.4, 0.6),
        clean=(0.03, 0.03, 0.03),
        make=wrong_labels,
    ),
    Kind(
        pillar="data",
        name="two-relations",
        words="what is good for the others is bad for a group",
        expects=frozenset({"data.unlike-relations"}),
        strengths=(0.6, 0.8, 1.0),
        clean=(0.0, 0.0, 0.0),
        make=two_relations,
    ),
    Kind(
        pillar="data",
        name="held-back",
        words="outcomes of a group are lower among people alike",
        expects=frozenset({"data.unexplained-gap"}),
        strengths=(0.15, 0.25, 0.4),
        clean=(0.0, 0.0, 0.0),
        make=held_back,
    ),
    Kind(
        pillar="data",
        name="site-read",
        words="the outcome is told by where rows come from, and by nothing within a place",
        expects=frozenset({"data.site-confounding"}),
        strengths=(0.75, 0.85, 0.95),
        clean=(0.5, 0.5, 0.5),
        make=site_read,
    ),
)
