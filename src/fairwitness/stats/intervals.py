"""Confidence intervals of shares, differences, ratios, means and areas under the curve.

Every function takes scalars or arrays, which broadcast, and gives (low, high) of the same kind. `level` is two-sided;
`z`, where given, is the critical value in its place, so that many intervals can hold at once (see `stats.multiple`).
An empty group raises `TooFewError`: its rate is unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fairwitness.core.errors import TooFewError

Floats = NDArray[np.float64]
N = TypeVar("N", float, NDArray[Any])
"""Number or array: what comes in goes out."""
Other = float | NDArray[Any]

FAR_OUT = 2.0
"""Beyond this critical value Wilson's and score limits miss rare events too often to be trusted.

Measured at the worst rate, a group of 100 or 20 beside one of a million: differences over Wilson's limits hold in 90 % of
draws at a level of 95 %, still in 90 % at 99 %, and in 67 % for all pairs of 5 groups at 95 %; over exact limits in 96 %,
99.5 % and 97 %.
"""

_MANY = 1000  # shares; beyond, equal ones are worked out once
_HALVINGS = 60  # of an interval no wider than 2, so a limit is exact to the last bit


def critical(level: float, z: float | None = None) -> float:
    """Critical value of a standard normal for a two-sided level in (0, 1); `z` itself where it is given."""
    if z is not None:
        return z
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level}")
    return float(special.ndtri((1 + level) / 2))


def wilson(hits: N, n: Other, *, level: float = 0.95, z: float | None = None) -> tuple[N, N]:
    """Interval of a share, by the score test.

    Args:
        hits: Of `n`, `0 <= hits <= n`; fractions are allowed, for planning.
        n: People, at least 1.
        level: Two-sided confidence.
        z: Critical value in place of `level`.

    Returns:
        Limits in [0, 1]. On average over rates they cover as often as `level` says, at some rates slightly less.

    Raises:
        TooFewError: `n` is 0.

    Source:
        Wilson 1927, JASA 22(158):209-212.
    """
    hits_, n_ = _counts(hits, n)
    return _back(*_wilson(hits_ / n_, n_, critical(level, z)))


def clopper_pearson(hits: N, n: Other, *, level: float = 0.95, z: float | None = None) -> tuple[N, N]:
    """Interval of a share, by the exact binomial test: it covers at least as often as `level` says, at every rate.

    Args, Returns, Raises: as `wilson`.

    Source:
        Clopper and Pearson 1934, Biometrika 26(4):404-413.
    """
    hits_, n_ = _counts(hits, n)
    return _back(*_exact(hits_, n_, critical(level, z)))


def newcombe(hits: tuple[N, N], n: tuple[Other, Other], *, level: float = 0.95, z: float | None = None) -> tuple[N, N]:
    """Interval of the difference of two independent shares, second minus first.

    Args:
        hits: In each group, `0 <= hits[i] <= n[i]`.
        n: People in each group, at least 1.
        level: Two-sided confidence; for two groups named beforehand, not for the widest of many pairs.
        z: Critical value in place of `level`.

    Returns:
        Limits in [-1, 1].

    Raises:
        TooFewError: A group is empty.

    Source:
        Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10.
    """
    (hits0, n0), (hits1, n1) = _counts(hits[0], n[0]), _counts(hits[1], n[1])
    p0, p1 = hits0 / n0, hits1 / n1
    value = critical(level, z)
    return _back(*_square_and_add(p0, _wilson(p0, n0, value), p1, _wilson(p1, n1, value)))


def mover_difference(
    hits: tuple[N, N], n: tuple[Other, Other], *, level: float = 0.95, z: float | None = None
) -> tuple[N, N]:
    """Newcombe's interval of a difference, over exact limits of each share in place of Wilson's.

    For critical values far out (`FAR_OUT`), as many intervals at once need them; about 3 % wider than Wilson's.

    Args, Returns, Raises: as `newcombe`.

    Source:
        Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702.
    """
    (hits0, n0), (hits1, n1) = _counts(hits[0], n[0]), _counts(hits[1], n[1])
    value = critical(level, z)
    return _back(*_square_and_add(hits0 / n0, _exact(hits0, n0, value), hits1 / n1, _exact(hits1, n1, value)))


def miettinen_nurminen(
    hits: tuple[N, N], n: tuple[Other, Other], *, level: float = 0.95, z: float | None = None
) -> tuple[N, N]:
    """Interval of the difference of two independent shares, second minus first, by the score test.

    Args, Returns, Raises: as `newcombe`.

    Source:
        Miettinen and Nurminen 1985, Statistics in Medicine 4(2):213-226, with their N / (N - 1).
    """
    (hits0, n0), (hits1, n1) = _counts(hits[0], n[0]), _counts(hits[1], n[1])
    value = critical(level, z)
    point = hits1 / n1 - hits0 / n0

    def deviation(difference: Floats) -> Floats:
        share = _share_under_difference(difference, hits0, n0, hits1, n1)
        return value * _error((share, np.clip(share + difference, 0, 1)), (n0, n1))

    ends = np.full_like(point, -1.0), np.full_like(point, 1.0)
    low = _bisect(lambda d: point - d > deviation(d), ends[0], point)
    return _back(low, _bisect(lambda d: d - point <= deviation(d), point, ends[1]))


def ratio(hits: tuple[N, N], n: tuple[Other, Other], *, level: float = 0.95, z: float | None = None) -> tuple[N, N]:
    """Interval of the ratio of two independent shares, second over first, by the score test.

    Args, Raises: as `newcombe`.

    Returns:
        Limits in [0, inf]; `high` is infinite where the first group has no hits, and (0, inf) says nothing is known
        because neither has any.

    Source:
        Miettinen and Nurminen 1985, Statistics in Medicine 4(2):213-226; Koopman 1984, Biometrics 40(2):513-517,
        is the same without N / (N - 1).
    """
    (hits0, n0), (hits1, n1) = _counts(hits[0], n[0]), _counts(hits[1], n[1])
    value = critical(level, z)
    p0, p1 = hits0 / n0, hits1 / n1

    def deviation(times: Floats) -> Floats:
        a, b = (n0 + n1) * times, -(times * (n1 + hits0) + hits1 + n0)
        share = (-b - np.sqrt(np.maximum(b**2 - 4 * a * (hits0 + hits1), 0))) / (2 * a)
        return value * _error((np.clip(share, 0, 1), np.clip(times * share, 0, 1)), (n0, n1), times)

    def odds(part: Floats) -> Floats:
        return part / (1 - part)  # searches all ratios within [0, 1]

    with np.errstate(divide="ignore", invalid="ignore"):  # at the very ends, which are set below
        point = np.where(p0 + p1 > 0, p1 / (p0 + p1), 0.5)
        low = _bisect(lambda part: p1 - odds(part) * p0 > deviation(odds(part)), np.zeros_like(point), point)
        high = _bisect(lambda part: odds(part) * p0 - p1 <= deviation(odds(part)), point, np.ones_like(point))
        return _back(np.where(p1 == 0, 0.0, odds(low)), np.where(p0 == 0, np.inf, odds(high)))


def mover_ratio(
    hits: tuple[N, N], n: tuple[Other, Other], *, level: float = 0.95, z: float | None = None
) -> tuple[N, N]:
    """Interval of the ratio of two independent shares, second over first, from exact limits of each.

    For critical values far out (`FAR_OUT`), as many intervals at once need them.

    Args, Returns, Raises: as `ratio`.

    Source:
        Donner and Zou 2012, Statistical Methods in Medical Research 21(4):347-359, equations 8 and 9.
    """
    (hits0, n0), (hits1, n1) = _counts(hits[0], n[0]), _counts(hits[1], n[1])
    value = critical(level, z)
    p0, p1 = hits0 / n0, hits1 / n1
    (low0, high0), (low1, high1) = _exact(hits0, n0, value), _exact(hits1, n1, value)
    both = p0 * p1
    under, below = low1 * (2 * p1 - low1), high0 * (2 * p0 - high0)
    over, above = high1 * (2 * p1 - high1), low0 * (2 * p0 - low0)
    with np.errstate(divide="ignore", invalid="ignore"):  # no hits: set below
        low = under / (both + np.sqrt(np.maximum(both**2 - under * below, 0)))
        high = (both + np.sqrt(np.maximum(both**2 - over * above, 0))) / above
    return _back(np.where(p1 == 0, 0.0, low), np.where(p0 == 0, np.inf, high))


def difference(
    hits: tuple[N, N], n: tuple[Other, Other], *, level: float = 0.95, z: float | None = None
) -> tuple[N, N]:
    """Interval of a difference that may be judged: `newcombe`, or `mover_difference` where its limits lie far out."""
    return (mover_difference if critical(level, z) > FAR_OUT else newcombe)(hits, n, level=level, z=z)


def quotient(hits: tuple[N, N], n: tuple[Other, Other], *, level: float = 0.95, z: float | None = None) -> tuple[N, N]:
    """Interval of a ratio that may be judged: `ratio`, or `mover_ratio` where its limits lie far out."""
    return (mover_ratio if critical(level, z) > FAR_OUT else ratio)(hits, n, level=level, z=z)


def mean(total: N, squares: Other, n: Other, *, level: float = 0.95, z: float | None = None) -> tuple[N, N]:
    """Interval of a mean, by Student's t.

    Args:
        total: Sum of the values.
        squares: Sum of their squares. Centre values first when their mean is far larger than their spread.
        n: Values, at least 1.
        level: Two-sided confidence.
        z: Critical value in place of Student's.

    Returns:
        Limits; infinite for a single value, which says nothing of the spread.

    Raises:
        TooFewError: `n` is 0.
    """
    total_, squares_, n_ = (np.asarray(each, dtype=np.float64) for each in (total, squares, n))
    if (n_ < 1).any():
        raise TooFewError("a mean needs at least one value")
    value = special.stdtrit(np.maximum(n_ - 1, 1), (1 + level) / 2) if z is None else z
    spread = np.maximum(squares_ - total_**2 / n_, 0) / np.maximum(n_ - 1, 1)
    half = np.where(n_ < 2, np.inf, value * np.sqrt(spread / n_))
    return _back(total_ / n_ - half, total_ / n_ + half)


def auc(area: N, positives: Other, negatives: Other, *, level: float = 0.95, z: float | None = None) -> tuple[N, N]:
    """Interval of the area under the ROC curve, by the score form of Hanley and McNeil's variance.

    Args:
        area: In [0, 1], ties counted half.
        positives: Rows of the positive class, at least 1.
        negatives: Rows of the other class, at least 1.
        level: Two-sided confidence.
        z: Critical value in place of `level`.

    Returns:
        Limits in [0, 1]; of positive width even where the area is 0 or 1.

    Raises:
        TooFewError: A class is empty.

    Source:
        Newcombe 2006, Statistics in Medicine 25(4):559-573, method 5.
    """
    point, m, n = (np.asarray(each, dtype=np.float64) for each in (area, positives, negatives))
    if (m < 1).any() or (n < 1).any():
        raise TooFewError("an area under the curve needs rows of both classes")
    value, point = critical(level, z), np.broadcast_arrays(point, m, n)[0]

    def deviation(theta: Floats) -> Floats:
        return np.asarray(value * np.sqrt(auc_variance(theta, m, n)))

    low = _bisect(lambda theta: point - theta > deviation(theta), np.zeros_like(point), point)
    high = _bisect(lambda theta: theta - point <= deviation(theta), point, np.ones_like(point))
    return _back(low, high)


def auc_variance(theta: N, positives: Other, negatives: Other) -> N:
    """Variance of an observed area when the true one is `theta`, for two classes alike in spread.

    Source:
        Hanley and McNeil 1982, Radiology 143(1):29-36, as Newcombe 2006 evens it between the classes.
    """
    weight = (positives + negatives) / 2 - 1
    shape = 1 + weight * ((1 - theta) / (2 - theta) + theta / (1 + theta))
    return cast("N", theta * (1 - theta) * shape / (positives * negatives))


def _counts(hits: Other, n: Other) -> tuple[Floats, Floats]:
    hits_, n_ = np.broadcast_arrays(np.asarray(hits, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if (n_ <= 0).any():
        raise TooFewError("a rate needs at least one person; that of an empty group is unknown, not zero")
    if (hits_ < 0).any() or (hits_ > n_).any():
        raise ValueError("hits must lie between 0 and n")
    return hits_, n_


def _back(low: Floats, high: Floats) -> tuple[Any, Any]:
    """Numbers for numbers, arrays for arrays."""
    return cast("tuple[Any, Any]", (low[()], high[()]))


def _wilson(share: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    middle = share + z**2 / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    width = 1 + z**2 / n
    low, high = (middle - half) / width, (middle + half) / width
    return np.where(share == 0, 0.0, np.minimum(low, share)), np.where(share == 1, 1.0, np.maximum(high, share))


def _exact(hits: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    if hits.size > _MANY:  # all pairs of many groups: each group's limits are wanted once, not once a pair
        groups, places = np.unique(np.stack([hits.ravel(), n.ravel()]), axis=1, return_inverse=True)
        low, high = _limits(groups[0], groups[1], z)
        return low[places].reshape(hits.shape), high[places].reshape(hits.shape)
    return _limits(hits, n, z)


def _limits(hits: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    tail = special.ndtr(-z)
    none, every = hits == 0, hits == n
    low = np.where(none, 0.0, special.betaincinv(np.where(none, 1.0, hits), n - hits + 1, tail))
    high = np.where(every, 1.0, special.betainccinv(hits + 1, np.where(every, 1.0, n - hits), tail))
    return low, high


def _square_and_add(
    p0: Floats, ends0: tuple[Floats, Floats], p1: Floats, ends1: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Limits of p1 - p0 from those of each: distances to the limits behave like standard errors."""
    return (
        p1 - p0 - np.hypot(p1 - ends1[0], ends0[1] - p0),
        p1 - p0 + np.hypot(ends1[1] - p1, p0 - ends0[0]),
    )


def _error(shares: tuple[Floats, Floats], n: tuple[Floats, Floats], times: Floats | float = 1.0) -> Floats:
    """Standard error of the second share minus `times` the first, at supposed shares."""
    total = n[0] + n[1]
    spread = [share * (1 - share) / size for share, size in zip(shares, n, strict=True)]
    return np.asarray(np.sqrt((spread[1] + times**2 * spread[0]) * total / (total - 1)))


def _share_under_difference(difference: Floats, hits0: Floats, n0: Floats, hits1: Floats, n1: Floats) -> Floats:
    """The first group's most likely share when the second's is larger by `difference`: a cubic, in closed form."""
    total, hits = n0 + n1, hits0 + hits1
    l3 = total
    l2 = (n1 + 2 * n0) * difference - total - hits
    l1 = (n0 * difference - total - 2 * hits0) * difference + hits
    l0 = hits0 * difference * (1 - difference)
    c = (l2 / (3 * l3)) ** 3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
    b = np.where(c >= 0, 1.0, -1.0) * np.sqrt(np.maximum((l2 / (3 * l3)) ** 2 - l1 / (3 * l3), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.where(b == 0, 0.0, np.clip(c / b**3, -1, 1))
    share = 2 * b * np.cos((np.pi + np.arccos(angle)) / 3) - l2 / (3 * l3)
    return np.clip(share, np.maximum(0, -difference), np.minimum(1, 1 - difference))


def _bisect(goes_on: Callable[[Floats], NDArray[np.bool_]], low: Floats, high: Floats) -> Floats:
    """Where `goes_on`, true at `low`, turns false on the way to `high`."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        on = goes_on(middle)
        low, high = np.where(on, middle, low), np.where(on, high, middle)
    return (low + high) / 2
