"""Whether what a generative model makes lies closer to its training rows than to other rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask, RowsAsk, SamplesAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import Column, Part
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import plural
from fairwitness.privacy.copies import copies, nearer_images, nearer_texts, share_closer

LEAST = 30
"""Rows of each part, below which nearness says nothing."""
MOST = 5_000
PARTS: tuple[Part, Part] = ("train", "audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOptions:
    """How much is drawn.

    Attributes:
        samples: New rows from the model.
    """

    samples: int = 1_000

    def __post_init__(self) -> None:
        if not isinstance(self.samples, int) or not 1 <= self.samples <= 100_000:
            raise ValueError(f"samples is {self.samples}; it must be a whole number from 1 to 100,000")


class CopiedSamples:
    info = CheckInfo(
        id="privacy.copied-samples",
        title="What the model makes is no closer to training rows than to others",
        failure_title="What the model makes lies closer to training rows than to others",
        measures=(
            "Of samples drawn from a generative model, the share that lie closer to a row trained on than to any of as "
            "many audit rows, among those closer to one of the two; one half where nothing is carried over. Texts are "
            "close by the longest run of words in common, images by how their pixels correlate."
        ),
        does_not_show=(
            "That nothing leaks: a row may be told under another wording, moved by a pixel, or only when the model is "
            "asked for it, and one row among many moves the share little. Copies that are exact are counted beside it."
        ),
        advice=(
            "Take exact and near duplicates out of the training rows, train for fewer passes or a smaller network, or "
            "train with differential privacy; and hold back samples that copy a row."
        ),
        needs=frozenset({"samples", "rows", "split", "features"}),
        tasks=frozenset({"generation"}),
        limit=Limit(at_most=0.55),
        severity=Severity.MEDIUM,
        sources=(
            "Platzer and Reutterer 2021, Frontiers in Big Data 4:679939, samples closer to training than to holdout rows",
            "Carlini et al. 2021, USENIX Security, 2633-2650, verbatim text from language models",
            "Wilson 1927, JASA 22(158):209-212; Kish 1965, Survey Sampling, section 8.2, for samples near one row",
            "The limit of 55 % is a convention of this tool",
        ),
    )
    Options = SampleOptions

    def asks(self, outline: Outline, about: About, options: SampleOptions) -> Sequence[Ask]:
        return [SamplesAsk(n=options.samples), _rows(outline, "train"), _rows(outline, "audit")]

    def run(self, given: Given, options: SampleOptions) -> Outcome:
        column = _column(given.outline)
        drawn = _values(given[SamplesAsk(n=options.samples)], column)
        trained, others = (_values(given[_rows(given.outline, part)], column) for part in PARTS)
        size = min(len(trained), len(others), MOST)
        if size < LEAST:
            return NotApplicable(f"{plural(size, 'row')} a part are too few to be near; {LEAST} are needed")
        alike = [rows[np.sort(given.rng.choice(len(rows), size, replace=False))] for rows in (trained, others)]
        nearness = (nearer_images if column.media else nearer_texts)(drawn, *alike)
        share = share_closer(nearness, level=given.level) if (nearness.side != 0).any() else None
        if share is None:
            return NotApplicable("no sample is closer to one side: each is as close to audit rows as to training rows")
        found = [copies(drawn, rows) for rows in (trained, *alike)]
        level = len(drawn) - share.n
        return Measured(
            headline=(
                f"{fmt.number(share.value, 'share')} of {plural(share.n, 'sample')} lie closer to rows trained on than to "
                "as many others; 50 % would if nothing were carried over"
            ),
            lead=(
                f"The share is {fmt.measured(share.value, share.low, share.high, 'share')}. "
                f"{plural(len(drawn), 'sample')} were drawn and compared with {fmt.count(size)} rows of either part by "
                f"{_by(column)}; {fmt.count(level)} lie as close to both. {_exact(found[0], len(drawn))}"
            ),
            judged={Key(metric="share of samples closer to training rows"): share},
            explored=(_copies_table(found, [len(trained), size, size]),),
        )


def _column(outline: Outline) -> Column:
    return outline.column(outline.features[0])  # a generative model learns from one


def _rows(outline: Outline, part: Part) -> RowsAsk:
    column = _column(outline)
    return RowsAsk(columns=() if column.media else (column.name,), part=part, media=column.media)


def _values(rows: Rows, column: Column) -> NDArray[Any]:
    return rows.media[column.name] if column.media else rows.columns[column.name]


def _by(column: Column) -> str:
    return "how their pixels correlate" if column.media else "the longest run of words in common"


def _exact(found: int, samples: int) -> str:
    if not found:
        return f"None of {plural(samples, 'sample')} equals a training row exactly."
    return f"{fmt.count(found)} of {plural(samples, 'sample')} {'equals' if found == 1 else 'equal'} a training row exactly."


def _copies_table(found: Sequence[int], rows: Sequence[int]) -> Series:
    return Series(
        title="Samples that equal a row exactly",
        columns={
            "rows": ("all training rows", "training rows compared", "audit rows compared"),
            "number of rows": tuple(rows),
            "samples that equal one": tuple(found),
        },
        units={"number of rows": "rows", "samples that equal one": "number"},
    )
