"""Statistics, or a copy of the rows, that say little of any one row: epsilon-differential privacy, exactly.

Two data sets are neighbours when one row differs in any way; the number of rows is public. The budget epsilon is divided
evenly over the columns. A person with k rows is protected by k times epsilon.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.privacy.bounds import Choices, Numbers, Public
from fairwitness.privacy.membership import area
from fairwitness.stats.auc import auc
from fairwitness.stats.exact_noise import Coins, beyond, discrete_laplace, randomised_response, sum_beyond
from fairwitness.stats.intervals import wilson

Places = Mapping[str, NDArray[np.int64]]

DOUBT = 0.05
"""How often an error may exceed its stated bound."""
SHUFFLES = 19
MOST_ROWS = 20_000
"""Rows that models are trained and tried on, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One number that is released.

    Attributes:
        column, of: Whose, and which: "mean", or a category whose share it is.
        private: The released value.
        bound: What noise alone moves it by at most, in 95 of 100 releases.
        true: The value without noise, after clipping: NOT private.
    """

    column: str
    of: str
    private: float
    bound: float
    true: float

    @property
    def error(self) -> float:
        """What noise did to it: NOT private."""
        return abs(self.private - self.true)


def statistics(columns: Sequence[Public], places: Places, epsilon: Fraction, coins: Coins) -> list[Statistic]:
    """The mean of each column of numbers, the share of each category, private.

    One row moves a sum of places by at most the number of steps, and two counts by one each.

    Args:
        columns: With their public bounds.
        places: (n,) of each, by name, as `bounds.places` gives them.
        epsilon: Of the whole release, positive.
        coins: The source of noise.
    """
    each, made = epsilon / len(columns), []
    for column in columns:
        held = places[column.name]
        n = len(held)
        if isinstance(column, Numbers):
            scale, total = column.steps / each, int(held.sum())
            noisy = Fraction(total + discrete_laplace(scale, coins), n)
            bound = float(Fraction(beyond(scale, DOUBT), n) * Fraction(column.step))
            values = (float(column.value(mean)) for mean in (noisy, Fraction(total, n)))
            made.append(_statistic(column.name, "mean", *values, bound=bound))
            continue
        scale, counts = 2 / each, np.bincount(held, minlength=len(column.values))
        bound = beyond(scale, DOUBT / len(counts)) / n  # all of them together
        for category, count in zip(column.values, counts, strict=True):
            noisy_count = int(count) + discrete_laplace(scale, coins)
            made.append(_statistic(column.name, category, noisy_count / n, int(count) / n, bound=bound))
    return made


def noised_copy(
    columns: Sequence[Public], places: Places, epsilon: Fraction, coins: Coins
) -> dict[str, NDArray[np.int64]]:
    """Every cell noised on its own: as if each row's owner had noised it before giving it away (local privacy).

    Numbers get discrete Laplace noise of the width of their bounds over their share of epsilon, and are not clipped again,
    so that means stay unbiased; categories a randomised response.

    Args:
        columns: With their public bounds.
        places: (n,) of each, by name, as `bounds.places` gives them.
        epsilon: Of the whole copy, positive.
        coins: The source of noise.

    Returns:
        (n,) noised places of each; those of numbers may leave the bounds.
    """
    each = epsilon / len(columns)
    made = {}
    for column in columns:
        held = places[column.name].tolist()
        if isinstance(column, Numbers):
            scale = column.steps / each
            cells = [place + discrete_laplace(scale, coins) for place in held]
        else:
            cells = [randomised_response(place, len(column.values), each, coins) for place in held]
        made[column.name] = np.array(cells, dtype=np.int64)
    return made


def of_copy(columns: Sequence[Public], places: Places, copy: Places, epsilon: Fraction) -> list[Statistic]:
    """What the copy says of means and shares, beside the truth; shares are freed of the bias that responses put in."""
    each, made = epsilon / len(columns), []
    for column in columns:
        held, noisy = places[column.name], copy[column.name]
        n = len(held)
        if isinstance(column, Numbers):
            bound = sum_beyond(column.steps / each, n, DOUBT) / n * float(column.step)
            values = (float(column.value(Fraction(int(p.sum()), n))) for p in (noisy, held))
            made.append(_statistic(column.name, "mean", *values, bound=bound))
            continue
        k, odds = len(column.values), math.exp(min(float(each), 700.0))
        kept, other = odds / (odds + k - 1), 1 / (odds + k - 1)
        for place, category in enumerate(column.values):
            share = ((noisy == place).mean() - other) / (kept - other)
            bound = math.sqrt(math.log(2 * k / DOUBT) / (2 * n)) / (kept - other)  # Hoeffding's, of all together
            made.append(_statistic(column.name, category, float(share), float((held == place).mean()), bound=bound))
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Usefulness:
    """Models of one kind on true held-out rows: one trained on the copy, one on the truth.

    Attributes:
        from_copy, from_truth: Share of rows decided as recorded, with intervals.
        commonest: Share of the commonest class: what is right without a model.
        area_from_copy, area_from_truth: Area under the ROC curve, where there are two classes and both occur.
        luck: The best of `SHUFFLES` models trained on the copy with its answers shuffled: an area where there is one,
            else a share of rows. A copy that says nothing of the target beats them all once in twenty times.
    """

    from_copy: Estimate
    from_truth: Estimate
    commonest: float
    area_from_copy: Estimate | None
    area_from_truth: Estimate | None
    luck: float

    @property
    def proven(self) -> bool:
        """Whether the copy is better to learn from than luck."""
        return self._beats_luck(self.from_copy, self.area_from_copy)

    @property
    def testable(self) -> bool:
        """Whether the truth is; where it is not, too few features point the right way by luck too often to tell."""
        return self._beats_luck(self.from_truth, self.area_from_truth)

    def _beats_luck(self, rate: Estimate, area_: Estimate | None) -> bool:
        found, guessed = (rate, self.commonest) if area_ is None else (area_, 0.5)
        return found.value is not None and found.value > max(self.luck, guessed)


def usefulness(
    columns: Sequence[Public], places: Places, copy: Places, target: str, *, rng: np.random.Generator
) -> Usefulness | None:
    """Whether a model trained on the copy works on the truth (train on synthetic, test on real).

    Half of the rows (of at most `MOST_ROWS`) train a logistic regression, once as they are and once as they are in the copy;
    the other half, as they are, try both.

    Args:
        columns: With their public bounds.
        places: (n,) of each, true.
        copy: (n,) of each, as `noised_copy` gives them.
        target: A column of categories.
        rng: Divides the rows.

    Returns:
        None where the rows to train on, true or noised, hold one class only.
    """
    features = [column for column in columns if column.name != target]
    n = len(places[target])
    chosen = rng.permutation(n)[:MOST_ROWS]
    train, test = chosen[: len(chosen) // 2], chosen[len(chosen) // 2 :]
    if min(len(np.unique(held[target][train])) for held in (places, copy)) < 2 or not features:
        return None
    true, noised, answers = _encoded(features, places), _encoded(features, copy), places[target][test]
    own = copy[target][train]
    from_copy = _Tried.of(noised[train], own, true[test], answers)
    from_truth = _Tried.of(true[train], places[target][train], true[test], answers)
    lucky = [_Tried.of(noised[train], rng.permutation(own), true[test], answers) for _ in range(SHUFFLES)]
    return Usefulness(
        from_copy=from_copy.rate(),
        from_truth=from_truth.rate(),
        commonest=float(np.bincount(answers).max() / len(answers)),
        area_from_copy=from_copy.area(),
        area_from_truth=from_truth.area(),
        luck=max(each.worth for each in lucky),
    )


@dataclass(frozen=True, slots=True)
class _Tried:
    """A model on rows it has not seen: which it gets right, and, of two classes, how far it leans to the second."""

    right: NDArray[np.bool_]
    lean: NDArray[np.float64] | None
    second: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        rows: NDArray[np.float64],
        labels: NDArray[np.int64],
        new: NDArray[np.float64],
        answers: NDArray[np.int64],
    ) -> Self:
        """Train on `rows`, try on `new`."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(solver="newton-cholesky").fit(rows, labels)
        two = len(model.classes_) == 2 and len(np.unique(answers)) == 2
        lean = model.decision_function(new) if two else None
        return cls(model.predict(new) == answers, lean, answers == model.classes_[-1])

    @property
    def worth(self) -> float:
        """The area where there are two classes, else the share right."""
        return float(self.right.mean()) if self.lean is None else area(self.lean[self.second], self.lean[~self.second])

    def rate(self) -> Estimate:
        hits, n = int(self.right.sum()), len(self.right)
        low, high = wilson(hits, n)
        return Estimate(
            value=hits / n, low=float(low), high=float(high), level=0.95, n=n, unit="share", method="Wilson's interval"
        )

    def area(self) -> Estimate | None:
        return None if self.lean is None else auc(self.lean, self.second)


def _statistic(column: str, of: str, private: float, true: float, *, bound: float) -> Statistic:
    return Statistic(column=column, of=of, private=private, bound=bound, true=true)


def _encoded(columns: Sequence[Public], places: Places) -> NDArray[np.float64]:
    """(n, d): numbers as shares of their range, noise beyond it clipped; categories one column each."""
    blocks = [
        np.eye(len(column.values))[places[column.name]]
        if isinstance(column, Choices)
        else np.clip(places[column.name][:, None] / column.steps, 0, 1)
        for column in columns
    ]
    return np.concatenate(blocks, axis=1)
