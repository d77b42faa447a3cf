"""How rows reach a module of the user's own: their `encode`, or the features as one tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.errors import UserError
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import Block, Inputs
from fairwitness.torchkit.encoding_images import pixels
from fairwitness.torchkit.errors import EncodingError
from fairwitness.torchkit.frames import require, rows_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainEncoding:
    """All numeric columns as one (n, d) tensor in their order, NaN where missing; or, where no column is numeric, the
    one image column as (n, C, H, W), bytes scaled to [0, 1].

    Attributes:
        dtype: The module's own.
        left_out: Columns the module is not fed.
    """

    columns: tuple[Column, ...]
    left_out: tuple[str, ...]
    dtype: torch.dtype
    source: str

    @classmethod
    def of(cls, columns: Sequence[Column], *, dtype: torch.dtype, source: str) -> Self:
        """The encoding of these columns.

        Raises:
            EncodingError: No column is numeric, and there is not exactly one image column.
        """
        images = [column for column in columns if column.kind == "image"]
        fed = images or [column for column in columns if column.numeric]
        if not fed or (fed is images and len(images) > 1):
            raise EncodingError.nothing(source=source)
        left_out = tuple(column.name for column in columns if column not in fed)
        return cls(columns=tuple(fed), left_out=left_out, dtype=dtype, source=source)

    @property
    def blocks(self) -> tuple[Block, ...]:
        if self.columns[0].kind == "image":
            return (Block(column=self.columns[0].name, tensor="images", slots=(), kind="pixels"),)
        return tuple(Block(column=c.name, tensor="numbers", slots=(i,), kind="raw") for i, c in enumerate(self.columns))

    def encode(self, rows: Rows) -> Tensor:
        """(n, d) numbers or (n, C, H, W) pixels.

        Raises:
            ColumnError: A column is not in the rows.
        """
        require(self.columns, rows, source=self.source)
        if self.columns[0].kind == "image":
            return pixels(rows.media[self.columns[0].name]).to(self.dtype)
        numbers = np.column_stack([rows.columns[column.name] for column in self.columns])
        return torch.from_numpy(numbers).to(self.dtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEncoding:
    """The user's own function from a polars frame to tensors; called as encode(frame, media) where there are images or series.

    Attributes:
        columns: What the frame holds: numeric kinds as Float64, others as String, null where missing.
    """

    columns: tuple[Column, ...]
    function: Callable[..., Any]
    source: str

    @property
    def blocks(self) -> tuple[Block, ...]:
        return ()

    def encode(self, rows: Rows) -> Inputs:
        """What the function gives, arrays turned into tensors.

        Raises:
            ColumnError: A column is not in the rows.
            EncodingError: The function fails, or gives no tensors with one entry a row.
        """
        require(self.columns, rows, source=self.source)
        frame = rows_frame(rows, self.columns)
        media = {column.name: rows.media[column.name] for column in self.columns if column.media}
        try:
            given = self.function(frame, media) if media else self.function(frame)
        except UserError:
            raise
        except Exception as error:
            raise EncodingError.raised(error, source=self.source) from error
        if isinstance(given, Mapping):
            return {str(name): self._tensor(value, len(rows)) for name, value in given.items()}
        if isinstance(given, tuple | list):
            return tuple(self._tensor(value, len(rows)) for value in given)
        return self._tensor(given, len(rows))

    def _tensor(self, value: Any, rows: int) -> Tensor:  # noqa: ANN401 - the user's function may give anything
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            value = torch.from_numpy(value)
        if not isinstance(value, Tensor):
            raise EncodingError.result(f"a {type(value).__name__}", source=self.source)
        if value.ndim == 0 or len(value) != rows:
            raise EncodingError.result(f"shape {tuple(value.shape)} for {rows:,} rows", source=self.source)
        return value
