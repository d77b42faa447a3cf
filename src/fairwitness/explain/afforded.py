"""How many decisions are explained, and how well, before an audit would spend minutes on one question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairwitness.core.subject import Model, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import plural
from fairwitness.explain.examined import Examined
from fairwitness.explain.shapley import BUDGET, least_evaluations

WORK = 5e11
"""Operations of a model that Shapley values of an audit may take: some 25 seconds of one core."""
MIXING = 30_000
"""Operations that putting a mixed row together takes the time of."""
PARTS_WORK, READING = 2e11, 500_000
"""As `WORK` and `MIXING` for texts and series, which are read anew each time: some 15 seconds; a text of `SHORT` letters."""
SHORT = 100
FEWEST = 30
"""Decisions that are explained whatever they cost: fewer say nothing about a model."""
PROBE = 8


def asked_at_most(model: Model, rows: Rows, *, work: float, mixing: float) -> int:
    """Mixed rows that may be put to the model in all, of so many operations, by what a few of `rows` take."""
    from fairwitness.torchkit.operations import operations  # torch

    few = rows.where(np.arange(len(rows)) < PROBE)
    return int(work / (operations(model, few) + mixing))


def reading(texts: Sequence[str]) -> float:
    """Operations that putting one of such texts together, and cutting it into tokens, takes the time of."""
    return READING * max(1.0, float(np.mean([len(text) for text in texts])) / SHORT)


def evaluations(held: Examined) -> int:
    """Mixed rows that may be put to the model in all."""
    return asked_at_most(held.model, held.rows, work=WORK, mixing=MIXING)


def afforded(held: Examined) -> Examined:
    """As many of the decisions as can be explained at all within `WORK`, and a note where that is not every one."""
    each = least_evaluations(len(held.players), len(held.background))
    many = max(FEWEST, evaluations(held) // each)
    if many >= len(held):
        return held
    words = (
        f"Of {plural(len(held), 'decision')} a random {fmt.count(many)} are explained: each takes {fmt.count(each)} questions to "
        "the model or more, and the model is a costly one."
    )
    drawn = np.zeros(len(held), dtype=np.bool_)
    drawn[np.random.default_rng(len(held)).permutation(len(held))[:many]] = True
    return held.only(drawn, [words])


def budget(held: Examined) -> int:
    """Evaluations a decision."""
    return min(BUDGET, evaluations(held) // len(held))
