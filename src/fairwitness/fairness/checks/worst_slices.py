"""The people, described by a few values, about whom decisions are wrong most often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CORRECT, NO, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import MISSING, Column
from fairwitness.core.estimate import Key, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, plural
from fairwitness.fairness.drawn import Drawn, attributes, drawn, judged_rows, labels, whole

if TYPE_CHECKING:
    from fairwitness.fairness.slicing import Confirmed, Value

KINDS = frozenset({"number", "integer", "boolean", "category"})
KEPT = 40
"""Best slices out of which those that say different things are chosen."""
FEWEST = 5
SURE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceOptions:
    """How far to look.

    Attributes:
        depth: Values of which a slice is made, at most.
        slices: Found ones that are tested, at most.
        share: Of the rows searched, those a slice must have; never fewer than 30.
        rows: Decisions looked at, at most; half of them to find, half to test.
    """

    depth: int = 2
    slices: int = 5
    share: float = 0.01
    rows: int = 50_000

    def __post_init__(self) -> None:
        whole("depth", self.depth, 1, 3)
        whole("slices", self.slices, 1, 20)
        whole("rows", self.rows, 4 * FEW, 1_000_000)
        if not isinstance(self.share, float) or not 0 < self.share < 0.5:
            raise ValueError(f"share is {self.share!r}; it lies between 0 and 0.5")


class WorstSlices:
    info = CheckInfo(
        id="fairness.worst-slices",
        title="Where decisions are wrong most often is looked for",
        failure_title="Decisions are wrong more often for some described by a few values",
        measures=(
            "Share of wrong decisions in slices (one or two values or ranges of columns and attributes together) over that of "
            "everybody else. Slices are found on one half of the rows and measured on the other, so the search flatters no number."
        ),
        does_not_show=(
            "That no worse slice exists: only values in quarters and frequent categories are tried, and a slice needs 30 rows in the "
            "half that is searched. Nor why decisions are wrong there. Nobody named these people beforehand, so no limit stands by "
            "default."
        ),
        advice="Look at wrong decisions of the slice: does it lack rows, or columns that tell its people apart?",
        needs=frozenset({"rows", "truth", "decisions"}),
        tasks=frozenset({"binary", "multi-class"}),
        severity=Severity.MEDIUM,
        takes=frozenset({"cluster"}),
        sources=(
            "Sagadeeva and Boehm 2021, SIGMOD, 2290-2299: SliceLine, its score and its bounds",
            "Fisher 1935, one-sided; Holm 1979, Scandinavian Journal of Statistics 6(2):65-70, over the slices tested",
            "Newcombe 1998, Statistics in Medicine 17(8):873-890; Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702",
        ),
    )
    Options = SliceOptions

    def asks(self, outline: Outline, about: About, options: SliceOptions) -> Sequence[Ask] | NotApplicable:
        if not _columns(outline) and not attributes(outline):
            return NotApplicable("there is neither a number or category nor an attribute to describe people by")
        return [_ask(outline, options)]

    def run(self, given: Given, options: SliceOptions) -> Outcome:
        from fairwitness.fairness.slicing import apart, confirmed, find  # these pull in SciPy

        held = drawn(given, _ask(given.outline, options))
        held = Drawn(rows=held.rows.where(held.rows.columns[CORRECT] != np.array(None)), notes=held.notes)
        wrong: NDArray[np.bool_] = np.asarray(held.rows.columns[CORRECT] == NO, dtype=bool)
        if len(held) < 4 * FEW:
            return NotApplicable(f"{plural(len(held), 'decision')}; half to search and half to test take {4 * FEW}")
        if not wrong.any():
            return NotApplicable("no decision is wrong")
        first = np.zeros(len(held), dtype=bool)
        first[given.rng.permutation(len(held))[: len(held) // 2]] = True
        least = max(FEW, round(options.share * first.sum()))
        mine, theirs = _values(given.outline, held, first, least)
        found = find(mine, wrong[first], depth=options.depth, least=least, keep=KEPT)
        chosen = apart(found.slices, mine, most=options.slices)
        made = [one for one in confirmed(chosen, theirs, wrong[~first], level=given.level) if one.size >= FEWEST]
        notes = [
            *held.notes,
            f"Found on {fmt.count(first.sum())} rows, measured on {fmt.count((~first).sum())} others.",
        ]
        if found.cut:
            notes.append("The search was cut short: not all conjunctions were tried, and worse ones may be left.")
        return _measured(given, notes, made, mine, wrong[~first])


def _columns(outline: Outline) -> tuple[Column, ...]:
    """What the model reads, or might; attributes are told by their labels."""
    return tuple(c for c in outline.columns if c.name in outline.features and c.role != "group" and c.kind in KINDS)


def _ask(outline: Outline, options: SliceOptions) -> RowsAsk:
    return judged_rows(outline, (*(column.name for column in _columns(outline)), CORRECT), at_most=options.rows)


def _values(outline: Outline, held: Drawn, first: NDArray[np.bool_], least: int) -> tuple[list[Value], list[Value]]:
    """The same values on the half that is searched and on the other. Where numbers are cut no decision has a say."""
    from fairwitness.fairness.slice_values import values_of
    from fairwitness.fairness.slicing import Value

    groups = {each.name: labels(held.rows, each.name) for each in attributes(outline)}
    every = values_of(held.rows.columns, _columns(outline), groups, least=least)
    halves = [
        [Value(column=each.column, words=each.words, holds=each.holds[half]) for each in every]
        for half in (first, ~first)
    ]
    return halves[0], halves[1]


def _measured(
    given: Given, notes: Sequence[str], made: Sequence[Confirmed], values: Sequence[Value], wrong: NDArray[np.bool_]
) -> Measured:
    many = sorted((one for one in made if one.size >= FEW), key=lambda one: -(one.gap.value or 0.0))
    firm = [one for one in many if one.p < SURE and (one.gap.value or 0.0) > 0]
    worst = (firm or many)[:1]
    return Measured(
        headline=_headline(given.outline, worst[0] if firm else None, values),
        lead=_lead(made, firm, wrong),
        judged={
            Key(metric="share of wrong decisions over others'", groups=(_words(one, values),)): one.gap for one in worst
        },
        explored=(_table(made, values, len(wrong), int(wrong.sum())),) if made else (),
        notes=tuple(notes),
        to_settle="More rows of the slice would narrow the interval.",
    )


def _words(one: Confirmed, values: Sequence[Value]) -> str:
    """`race Black, income under 2,000`."""
    held = (values[place] for place in one.slice.values)
    return ", ".join(f"{each.column} {'not recorded' if each.words == MISSING else each.words}" for each in held)


def _headline(outline: Outline, worst: Confirmed | None, values: Sequence[Value]) -> str:
    if worst is None:
        return "No slice found on one half of the rows is firmly decided wrongly more often on the other"
    return (
        f"Decisions are wrong for {fmt.number(worst.wrong / worst.size, 'share')} of {outline.people} with "
        f"{_words(worst, values)}, {fmt.number(worst.gap.value, 'points')} more often than for others"
    )


def _lead(made: Sequence[Confirmed], firm: Sequence[Confirmed], wrong: NDArray[np.bool_]) -> str:
    share = fmt.number(float(wrong.mean()), "share")
    text = f"Of all decisions {share} are wrong. "
    if not made:
        return text + "The search found no slice with more than that."
    return text + (
        f"Of {plural(len(made), 'slice')} found by the search, {fmt.count(len(firm))} "
        f"{'is' if len(firm) == 1 else 'are'} firmly worse on the rows kept apart (Holm, {fmt.level(SURE)})."
    )


def _table(made: Sequence[Confirmed], values: Sequence[Value], n: int, total: int) -> Series:
    """Slices of few people have counts alone."""
    gaps = [one.gap if one.size >= FEW else None for one in made]
    return Series(
        title="Slices found, measured on the other half",
        columns={
            "slice": tuple(_words(one, values) for one in made),
            "n": tuple(one.size for one in made),
            "wrong": tuple(one.wrong for one in made),
            "rate": tuple(one.wrong / one.size if one.size >= FEW else None for one in made),
            "rate of others": tuple((total - one.wrong) / (n - one.size) for one in made),
            "more": tuple(None if gap is None else gap.value for gap in gaps),
            "low": tuple(None if gap is None else gap.low for gap in gaps),
            "high": tuple(None if gap is None else gap.high for gap in gaps),
            "p": tuple(one.p for one in made),
            "rate where found": tuple(one.slice.wrong / one.slice.size for one in made),
        },
        units={
            "n": "people",
            "wrong": "people",
            **dict.fromkeys(("rate", "rate of others", "rate where found"), "share"),
            **dict.fromkeys(("more", "low", "high"), "points"),
            "p": "number",
        },
    )
