"""Fairness and accuracy before and after, on the same rows: every criterion, its change, and an interval of the change.

What follows from decisions is counted into cells of group, label, decision before and decision after, and rows are drawn
again by cells, which is the bootstrap over rows exactly. What follows from scores has closed forms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Unit
from fairwitness.fairness.pairs import RATES, Cells, Pair, Rate
from fairwitness.fairness.scores_paired import auc_change, brier_change, calibration
from fairwitness.stats.change import Change, Redrawn, between

Floats = NDArray[np.float64]

DRAWS = 4000
CELLS = "rows drawn again by cells"
GAPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("fairness.selection-rate-gap", "selection-rate gap", ("selection rate",)),
    ("fairness.impact-ratio", "impact ratio", ("selection rate",)),
    ("fairness.true-positive-rate-gap", "true-positive-rate gap", ("true-positive rate",)),
    ("fairness.false-positive-rate-gap", "false-positive-rate gap", ("false-positive rate",)),
    ("fairness.equalized-odds-gap", "equalised-odds gap", ("true-positive rate", "false-positive rate")),
    ("fairness.predictive-parity-gap", "predictive-parity gap", ("positive predictive value",)),
    ("fairness.accuracy-gap", "accuracy gap", ("accuracy",)),
)
"""Check, its number in words, and the rates whose differences it is the widest of."""

SHOWN = ("selection rate", "true-positive rate", "false-positive rate", "accuracy")
"""Rates that are shown of each group."""

HIGHER = frozenset({"impact ratio", "accuracy", "true-positive rate", "positive predictive value"})
"""What is better the higher it is; of a selection rate neither end is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moved:
    """One criterion of both subjects.

    Attributes:
        check: Id of the check that judges it; empty where none does.
        about: The grouping; None for everybody.
        group: The group, for a rate of one.
        before: None where undefined; likewise `after`.
        change: After less before; None where one of them is undefined.
        n: Rows behind both.
        judged: Whether it belongs into the family that is judged together (`stats.change.together`).
        left_out: Groups whose rate is undefined, so that nothing is said of them.
    """

    metric: str
    before: float | None
    after: float | None
    change: Change | None
    n: int
    check: str = ""
    about: str | None = None
    group: str | None = None
    unit: Unit = "points"
    better: Literal["lower", "higher", "neither"] = "lower"
    judged: bool = False
    method: str = CELLS
    left_out: tuple[str, ...] = ()


def compared(pair: Pair, *, rng: np.random.Generator, draws: int = DRAWS) -> list[Moved]:
    """Every criterion that the rows have, with its change.

    A gap is the widest between two groups whose rates are defined in both subjects; what is not recorded is no group of
    people and stands aside, as in the checks.

    Args:
        pair: The rows.
        rng: Where rows are drawn again from.
        draws: How often.

    Returns:
        Overall ones first; then by grouping the gaps, and the rates of each group.

    Raises:
        TooFewError: There are no rows.
    """
    if not len(pair):
        raise TooFewError("nothing can be compared on no rows")
    found = _overall(pair, draws=draws, rng=rng)
    for name, labels in pair.groups.items():
        cells = Cells.of(pair, labels)
        drawn = cells.redrawn(draws=draws, rng=rng)
        rates = {rate: cells.rate(rate, drawn) for rate in RATES}
        found += _gaps(name, cells.names, rates)
        found += _calibration(name, pair, labels, draws=draws, rng=rng)
        found += _rates(name, cells.names, rates)
    return found


def _overall(pair: Pair, *, draws: int, rng: np.random.Generator) -> list[Moved]:
    cells = Cells.of(pair, np.full(len(pair), "", dtype=object))
    drawn = cells.redrawn(draws=draws, rng=rng)
    found = []
    for name in ("accuracy", "selection rate"):
        rate = cells.rate(name, drawn)
        if rate.known.all():
            found.append(_of_group(name, rate, 0, judged=name == "accuracy"))
    return found + _of_scores(pair, draws=draws, rng=rng)


def _scored(pair: Pair) -> tuple[NDArray[np.bool_], Floats, Floats] | None:
    """Rows with both scores and a label, and the scores; None where there are none."""
    if pair.before.scores is None or pair.after.scores is None:
        return None
    known = (pair.label >= 0) & np.isfinite(pair.before.scores) & np.isfinite(pair.after.scores)
    return (known, pair.before.scores, pair.after.scores) if known.any() else None


def _of_scores(pair: Pair, *, draws: int, rng: np.random.Generator) -> list[Moved]:
    held = _scored(pair)
    if held is None:
        return []
    known, before, after = held
    rows = before[known], after[known], pair.label[known] == 1
    found = []
    kinds: tuple[tuple[str, Unit, Literal["lower", "higher"], str, Callable[..., tuple[float, float, Change]]], ...] = (
        ("area under the ROC curve", "auc", "higher", "DeLong's interval of a paired difference", auc_change),
        ("Brier score", "number", "lower", "interval of a mean of paired differences", brier_change),
    )
    for metric, unit, better, method, measure in kinds:
        try:
            first, second, change = measure(*rows, draws=draws, rng=rng)
        except TooFewError:
            continue
        found.append(
            Moved(
                metric=metric,
                before=first,
                after=second,
                change=change,
                n=int(known.sum()),
                unit=unit,
                better=better,
                judged=metric.startswith("area"),
                method=method,
            )
        )
    return found


def _gaps(about: str, names: Sequence[str], rates: dict[str, Rate]) -> list[Moved]:
    found = []
    for check, metric, parts in GAPS:
        used = [(rates[part], _compared_groups(names, rates[part])) for part in parts]
        used = [(rate, groups) for rate, groups in used if len(groups) > 1]
        if not used:
            continue
        ratio = metric == "impact ratio"
        pairs = _ratios if ratio else _differences
        sides = []
        for side in ("before", "after"):
            each = [pairs(getattr(r, side)[g], getattr(r, f"{side}_moves")[:, g]) for r, g in used]
            sides.append(
                Redrawn(
                    values=np.concatenate([one.values for one in each]),
                    deviations=np.concatenate([one.deviations for one in each], axis=1),
                )
            )
        first, second = sides
        sign = -1.0 if ratio else 1.0
        known = np.isfinite([first.highest, second.highest]).all()
        change = between(first, second) if known else None
        counted = {names[g] for _, groups in used for g in groups}
        found.append(
            Moved(
                metric=metric,
                check=check,
                about=about,
                before=_defined(sign * first.highest),
                after=_defined(sign * second.highest),
                change=change if change is None or not ratio else _turned(change),
                n=int(sum(rate.n[groups].sum() for rate, groups in used)),
                unit="ratio" if ratio else "points",
                better="higher" if ratio else "lower",
                judged=True,
                left_out=tuple(name for name in names if name not in counted and not _aside(name)),
            )
        )
    return found


def _calibration(
    about: str, pair: Pair, labels: NDArray[np.object_], *, draws: int, rng: np.random.Generator
) -> list[Moved]:
    held = _scored(pair)
    if held is None:
        return []
    known, before, after = held
    members = [known & (labels == name) for name in np.unique(labels.astype(np.str_)) if not _aside(str(name))]
    members = [rows for rows in members if rows.sum() > 1]
    if len(members) < 2:
        return []
    first, second = calibration(before, after, pair.label == 1, members, draws=draws, rng=rng)
    return [
        Moved(
            metric="calibration gap",
            check="fairness.calibration-gap",
            about=about,
            before=first.highest,
            after=second.highest,
            change=between(first, second),
            n=int(sum(rows.sum() for rows in members)),
            judged=True,
            method="normal deviations of each group's mean error, both subjects' together",
        )
    ]


def _rates(about: str, names: Sequence[str], rates: dict[str, Rate]) -> list[Moved]:
    return [
        _of_group(name, rates[name], place, about=about, group=group)
        for name in SHOWN
        for place, group in enumerate(names)
        if rates[name].known[place]
    ]


def _of_group(
    name: str, rate: Rate, place: int, *, about: str | None = None, group: str | None = None, judged: bool = False
) -> Moved:
    moves = rate.after_moves[:, place] - rate.before_moves[:, place]
    before, after = float(rate.before[place]), float(rate.after[place])
    return Moved(
        metric=name,
        about=about,
        group=group,
        before=before,
        after=after,
        change=Change(value=after - before, most=moves, least=moves),
        n=int(rate.n[place]),
        unit="share",
        better="higher" if name in HIGHER else "lower" if name == "false-positive rate" else "neither",
        judged=judged,
    )


def _compared_groups(names: Sequence[str], rate: Rate) -> list[int]:
    """Places of groups whose rate is known in both; what is not recorded only where fewer than two others are."""
    known = np.flatnonzero(rate.known).tolist()
    inside = [place for place in known if not _aside(names[place])]
    return inside if len(inside) > 1 else known


def _aside(name: str) -> bool:
    return MISSING in name.split(CROSS)


def _differences(rates: Floats, moves: Floats) -> Redrawn:
    """Every group less every other."""
    first, second = _each_with_each(len(rates))
    return Redrawn(values=rates[first] - rates[second], deviations=moves[:, first] - moves[:, second])


def _ratios(rates: Floats, moves: Floats) -> Redrawn:
    """Every group over every other, as negative numbers: the lowest ratio counts."""
    first, second = _each_with_each(len(rates))
    values = np.full(len(first), -np.inf)
    np.divide(-rates[first], rates[second], out=values, where=rates[second] > 0)
    if not (rates > 0).any():
        return Redrawn(values=values, deviations=np.full((len(moves), len(first)), np.nan))
    drawn = rates + moves  # a rate of nobody, moved by smoothing, may leave [0, 1] a little
    low, high = np.maximum(drawn[:, first], 0), drawn[:, second]
    again = np.full(low.shape, np.nan)
    np.divide(-low, high, out=again, where=high > 0)
    return Redrawn(values=values, deviations=again - np.where(np.isfinite(values), values, np.nan))


def _each_with_each(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    places = np.arange(count)
    first, second = np.repeat(places, count), np.tile(places, count)
    return first[first != second], second[first != second]


def _turned(change: Change) -> Change:
    """Of the number in place of its negative."""
    return Change(value=-change.value, most=-change.least, least=-change.most)


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
