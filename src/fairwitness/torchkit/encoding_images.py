"""One column of images as pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import Block, columns_from_json, columns_to_json, refuse_answers
from fairwitness.torchkit.errors import EncodingError
from fairwitness.torchkit.frames import require

SIDE_LEAST = 8  # pixels; smaller ones do not survive being halved


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEncoding:
    """One image column as `pixels`, (n, C, H, W) float32: bytes as [0, 1], other numbers as they are.

    Attributes:
        columns: The image column.
        size: (C, H, W) of the training images; others are refused, never resized.
    """

    kind: ClassVar[str] = "image"
    columns: tuple[Column, ...]
    size: tuple[int, int, int]

    @classmethod
    def fit(cls, columns: Sequence[Column], rows: Rows) -> Self:
        """Take the size of the images.

        Raises:
            EncodingError: There is not exactly one column, of images, or they are too small.
            ColumnError: The column is not in the rows.
        """
        refuse_answers(columns)
        if [column.kind for column in columns] != ["image"]:
            raise EncodingError.one_column("an image network", "image", columns)
        require(columns, rows, source="training rows")
        (name,) = (column.name for column in columns)
        channels, height, width = pixels(rows.media[name][:1]).shape[1:]
        if min(height, width) < SIDE_LEAST:
            raise EncodingError.small(name, height, width, SIDE_LEAST)
        return cls(columns=tuple(columns), size=(channels, height, width))

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (Block(column=self.columns[0].name, tensor="pixels", slots=(), kind="pixels"),)

    def encode(self, rows: Rows) -> dict[str, Tensor]:
        """Rows as `pixels`.

        Raises:
            ColumnError: The column is not in the rows.
            EncodingError: The images are of another size, or hold NaN.
        """
        require(self.columns, rows, source="rows")
        name = self.columns[0].name
        made = pixels(rows.media[name])
        if tuple(made.shape[1:]) != self.size:
            raise EncodingError.image_size(name, tuple(made.shape[1:]), self.size)
        bad = int((~made.isfinite().flatten(1).all(dim=1)).sum())
        if bad:
            raise EncodingError.not_finite(name, "pixels", bad, len(rows))
        return {"pixels": made}

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "columns": columns_to_json(self.columns), "size": list(self.size)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        channels, height, width = value["size"]
        return cls(columns=columns_from_json(value["columns"]), size=(channels, height, width))


def pixels(images: NDArray[Any]) -> Tensor:
    """(n, H, W), (n, H, W, C) or (n, C, H, W) images as (n, C, H, W) float32; bytes become [0, 1]."""
    held = torch.from_numpy(np.ascontiguousarray(images))
    return channels_first(held.float() / 255 if held.dtype == torch.uint8 else held.float())


def channels_first(images: Tensor) -> Tensor:
    """Images in any of those orders of axes as (n, C, H, W)."""
    if images.ndim == 3:
        return images[:, None]
    channels_last = images.shape[-1] in {1, 3, 4} and images.shape[1] not in {1, 3, 4}
    return images.permute(0, 3, 1, 2).contiguous() if channels_last else images
