"""Which words of texts a model goes by: what the score loses without a word, over every text that has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.subject import Model, Outline, Rows
from fairwitness.explain.afforded import WORK, asked_at_most, reading
from fairwitness.explain.counterfactual import AT_ONCE, nobody
from fairwitness.explain.decision import favor, read_by
from fairwitness.explain.reasons import LEAST
from fairwitness.explain.words import pieces_of
from fairwitness.stats import intervals
from fairwitness.stats.multiple import sidak

FEWEST = 5
"""People whose texts hold a word that is told: a word of fewer could be the name of one."""
TEXTS = 2_000
"""Texts that are looked at, at most."""
ALIKE = 1e-6
"""Moves of a score that differ by less are one move, and rounding."""

Uses = Mapping[str, Sequence[int]]
"""Word to the texts that hold it, by their places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What one word does to the score of the favourable decision.

    Attributes:
        mean: By how much the score with the word is above that without it, on average over the texts that hold it.
        low: Of its interval, that holds for all words at once.
        high: Likewise.
        turned: Texts that are decided otherwise without it.
        n: Texts that hold it.
    """

    word: str
    mean: float
    low: float
    high: float
    turned: int
    n: int

    @property
    def sure(self) -> float:
        """What it moves at least: the end of its interval nearest to nothing; 0 where that holds nothing."""
        return max(self.low, -self.high, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words a model goes by. It holds no person's text, and can be published.

    Attributes:
        words: Those that surely move the score, the most first.
        tried: Words of at least `FEWEST` texts.
        left_out: Words of fewer; they are not told.
        n: Texts looked at.
        level: Confidence of all intervals together.
    """

    words: tuple[Word, ...]
    tried: int
    left_out: int
    n: int
    level: float


def vocabulary(
    model: Model,
    outline: Outline,
    rows: Rows,
    *,
    level: float,
    told: Callable[[int, int], None] = nobody,
) -> Vocabulary:
    """Take each word out of every text that holds it, wherever it stands there, and see what becomes of the score.

    Args:
        model: Of scores and decisions, that reads one text.
        outline: With a favourable class.
        rows: One of each person, in random order: where the model is costly, the first of them are looked at.
        level: Confidence of all intervals together.
        told: Called with rows put to the model, of so many.

    Source:
        Zeiler & Fergus 2014, ECCV, section 4.2: occlusion, here of words. Intervals: Student's t over texts, with Sidak's
        correction for all words; where all texts move alike, by how many others may not.
    """
    (column,) = read_by(outline)
    texts = [str(text or "") for text in rows.columns[column.name]]
    most = asked_at_most(model, rows, work=WORK, mixing=reading(texts)) if texts else 0
    held = [words_of(text) for text in texts]
    counts = np.cumsum([len(words) + 1 for words in held])
    n = int((counts <= most).sum())
    uses: dict[str, list[int]] = {}
    for place, words in enumerate(held[:n]):
        for word in words:
            uses.setdefault(word, []).append(place)
    common = {word: places for word, places in uses.items() if len(places) >= FEWEST}
    made = _tried(model, outline, column.name, texts[:n], common, level=level, told=told)
    sure = sorted((word for word in made if word.sure >= LEAST), key=lambda word: -word.sure)
    return Vocabulary(words=tuple(sure), tried=len(common), left_out=len(uses) - len(common), n=n, level=level)


def words_of(text: str) -> frozenset[str]:
    """The words of a text, in small letters.

    >>> sorted(words_of("The women's team, the team"))
    ['team', 'the', "women's"]
    """
    return frozenset(piece.words.casefold() for piece in pieces_of(text))


def without(text: str, word: str) -> str:
    """A text with every such word taken out."""
    kept = [piece for piece in pieces_of(text) if piece.words.casefold() != word]
    return "".join(text[piece.start : piece.end] for piece in kept)


def _tried(
    model: Model,
    outline: Outline,
    column: str,
    texts: Sequence[str],
    uses: Uses,
    *,
    level: float,
    told: Callable[[int, int], None],
) -> list[Word]:
    if not uses:
        return []
    of = sum(map(len, uses.values())) + len(texts)
    scores, favored = _said(model, outline, column, texts)
    changed = [without(texts[place], word) for word, places in uses.items() for place in places]
    pieces = []
    for start in range(0, len(changed), AT_ONCE):
        pieces.append(_said(model, outline, column, changed[start : start + AT_ONCE]))
        told(min(start + AT_ONCE, len(changed)) + len(texts), of)
    after, then = (np.concatenate([piece[slot] for piece in pieces]) for slot in range(2))
    each = sidak(level, len(uses))
    made, start = [], 0
    for word, places in uses.items():
        cut = slice(start, start + len(places))
        start += len(places)
        moved = scores[list(places)] - after[cut]
        low, high = _within(moved, level=each)
        turned = int((favored[list(places)] != then[cut]).sum())
        made.append(Word(word=word, mean=float(moved.mean()), low=low, high=high, turned=turned, n=len(moved)))
    return made


def _within(moved: NDArray[np.float64], *, level: float) -> tuple[float, float]:
    """Interval of the mean move. Where all texts move alike no spread is seen, yet others may move by anything in [-1, 1].

    So many that all draws being alike is no rarer than the level lets it be (Clopper and Pearson 1934, n of n).
    """
    n, centre = len(moved), float(moved.mean())
    if np.ptp(moved) < ALIKE:
        others = 1 - ((1 - level) / 2) ** (1 / n)
        return max(centre * (1 - others) - others, -1.0), min(centre * (1 - others) + others, 1.0)
    apart = moved - centre
    low, high = intervals.mean(float(apart.sum()), float((apart**2).sum()), n, level=level)
    return centre + float(low), centre + float(high)


def _said(
    model: Model, outline: Outline, column: str, texts: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(n,) scores of the favourable class, and (n,) whether it is decided."""
    said = model.outputs(Rows(ids=np.arange(len(texts)), columns={column: np.array(texts, dtype=object)}))
    return favor(said, outline), np.asarray(said.decisions == outline.favorable, dtype=bool)
