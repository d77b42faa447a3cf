"""Scores that mean what they say: maps from a model's score to how often the outcome comes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.remedy import Labels

Method = Literal["platt", "isotonic"]
METHODS: tuple[Method, ...] = get_args(Method)

LEAST = 20
"""A group with fewer rows of either outcome is not calibrated by itself."""
TINY = 1e-6
"""Scores are kept this far from 0 and 1 before their log odds are taken."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreMap:
    """A map of scores in [0, 1] to [0, 1]: straight between knots, or where there are none a line in log odds.

    Attributes:
        knots: Scores, rising, and what they become.
        line: Slope and intercept.
    """

    knots: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    line: tuple[float, float] = (1.0, 0.0)

    def __call__(self, scores: Floats) -> Floats:
        if self.knots[0]:
            return np.interp(scores, *self.knots)
        slope, intercept = self.line
        mapped: Floats = 1 / (1 + np.exp(-(slope * log_odds(scores) + intercept)))
        return mapped

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `dataclasses.asdict` gave."""
        first, second = (tuple(map(float, each)) for each in saved["knots"])
        slope, intercept = saved["line"]
        return cls(knots=(first, second), line=(float(slope), float(intercept)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """Scores mapped, those of each group by a map of its own.

    Attributes:
        groups: Maps by group; empty where no group is read.
        others: The map of any other group.
    """

    groups: Mapping[str, ScoreMap]
    others: ScoreMap

    def rescore(self, scores: Floats, groups: Labels | None) -> Floats:
        found = self.others(scores)
        if groups is not None:
            for name, own in self.groups.items():
                of = groups == name
                found[of] = own(scores[of])
        return found

    def to_json(self) -> dict[str, Any]:
        return {"groups": {name: _plain(own) for name, own in self.groups.items()}, "others": _plain(self.others)}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        groups = {str(name): ScoreMap.from_json(own) for name, own in saved["groups"].items()}
        return cls(groups=groups, others=ScoreMap.from_json(saved["others"]))


def calibrated(scores: Floats, recorded: NDArray[np.bool_], method: Method) -> ScoreMap:
    """The map under which scores fit what is recorded.

    Args:
        scores: (n,) in [0, 1].
        recorded: (n,) True for the positive class.
        method: `platt`, a line in log odds, two numbers that few rows can tell; or `isotonic`, any rising map.

    Source:
        Platt 1999, in Advances in Large Margin Classifiers, section 3, his targets included; Zadrozny and Elkan 2002, KDD,
        for the isotonic map.
    """
    return _platt(scores, recorded) if method == "platt" else _isotonic(scores, recorded)


def log_odds(scores: Floats) -> Floats:
    """(n,) log odds of scores kept `TINY` from 0 and 1."""
    kept = np.clip(scores, TINY, 1 - TINY)
    odds: Floats = np.log(kept) - np.log1p(-kept)
    return odds


def _platt(scores: Floats, recorded: NDArray[np.bool_]) -> ScoreMap:
    from scipy.optimize import minimize  # only when it is wanted

    given, positives = log_odds(scores), int(recorded.sum())
    targets = np.where(recorded, (positives + 1) / (positives + 2), 1 / (len(recorded) - positives + 2))

    def loss(line: Floats) -> tuple[float, Floats]:
        logits = line[0] * given + line[1]
        surplus = 1 / (1 + np.exp(-logits)) - targets
        return float((np.logaddexp(0, logits) - targets * logits).mean()), np.array(
            [(surplus * given).mean(), surplus.mean()]
        )

    slope, intercept = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS", options={"gtol": 1e-7}).x
    return ScoreMap(line=(float(slope), float(intercept)))


def _isotonic(scores: Floats, recorded: NDArray[np.bool_]) -> ScoreMap:
    from sklearn.isotonic import IsotonicRegression  # a second to import

    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, recorded.astype(np.float64))
    return ScoreMap(knots=(tuple(fitted.X_thresholds_.tolist()), tuple(fitted.y_thresholds_.tolist())))


def _plain(own: ScoreMap) -> dict[str, Any]:
    return {"knots": [list(each) for each in own.knots], "line": list(own.line)}
