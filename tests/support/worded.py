"""Models of texts that can be seen through: the log odds are a sum over words."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from fairwitness.core.columns import Column
from fairwitness.core.subject import Model, Outline, Rows
from fairwitness.torchkit.blackbox import from_callable
from support import given

LETTER = Column(name="letter", kind="text")
WORD = re.compile(r"[\w']+")


def adding_up(weights: Mapping[str, float], *, start: float = 0.0) -> Model:
    """Log odds of `yes`: a start, and the weight of every word that is there, as often as it is."""

    def score(frame: Any) -> Any:
        logits = [
            start + sum(weights.get(word, 0.0) for word in WORD.findall((text or "").lower()))
            for text in frame["letter"]
        ]
        return 1 / (1 + np.exp(-np.array(logits)))

    return from_callable(
        score, columns=(LETTER,), classes=("no", "yes"), positive="yes", activation="probabilities", threshold=0.5
    )


def letters(*texts: str | None) -> Rows:
    return Rows(ids=np.arange(len(texts)), columns={"letter": np.array(texts, dtype=object)})


def outline(column: Column = LETTER, **changes: Any) -> Outline:
    settings = {
        "columns": (column,),
        "features": (column.name,),
        "groupings": (),
        "classes": ("no", "yes"),
        "positive": "yes",
        "favorable": "yes",
    }
    return given.outline(**{**settings, **changes})
