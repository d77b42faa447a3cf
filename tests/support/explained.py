"""Planted subjects for checks of explanations, and the checks run on them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from torch import nn

from fairwitness.core.asks import CLASS, Ask, ModelAsk, RowsAsk, group_column
from fairwitness.core.check import Arrays, Given, Measured, Meter, NotApplicable, Outcome, Unmetered
from fairwitness.core.columns import Column, Grouping
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Model, Rows
from support import given
from support.attacked import Linear, model_of, rows_of

NAMES = ("sex", "height", "a", "b", "c", "d")


def table(n: int = 300) -> tuple[tuple[Column, ...], Rows]:
    """A sensitive attribute that the model may read, a height that tells it, and four numbers that do not."""
    rng = np.random.default_rng(0)
    sex = (rng.random(n) < 0.5).astype(np.float64)
    values = {"sex": sex, "height": 2 * sex + rng.normal(size=n), **{name: rng.normal(size=n) for name in "abcd"}}
    columns = [Column(name="sex", kind="boolean", role="group"), *(Column(name=n, kind="number") for n in NAMES[1:])]
    return tuple(columns), rows_of(values)


def reading(rows: Rows, columns: tuple[Column, ...], **weights: float) -> Model:
    """A logit that rests on some columns and, a little, on all others."""
    slopes = np.array([weights.get(name, 0.05 if name in "abcd" else 0.0) for name in NAMES])
    return model_of(Linear(slopes, 0.0), columns, rows)


def run(
    check: Any,
    columns: tuple[Column, ...],
    rows: Rows,
    model: Model,
    *,
    options: Any = None,
    meter: Meter | None = None,
    groups: NDArray[Any] | None = None,
    recorded: NDArray[Any] | None = None,
    **changes: Any,
) -> Outcome:
    labels = np.asarray(model.outputs(rows).decisions) if recorded is None else recorded
    settings: dict[str, Any] = {
        "columns": columns,
        "features": tuple(column.name for column in columns),
        "groupings": () if groups is None else (Grouping(columns=("gender",)),),
        "classes": ("no", "yes"),
        "positive": "yes",
        "favorable": "yes",
        "rows": len(rows),
        "judged_rows": len(rows),
    }
    outline = given.outline(**{**settings, **changes})
    options = options or check.Options()
    asked = check.asks(outline, None, options)
    if isinstance(asked, NotApplicable):
        return asked
    made: dict[Ask, Any] = {}
    for ask in asked:
        if isinstance(ask, ModelAsk):
            made[ask] = model
        elif isinstance(ask, RowsAsk):
            held = {name: (labels if name == CLASS else rows.columns[name]) for name in ask.columns}
            held |= {group_column(name): groups for name in ask.groups if groups is not None}
            whole = Rows(ids=rows.ids, columns=held, media=rows.media if ask.media else {})
            made[ask] = whole.where(np.arange(len(whole)) < (ask.at_most or len(whole)))
    about = Given(
        outline=outline,
        about=None,
        level=0.95,
        limit=check.info.limit,
        rng=np.random.default_rng(0),
        context={},
        made=made,
        meter=meter or Unmetered(),
    )
    return check.run(about, options)  # type: ignore[no-any-return]  # a check of any kind


def measured(outcome: Outcome) -> Measured:
    assert isinstance(outcome, Measured), outcome
    return outcome


def worst(check: Any, outcome: Outcome) -> Verdict:
    found = [each.against(check.info.limit) for each in measured(outcome).judged.values()]
    return min(found, key=[Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS].index)


def genders(rows: Rows) -> NDArray[Any]:
    return np.where(rows.columns["sex"] == 1, "men", "women").astype(object)


class Kept:
    """Keeps pieces, and counts how many were made."""

    def __init__(self) -> None:
        self.pieces: dict[str, Arrays] = {}
        self.made = 0

    def spend(self, units: int, *, of: int, what: str) -> None: ...

    def piece(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        if name not in self.pieces:
            self.made += 1
            self.pieces[name] = make()
        return self.pieces[name]


def pictures(net: nn.Module, n: int = 60) -> tuple[tuple[Column, ...], Rows, Model]:
    images = np.random.default_rng(0).normal(size=(n, 12, 12)).astype(np.float32)
    columns, rows = (Column(name="image", kind="image"),), rows_of({}, {"image": images})
    return columns, rows, model_of(net, columns, rows)


def convolutions() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 36, 1))
