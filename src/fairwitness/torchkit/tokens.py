"""One column of text as tokens, by a vocabulary of words or word pieces learned from training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import Block, columns_from_json, columns_to_json, refuse_answers
from fairwitness.torchkit.errors import EncodingError
from fairwitness.torchkit.frames import require

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Tokens = Literal["words", "pieces"]

SPECIAL = ("[PAD]", "[UNK]", "[EMPTY]")
PAD, EMPTY = 0, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEncoding:
    """One text column as `sequence`, (n, length) int64: words or pieces of words by number, 0 after the last.

    Case and accents are dropped. A word seen less than twice in training (of pieces: a character never seen) is `[UNK]`; a
    text without words, or none at all, is the one token `[EMPTY]`; of a long text the first `length` tokens are read.

    Attributes:
        columns: The text column.
        length: Tokens a row.
        tokenizer: Of the library `tokenizers`.
    """

    kind: ClassVar[str] = "text"
    columns: tuple[Column, ...]
    length: int
    tokenizer: Tokenizer = field(repr=False, compare=False)

    @classmethod
    def fit(
        cls,
        columns: Sequence[Column],
        rows: Rows,
        *,
        tokens: Tokens = "pieces",
        vocabulary: int = 4_000,
        length: int = 64,
    ) -> Self:
        """Learn the tokens from rows; they should be training rows only.

        Args:
            columns: One, of text.
            rows: Rows with that column.
            tokens: Whole words, or pieces that any word is made of.
            vocabulary: Tokens, at most.
            length: Tokens a row that are read, at most; fewer where no training text is as long.

        Raises:
            EncodingError: There is not exactly one column, of text; no row holds a word; `tokenizers` is not installed.
            ColumnError: The column is not in the rows.
        """
        refuse_answers(columns)
        if [column.kind for column in columns] != ["text"]:
            raise EncodingError.one_column("a network for text", "text", columns)
        require(columns, rows, source="training rows")
        texts = texts_of(rows, columns[0].name)
        tokenizer = _trained(texts, tokens, vocabulary)
        tokenizer.enable_truncation(length)
        longest = max((len(one.ids) for one in tokenizer.encode_batch_fast(texts)), default=0)
        if not longest:
            raise EncodingError.no_words(columns[0].name)
        tokenizer.enable_truncation(longest)
        return cls(columns=tuple(columns), length=longest, tokenizer=tokenizer)

    @property
    def vocabulary(self) -> int:
        """How many tokens there are, the special ones among them."""
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
            ids = found.ids or [EMPTY]
            made[row, : len(ids)] = ids
        return {"sequence": torch.from_numpy(made)}

    def to_json(self) -> dict[str, Any]:
        columns = columns_to_json(self.columns)
        return {"kind": self.kind, "columns": columns, "length": self.length, "tokenizer": self.tokenizer.to_str()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        tokenizer = library().Tokenizer.from_str(value["tokenizer"])
        return cls(columns=columns_from_json(value["columns"]), length=value["length"], tokenizer=tokenizer)


def library() -> Any:  # noqa: ANN401 - a module that may not be installed
    """The library `tokenizers`.

    Raises:
        EncodingError: It is not installed.
    """
    try:
        import tokenizers  # only where there is text
    except ImportError:
        raise EncodingError.no_tokenizers() from None
    return tokenizers


def _trained(texts: list[str], tokens: Tokens, vocabulary: int) -> Tokenizer:
    """Pieces are byte pairs, not WordPiece: its trainer breaks ties at random, so no seed gives the same pieces twice."""
    known = library()
    whole = tokens == "words"
    model = known.models.WordLevel if whole else known.models.BPE
    tokenizer: Tokenizer = known.Tokenizer(model(unk_token=SPECIAL[1]))
    tokenizer.normalizer = known.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = known.pre_tokenizers.BertPreTokenizer()
    trains = known.trainers.WordLevelTrainer if whole else known.trainers.BpeTrainer
    trainer = trains(vocab_size=vocabulary, min_frequency=2, special_tokens=list(SPECIAL), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def texts_of(rows: Rows, name: str) -> list[str]:
    """A column of text; what is missing is a text of nothing."""
    return ["" if text is None else text for text in rows.columns[name]]
