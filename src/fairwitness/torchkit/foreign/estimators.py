"""Fitted estimators and pipelines in the manner of scikit-learn, which is not imported: what counts is what they offer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.blackbox import Answers, BlackBox
from fairwitness.torchkit.classes import order_of
from fairwitness.torchkit.errors import EncodingError
from fairwitness.torchkit.foreign.errors import ForeignError
from fairwitness.torchkit.frames import rows_frame
from fairwitness.torchkit.scores import Activation, DecisionRule

WAY_OUT = (
    "it is called with the features under their names, as a pandas frame where pandas is in use and as a polars frame "
    "otherwise; wrap it in a function of your own if it wants something else"
)


def is_estimator(given: object) -> bool:
    """Whether it is an object with `predict_proba` or `predict`."""
    return not isinstance(given, type) and any(callable(getattr(given, name, None)) for name in _ASKED)


_ASKED = ("predict_proba", "predict")


def owner_of(given: object) -> object:
    """The estimator whose own `predict_proba` is given, or what is given."""
    owner = getattr(given, "__self__", None)
    return owner if getattr(given, "__name__", "") == "predict_proba" and is_estimator(owner) else given


def fitted_on(estimator: object) -> tuple[str, ...] | None:
    """The columns it says it was fitted on, in order; None where it does not know their names."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def from_estimator(
    estimator: Any,  # noqa: ANN401 - of any library
    *,
    columns: Sequence[Column],  # what it reads, in order
    classes: tuple[str, ...],
    positive: str | None,
    dtypes: Mapping[str, pl.DataType] | None = None,  # of the raw data; it is given its columns in them
    activation: Activation | None = None,
    threshold: float | None = None,
    source: str = "model",
    probe: Rows | None = None,
) -> BlackBox:
    """A fitted estimator or pipeline as a model.

    `predict_proba` gives the scores, its columns put in the target's order by `classes_`. `predict` gives the
    decisions, unless a `threshold` is set, so an estimator with a threshold of its own is judged by that.

    Raises:
        ModelError: It is not fitted, its classes are not the target's, it takes another number of inputs, or `probe`
            fails.
    """
    known = getattr(estimator, "classes_", None)
    # what predicts numbers and knows no classes is a regression or a network, and only probabilities can be read
    settled = activation or ("probabilities" if known is not None or not _scores(estimator) else None)
    rule = DecisionRule(
        classes=classes, positive=positive, activation=settled, threshold=0.5 if threshold is None else threshold
    )
    order = None if known is None else order_of(np.asarray(known).tolist(), rule, source=source)
    fed, shaped = _feeding(estimator, columns, source=source)

    def ask(rows: Rows) -> Answers:
        frame = _restored(rows_frame(rows, fed), dtypes or {})
        given = shaped(frame)
        try:
            decided = estimator.predict(given) if hasattr(estimator, "predict") else None
            scores = estimator.predict_proba(given) if _scores(estimator) else None
        except ValueError as error:
            if type(error).__name__ == "NotFittedError":
                raise ForeignError.not_fitted(type(estimator).__name__, source=source) from None
            raise
        if scores is None:
            return Answers.sorted_out(decided)
        if known is None:
            return Answers(scores=np.asarray(scores))
        return Answers(scores=np.asarray(scores), decisions=None if decided is None else np.asarray(decided))

    model = BlackBox(
        ask,
        fed,
        rule,
        words=f"{_name(estimator)}, a black box",
        source=source,
        way_out=WAY_OUT,
        threshold_set=threshold is not None,
        order=order,
    )
    if probe is not None:
        model.probe(probe)
    return model


def _feeding(
    estimator: object, columns: Sequence[Column], *, source: str
) -> tuple[Sequence[Column], Callable[[pl.DataFrame], Any]]:
    """The columns it is given, and in what shape: texts, a frame, or an array of numbers."""
    takes = getattr(estimator, "n_features_in_", None)
    if fitted_on(estimator) is None and _reads_text(estimator):
        texts = [column for column in columns if column.kind == "text"] or [c for c in columns if c.kind == "category"]
        if len(texts) != 1:
            raise EncodingError.one_column(f"this {type(estimator).__name__}", "text", columns)
        return texts, lambda frame: frame.to_series().fill_null("").to_list()
    if fitted_on(estimator) is not None or takes is None:
        return columns, _as_known
    numbers = [column for column in columns if column.numeric]
    if takes != len(numbers):
        raise ForeignError.width(takes, len(numbers), source=source)
    return numbers, pl.DataFrame.to_numpy


def _reads_text(estimator: object) -> bool:
    """Whether it starts with a vectorizer, which takes texts and not a frame: of a frame it would read the header."""
    steps = getattr(estimator, "steps", None)
    first = steps[0][1] if isinstance(steps, list) and steps else estimator
    return hasattr(first, "build_analyzer")


def _scores(estimator: object) -> bool:
    return callable(getattr(estimator, "predict_proba", None))


def _name(estimator: object) -> str:
    """`Pipeline of StandardScaler, LogisticRegression`."""
    steps = getattr(estimator, "steps", None)
    of = ", ".join(type(step).__name__ for _, step in steps) if isinstance(steps, list) else ""
    return f"{type(estimator).__name__} of {of}" if of else type(estimator).__name__


def _restored(frame: pl.DataFrame, dtypes: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Columns in the types of the raw data, as far as nothing is lost: an encoder fitted on 1 and 2 knows no '1'."""
    cast = []
    for held in frame:
        raw = dtypes.get(held.name, held.dtype)
        if (
            raw != held.dtype
            and (raw.is_numeric() or raw == pl.Boolean)
            and not (raw.is_integer() and held.has_nulls())
        ):
            new = held.cast(raw, strict=False)
            if new.null_count() == held.null_count():
                cast.append(new)
    return frame.with_columns(cast)


def _as_known(frame: pl.DataFrame) -> Any:  # noqa: ANN401 - a frame of pandas or of polars
    """The frame as pandas where this process uses pandas, missing values as it marks them."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return frame
    return pandas.DataFrame(
        {
            held.name: held.fill_null(float("nan")).to_numpy()
            if held.dtype.is_float()
            else np.array([np.nan if value is None else value for value in held], dtype=object)
            if held.dtype == pl.String
            else held.to_numpy()
            for held in frame
        }
    )
