"""Criteria of fairness side by side for the same two groups, and why they cannot all hold where base rates differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import LABEL, NO, SCORE, YES
from fairwitness.core.columns import MISSING
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.fairness.cells import Cells, counted, measure, over
from fairwitness.fairness.contrasts import Known, between, recorded
from fairwitness.stats import bootstrap, intervals
from fairwitness.stats.stratified import Strata, common_difference
from fairwitness.stats.tally import Tally

Floats = NDArray[np.float64]
Holds = Literal["holds", "broken", "open", "unknown"]

DRAWS = 1000

OF_DECISIONS = {
    "base rates (no criterion)": "base rate",
    "demographic parity": "selection rate",
    "equal opportunity": "true-positive rate",
    "predictive equality": "false-positive rate",
    "average odds": "average odds",
    "predictive parity": "positive predictive value",
    "negative predictive parity": "negative predictive value",
    "accuracy equality": "accuracy",
    "balanced accuracy": "balanced accuracy",
    "F1": "F1",
    "treatment equality": "share of misses among errors",
}
"""Criterion to the measure that is equal where it holds. Equalised odds are equal opportunity and predictive equality."""

CALIBRATION = "calibration (record at equal score)"
BALANCE = {YES: "balance for the positive class", NO: "balance for the negative class"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """What would be equal, in each of two groups, and the second's less the first's."""

    name: str
    first: float | None
    second: float | None
    value: float | None
    low: float | None
    high: float | None
    n: int

    def holds(self, within: float) -> Holds:
        """Whether the whole interval lies within so many points of 0 either way, or outside."""
        if self.value is None:
            return "unknown"
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        if low > within or high < -within:
            return "broken"
        return "holds" if low >= -within and high <= within else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """What equality of some measures forces on another, base rates being what they are.

    Attributes:
        given: What is made equal, at the two groups' common value.
        forces: The measure it settles.
        first: What that would have to be in the first group.
        second: In the second.
        gap: Second less first, with the interval of the exact bootstrap over cells.
        seen: What the gap is.
    """

    given: str
    forces: str
    first: float | None
    second: float | None
    gap: Estimate
    seen: float | None


def two_largest(cells: Cells) -> tuple[int, int] | None:
    """Places of the two largest groups that are recorded, whatever is decided about them; None with fewer than two."""
    places = np.flatnonzero(recorded(cells.groups) & (cells.n > 0))
    if len(places) < 2:
        return None
    first, second = places[np.argsort(-cells.n[places], kind="stable")][:2].tolist()
    return first, second


def of_decisions(cells: Cells, pair: tuple[int, int], *, level: float = 0.95) -> list[Criterion]:
    """The criteria that decisions settle, with intervals one by one."""
    found = []
    for name, called in OF_DECISIONS.items():
        known = measure(cells.counts, called, z=intervals.critical(level))
        found.append(_criterion(name, known, pair))
    return found


def of_scores(tally: Tally, by: Sequence[str], pair: tuple[str, str], *, level: float = 0.95) -> list[Criterion]:
    """The criteria that scores settle.

    Args:
        tally: Over the group columns, `LABEL` and `SCORE` in bins, with `SCORE` summed.
        by: Group columns.
        pair: Names of the two groups.
        level: Two-sided confidence, of each.

    Returns:
        Calibration, as the difference in recorded rates among people of about equal score (Mantel-Haenszel over bins, so
        a score need not be a probability), and mean scores of people with, then without, the outcome.
    """
    known = {label: tally.where({LABEL: label}) for label in (YES, NO)}
    bins = [name for name in tally.axes[SCORE] if name != MISSING]
    counts = {label: [each.hits(by, SCORE, name) for name in bins] for label, each in known.items()}
    hits = np.array([[each[group] for group in pair] for each in counts[YES]], dtype=float)
    misses = np.array([[each[group] for group in pair] for each in counts[NO]], dtype=float)
    return [_calibration(Strata(hits=hits, n=hits + misses), level)] + [
        _criterion(BALANCE[label], _mean_scores(known[label], bins, by, pair, level), (0, 1)) for label in (YES, NO)
    ]


def false_positive_rate_of(base: Any, ppv: Any, tpr: Any) -> Floats:  # noqa: ANN401 - numbers or arrays
    """The false-positive rate that the other three settle.

    Returns:
        base / (1 - base) · (1 - ppv) / ppv · tpr, which may exceed 1 where the three cannot be; NaN where undefined.

    Source:
        Chouldechova 2017, Big Data 5(2):153-163, equation 2.6.
    """
    base, ppv, tpr = (np.asarray(each, dtype=np.float64) for each in (base, ppv, tpr))
    return over(base * (1 - ppv) * tpr, (1 - base) * ppv)


def forced(
    cells: Cells, pair: tuple[int, int], *, level: float = 0.95, rng: np.random.Generator, draws: int = DRAWS
) -> list[Forced]:
    """What each family of criteria, held at the two groups' common values, would force on the others."""
    counts = cells.counts[list(pair)]
    copies = bootstrap.multinomial(counts, draws=draws, rng=rng)
    made, drawn = _implied(counts), _implied(copies)
    found = []
    for (given, forces), values in made.items():
        gap = float(values[1] - values[0])
        replicates = drawn[given, forces]
        ends = bootstrap.interval(replicates[:, 1] - replicates[:, 0], level=level)
        seen = over(*counted(counts, forces))
        defined = np.isfinite(gap)
        found.append(
            Forced(
                given=given,
                forces=forces,
                first=_number(values[0]),
                second=_number(values[1]),
                gap=Estimate(
                    value=gap if defined else None,
                    low=min(ends.low, gap) if defined and ends.low is not None else None,
                    high=max(ends.high, gap) if defined and ends.high is not None else None,
                    level=level,
                    n=int(counts.sum()),
                    unit="points",
                    method=f"percentiles of {draws:,} exact bootstrap tables",
                ),
                seen=_number(seen[1] - seen[0]),
            )
        )
    return found


def _implied(counts: NDArray[Any]) -> dict[tuple[str, str], Floats]:
    """(what is equal, what it forces) to (..., 2) values, from (..., 2, 4) counts."""
    together = counts.sum(axis=-2)

    def common(name: str) -> Floats:
        return over(*counted(together, name))[..., None]

    base = over(*counted(counts, "base rate"))
    tpr, fpr, ppv = (
        common(f"{name}") for name in ("true-positive rate", "false-positive rate", "positive predictive value")
    )
    selected = base * tpr + (1 - base) * fpr
    odds = "equal true- and false-positive rates"
    return {
        ("equal predictive values and true-positive rates", "false-positive rate"): false_positive_rate_of(
            base, ppv, tpr
        ),
        (odds, "positive predictive value"): over(base * tpr, selected),
        (odds, "selection rate"): selected,
    }


def _criterion(name: str, known: Known, pair: tuple[int, int]) -> Criterion:
    first, second = (known.place(place)[0] for place in pair)
    value, low, high = between(known, *pair)
    return Criterion(
        name=name, first=first, second=second, value=value, low=low, high=high, n=int(known.n[list(pair)].sum())
    )


def _calibration(strata: Strata, level: float) -> Criterion:
    """Recorded rates as if both groups' scores lay where those of people of both do."""
    n = int(strata.n.sum())
    try:
        each = common_difference(strata, level=level)
    except TooFewError:
        return Criterion(name=CALIBRATION, first=None, second=None, value=None, low=None, high=None, n=n)
    kept = strata.telling
    weight = kept.n.prod(axis=1) / kept.n.sum(axis=1)
    first, second = (weight[:, None] * kept.hits / kept.n).sum(axis=0) / weight.sum()
    return Criterion(
        name=CALIBRATION,
        first=float(first),
        second=float(second),
        value=each.value,
        low=each.low,
        high=each.high,
        n=each.n,
    )


def _mean_scores(tally: Tally, bins: Sequence[str], by: Sequence[str], pair: tuple[str, str], level: float) -> Known:
    """Mean scores of two groups' people, with Student's limits; those without a score are left out."""
    parts = [tally.where({SCORE: name}) for name in bins]
    n = np.array([sum(each.by(by)[group] for each in parts) for group in pair], dtype=np.int64)
    total, squares = (
        np.array([sum(each.sum_by(by, column)[group] for each in parts) for group in pair])
        for column in (SCORE, f"{SCORE}^2")
    )
    found = np.full((3, 2), np.nan)
    some = n > 0
    if some.any():
        low, high = intervals.mean(total[some], squares[some], n[some], level=level)
        found[:, some] = total[some] / n[some], low, high
    return Known(found[0], found[1], found[2], n)


def _number(value: Any) -> float | None:  # noqa: ANN401 - a NumPy number
    return float(value) if np.isfinite(value) else None
