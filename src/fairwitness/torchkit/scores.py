"""From a model's raw numbers to scores and decisions. Needs no torch: it serves black boxes too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from fairwitness.core.errors import ConfigError
from fairwitness.core.subject import Outputs
from fairwitness.torchkit.errors import OutputError, RuleError

Activation = Literal["logits", "probabilities"]

ROUNDING = 1e-6  # float32 probabilities may overstep 0 and 1 by this much
SUM_ROUNDING = 1e-3  # half precision sums of probabilities stray by this much


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """How a model's numbers are read.

    Attributes:
        classes: The target's classes; several outputs are in this order.
        positive: The event that is scored, where there are two classes. Two classes without a positive one are read
            like any other number of classes.
        activation: What the numbers are; None until `settle` has seen some.
        threshold: Scores at or above it decide for the positive class.
    """

    classes: tuple[str, ...]
    positive: str | None
    activation: Activation | None
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if len(set(self.classes)) != len(self.classes) or len(self.classes) < 2:
            raise RuleError.classes(self.classes)
        if self.positive is not None and self.positive not in self.classes:
            raise RuleError.unknown_positive(self.positive, self.classes)
        if not 0 <= self.threshold <= 1:
            raise RuleError.threshold(self.threshold)
        if self.activation is not None and self.activation not in get_args(Activation):
            want = "it must be 'logits' or 'probabilities'"
            raise ConfigError.bad_value("activation", self.activation, source="model", want=want)

    @property
    def binary(self) -> bool:
        return len(self.classes) == 2 and self.positive is not None

    def tidy(self, raw: NDArray[Any], rows: int, *, source: str) -> NDArray[np.float64]:
        """Raw outputs of `rows` rows as (rows, m) float64, m being 1 or the number of classes.

        Raises:
            OutputError: The shape or the dtype.
        """
        if raw.dtype.kind != "f":
            raise OutputError.kind(f"of type {raw.dtype}, not floating point", source=source)
        given, k = raw.shape, len(self.classes)
        if rows == 1 and raw.ndim < 2 and raw.size in {1, k}:
            raw = raw.reshape(1, -1)  # a module that squeezes loses the only row's axis
        if raw.ndim == 1 and len(raw) == rows:
            raw = raw[:, None]
        if raw.ndim != 2 or len(raw) != rows or raw.shape[1] not in ({1, 2} if k == 2 else {k}):
            fits = ("(n,)", "(n, 1)", "(n, 2)") if k == 2 else (f"(n, {k})",)
            raise OutputError.shape(given, fits=fits, source=source)
        if raw.shape[1] == 1 and not self.binary:
            raise OutputError.no_positive(source=source)
        return raw.astype(np.float64)

    def settle(self, raw: NDArray[np.float64], *, source: str) -> tuple[DecisionRule, tuple[str, ...]]:
        """The rule with its activation settled by tidy outputs, and notes on what was read how.

        Numbers outside [0, 1] are logits; inside, and summing to 1 where there are several, probabilities.

        Raises:
            OutputError: A number is not finite, declared probabilities are none, or several numbers in [0, 1] do not
                sum to 1.
        """
        self._finite(raw, source=source)
        notes = []
        rule = self
        if self.activation is None:
            inside = bool((raw >= -ROUNDING).all() and (raw <= 1 + ROUNDING).all())
            rule = replace(self, activation="probabilities" if inside else "logits")
            notes.append(
                f"The model does not say whether it gives logits or probabilities. On {len(raw):,} rows its outputs run "
                f"from {raw.min():.4g} to {raw.max():.4g}, so they are read as {rule.activation}."
            )
        if raw.shape[1] > 1:
            notes.append(f"The model's outputs are read as the classes {', '.join(self.classes)}, in this order.")
        rule.read(raw, source=source)
        return rule, tuple(notes)

    def read(self, raw: NDArray[np.float64], *, source: str) -> Outputs:
        """Scores and decisions from tidy (n, m) outputs.

        Raises:
            OutputError: A number that is not finite, or probabilities outside [0, 1] or not summing to 1.
        """
        self._finite(raw, source=source)
        scores = self._probabilities(raw, source=source)
        if not self.binary:
            return Outputs(scores=scores, decisions=np.array(self.classes, dtype=object)[scores.argmax(axis=1)])
        positive = self.classes.index(self.positive or "")
        score = scores[:, 0] if raw.shape[1] == 1 else scores[:, positive]
        chosen = np.where(score >= self.threshold, positive, 1 - positive)
        return Outputs(scores=score[:, None], decisions=np.array(self.classes, dtype=object)[chosen])

    def _finite(self, raw: NDArray[np.float64], *, source: str) -> None:
        bad = int((~np.isfinite(raw)).any(axis=1).sum())
        if bad:
            raise OutputError.not_finite(bad, len(raw), source=source)

    def _probabilities(self, raw: NDArray[np.float64], *, source: str) -> NDArray[np.float64]:
        several = raw.shape[1] > 1
        if self.activation == "logits":
            scores: NDArray[np.float64] = softmax(raw, axis=1) if several else expit(raw)
            return scores
        if self.activation is None:
            raise ValueError("the rule is not settled: call `settle` first")
        if not len(raw):
            return raw
        low, high = float(raw.min()), float(raw.max())
        if low < -ROUNDING or high > 1 + ROUNDING:
            raise OutputError.outside(low, high, source=source)
        sums = raw.sum(axis=1)
        if several and (abs(sums - 1) > SUM_ROUNDING).any():
            raise OutputError.unsummed(float(sums.min()), float(sums.max()), source=source)
        return raw.clip(0.0, 1.0)
