"""What a model is built from, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import ConfigError
from fairwitness.core.subject import Model
from fairwitness.engine.columns import Declared
from fairwitness.engine.config import Config
from fairwitness.engine.outcomes import Target
from fairwitness.io.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a model is built from."""

    table: Table
    declared: Declared
    goal: Target
    parts: NDArray[np.object_] | None
    config: Config
    base: Path
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A model, the columns it reads, and those it does not read with the reason."""

    model: Model
    features: tuple[str, ...]
    withheld: dict[str, str]
    goal: Target
    notes: tuple[str, ...] = ()


def features(declared: Declared, config: Config) -> tuple[tuple[str, ...], dict[str, str]]:
    """The columns a model may read, and those withheld with the reason."""
    kept: list[str] = []
    withheld: dict[str, str] = {}
    listed = config.subject.features
    for column in declared.columns:
        if listed is not None:
            if column.name in listed:
                kept.append(column.name)
        elif column.role == "ignore":
            withheld[column.name] = "excluded in the config"
        elif column.role == "group" and not config.model.sensitive_features:
            withheld[column.name] = "sensitive attribute"
        elif column.role in {"feature", "group"}:
            kept.append(column.name)
    return tuple(kept), withheld


def need_torch(source: str) -> None:
    """Ask for PyTorch before any work.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import torch  # noqa: F401 - is it there?
    except ImportError:
        raise ConfigError(f"{source}: models need PyTorch; pip install 'fairwitness[torch]'") from None
