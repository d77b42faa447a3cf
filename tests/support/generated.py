"""What checks of generative models are given, made up: rows with their nats, and samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import NATS, PART, UNITS, RowsAsk, SamplesAsk, group_column
from fairwitness.core.check import Check, Given, Outcome
from fairwitness.core.columns import Column, Grouping
from fairwitness.core.subject import Outline, Rows

GENERATION = frozenset({"rows", "groups", "features", "layers", "split", "samples", "likelihood"})


def outline(column: Column, **changes: Any) -> Outline:
    """A generative subject that learns from one column, with the attribute `dialect`."""
    settings: dict[str, Any] = {
        "name": "planted",
        "task": "generation",
        "columns": (column, Column(name="dialect", kind="category", role="group")),
        "offers": GENERATION,
        "groupings": (Grouping(columns=("dialect",)),),
        "rows": 0,
        "judged_rows": 0,
        "parts": {},
        "features": (column.name,),
        "unit": "image" if column.media else "token",
    }
    return Outline(**{**settings, **changes})


def asked(this: Check[Any], subject: Outline, answer: Any, *, seed: int = 0) -> Outcome:
    """What a check says, given what `answer` makes of each ask."""
    about = subject.groupings[0] if this.info.per == "grouping" else None
    asks = this.asks(subject, about, this.Options())
    assert not hasattr(asks, "reason"), asks
    given = Given(
        outline=subject,
        about=about,
        level=0.95,
        limit=this.info.limit,
        rng=np.random.default_rng(seed),
        context={},
        made={ask: answer(ask) for ask in asks},
    )
    return this.run(given, this.Options())


def fitted(nats: NDArray[Any], units: NDArray[Any], part: NDArray[Any], dialect: NDArray[Any]) -> Rows:
    """Rows with the engine's own columns."""
    columns = {NATS: nats.astype(float), UNITS: units.astype(float), PART: part.astype(object)}
    return Rows(ids=np.arange(len(nats)), columns={**columns, group_column("dialect"): dialect.astype(object)})


def sampled(column: Column, samples: NDArray[Any], train: NDArray[Any], audit: NDArray[Any]) -> Any:
    """Answers to the asks for samples, and for rows of the two parts."""

    def rows(values: NDArray[Any]) -> Rows:
        held = {column.name: values}
        return Rows(
            ids=np.arange(len(values)), columns={} if column.media else held, media=held if column.media else {}
        )

    def answer(ask: Any) -> Rows:
        if isinstance(ask, SamplesAsk):
            return rows(samples)
        assert isinstance(ask, RowsAsk)
        return rows({"train": train, "audit": audit}[str(ask.part)])

    return answer
