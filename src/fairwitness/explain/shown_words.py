"""The words a model goes by, for a terminal, and as JSON."""

from __future__ import annotations

from typing import Any

from fairwitness.draw import format as fmt
from fairwitness.draw.text import fit, plain
from fairwitness.draw.words import plural
from fairwitness.explain.shown import signed
from fairwitness.explain.shown_parts import WIDEST
from fairwitness.explain.vocabulary import FEWEST, Vocabulary, Word

MOST_SHOWN = 12
CAVEAT = (
    "A word that says what another one says moves little by itself. Words tell what moved this model's score, not what "
    "caused anything in the world."
)


def title(name: str) -> str:
    return f"{plain(name)}: which words move the score of the favourable decision"


def looked(made: Vocabulary) -> str:
    """Which words were tried, and on what."""
    return (
        f"Over {plural(made.n, 'text')}: what the score loses where a word is taken out. "
        f"{plural(made.tried, 'word')} of at least {FEWEST} texts {'was' if made.tried == 1 else 'were'} tried; "
        f"{fmt.count(made.left_out)} of fewer are not told. Intervals hold for all words at once ({fmt.level(made.level)})."
    )


def cells(word: Word) -> tuple[str, str, str, str]:
    """Word, points with their interval, decisions that turn without it, texts that hold it."""
    points = f"{signed(word.mean)} {fmt.interval(word.mean, word.low, word.high, 'points')}"
    return f"“{fit(word.word, WIDEST)}”", points, fmt.count(word.turned), fmt.count(word.n)


def nothing(made: Vocabulary) -> str:
    """Why no word is told."""
    if not made.n:
        return "None: the model is too costly to be asked about every word of a text."
    if not made.tried:
        return f"None: no word is in the texts of {FEWEST} people."
    return "None: no word moves the score by more than chance could."


def text(made: Vocabulary, *, name: str) -> str:
    """Lines for a terminal."""
    lines = [title(name), looked(made), ""]
    rows = [cells(word) for word in made.words[:MOST_SHOWN]]
    if not rows:
        lines.append(f"  {nothing(made)}")
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines += [
        f"  {place:>2}. {word:<{wide[0]}}  {by + ' points;':<{wide[1] + 8}} turns {turned} of {n} decisions"
        for place, (word, by, turned, n) in enumerate(rows, 1)
    ]
    if len(made.words) > MOST_SHOWN:
        lines.append(f"  and {len(made.words) - MOST_SHOWN} more on the page")
    return "\n".join([*lines, "", CAVEAT]) + "\n"


def as_json(made: Vocabulary) -> dict[str, Any]:
    """The same for machines."""
    return {
        "texts": made.n,
        "words_tried": made.tried,
        "words_of_too_few": made.left_out,
        "people_at_least": FEWEST,
        "level": made.level,
        "words": [
            {
                "word": word.word,
                "adds": word.mean,
                "low": word.low,
                "high": word.high,
                "turned": word.turned,
                "texts": word.n,
            }
            for word in made.words
        ],
        "does_not_show": CAVEAT,
    }
