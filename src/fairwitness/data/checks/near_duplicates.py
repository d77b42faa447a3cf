"""Rows that are nearly there twice, and those nearly trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, PART, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.data import near
from fairwitness.data.copies import FEWEST_CELLS, Look, looks, torn_apart
from fairwitness.data.words import count, percent, within
from fairwitness.draw.words import capital
from fairwitness.stats.intervals import wilson

Bools = NDArray[np.bool_]

SHOWN = 8


class NearDuplicates:
    info = CheckInfo(
        id="data.near-duplicates",
        title="Audited texts and pictures have no near copy among those trained on",
        failure_title="Audited texts or pictures have a near copy among those trained on",
        measures=(
            "Share of rows that equal another in all columns but one, names of rows left out; of texts that have four "
            "fifths of their runs of three words in common with another; of pictures that are another's but for "
            "brightness, noise and packing. Of texts and pictures to audit, the share with such a copy to train is judged."
        ),
        does_not_show=(
            "Whether near copies are one person or thing: where columns are few and coarse, people are alike. Pictures that were "
            "moved, cut or turned, texts in other words, and rows that differ in two cells are not found. Of texts and pictures a "
            "copy of a copy counts as a copy, though the two be less alike."
        ),
        advice=(
            "Keep copies on one side: declare what they share as [split] unit, or drop all but one. On what it has nearly seen, a "
            "model looks better than it is."
        ),
        needs=frozenset({"rows"}),
        limit=Limit(at_most=0.01),
        severity=Severity.MEDIUM,
        every_row=True,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Broder 1997, SEQUENCES, 21-29, and Lee et al. 2022, ACL, arXiv 2107.06499, for texts",
            "Charikar 2002, STOC, 380-388, for pictures by sorted orders of a difference hash",
            "Kapoor and Narayanan 2023, Patterns 4(9):100804, leakage L1.4 (duplicates)",
            "The limit of 1 % is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return [_ask(outline)] if outline.rows else NotApplicable("there are no rows")

    def run(self, given: Given, options: NoOptions) -> Outcome:
        rows: Rows = given[_ask(given.outline)]
        if len(rows) < 2:
            return NotApplicable("there are no two rows to compare")
        parts, classes = rows.columns.get(PART), rows.columns.get(CLASS)
        found = looks(rows, given.outline.columns, parts, rng=given.rng)
        if not found:
            return NotApplicable(
                f"there are fewer than {FEWEST_CELLS} columns to compare, and no text of {near.FEWEST_WORDS} words or picture "
                f"of {near.SIDE} pixels"
            )
        table = [line for look in found for line in _lines(look, parts, classes, given.level)]
        said = [each for each in table if each.part in {"all", _AGAIN}]
        top = max(said, key=lambda each: (each.part == _AGAIN and each.hits > 0, each.share.value or 0.0))
        return Measured(
            headline=capital(_fact(top)),
            lead=" ".join(
                f"{capital(_fact(each))}: {percent(each.share.value or 0.0)} {within(each.share)}." for each in said
            ),
            judged={
                Key(metric="share of audit rows with a near copy in train", column=each.look.column): each.share
                for each in said
                if each.part == _AGAIN and each.look.column
            },
            explored=(_table(table), *(_cells(look) for look in found if any((look.by_column or {}).values()))),
            notes=tuple(note for look in found for note in look.notes),
        )


_AGAIN = "audit, copy in train"


@dataclass(frozen=True, slots=True)
class _Line:
    look: Look
    part: str
    share: Estimate
    torn: int | None  # rows whose near copies have another class

    @property
    def hits(self) -> int:
        return round((self.share.value or 0.0) * self.share.n)


def _ask(outline: Outline) -> RowsAsk:
    made = [name for name, need in ((PART, "split"), (CLASS, "labels")) if need in outline.offers]
    own = [column.name for column in outline.columns if not column.media]
    return RowsAsk(columns=(*own, *made), media=True)


def _lines(look: Look, parts: NDArray[Any] | None, classes: NDArray[Any] | None, level: float) -> list[_Line]:
    masks = {"all": np.ones(len(look.seen), dtype=bool)}
    if parts is not None:
        masks |= {part: parts == part for part in ("train", "tune", "audit") if (parts == part).any()}
    torn = None if classes is None or look.clusters is None else torn_apart(look.clusters, classes)
    made = []
    for part, mask in masks.items():
        within_part = None if torn is None else int((torn & mask).sum())
        made.append(_Line(look, part, _share(look, look.seen & mask, look.alike, level), within_part))
    if look.again is not None and "audit" in masks and "train" in masks:
        made.append(_Line(look, _AGAIN, _share(look, look.seen & masks["audit"], look.again, level), None))
    return [line for line in made if line.share.n]


def _share(look: Look, of: Bools, hit: Bools, level: float) -> Estimate:
    n, hits = int(of.sum()), int((hit & of).sum())
    low, high = wilson(float(hits), float(n), level=level) if n else (0.0, 1.0)
    return Estimate(
        value=hits / n if n else None,
        low=low,
        high=None if look.part else high,
        level=level,
        n=n,
        unit="share",
        method="Wilson",
        claim="lower bound" if look.part else "estimate",
    )


def _fact(line: _Line) -> str:
    """`12 of 624 pictures of image to audit are near copies of one to train`."""
    again = line.part == _AGAIN
    others, to_audit = ("one to train", " to audit") if again else ("another", "")
    verb = line.look.verbs[line.hits < 2].format(others)
    return f"{count(line.hits) if line.hits else 'none'} of {count(line.share.n)} {line.look.what}{to_audit} {verb}"


def _table(lines: Sequence[_Line]) -> Series:
    torn = (
        {"with another class": tuple(line.torn for line in lines)}
        if any(line.torn is not None for line in lines)
        else {}
    )
    return Series(
        title="Rows with a near copy",
        columns={
            "compared": tuple(line.look.what for line in lines),
            "part": tuple(line.part for line in lines),
            "rows": tuple(line.share.n for line in lines),
            "with a copy": tuple(line.hits for line in lines),
            "share": tuple(line.share.value for line in lines),
            "low": tuple(line.share.low for line in lines),
            "high": tuple(line.share.high for line in lines),
            **torn,
        },
        units={"rows": "rows", "with a copy": "rows", "share": "share", "low": "share", "high": "share"},
    )


def _cells(look: Look) -> Series:
    most = sorted((look.by_column or {}).items(), key=lambda each: -each[1])[:SHOWN]
    kept = [(name, hits) for name, hits in most if hits]
    return Series(
        title="The cell that near copies differ in",
        columns={"column": tuple(name for name, _ in kept), "rows": tuple(hits for _, hits in kept)},
        units={"rows": "rows"},
    )
