"""From raw rows to tensors in raw units. No scaling is fitted here: it lives inside the module, so that bounds, steps
and words stated on columns hold for its inputs too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
import torch
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.errors import EncodingError
from fairwitness.torchkit.frames import require

Inputs = Tensor | tuple[Tensor, ...] | Mapping[str, Tensor]

MISSING_CODE, UNSEEN_CODE, FIRST_CODE = 0, 1, 2
ANSWERS = frozenset({"target", "decision", "score"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Where a column went: which slots of which tensor, and as what.

    Attributes:
        tensor: The tensor's name.
        slots: Places along its second axis; empty where the column fills the whole tensor.
        kind: `raw` numbers, `index` of a category, `pixels` of an image, `tokens` of a text.
    """

    column: str
    tensor: str
    slots: tuple[int, ...]
    kind: Literal["raw", "index", "pixels", "tokens"]


class Encoding(Protocol):
    """How rows become what the module is called with."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Where each column went; empty where foreign code decides."""

    def encode(self, rows: Rows) -> Inputs:
        """A tensor, a tuple (positional) or a mapping (by name), each (n, ...)."""


class OwnEncoding(Encoding, Protocol):
    """An encoding that is fitted here, and saved beside the weights."""

    kind: ClassVar[str]  # its name in a saved model

    @property
    def columns(self) -> tuple[Column, ...]: ...

    def encode(self, rows: Rows) -> dict[str, Tensor]:
        """Tensors by name, each (n, ...)."""

    def to_json(self) -> dict[str, Any]: ...

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self: ...


def refuse_answers(columns: Sequence[Column]) -> None:
    """Stop a model from reading what it is to tell.

    Raises:
        ValueError: A column holds the answer: target, decision or score.
    """
    for column in columns:
        if column.role in ANSWERS:
            raise ValueError(f"{column.name!r} is the {column.role}; a model may not read it")


def columns_to_json(columns: Sequence[Column]) -> list[dict[str, str]]:
    """What of its columns an encoding needs again."""
    return [{"name": column.name, "kind": column.kind, "role": column.role} for column in columns]


def columns_from_json(value: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Columns as `columns_to_json` wrote them."""
    return tuple(Column(**column) for column in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEncoding:
    """Numbers as they are, categories as codes.

    `encode` gives `numbers`, (n, d) float32 in raw units with NaN for missing, and `codes`, (n, c) int64: 0 for missing,
    1 for a category that `fit` has not seen, then the known ones in sorted order.

    Attributes:
        columns: The columns that are read, in order.
        vocabularies: Category columns to their known values.
    """

    kind: ClassVar[str] = "table"
    columns: tuple[Column, ...]
    vocabularies: Mapping[str, tuple[str, ...]]

    @classmethod
    def fit(cls, columns: Sequence[Column], rows: Rows) -> Self:
        """Learn the categories, and nothing else, from rows; they should be training rows only.

        Raises:
            EncodingError: A column of a kind that has no code: text, date or image.
            ColumnError: A column is not in the rows.
            ValueError: A column holds the answer (target, decision or score), so a model may not read it.
        """
        refuse_answers(columns)
        for column in columns:
            if not column.numeric and column.kind != "category":
                raise EncodingError.kind(column.name, column.kind)
        require(columns, rows, source="training rows")
        known = {
            column.name: tuple(sorted({value for value in rows.columns[column.name] if value is not None}))
            for column in columns
            if not column.numeric
        }
        return cls(columns=tuple(columns), vocabularies=known)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns in the order of the tensor `numbers`."""
        return tuple(column.name for column in self.columns if column.numeric)

    @property
    def blocks(self) -> tuple[Block, ...]:
        numbers = (Block(column=c, tensor="numbers", slots=(i,), kind="raw") for i, c in enumerate(self.numbers))
        codes = (Block(column=c, tensor="codes", slots=(i,), kind="index") for i, c in enumerate(self.vocabularies))
        return (*numbers, *codes)

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """How many codes each category column has, those of missing and unseen among them."""
        return tuple(FIRST_CODE + len(known) for known in self.vocabularies.values())

    def encode(self, rows: Rows) -> dict[str, Tensor]:
        """Rows as `numbers` and `codes`.

        Raises:
            ColumnError: A column is not in the rows.
        """
        require(self.columns, rows, source="rows")
        numbers = np.empty((len(rows), len(self.numbers)), dtype=np.float32)
        with np.errstate(over="ignore"):  # beyond what 32 bits hold is infinite, and read as missing
            for slot, name in enumerate(self.numbers):
                numbers[:, slot] = rows.columns[name]
        codes = np.empty((len(rows), len(self.vocabularies)), dtype=np.int64)
        for slot, (name, known) in enumerate(self.vocabularies.items()):
            code: dict[str | None, int] = {value: FIRST_CODE + place for place, value in enumerate(known)}
            code[None] = MISSING_CODE
            codes[:, slot] = list(map(code.get, rows.columns[name], repeat(UNSEEN_CODE)))
        return {"numbers": torch.from_numpy(numbers), "codes": torch.from_numpy(codes)}

    def to_json(self) -> dict[str, Any]:
        known = {name: list(values) for name, values in self.vocabularies.items()}
        return {"kind": self.kind, "columns": columns_to_json(self.columns), "vocabularies": known}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        columns = columns_from_json(value["columns"])
        known = {c.name: tuple(value["vocabularies"][c.name]) for c in columns if not c.numeric}
        return cls(columns=columns, vocabularies=known)
