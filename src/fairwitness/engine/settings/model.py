"""Which model is audited, and how it is made or read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from fairwitness.core.errors import hint
from fairwitness.core.subject import Seen
from fairwitness.io.settings import SettingsTable as Table
from fairwitness.torchkit import recipes

GRAPHS = (".onnx", ".pt2", "")
"""What holds a whole network, not only its weights: files, and a folder that `TorchModel.save` wrote."""

PICKLES = (".pkl", ".pickle", ".joblib")


class PartSettings(Table):
    """A part of the training step, by name."""

    part: str
    by: str | None = None  # the group it looks at
    options: Mapping[str, bool | int | float | str] = Field(default_factory=dict)


class RemedySettings(Table):
    """A remedy in force, by id."""

    remedy: str
    by: str | None = None  # the group it looks at; several crossed: "race × sex"
    options: Mapping[str, bool | int | float | str] = Field(default_factory=dict)


class ModelSettings(Table):
    """Where decisions come from; none of them given: the recorded labels stand for decisions."""

    train: str | None = None  # a recipe, or module:factory
    saved: str | None = None  # a folder that `fairwitness fix` wrote
    options: Mapping[str, Any] = Field(default_factory=dict)
    parts: tuple[PartSettings, ...] = ()
    remedies: tuple[RemedySettings, ...] = ()
    device: str = "cpu"
    exact: bool = False  # refuse operations that may differ between two runs
    weights: str | None = None
    factory: str | None = None
    black_box: str | None = None  # module:function, returns an estimator or a callable
    encode: str | None = None  # module:function, from a frame to the arrays that a graph in `weights` takes
    output: str | None = None  # which of several, by its name
    activation: Literal["logits", "probabilities"] | None = None
    decision: str | None = None  # a column, or COLUMN OP LITERAL
    score: str | None = None
    prediction: str | None = None  # a column with a predicted quantity, beside a target that is one
    threshold: float = Field(default=0.5, ge=0, le=1)
    seen: Seen = "unknown"
    sensitive_features: bool = False

    @field_validator("train")
    @classmethod
    def known_recipe(cls, train: str | None) -> str | None:
        if train is not None and not recipes.known(train):
            raise ValueError(
                f"no recipe {train!r}, and no module:factory of your own; {hint(train, (*recipes.TABLE, *recipes.GENERATIVE))}"
            )
        return train

    @model_validator(mode="after")
    def one_model(self) -> ModelSettings:
        own = self.weights is not None or self.factory is not None
        given = (
            self.train is not None,
            self.saved is not None,
            own,
            self.black_box is not None,
            self.decision is not None,
        )
        if sum(given) > 1:
            raise ValueError(
                "give one of train, saved, factory (with weights), weights of a graph, black_box, or decision"
            )
        if self.prediction is not None and (self.score is not None or any(given)):
            raise ValueError(
                "a recorded prediction of a quantity stands alone: leave out score, decision and what makes a model"
            )
        if self.score is not None and any(given[:4]):
            raise ValueError("a recorded score stands alone or beside decision, not beside a model")
        self._weights_fit()
        return self

    def _weights_fit(self) -> None:
        """A file of weights needs the network they belong to; a graph brings it."""
        kind = None if self.weights is None else Path(self.weights).suffix.lower()
        if kind in PICKLES:
            raise ValueError(
                f"a {kind} file runs code when it is opened, so it is not opened here; open it in a function of your "
                "own and name that: black_box = 'module:function'"
            )
        if self.weights is not None and self.factory is None and kind not in GRAPHS:
            raise ValueError(
                "weights need factory = 'module:function' to build the network they belong to; the folder of a saved "
                "model is told by its name, which may have no dot"
            )
        if self.factory is not None and kind in GRAPHS:
            raise ValueError(f"{f'a {kind} file' if kind else 'a folder'} is a whole network; take factory out")
        if self.encode is not None and kind not in GRAPHS:
            raise ValueError(
                f"encode goes with weights of a graph ({' or '.join(GRAPHS[:2])}); a factory returns its own"
            )
