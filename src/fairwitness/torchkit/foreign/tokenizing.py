"""Text for a network of the user's own, by the tokenizer it came with."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.columns import Column
from fairwitness.core.digest import digest
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import Block
from fairwitness.torchkit.errors import EncodingError
from fairwitness.torchkit.foreign.errors import ForeignError
from fairwitness.torchkit.frames import require
from fairwitness.torchkit.tokens import TextEncoding

TOKENS_AT_ONCE = 16_384
UNBOUNDED = 100_000  # tokenizers without a limit say 1e30
STANDS_IN = ("[EMPTY]", "[UNK]", "<unk>")  # for a text without tokens


def is_tokenizer(given: object) -> bool:
    """Whether it is a tokenizer of the library `tokenizers` or of `transformers`, or our encoding of text."""
    if isinstance(given, TextEncoding):
        return True
    return _plain(given) or (callable(given) and hasattr(given, "convert_tokens_to_ids") and hasattr(given, "pad"))


def _plain(given: object) -> bool:
    return hasattr(given, "encode_batch") and hasattr(given, "token_to_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEncoding:
    """One text column as `input_ids` and `attention_mask`, (n, t) int64, t being the longest text of these rows.

    Attributes:
        columns: The text column.
        tokenizer: Of `transformers`, or of `tokenizers` (a copy that cuts at `longest` and does not pad).
        longest: Tokens a row that are read; None: all.
        pad: The number that fills up, masked.
        takes: Names that the module's forward takes; None: any.
        left_out: Columns the module is not fed.
    """

    columns: tuple[Column, ...]
    tokenizer: Any = field(repr=False, compare=False)
    longest: int | None
    pad: int
    takes: frozenset[str] | None
    left_out: tuple[str, ...]
    source: str

    @classmethod
    def of(cls, columns: Sequence[Column], tokenizer: Any, module: nn.Module, *, source: str) -> Self:  # noqa: ANN401 - of a library that is not imported here
        """A tokenizer at work on the one text column, cut at what it or the module's config says is the most it reads.

        Raises:
            EncodingError: There is not exactly one text column.
            ForeignError: The tokenizer cannot fill up shorter texts.
        """
        if isinstance(tokenizer, TextEncoding):
            tokenizer = tokenizer.tokenizer
        texts = [column for column in columns if column.kind == "text"]
        texts = texts or [column for column in columns if column.kind == "category"]
        if len(texts) != 1:
            raise EncodingError.one_column("the tokenizer", "text", columns)
        config = getattr(module, "config", None)
        longest, pad = _limits(tokenizer, config)
        if _plain(tokenizer):
            tokenizer = type(tokenizer).from_str(tokenizer.to_str())
            tokenizer.no_padding()
            tokenizer.enable_truncation(longest) if longest else tokenizer.no_truncation()
        if pad is None:
            raise ForeignError.no_padding(source=source)
        left_out = tuple(column.name for column in columns if column is not texts[0])
        takes = _takes(module)
        return cls(
            columns=(texts[0],),
            tokenizer=tokenizer,
            longest=longest,
            pad=pad,
            takes=takes,
            left_out=left_out,
            source=source,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        notes = []
        if self.left_out:
            notes.append(f"The module is not fed {', '.join(self.left_out)}: a tokenizer reads one column of text.")
        if self.longest:
            notes.append(f"Of a long text the first {self.longest:,} tokens are read.")
        return tuple(notes)

    @property
    def digest(self) -> str | None:
        """Of all that decides the tokens; None where that is unknown."""
        fast: Any = self.tokenizer if _plain(self.tokenizer) else getattr(self.tokenizer, "backend_tokenizer", None)
        if not hasattr(fast, "to_str"):
            return None
        pieces = json.loads(fast.to_str())
        told = {
            name: held for name, held in pieces.items() if name not in {"padding", "truncation"}
        }  # calls change these
        side = getattr(self.tokenizer, "padding_side", "")
        return digest(type(self.tokenizer).__name__, told, side, self.longest, self.pad)

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (Block(column=self.columns[0].name, tensor="input_ids", slots=(), kind="tokens"),)

    @property
    def at_once(self) -> int:
        """Rows a batch: attention takes memory by the token."""
        return max(1, TOKENS_AT_ONCE // (self.longest or 512))

    def encode(self, rows: Rows) -> dict[str, Tensor]:
        """Rows as the tensors the module's forward takes.

        Raises:
            ColumnError: The column is not in the rows.
        """
        require(self.columns, rows, source=self.source)
        texts = ["" if text is None else str(text) for text in rows.columns[self.columns[0].name]]
        made = self._plainly(texts) if _plain(self.tokenizer) else self._by_transformers(texts)
        kept = {name: held for name, held in made.items() if name != "token_type_ids" or self._taken(name)}
        return {name: torch.from_numpy(np.ascontiguousarray(held, dtype=np.int64)) for name, held in kept.items()}

    def _taken(self, name: str) -> bool:
        return self.takes is None or name in self.takes

    def _plainly(self, texts: list[str]) -> dict[str, NDArray[Any]]:
        known = (self.tokenizer.token_to_id(token) for token in STANDS_IN)
        empty = [next((number for number in known if number is not None), self.pad)]
        numbers = [found.ids or empty for found in self.tokenizer.encode_batch_fast(texts)]
        ids = np.full((len(texts), max(map(len, numbers), default=1)), self.pad, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, found in enumerate(numbers):
            ids[row, : len(found)] = found
            mask[row, : len(found)] = 1
        return {"input_ids": ids, "attention_mask": mask}

    def _by_transformers(self, texts: list[str]) -> dict[str, NDArray[Any]]:
        stand_in = self.tokenizer.unk_token or self.tokenizer.eos_token or self.tokenizer.pad_token
        cut = {} if self.longest is None else {"truncation": True, "max_length": self.longest}
        # a text of spaces alone has no tokens either, in tokenizers that add none of their own
        given = [text if text.strip() else stand_in for text in texts]
        return dict(self.tokenizer(given, padding=True, return_attention_mask=True, return_tensors="np", **cut))


def _limits(tokenizer: Any, config: object) -> tuple[int | None, int | None]:  # noqa: ANN401 - of a library that is not imported here
    """How many tokens are read at most, and what fills up."""
    places = getattr(config, "max_position_embeddings", None)
    if _plain(tokenizer):
        own = (tokenizer.truncation or {}).get("max_length")
        pad = getattr(config, "pad_token_id", None)
        if pad is None:
            pad = (tokenizer.padding or {}).get("pad_id")
        if pad is None:
            pad = next((p for p in map(tokenizer.token_to_id, ("[PAD]", "<pad>")) if p is not None), 0)
    else:
        own, pad = getattr(tokenizer, "model_max_length", None), tokenizer.pad_token_id
    bounds = [bound for bound in (own, places) if isinstance(bound, int) and 0 < bound < UNBOUNDED]
    return min(bounds, default=None), pad


def _takes(module: nn.Module) -> frozenset[str] | None:
    given = inspect.signature(module.forward).parameters.values()
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in given):
        return None
    return frozenset(one.name for one in given)
