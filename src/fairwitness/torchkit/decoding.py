"""Encodings that can be gone back: what a network draws becomes rows like those it learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
import torch
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import Block, OwnEncoding, columns_from_json, columns_to_json, refuse_answers
from fairwitness.torchkit.encoding_images import ImageEncoding
from fairwitness.torchkit.errors import EncodingError
from fairwitness.torchkit.frames import require
from fairwitness.torchkit.modules.language import END, PAD
from fairwitness.torchkit.tokens import library, texts_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Decoding(OwnEncoding, Protocol):
    """An encoding that can be gone back."""

    def decode(self, tensors: Mapping[str, Tensor]) -> Rows:
        """Encoded rows as raw ones, numbered from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingEncoding:
    """One text column as `sequence`, (n, length) int64, from which the text can be had again, letter by letter.

    Tokens are byte pairs, so no character is unknown. The last token of a text is `[END]`, a text of nothing is that
    alone, and one longer than `length` tokens is cut and has no end.

    Attributes:
        columns: The text column.
        length: Tokens a row.
        tokenizer: Of the library `tokenizers`.
    """

    kind: ClassVar[str] = "writing"
    columns: tuple[Column, ...]
    length: int
    tokenizer: Tokenizer = field(repr=False, compare=False)

    @classmethod
    def fit(cls, columns: Sequence[Column], rows: Rows, *, vocabulary: int, length: int) -> Self:
        """Learn the tokens from rows; they should be training rows only.

        Args:
            columns: One, of text.
            rows: Rows with that column.
            vocabulary: Tokens, at most; at least the 258 that stand for bytes, padding and end.
            length: Tokens a row that are read, at most; fewer where no training text is as long.

        Raises:
            EncodingError: There is not exactly one column, of text; no row holds a word; `tokenizers` is not installed.
            ColumnError: The column is not in the rows.
        """
        refuse_answers(columns)
        if [column.kind for column in columns] != ["text"]:
            raise EncodingError.one_column("a writer of texts", "text", columns)
        require(columns, rows, source="training rows")
        texts = texts_of(rows, columns[0].name)
        if not any(text.strip() for text in texts):
            raise EncodingError.no_words(columns[0].name)
        tokenizer = _trained(texts, vocabulary)
        longest = max(len(one.ids) for one in tokenizer.encode_batch_fast(texts))
        return cls(columns=tuple(columns), length=min(longest + 1, length), tokenizer=tokenizer)

    @property
    def vocabulary(self) -> int:
        """How many tokens there are, padding and end among them."""
        return self.tokenizer.get_vocab_size()

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (Block(column=self.columns[0].name, tensor="sequence", slots=(), kind="tokens"),)

    def encode(self, rows: Rows) -> dict[str, Tensor]:
        """Rows as `sequence`.

        Raises:
            ColumnError: The column is not in the rows.
        """
        require(self.columns, rows, source="rows")
        made = np.full((len(rows), self.length), PAD, dtype=np.int64)
        for row, found in enumerate(self.tokenizer.encode_batch_fast(texts_of(rows, self.columns[0].name))):
            ids = [*found.ids[: self.length], END][: self.length]
            made[row, : len(ids)] = ids
        return {"sequence": torch.from_numpy(made)}

    def decode(self, tensors: Mapping[str, Tensor]) -> Rows:
        texts = np.empty(len(tensors["sequence"]), dtype=object)
        texts[:] = self.tokenizer.decode_batch(tensors["sequence"].tolist(), skip_special_tokens=True)
        return Rows(ids=np.arange(len(texts)), columns={self.columns[0].name: texts})

    def to_json(self) -> dict[str, Any]:
        columns = columns_to_json(self.columns)
        return {"kind": self.kind, "columns": columns, "length": self.length, "tokenizer": self.tokenizer.to_str()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        tokenizer = library().Tokenizer.from_str(value["tokenizer"])
        return cls(columns=columns_from_json(value["columns"]), length=value["length"], tokenizer=tokenizer)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingEncoding(ImageEncoding):
    """As `ImageEncoding`, and back.

    Attributes:
        whole: Whether the images are of bytes, 0 to 255.
        layout: How their axes lie: `HW`, `CHW` or `HWC`.
    """

    kind: ClassVar[str] = "drawing"
    whole: bool = False
    layout: str = "CHW"

    @classmethod
    def fit(cls, columns: Sequence[Column], rows: Rows) -> Self:
        """Take size and layout of the images.

        Raises:
            EncodingError: There is not exactly one column, of images, or they are too small.
            ColumnError: The column is not in the rows.
        """
        plain = ImageEncoding.fit(columns, rows)
        images = rows.media[columns[0].name]
        layout = "HW" if images.ndim == 3 else "CHW" if images.shape[1:] == plain.size else "HWC"
        return cls(columns=plain.columns, size=plain.size, whole=images.dtype == np.uint8, layout=layout)

    def decode(self, tensors: Mapping[str, Tensor]) -> Rows:
        images = tensors["pixels"].numpy()
        if self.whole:
            images = (images * 255).round().clip(0, 255).astype(np.uint8)
        if self.layout != "CHW":
            images = images[:, 0] if self.layout == "HW" else images.transpose(0, 2, 3, 1)
        return Rows(ids=np.arange(len(images)), columns={}, media={self.columns[0].name: images})

    def to_json(self) -> dict[str, Any]:
        return {**ImageEncoding.to_json(self), "whole": self.whole, "layout": self.layout}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        plain = ImageEncoding.from_json(value)
        return cls(columns=plain.columns, size=plain.size, whole=value["whole"], layout=value["layout"])


def _trained(texts: list[str], vocabulary: int) -> Tokenizer:
    """Byte pairs that begin with every byte; ties are broken alike each time."""
    known = library()
    tokenizer: Tokenizer = known.Tokenizer(known.models.BPE())
    tokenizer.pre_tokenizer = known.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = known.decoders.ByteLevel()
    trainer = known.trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=["[PAD]", "[END]"],
        initial_alphabet=known.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
