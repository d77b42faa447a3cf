"""Unfair decisions about real people: each kind shows in one way of looking and may hide from the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from fairwitness.trial.kinds.data import turned
from fairwitness.trial.planted import Kind, Made
from fairwitness.trial.rows import People, Truth, drawn_groups, people, scores, settings

ERRORS = frozenset(
    {
        "fairness.equalized-odds-gap",
        "fairness.true-positive-rate-gap",
        "fairness.false-positive-rate-gap",
        "fairness.accuracy-gap",
        "fairness.predictive-parity-gap",
    }
)
SELECTION = frozenset({"fairness.selection-rate-gap", "fairness.impact-ratio"})


def decided(
    who: People,
    chosen: Truth,
    *,
    more: dict[str, NDArray[Any]] | None = None,
    score: bool = False,
    **tables: Mapping[str, Any],
) -> Made:
    """People, outcomes, and what was decided about them."""
    held: dict[str, NDArray[Any]] = {"decided": chosen.astype(np.int64), **(more or {})}
    model = {"decision": "decided"}
    if score:
        held["score"] = who.score.round(4)
        model["score"] = "score"
    return Made(frame=who.frame(**held), settings=settings(model=model, **tables))


def refused(dice: Generator, gap: float) -> Made:
    """Decisions by an honest score; then `gap` fewer are good for `west`, chosen by nothing else."""
    who = people(dice)
    half = who.score >= np.median(who.score)
    return decided(who, turned(dice, half, who.group == "west", gap), score=True)


def few_refused(dice: Generator, gap: float) -> Made:
    """The same in a group of 45 to 90 people: so few that chance alone makes gaps one can see."""
    who = people(dice)
    group = who.group.astype(object)
    group[dice.choice(len(group), int(dice.integers(45, 90)), replace=False)] = "north"
    few = People(features=who.features, good=who.good, group=group.astype(str), score=who.score)
    half = who.score >= np.median(who.score)
    return decided(few, turned(dice, half, few.group == "north", gap), score=True)


def missed(dice: Generator, gap: float) -> Made:
    """As many of `west` are chosen as of the others, but the wrong ones: `gap` of the good ones changed places."""
    who = people(dice)
    chosen = who.score >= np.median(who.score)
    west = who.group == "west"
    out = np.flatnonzero(west & who.good & chosen)
    into = np.flatnonzero(west & ~who.good & ~chosen)
    count = min(round(gap * int((west & who.good).sum())), len(out), len(into))
    chosen[dice.choice(out, count, replace=False)] = False
    chosen[dice.choice(into, count, replace=False)] = True
    return decided(who, chosen)


def flagged(dice: Generator, gap: float) -> Made:
    """An alarm that goes off for `gap` more of the harmless in one group; being flagged is neither good nor bad here."""
    who = people(dice)
    chosen = who.score >= np.median(who.score)
    wrongly = (who.group == "west") & ~who.good & ~chosen
    pool = np.flatnonzero(wrongly)
    count = min(round(gap * int(((who.group == "west") & ~who.good).sum())), len(pool))
    chosen[dice.choice(pool, count, replace=False)] = True
    return decided(who, chosen)


def one_rule_for_two(dice: Generator, share: float) -> Made:
    """One rule for two groups whose outcomes depend on the features in opposite ways for `share` of one of them."""
    who = people(dice, least=2500)
    group = drawn_groups(dice, len(who.good), {"east": 0.75, "west": 0.25})
    other = (group == "west") & (dice.random(len(group)) < share)
    mirrored = who.score < np.median(who.score)
    good = np.where(other, dice.random(len(group)) < np.where(mirrored, 0.75, 0.25), who.good).astype(bool)
    score = scores(dice, who.features, good)
    own = People(features=who.features, good=good, group=group, score=score)
    return decided(own, score >= np.median(score))


def miscalibrated(dice: Generator, shift: float) -> Made:
    """Scores of one group promise `shift` more than comes true; decisions by group are left alone."""
    who = people(dice)
    chosen = who.score >= np.median(who.score)
    moved = np.clip(who.score + shift * (who.group == "west"), 0, 1)
    own = People(features=who.features, good=who.good, group=who.group, score=moved)
    return decided(own, chosen, score=True)


def crossed(dice: Generator, gap: float) -> Made:
    """Fair by group and fair by age, and `gap` apart in the two crossed."""
    who = people(dice)
    group = drawn_groups(dice, len(who.good), {"east": 0.5, "west": 0.5})
    age = drawn_groups(dice, len(who.good), {"young": 0.5, "old": 0.5})
    half = who.score >= np.median(who.score)
    chosen = turned(dice, half, (group == "west") == (age == "old"), gap)
    return decided(
        who,
        chosen,
        more={"group": group, "age_band": age},
        subject={"groups": ["group", "age_band"], "intersections": [["group", "age_band"]]},
    )


def learned(dice: Generator, gap: float) -> Made:
    """A network trained here on biased outcomes, which it can read off a column that tells the group."""
    who = people(dice, least=3000, most=3500)
    west = who.group == "west"
    good = turned(dice, who.good, west, gap)
    tells = dice.normal(size=len(good)) + (4 * west if gap else 0)
    return Made(
        frame=who.frame(good=good.astype(int), district=np.round(tells, 3)),
        settings=settings(model={"train": "mlp"}),
    )


KINDS = (
    Kind(
        pillar="fairness",
        name="refused",
        words="one group gets fewer good decisions",
        expects=SELECTION,
        strengths=(0.2, 0.3, 0.5),
        clean=(0.0, 0.0, 0.04),
        make=refused,
    ),
    Kind(
        pillar="fairness",
        name="few-refused",
        words="one small group gets far fewer good decisions",
        expects=SELECTION,
        strengths=(0.4, 0.45, 0.5),
        clean=(0.0, 0.0, 0.0, 0.0, 0.0),
        make=few_refused,
    ),
    Kind(
        pillar="fairness",
        name="missed",
        words="as many are chosen in each group, in one the wrong ones",
        expects=ERRORS,
        strengths=(0.2, 0.3, 0.45),
        clean=(0.0, 0.0, 0.04),
        make=missed,
    ),
    Kind(
        pillar="fairness",
        name="flagged",
        words="alarms are false more often in one group",
        expects=ERRORS,
        strengths=(0.2, 0.3, 0.45),
        clean=(0.0, 0.0, 0.04),
        make=flagged,
    ),
    Kind(
        pillar="fairness",
        name="one-rule-for-two",
        words="one rule for two groups that differ in what it should look at",
        expects=ERRORS,
        strengths=(0.7, 0.85, 1.0),
        clean=(0.0, 0.0, 0.0),
        make=one_rule_for_two,
    ),
    Kind(
        pillar="fairness",
        name="miscalibrated",
        words="scores promise one group more than comes true",
        expects=frozenset({"fairness.calibration-gap"}),
        strengths=(0.14, 0.2, 0.3),
        clean=(0.0, 0.0, 0.015),
        make=miscalibrated,
    ),
    Kind(
        pillar="fairness",
        name="crossed",
        words="fair by each of two attributes, unfair in the two crossed",
        expects=SELECTION,
        strengths=(0.2, 0.3, 0.5),
        clean=(0.0, 0.0, 0.03),
        make=crossed,
    ),
    Kind(
        pillar="fairness",
        name="learned",
        words="a network learned bias from its labels",
        expects=SELECTION | ERRORS,
        strengths=(0.3, 0.4, 0.5),
        clean=(0.0, 0.0),
        make=learned,
        costly=True,
    ),
)
