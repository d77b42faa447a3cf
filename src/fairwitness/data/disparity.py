"""Recorded outcomes of groups, compared among people alike in what may count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.estimate import Estimate
from fairwitness.io.trees import for_trees
from fairwitness.stats.intervals import critical
from fairwitness.stats.levels import FOLDS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

MOST_TOLD = 0.99
"""Share of membership that factors may tell; beyond, hardly anybody is left to compare."""
MOST_CROSSED = 3
"""Factors that are crossed into strata; of more, what they let expect is learned and taken out."""


def partialled(
    outcome: Flags,
    member: Flags,
    columns: Mapping[str, NDArray[Any]],
    factors: Sequence[Column],
    fold: Codes,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Members' recorded rate less the others', what many factors let expect taken out of both (double machine learning).

    Boosted trees learn, on four fifths of the rows, the chance of the outcome and of being a member from the factors;
    on the last fifth what is left of the one is held against what is left of the other.

    Args:
        outcome: (n,) bool.
        member: (n,) bool, True and False both.
        columns: Factor name to (n,) float64 with NaN, or object of str or None.
        factors: Which columns may count.
        fold: (n,) from 0 to `FOLDS` − 1.
        level: Two-sided confidence.
        seed: Of the trees.

    Returns:
        In points; value and ends None where factors tell membership wholly, so that nobody is left to compare.

    Source:
        Chernozhukov et al. 2018, The Econometrics Journal 21(1):C1-C68, the partially linear model.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    table, named = for_trees(columns, factors)
    left = {}
    for name, goal in (("outcome", outcome), ("member", member)):
        expected = np.empty(len(goal))
        for part in range(FOLDS):
            out = fold == part
            if goal[~out].all() or not goal[~out].any():
                expected[out] = goal[~out].mean()
                continue
            model = HistGradientBoostingClassifier(
                max_iter=60,
                max_leaf_nodes=8,
                l2_regularization=10.0,
                early_stopping=False,
                categorical_features=named,
                random_state=seed,
            )
            with threadpool_limits(1):  # on a busy machine the trees' threads wait for one another: 40 times slower
                expected[out] = model.fit(table[~out], goal[~out]).predict_proba(table[out])[:, 1]
        left[name] = goal - expected
    known = 1 - float((left["member"] ** 2).mean() / member.var())
    return _slope(left["outcome"], left["member"], level=level, told=known)


def noisy_factors(
    outcome: Flags, member: Flags, columns: Floats, reliability: float, *, level: float = 0.95
) -> Estimate:
    """The gap that is left when factors are recorded with error: what a better record of them would let expect.

    Groups whose means differ look unequal among people alike in a noisy record of the factors even where nothing but
    the factors counts. Supposed a reliability, the error is taken out of the factors' spread within groups.

    Args:
        outcome: (n,) bool.
        member: (n,) bool.
        columns: (n, d) factors, as `design` gives.
        reliability: Share of each factor's spread within groups that is no error, in (0, 1]; 1 takes them as recorded.
        level: Two-sided confidence.

    Returns:
        Members' rate less the others' in points, by straight lines; ends and value None where so much error leaves
        nothing.

    Source:
        Fuller 1987, Measurement Error Models, section 2.2: what SIMEX (Cook and Stefanski 1994, JASA
        89(428):1314-1328) goes towards, in closed form; Lord 1967, Psychological Bulletin 68(5):304-305, on the paradox.
    """
    method = f"straight lines, factors of reliability {reliability:g}"
    sign = np.where(member, 1.0 / member.sum(), -1.0 / (~member).sum())
    x, y = _within(columns, member), _within(outcome.astype(float)[:, None], member)[:, 0]
    spread = x.T @ x / len(y)
    moment = spread - (1 - reliability) * np.diag(np.diag(spread))
    apart = sign @ columns
    gone = reliability < 1 and np.linalg.eigvalsh(moment).min(initial=1.0) <= 1e-6
    if gone or _told(apart, spread, member) > MOST_TOLD:
        return Estimate(value=None, low=None, high=None, level=level, n=len(y), unit="points", method=method)
    inverse = np.linalg.pinv(moment, rcond=1e-10, hermitian=True)
    beta = inverse @ (x.T @ y) / len(y)
    value = float(sign @ outcome.astype(float) - apart @ beta)
    score = x * (y - x @ beta)[:, None] + (1 - reliability) * x**2 * beta
    bent = score @ (inverse @ apart) / len(y)
    error = float(np.sqrt(((sign * (y - x @ beta) - bent) ** 2).sum()))
    return _about(value, error, n=len(y), level=level, method=method)


@dataclass(frozen=True, slots=True, kw_only=True)
class Years:
    """Rates of two groups over time.

    Attributes:
        periods: Names, in order.
        gaps: Second group's rate less the first's in each; None where either has nobody.
        slope: Change of the gap from one period to the next.
    """

    periods: tuple[str, ...]
    gaps: tuple[Estimate | None, ...]
    slope: Estimate | None


def over_time(outcome: Flags, member: Flags, periods: NDArray[np.object_], *, level: float = 0.95) -> Years:
    """How the gap between members and others moved.

    Args:
        outcome: (n,) bool.
        member: (n,) bool.
        periods: (n,) object of str that sort by time, such as years.
        level: Two-sided confidence.

    Returns:
        With the slope by weighted least squares of the gaps, periods taken as equally far apart; None with fewer than
        three periods that hold both.
    """
    from fairwitness.stats import intervals

    names = tuple(sorted(set(periods.tolist())))
    gaps: list[Estimate | None] = []
    for name in names:
        inside = periods == name
        n = (int((inside & ~member).sum()), int((inside & member).sum()))
        if not all(n):
            gaps.append(None)
            continue
        hits = (int((inside & ~member & outcome).sum()), int((inside & member & outcome).sum()))
        low, high = intervals.newcombe(hits, n, level=level)
        gaps.append(
            Estimate(
                value=hits[1] / n[1] - hits[0] / n[0],
                low=low,
                high=high,
                level=level,
                n=sum(n),
                unit="points",
                method="Newcombe's interval",
            )
        )
    return Years(periods=names, gaps=tuple(gaps), slope=_trend(gaps, level=level))


def periods(when: NDArray[Any]) -> NDArray[np.object_]:
    """(n,) years of dates, months where all dates are of one or two years; numbers as they are; None for missing.

    Args:
        when: (n,) ISO dates as str or None, or numbers such as years with NaN.
    """
    if when.dtype.kind == "f":
        return np.array([None if np.isnan(each) else f"{each:g}" for each in when], dtype=object)
    known = [str(each) for each in when if each is not None]
    length = 4 if len({each[:4] for each in known}) > 2 else 7
    return np.array([None if each is None else str(each)[:length] for each in when], dtype=object)


def _trend(gaps: Sequence[Estimate | None], *, level: float) -> Estimate | None:
    told = [
        (place, gap.value, (gap.high - gap.low) / (2 * critical(level)))
        for place, gap in enumerate(gaps)
        if gap is not None and gap.value is not None and gap.low is not None and gap.high is not None
    ]
    if len(told) < 3:
        return None
    at, value, error = (np.array(each, dtype=float) for each in zip(*told, strict=True))
    weight = 1 / np.maximum(error, 1e-9) ** 2
    centred = at - (weight * at).sum() / weight.sum()
    slope = float((weight * centred * value).sum() / (weight * centred**2).sum())
    own = float(1 / np.sqrt((weight * centred**2).sum()))
    half = critical(level) * own
    return Estimate(
        value=slope,
        low=slope - half,
        high=slope + half,
        level=level,
        n=sum(gap.n for gap in gaps if gap is not None),
        unit="points",
        method="weighted least squares over periods",
        p=_two_sided(slope, own),
    )


def _slope(y: Floats, x: Floats, *, level: float, told: float) -> Estimate:
    """Least squares of y on x through 0; undefined where hardly any of x is left (`told` is the share that is gone)."""
    method = f"double machine learning, boosted trees, cross-fitted in {FOLDS} folds"
    power = float((x**2).sum())
    if told > MOST_TOLD:
        return Estimate(value=None, low=None, high=None, level=level, n=len(x), unit="points", method=method)
    value = float((x * y).sum()) / power
    error = float(np.sqrt((x**2 * (y - value * x) ** 2).sum())) / power
    return _about(value, error, n=len(x), level=level, method=method)


def _told(apart: Floats, spread: Floats, member: Flags) -> float:
    """Share of membership that a straight line through the columns tells (R²), from what lies within and between groups."""
    odds = float(member.mean() * (1 - member.mean()))
    whole = spread + odds * np.outer(apart, apart)
    return float(odds * apart @ np.linalg.pinv(whole, rcond=1e-10, hermitian=True) @ apart)


def _within(columns: Floats, member: Flags) -> Floats:
    """Columns with each group's own mean taken out."""
    centre = np.where(member[:, None], columns[member].mean(axis=0), columns[~member].mean(axis=0))
    return np.asarray(columns - centre)


def _about(value: float, error: float, *, n: int, level: float, method: str) -> Estimate:
    """Points with a normal interval and p."""
    half, p = critical(level) * error, _two_sided(value, error)
    return Estimate(
        value=value, low=value - half, high=value + half, level=level, n=n, unit="points", method=method, p=p
    )


def _two_sided(value: float, error: float) -> float:
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(value) / error)) if error > 0 else 1.0
