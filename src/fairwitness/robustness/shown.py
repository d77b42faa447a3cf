"""Tables and the curve of an attack."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fairwitness.core.estimate import Estimate
from fairwitness.core.figures import Curve, Curves
from fairwitness.core.findings import Series
from fairwitness.draw.words import plural
from fairwitness.robustness.attacks.space import Space
from fairwitness.robustness.sampled import Sampled, percent
from fairwitness.robustness.standing import Mask, Stood
from fairwitness.stats.intervals import clopper_pearson, wilson

SHOWN = 12
"""Columns whose radius is listed."""


def found(hits: int, n: int, level: float) -> Estimate:
    """A share that attacks found: the truth may be higher, never mind how many rows there are."""
    low, _ = clopper_pearson(float(hits), n, level=level)
    return Estimate(
        value=hits / n,
        low=low,
        high=None,
        level=level,
        n=n,
        unit="share",
        method="Clopper-Pearson interval; of what these attacks found",
        claim="lower bound",
    )


def accuracy(held: Sampled, stood: Stood, level: float) -> Series:
    """Accuracy as it is, and what the attack left of it."""
    n, right = len(held.rows), int(held.right.sum())
    left = right - int(stood.broken.sum())
    before, after = wilson(float(right), n, level=level), wilson(float(left), n, level=level)
    return Series(
        title="Accuracy, and the most that is left of it under attack",
        columns={
            "of": ("rows as they are", "rows at their worst"),
            "right": (right, left),
            "n": (n, n),
            "share": (right / n, left / n),
            "low": (before[0], None),
            "high": (before[1], after[1]),
        },
        units={"right": "rows", "n": "rows", "share": "share", "low": "share", "high": "share"},
    )


def by_change(masks: Mapping[str, Mask], level: float) -> Series:
    """Right decisions broken, by what may change.

    Args:
        masks: What may change to (n,) rows that it breaks.
        level: Confidence.
    """
    hits = [int(mask.sum()) for mask in masks.values()]
    sizes = [len(mask) for mask in masks.values()]
    shares = [found(hit, n, level) for hit, n in zip(hits, sizes, strict=True)]
    return Series(
        title="Right decisions broken, by what may change",
        columns={
            "change": tuple(masks),
            "broken": tuple(hits),
            "n": tuple(sizes),
            "share": tuple(each.value for each in shares),
            "at least": tuple(each.low for each in shares),
        },
        units={"broken": "rows", "n": "rows", "share": "share", "at least": "share"},
    )


def allowed(space: Space) -> Series:
    """How far each column may move: the widest box of any row."""
    if space.columns[0].media:
        names, reach, step = [space.columns[0].name], [float((space.high - space.low).max() / 2)], [space.step.max()]
    else:
        wide = np.nanmax(np.maximum(space.high - space.x, space.x - space.low), axis=0, initial=0.0)
        order = [slot for slot in np.argsort([column.name for column in space.columns]) if wide[slot] > 0][:SHOWN]
        names = [space.columns[slot].words or space.columns[slot].name for slot in order]
        reach, step = [float(wide[slot]) for slot in order], [float(space.step[slot]) for slot in order]
    return Series(
        title="How far a value may move, in its own unit",
        columns={"column": tuple(names), "by at most": tuple(reach), "in steps of": tuple(s or None for s in step)},
        units={"by at most": "number", "in steps of": "number"},
    )


def curve(masks: Mapping[float, Mask], *, eps: float, level: float) -> Curves:
    """Right decisions that stand at several radii.

    Args:
        masks: Radius to (n,) rows that it breaks.
        eps: The radius that is judged.
        level: Confidence.
    """
    n = len(masks[eps])
    x, left = (0.0, *masks), [n, *(n - int(mask.sum()) for mask in masks.values())]
    highs = [wilson(float(each), n, level=level)[1] for each in left]
    return Curves(
        title="Right decisions that stand as the change grows",
        caption=(
            f"Upper bounds over {plural(n, 'right decision')}; a long attack at {percent(eps)} of each range, short ones "
            "elsewhere; Wilson limits above"
        ),
        x_label="change, as a share of each range",
        y_label="share that stands, at most",
        x_unit="share",
        y_unit="share",
        curves=(
            Curve(
                label="right decisions",
                x=x,
                y=tuple(each / n for each in left),
                low=(None,) * len(x),
                high=tuple(highs),
                n=(n,) * len(x),
            ),
        ),
    )
