"""A recurrent network that learns to write texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.decoding import WritingEncoding
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.generator import TorchGenerator
from fairwitness.torchkit.modules.language import END, LanguageNet, LanguageShape
from fairwitness.torchkit.recipes.generative import GenerativeRecipe
from fairwitness.torchkit.recipes.options import TrainOptions
from fairwitness.torchkit.recipes.prepared import Prepared, Training

VOCABULARY_LEAST = 258  # every byte, padding and end


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingOptions(TrainOptions):
    """What may be set, beside the training itself.

    Attributes:
        vocabulary: Tokens, at most; 256 stand for bytes, the others for what often comes together.
        length: Tokens of a text that are read, and the longest text that is written.
        embedding: Width of a token's vector.
        hidden: Width of the recurrent layers.
        layers: How many there are.
        dropout: Share of units dropped in training, in [0, 1).
    """

    epochs: int = 6
    batch: int = 16
    learning_rate: float = 4e-3
    patience: int = 2
    descent: Literal["constant", "cosine"] = "cosine"
    vocabulary: int = 1_000
    length: int = 64
    embedding: int = 64
    hidden: int = 128
    layers: int = 1
    dropout: float = 0.1

    def __post_init__(self) -> None:
        TrainOptions.__post_init__(self)
        self.at_least_one("vocabulary", "length", "embedding", "hidden", "layers")
        self.shares("dropout")
        if self.vocabulary < VOCABULARY_LEAST:
            raise ValueError(f"vocabulary is {self.vocabulary}; it must be {VOCABULARY_LEAST} or more: 256 are bytes")


def fit(
    rows: Rows,
    *,
    columns: Sequence[Column],  # one, of text
    options: WritingOptions | None = None,
    seed: int,
    training: Training | None = None,
) -> TorchGenerator:
    """Train on texts; see `FitGenerator`."""
    settings = options or WritingOptions()
    ready = prepare(rows, columns=columns, options=settings)
    return cast("TorchGenerator", ready.fit(settings, seed=seed, training=training or Training()))  # what finish gives


def prepare(rows: Rows, *, columns: Sequence[Column], options: WritingOptions) -> Prepared:
    """Texts as tokens, and a network that foretells the next one.

    Raises:
        EncodingError: There is not exactly one column, of text, or no row holds a word.
        TrainingError: All rows are alike.
    """
    encoding = WritingEncoding.fit(columns, rows, vocabulary=options.vocabulary, length=options.length)
    inputs = encoding.encode(rows)
    sequence = inputs["sequence"]
    if bool((sequence == sequence[0]).all()):
        raise TrainingError.all_alike(columns[0].name, len(rows))
    tokens = float((sequence != 0).sum(dim=1).float().mean())
    cut = int(((sequence[:, -1] != 0) & (sequence[:, -1] != END)).sum())
    shape = LanguageShape(
        vocabulary=encoding.vocabulary,
        steps=encoding.length,
        embedding=options.embedding,
        hidden=options.hidden,
        layers=options.layers,
        dropout=options.dropout,
    )

    def build(_: Mapping[str, Tensor]) -> LanguageNet:
        return LanguageNet(shape)

    def a_token(nats: Tensor, _: Tensor) -> Tensor:
        return nats / tokens  # over a batch, nats a token; each token counts alike, so long texts count for more

    def finish(net: nn.Module, _: NDArray[np.bool_]) -> Any:  # noqa: ANN401 - a generator where a classifier is usual
        assert isinstance(net, LanguageNet)  # noqa: S101 - what `build` gave
        told = f"{cut:,} of {len(rows):,} training texts are longer than {encoding.length} tokens and were cut."
        return TorchGenerator(net, encoding, words=f"{net.words}, trained here", notes=(told,) * bool(cut))

    return Prepared(
        inputs=inputs,
        target=torch.zeros(len(rows)),
        labels=np.zeros(len(rows), dtype=np.int64),
        build=build,
        finish=finish,
        losses=a_token,
    )


TEXT_RNN = GenerativeRecipe(name="text-rnn", kind="text", words="one column of text", options=WritingOptions, fit=fit)
