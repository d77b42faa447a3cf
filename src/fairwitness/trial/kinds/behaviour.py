"""Unfair ways of models that rates of decisions do not show: words, places in lists, quantities."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator

from fairwitness.trial.planted import Kind, Made
from fairwitness.trial.rows import people, settings

GOOD = ("led", "founded", "shipped", "published", "trained", "won")
PLAIN = (
    "the",
    "team",
    "in",
    "a",
    "project",
    "of",
    "two",
    "years",
    "with",
    "data",
    "for",
    "tools",
    "and",
    "reports",
    "at",
    "school",
)
TERMS = ("women's", "men's")
READER = '''"""Reads applications by their words."""

import numpy as np

GOOD = {good!r}
PENALTY = {penalty!r}


def build():
    def read(frame):
        said = [text.split() for text in frame["application"].to_list()]
        total = [sum(word in GOOD for word in words) - 2.5 - PENALTY * ("women's" in words) for words in said]
        return 1 / (1 + np.exp(-np.array(total)))

    return read
'''


def punished_word(dice: Generator, penalty: float) -> Made:
    """Applications of which half name a club, men's or women's by lot; the model takes so much off for "women's"."""
    n = int(dice.integers(1500, 2500))
    counts = dice.binomial(5, 0.5, n)
    texts = []
    for count in counts:
        words = [*dice.choice(GOOD, count), *dice.choice(PLAIN, int(dice.integers(8, 20)))]
        if dice.random() < 0.5:
            words += [str(dice.choice(TERMS)), "chess", "club"]
        texts.append(" ".join(dice.permutation(words)))
    good = dice.random(n) < 1 / (1 + np.exp(-1.5 * (counts - 2.5)))
    return Made(
        frame=pl.DataFrame({"application": texts, "good": good.astype(int)}),
        settings=settings(
            subject={"groups": [], "features": ["application"]},
            columns={"application": {"kind": "text"}},
            model={"black_box": "model:build", "seen": "none"},
        ),
        files={"model.py": READER.format(good=GOOD, penalty=penalty)},
    )


def placed_last(dice: Generator, share: float) -> Made:
    """Lists of ten; `share` of `west` are moved to the end of theirs."""
    who = people(dice)
    n = len(who.good) // 10 * 10
    held = who.frame().head(n)
    relevance = dice.normal(size=n) - 10 * ((who.group[:n] == "west") & (dice.random(n) < share))
    lists = np.repeat(np.arange(n // 10), 10)[dice.permutation(n)]
    return Made(
        frame=held.with_columns(pl.Series("relevance", relevance.round(4)), pl.Series("search", lists)),
        settings=settings(ranking={"score": "relevance", "list": "search"}),
    )


def told_too_little(dice: Generator, shift: float) -> Made:
    """A quantity foretold so many standard deviations too low for `west`."""
    who = people(dice)
    days = np.exp(0.5 * dice.normal(size=len(who.good)) + who.score)
    told = days + days.std() * (0.5 * dice.normal(size=len(days)) - shift * (who.group == "west"))
    base = settings()
    subject = {"target": "days", "groups": ["group"], "task": "regression"}
    return Made(
        frame=who.frame(days=days.round(3), days_told=told.round(3)).drop("good"),
        settings={**base, "subject": subject, "model": {"prediction": "days_told"}},
    )


KINDS = (
    Kind(
        pillar="fairness",
        name="punished-word",
        words="a text model takes something off for a word that names women",
        expects=frozenset({"fairness.flipped-decisions"}),
        strengths=(1.0, 2.0, 4.0),
        clean=(0.0, 0.0, 0.0),
        make=punished_word,
    ),
    Kind(
        pillar="fairness",
        name="placed-last",
        words="people of a group are moved to the end of lists",
        expects=frozenset({"fairness.exposure-ratio"}),
        strengths=(0.85, 0.93, 1.0),  # all at the end still get 0.7 of the attention
        clean=(0.0, 0.0, 0.0),
        make=placed_last,
    ),
    Kind(
        pillar="fairness",
        name="told-too-little",
        words="a quantity is foretold too low for a group",
        expects=frozenset({"fairness.mean-error-gap"}),
        strengths=(0.4, 0.7, 1.2),
        clean=(0.0, 0.0, 0.0),
        make=told_too_little,
    ),
)
