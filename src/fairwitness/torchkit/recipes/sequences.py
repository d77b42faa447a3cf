"""Recurrent networks on text, on series, or on number columns that are the steps of one; a small Transformer on text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.columns import Column, Kind
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding_series import SeriesEncoding
from fairwitness.torchkit.modules.recurrent import RecurrentNet
from fairwitness.torchkit.modules.sequences import SequenceNet, SequenceShape
from fairwitness.torchkit.modules.transformer import Transformer
from fairwitness.torchkit.recipes.classifier import Build, prepare_classifier
from fairwitness.torchkit.recipes.options import ClassifierOptions
from fairwitness.torchkit.recipes.prepared import Prepared
from fairwitness.torchkit.recipes.recipe import NUMBERS, Recipe
from fairwitness.torchkit.tokens import SPECIAL, TextEncoding, Tokens

READS: tuple[frozenset[Kind], ...] = (frozenset({"text"}), frozenset({"series"}), NUMBERS)
WORDS = "one column of text or of series, or numbers as the steps of one series"


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceOptions(ClassifierOptions):
    """What may be set, beside the training itself.

    Attributes:
        hidden: Width of the layers.
        layers: How many there are.
        dropout: Share of units dropped in training, in [0, 1).
        tokens: What a text is cut into: `words`, of which rare ones are not told apart, or `pieces` (byte pairs), of
            which any word can be made, and which tongues without spaces need.
        vocabulary: Tokens, at most.
        length: Tokens of a text that are read, at most.
        embedding: Width of a token's vector.
        token_dropout: Share of the numbers in the tokens' vectors dropped in training, in [0, 1): without it,
            rare words are soon learned by heart.
        jitter: Noise added to series in training, in standard deviations; 0 for none.
    """

    epochs: int = 100
    batch: int = 32
    patience: int = 10
    hidden: int = 48
    layers: int = 1
    dropout: float = 0.2
    tokens: Tokens = "words"
    vocabulary: int = 4_000
    length: int = 64
    embedding: int = 32
    token_dropout: float = 0.5
    jitter: float = 0.02

    def __post_init__(self) -> None:
        ClassifierOptions.__post_init__(self)
        self.at_least_one("hidden", "layers", "vocabulary", "length", "embedding")
        self.shares("dropout", "token_dropout")
        self.one_of("tokens", "words", "pieces")
        if self.vocabulary <= len(SPECIAL):
            raise ValueError(f"vocabulary is {self.vocabulary}; {len(SPECIAL)} tokens are special, so give more")
        if not 0 <= self.jitter < float("inf"):
            raise ValueError(f"jitter is {self.jitter}; it must be at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerOptions(SequenceOptions):
    """As `SequenceOptions`, with attention.

    Attributes:
        heads: Of the attention; they divide `hidden`.
    """

    heads: int = 4

    def __post_init__(self) -> None:
        SequenceOptions.__post_init__(self)
        self.at_least_one("heads")
        if self.hidden % self.heads:
            raise ValueError(f"heads is {self.heads} and hidden {self.hidden}; the heads must divide it evenly")


def prepare(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],  # one of text or of series, or two and more of numbers
    classes: tuple[str, ...],
    positive: str | None,
    options: SequenceOptions,
    family: type[SequenceNet] = RecurrentNet,
    cell: str,
) -> Prepared:
    """Rows for a network that reads one step after another; see `Prepare`.

    Raises:
        EncodingError: The columns are no text and no series, or no training row holds a word.
        TrainingError: No features, rows without a class, or rows of one class only.
    """

    def encoding(columns: Sequence[Column], rows: Rows) -> TextEncoding | SeriesEncoding:
        if any(column.kind == "text" for column in columns):
            return TextEncoding.fit(
                columns, rows, tokens=options.tokens, vocabulary=options.vocabulary, length=options.length
            )
        return SeriesEncoding.fit(columns, rows)

    def network(encoding: TextEncoding | SeriesEncoding, inputs: Mapping[str, Tensor], outputs: int) -> Build:
        sequence, text = inputs["sequence"], isinstance(encoding, TextEncoding)
        shape = SequenceShape(
            cell=cell,
            vocabulary=encoding.vocabulary if isinstance(encoding, TextEncoding) else 0,
            steps=sequence.shape[1],
            dimensions=0 if text else sequence.shape[2],
            flagged=not text and not bool(sequence.isfinite().all()),
            embedding=options.embedding if text else 0,
            hidden=options.hidden,
            layers=options.layers,
            heads=options.heads if isinstance(options, TransformerOptions) else 0,
            outputs=outputs,
            dropout=options.dropout,
            token_dropout=options.token_dropout if text else 0.0,
            jitter=0.0 if text else options.jitter,
        )

        def build(some: Mapping[str, Tensor]) -> SequenceNet:
            net = family(shape)
            net.fit_front(some["sequence"])
            return net

        return build

    return prepare_classifier(
        rows,
        target,
        columns=columns,
        classes=classes,
        positive=positive,
        options=options,
        encoding=encoding,
        network=network,
    )


GRU = Recipe(name="gru", reads=READS, words=WORDS, options=SequenceOptions, prepare=partial(prepare, cell="gru"))
LSTM = Recipe(name="lstm", reads=READS, words=WORDS, options=SequenceOptions, prepare=partial(prepare, cell="lstm"))
TRANSFORMER = Recipe(
    name="transformer",
    reads=READS[:1],
    words="one column of text",
    options=TransformerOptions,
    prepare=partial(prepare, cell="transformer", family=Transformer),
)
