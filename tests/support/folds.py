"""A model trained on four fifths and judged on the last, five times, so that every row is judged once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core import registry
from fairwitness.core.columns import Column
from fairwitness.core.remedy import Tuned
from fairwitness.core.subject import Rows
from fairwitness.stats.gaps import widest_gap
from fairwitness.torchkit.recipes.mlp import MLP, MlpOptions
from fairwitness.torchkit.recipes.prepared import Training

FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Data:
    """Rows of two groups; all features are numbers, and the group is one of them, so that a model can even it out."""

    features: Mapping[str, NDArray[np.float64]]
    truth: NDArray[np.int64]
    group: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """What models said about rows they had not seen, of all folds."""

    data: Data
    scores: NDArray[np.float64]
    decided: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.decided == self.data.truth))

    def parity(self) -> tuple[float, float]:
        """The gap of selection rates, without sign, and the upper limit of it."""
        return self._gap(np.ones(len(self.decided), dtype=bool))

    def odds(self) -> tuple[float, float]:
        """The wider of the gaps of true and of false positive rates, and the higher of their upper limits."""
        found = [self._gap(self.data.truth == label) for label in (0, 1)]
        return max(gap for gap, _ in found), max(upper for _, upper in found)

    def _gap(self, among: NDArray[np.bool_]) -> tuple[float, float]:
        rows = {str(g): among & (self.data.group == g) for g in (0, 1)}
        hits = {g: int(self.decided[of].sum()) for g, of in rows.items()}
        found = widest_gap(hits, {g: int(of.sum()) for g, of in rows.items()}, level=0.95).estimate
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        return abs(found.value), max(abs(found.low), abs(found.high))


def pooled(data: Data, remedies: Sequence[tuple[str, Mapping[str, Any]]] = (), **options: Any) -> Pooled:
    """Train with remedies and judge, fold by fold."""
    fold = np.random.default_rng(1).permutation(len(data.truth)) % FOLDS
    scores = np.zeros(len(data.truth))
    for number in range(FOLDS):
        learn = fold != number
        parts = []
        for name, chosen in remedies:
            remedy: Any = registry.remedy(name, source="test")
            parts.append(remedy.part(remedy.Options(**chosen)))
        model = MLP.fit(
            _rows(data, learn),
            np.array(["no", "yes"], dtype=object)[data.truth[learn]],
            columns=tuple(Column(name=name, kind="number") for name in data.features),
            classes=("no", "yes"),
            positive="yes",
            options=MlpOptions(hidden=(16,), dropout=0.0, learning_rate=0.01, descent="cosine", **options),
            seed=number,
            training=Training(parts=parts, groups=data.group[learn]),
        )
        made = model.outputs(_rows(data, ~learn)).scores
        assert made is not None
        scores[~learn] = made[:, 0]
    return Pooled(data=data, scores=scores, decided=(scores >= 0.5).astype(np.int64))


def decided_after(plain: Pooled, name: str, **options: Any) -> Pooled:
    """A remedy of decisions, fold by fold: its rule is made from the scores of the other four folds and decides this one."""
    data, remedy = plain.data, registry.remedy(name, source="test")
    made: Any = remedy
    fold = np.random.default_rng(1).permutation(len(data.truth)) % FOLDS
    names = np.array(["no", "yes"], dtype=object)
    scores = np.stack([plain.scores, 1 - plain.scores], axis=1)
    groups = data.group.astype(str).astype(object)
    decided = np.zeros(len(data.truth), dtype=np.int64)
    for number in range(FOLDS):
        other, this = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        tuned = Tuned(
            ids=other.astype(np.int64),
            scores=scores[other],
            classes=("no", "yes"),
            positive="yes",
            favorable="no",
            recorded=names[data.truth[other]],
            threshold=0.5,
            groups=groups[other],
        )
        rule, _ = made.fit(tuned, made.Options(**options), rng=np.random.default_rng(number))
        decided[this] = rule.decide(scores[this], groups[this], this.astype(np.int64)) == "yes"
    return Pooled(data=data, scores=plain.scores, decided=decided)


def _rows(data: Data, mask: NDArray[np.bool_]) -> Rows:
    columns = {name: values[mask] for name, values in data.features.items()}
    return Rows(ids=np.flatnonzero(mask), columns=columns, media={})
