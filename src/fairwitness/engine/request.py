"""What a model is built from, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fairwitness.carbon.spent import Spent
from fairwitness.core.errors import ConfigError
from fairwitness.core.subject import Generator, Model
from fairwitness.engine.columns import Declared
from fairwitness.engine.config import Config
from fairwitness.engine.outcomes import Target
from fairwitness.engine.progress import Progress
from fairwitness.io.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a model is built from; each `repeat` is trained with a seed of its own."""

    table: Table
    declared: Declared
    goal: Target
    parts: NDArray[np.object_] | None
    config: Config
    base: Path
    source: str
    repeat: int = 0


class Trainer(Protocol):
    """Trains models as the audited one was.

    Attributes:
        key: Digest of everything such a model depends on but the rows it learns from and its seed.
    """

    @property
    def key(self) -> str: ...

    def shadows(
        self, learn: NDArray[np.bool_], *, seeds: Sequence[int], folder: Path | None, progress: Progress
    ) -> Sequence[Model]:
        """One model for each of (m, n) masks over all rows of the data, found again in `folder` if it was kept."""

    def kinds(self) -> Mapping[str, Trainer]:
        """This trainer, and others that differ in one thing, by what it is: width, or what an error costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A model, the columns it reads, and those it does not read with the reason.

    Attributes:
        trainer: How others are trained like it; None where that is not known.
        generator: The same model, where it makes rows.
        trained: Whether it was trained just now, and not found where it was kept.
        parent: Fingerprint of the subject that it was mended from.
        spent: What training it took, in this run or the one that trained it; None where nobody read that.
    """

    model: Model
    features: tuple[str, ...]
    withheld: dict[str, str]
    goal: Target
    notes: tuple[str, ...] = ()
    trainer: Trainer | None = None
    generator: Generator | None = None
    trained: bool = False
    parent: str | None = None
    spent: Spent | None = None


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
