"""A text as words that can be taken out, and neighbouring words together where there are too many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.subject import Model, Rows
from fairwitness.explain.games import Scale, scaled
from fairwitness.explain.shapley import Floats, Mask, Mixed, Places

MOST_PLAYERS = 40
"""Words, or stretches of words, that a score is divided among; more would take long, and nobody reads them."""

COUNTS = (MOST_PLAYERS, 20, 10, 8, 6)
"""As many are told apart as a model can be asked about; of ten and fewer, every set is asked."""

_ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U0001f000-\U0001faff"
"""Signs that are words by themselves: kana, Chinese characters, pictures."""
_WORD = re.compile(rf"[{_ALONE}]|[@#]?(?:(?![{_ALONE}])\w)+(?:['’-](?:(?![{_ALONE}])\w)+)*")
_SENTENCE = re.compile(r"[.!?…。！？][\"'’”)\]]*\s*$|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A word, or several neighbours, with what stands after them up to the next word.

    Attributes:
        start: Place of its first character.
        end: Place behind its last.
        words: What it is called: the words without what stands around them.
    """

    start: int
    end: int
    words: str


def pieces_of(text: str) -> tuple[Piece, ...]:
    """The words of a text; together they are the whole of it, so it can be put together again without some.

    Marks belong to the word before them. A text without a word has no pieces.

    >>> [text for text in (piece.words for piece in pieces_of("Not the women's team, #1!"))]
    ['Not', 'the', "women's", 'team', '#1']
    """
    found = list(_WORD.finditer(text))
    starts = [0, *(each.start() for each in found[1:]), len(text)]
    return (
        tuple(
            Piece(start=start, end=end, words=each.group())
            for each, start, end in zip(found, starts[:-1], starts[1:], strict=True)
        )
        if found
        else ()
    )


def together(text: str, pieces: Sequence[Piece], most: int = MOST_PLAYERS) -> tuple[Piece, ...]:
    """At most so many pieces: neighbours are joined, evenly within each sentence where there are few enough of those.

    Args:
        text: The whole.
        pieces: Of `pieces_of`.
        most: Pieces that are left, at most; at least 1.
    """
    if len(pieces) <= most:
        return tuple(pieces)
    ends = [at for at, piece in enumerate(pieces, 1) if _SENTENCE.search(text[piece.start : piece.end])]
    if not ends or ends[-1] != len(pieces):
        ends.append(len(pieces))
    sizes = np.diff([0, *ends])
    if len(sizes) > most:
        cuts = np.asarray(ends)[np.unique(np.linspace(0, len(ends), most + 1).round().astype(int)[1:]) - 1]
    else:
        size = next(size for size in range(2, len(pieces) + 1) if -(-sizes // size).sum() <= most)
        evenly = [
            np.linspace(end - length, end, -(-length // size) + 1)[1:] for length, end in zip(sizes, ends, strict=True)
        ]
        cuts = np.concatenate(evenly).round().astype(int)
    starts = [0, *cuts[:-1].tolist()]
    return tuple(_joined(text, pieces[start:end]) for start, end in zip(starts, cuts.tolist(), strict=True))


def _joined(text: str, pieces: Sequence[Piece]) -> Piece:
    first, last = pieces[0], pieces[-1]
    words = text[first.start : last.start] + last.words
    return Piece(start=first.start, end=last.end, words=words if len(pieces) > 1 else first.words)


def names(pieces: Sequence[Piece]) -> tuple[str, ...]:
    """What pieces are called, each otherwise: a word that stands there again is told by its number.

    >>> names(pieces_of("no, no and no"))
    ('no', 'no (2)', 'and', 'no (3)')
    """
    seen: dict[str, int] = {}
    made: list[str] = []
    for piece in pieces:
        seen[piece.words] = seen.get(piece.words, 0) + 1
        made.append(piece.words if seen[piece.words] == 1 else f"{piece.words} ({seen[piece.words]})")
    return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextGame:
    """The game of one text: what is held stands in its order, what is not is left out, and with nothing held it is empty.

    Attributes:
        model: Asked; it reads the one text.
        column: The text's.
        text: The text.
        pieces: The players.
        scale: What is divided: scores in [0, 1], or their log odds.
    """

    model: Model
    column: str
    text: str
    pieces: tuple[Piece, ...]
    scale: Scale = "score"

    @property
    def players(self) -> tuple[str, ...]:
        return names(self.pieces)

    @property
    def background(self) -> int:
        """One: the empty text."""
        return 1

    def rows(self, row: Rows, held: Mask) -> Rows:  # noqa: ARG002 - the text is known
        """(m, players) as m rows that hold these pieces."""
        cut = np.array([self.text[piece.start : piece.end] for piece in self.pieces], dtype=object)
        texts: NDArray[np.object_] = np.array(["".join(cut[mask]) for mask in held], dtype=object)
        return Rows(ids=np.arange(len(held)), columns={self.column: texts})

    def on(self, rows: Rows) -> Mixed:
        """What the model says of the text without some of its words."""

        def mixed(at: Places, by: Places, held: Mask) -> Floats:  # noqa: ARG001 - a game's own form
            return scaled(self.model.outputs(self.rows(rows, held)), self.scale)

        return mixed
