"""Does a model need more columns: nested linear and logistic models, compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate

Floats = NDArray[np.float64]

RIDGE = 1e8
"""Inverse strength of the penalty that keeps perfectly separated classes from running away; otherwise it does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """A smaller model within a larger one.

    Attributes:
        p: P value of "the larger one says nothing more".
        statistic: F, or twice the difference in log-likelihood.
        freedom: Columns more.
        gain: How much more of the variance is explained (R²); None of logistic models.
    """

    p: float
    statistic: float
    freedom: int
    gain: Estimate | None = None


def dummies(codes: NDArray[Any]) -> Floats:
    """(n, k − 1) columns of 0 and 1 for (n,) codes from 0 to k − 1, the first left out."""
    width = int(codes.max(initial=0)) + 1
    return np.asarray(codes[:, None] == np.arange(1, width), dtype=np.float64)


def crossed(columns: Floats, others: Floats) -> Floats:
    """(n, a · b) products of each of `columns` (n, a) with each of `others` (n, b)."""
    return np.asarray((columns[:, :, None] * others[:, None, :]).reshape(len(columns), -1))


def linear(y: Floats, small: Floats, more: Floats, *, level: float = 0.95, even: bool = True) -> Nested:
    """Does y need the columns `more` beside `small`, by the F test.

    Args:
        y: (n,) values.
        small: (n, a) columns; a constant is added.
        more: (n, b) columns, linearly independent of the others.
        level: Confidence of the gain's interval.
        even: Whether y scatters equally everywhere. If not, the test takes the scatter as it is (HC3): of real columns,
            money above all, the plain one finds a difference in half of all fair draws.

    Returns:
        With the gain in R², in [0, 1], unit "number", and the interval of the noncentral F distribution; p 1 where
        `more` says nothing that `small` does not.

    Source:
        Steiger 2004, Psychological Methods 9(2):164-182, for the interval; MacKinnon and White 1985, Journal of
        Econometrics 29(3):305-325, for HC3.
    """
    from scipy.special import fdtrc

    start = np.column_stack([np.ones(len(y)), small])
    whole = np.column_stack([start, more])
    base, rank = _fitted(y, start)
    rest, full = _fitted(y, whole)
    spread, freedom, left = float(((y - y.mean()) ** 2).sum()), full - rank, len(y) - full
    if freedom < 1 or left < 1 or rest @ rest <= 1e-12 * spread:
        return Nested(p=1.0, statistic=0.0, freedom=max(freedom, 0))
    taken = float(base @ base - rest @ rest)
    statistic = taken / freedom / float(rest @ rest) * left if even else _wald(y, whole, rest, more.shape[1])
    if statistic <= 0:
        return Nested(p=1.0, statistic=0.0, freedom=freedom)
    low, high = _noncentrality(statistic, freedom, left, level)
    gain, scale = taken / spread, taken / spread / (statistic * freedom)
    return Nested(
        p=float(fdtrc(freedom, left, statistic)),
        statistic=statistic,
        freedom=freedom,
        gain=Estimate(
            value=gain,
            low=min(low * scale, gain),
            high=min(max(high * scale, gain), 1.0),
            level=level,
            n=len(y),
            unit="number",
            method="gain in R², noncentral F" + ("" if even else ", scatter as it is (HC3)"),
        ),
    )


def nested(y: NDArray[np.bool_] | Floats, small: Floats, more: Floats) -> Nested:
    """Does y need the columns `more` beside `small`: `logistic` for truth values, `linear` with uneven scatter for numbers."""
    if y.dtype == bool:
        return logistic(np.asarray(y, dtype=bool), small, more)
    return linear(np.asarray(y, dtype=np.float64), small, more, even=False)


def logistic(y: NDArray[np.bool_], small: Floats, more: Floats) -> Nested:
    """Does the chance of y need the columns `more` beside `small`, by the likelihood-ratio test of logistic models.

    Args:
        y: (n,) bool, of both values.
        small: (n, a) columns, best of like scale; a constant is added.
        more: (n, b) columns.
    """
    from scipy.special import chdtrc

    constant = np.ones((len(y), 1))
    whole = np.hstack([constant, small, more])
    freedom = _rank(whole) - _rank(np.hstack([constant, small]))
    if freedom < 1 or y.all() or not y.any():
        return Nested(p=1.0, statistic=0.0, freedom=max(freedom, 0))
    statistic = max(2 * (log_likelihood(y, np.hstack([small, more])) - log_likelihood(y, small)), 0.0)
    return Nested(p=float(chdtrc(freedom, statistic)), statistic=statistic, freedom=freedom)


def log_likelihood(y: NDArray[np.bool_], columns: Floats) -> float:
    """The highest log-likelihood of y under logistic regression on (n, d) columns and a constant."""
    return float(-log_loss(y, chances(y, columns, columns)).sum())


def chances(y: NDArray[np.bool_], columns: Floats, asked: Floats) -> Floats:
    """(m,) chances that logistic regression of y on (n, d) `columns` gives (m, d) rows `asked`."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if not columns.shape[1] or y.all() or not y.any():
        return np.full(len(asked), float(y.mean()))
    with _threads().limit(limits=1), warnings.catch_warnings():  # small matrices: threads would wait for one another
        # Where a category tells y alone its coefficient has no end, and the solver says so; the chances have one.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="The inner solver of NewtonCholesky")
        model = LogisticRegression(C=RIDGE, solver="newton-cholesky", tol=1e-8, max_iter=100).fit(columns, y)
        return np.asarray(model.predict_proba(asked)[:, 1])


@cache
def _threads() -> Any:  # noqa: ANN401 - threadpoolctl ships no types
    """The libraries that spread work over threads, looked up once: that takes longer than most fits here."""
    import sklearn.linear_model  # noqa: F401 - loads them
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it ships no types

    return ThreadpoolController()


def log_loss(y: NDArray[np.bool_], chance: Floats) -> Floats:
    """(n,) minus log of the chance given to what came about, in nats."""
    right = np.where(y, chance, 1 - chance)
    return np.asarray(-np.log(np.clip(right, 1e-15, 1.0)))


def _fitted(y: Floats, columns: Floats) -> tuple[Floats, int]:
    """What least squares leave of y, and the rank of the columns."""
    beta, _, rank, _ = np.linalg.lstsq(columns, y, rcond=None)
    return y - columns @ beta, int(rank)


def _rank(columns: Floats) -> int:
    """Rank, from products of columns: that of many rows takes no longer than they do."""
    scaled = columns / np.maximum(np.sqrt((columns**2).sum(axis=0)), 1e-300)
    return int(np.linalg.matrix_rank(scaled.T @ scaled, tol=1e-9, hermitian=True))


def _wald(y: Floats, columns: Floats, rest: Floats, last: int) -> float:
    """F of the `last` columns' coefficients, their covariance by HC3; 0 where it has none."""
    inverse = np.linalg.pinv(columns.T @ columns, hermitian=True)
    leverage = np.einsum("ij,jk,ik->i", columns, inverse, columns)
    bread = inverse @ (columns * (rest / np.maximum(1 - leverage, 1e-6))[:, None]).T
    covariance = (bread @ bread.T)[-last:, -last:]
    beta = (inverse @ (columns.T @ y))[-last:]
    return float(beta @ np.linalg.pinv(covariance, hermitian=True) @ beta) / last


def _noncentrality(statistic: float, freedom: int, left: int, level: float) -> tuple[float, float]:
    """Noncentralities under which so large an F, and so small a one, is just not too rare."""
    from scipy.optimize import brentq
    from scipy.special import ncfdtr

    def end(tail: float) -> float:
        if ncfdtr(freedom, left, 0.0, statistic) <= tail:
            return 0.0
        high = 1.0
        while ncfdtr(freedom, left, high, statistic) > tail:
            high *= 2
        return float(brentq(lambda each: ncfdtr(freedom, left, each, statistic) - tail, 0.0, high))

    return end((1 + level) / 2), end((1 - level) / 2)
