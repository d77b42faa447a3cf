"""Time series as one tensor: a column that holds a series in each row, or number columns that are its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import Block, columns_from_json, columns_to_json, refuse_answers
from fairwitness.torchkit.errors import EncodingError
from fairwitness.torchkit.frames import require

Held = TypeVar("Held", NDArray[Any], Tensor)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesEncoding:
    """Series as `sequence`, (n, steps, dimensions) float32 in raw units with NaN for missing.

    Attributes:
        columns: One column of series; or two and more of numbers, in the order of time.
        steps: Length of the training series; others are refused.
        dimensions: Values a step.
    """

    kind: ClassVar[str] = "series"
    columns: tuple[Column, ...]
    steps: int
    dimensions: int

    @classmethod
    def fit(cls, columns: Sequence[Column], rows: Rows) -> Self:
        """Take the size of the series.

        Raises:
            EncodingError: The columns are neither one of series nor several of numbers.
            ColumnError: A column is not in the rows.
        """
        refuse_answers(columns)
        kinds = {column.kind for column in columns}
        several = len(columns) > 1 and all(column.numeric for column in columns)
        if not several and not (kinds == {"series"} and len(columns) == 1):
            raise EncodingError.one_column("a network for sequences", "series", columns)
        require(columns, rows, source="training rows")
        if several:
            return cls(columns=tuple(columns), steps=len(columns), dimensions=1)
        values = stepwise(rows.media[columns[0].name])
        return cls(columns=tuple(columns), steps=values.shape[1], dimensions=values.shape[2])

    @property
    def blocks(self) -> tuple[Block, ...]:
        if self.columns[0].media:
            return (Block(column=self.columns[0].name, tensor="sequence", slots=(), kind="raw"),)
        return tuple(
            Block(column=c.name, tensor="sequence", slots=(i,), kind="raw") for i, c in enumerate(self.columns)
        )

    def encode(self, rows: Rows) -> dict[str, Tensor]:
        """Rows as `sequence`.

        Raises:
            ColumnError: A column is not in the rows.
            EncodingError: The series are of another length or number of dimensions.
        """
        require(self.columns, rows, source="rows")
        name = self.columns[0].name
        if self.columns[0].media:
            values = stepwise(rows.media[name])
            if values.shape[1:] != (self.steps, self.dimensions):
                raise EncodingError.series_size(name, values.shape[1:], (self.steps, self.dimensions))
        else:
            values = np.stack([rows.columns[column.name] for column in self.columns], axis=1)[:, :, None]
        return {"sequence": torch.from_numpy(np.ascontiguousarray(values)).float()}

    def to_json(self) -> dict[str, Any]:
        columns = columns_to_json(self.columns)
        return {"kind": self.kind, "columns": columns, "steps": self.steps, "dimensions": self.dimensions}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        columns = columns_from_json(value["columns"])
        return cls(columns=columns, steps=value["steps"], dimensions=value["dimensions"])


def stepwise(values: Held) -> Held:
    """(n, steps) or (n, dimensions, steps) series as (n, steps, dimensions)."""
    return values[:, :, None] if values.ndim == 2 else values.swapaxes(1, 2)
