"""How much more often texts that hold an identity term are taken for positive wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import DECISION, LABEL, NO, YES, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, listed, plural
from fairwitness.fairness.drawn import drawn, judged_rows, whole
from fairwitness.fairness.words import event, no_event
from fairwitness.io.terms import TERMS, holding

MOST_ROWS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class TermOptions:
    """Which words, of how many texts.

    Attributes:
        terms: Words that name who somebody is; beside those built in.
        rows: Texts looked at, at most.
    """

    terms: tuple[str, ...] = ()
    rows: int = 20_000

    def __post_init__(self) -> None:
        whole("rows", self.rows, 1)
        given: object = self.terms  # from a config it may be anything
        if not isinstance(given, tuple) or not all(isinstance(term, str) and term.strip() for term in given):
            raise ValueError(f'terms is {self.terms!r}; it lists words, such as ["deaf", "roma"]')

    @property
    def every(self) -> tuple[str, ...]:
        """Those built in, and one's own."""
        return tuple(dict.fromkeys([*TERMS, *(term.strip().lower() for term in self.terms)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Negative texts that hold a term, and how many of them are decided positive.

    Attributes:
        excess: Their false-positive rate less that of negative texts without the term.
    """

    word: str
    false: int
    n: int
    excess: Estimate


class TermFalsePositives:
    info = CheckInfo(
        id="fairness.term-false-positives",
        title="Texts that name an identity are not taken for positive more often",
        failure_title="Texts that name an identity are wrongly taken for positive more often",
        measures=(
            f"For each identity term that at least {FEW} negative texts hold, how much more (or less) often these are decided "
            "positive than negative texts without it; the largest difference, all terms at once."
        ),
        does_not_show=(
            "Whether the word is why: texts that hold it may be harder for other reasons; fairness.flipped-decisions exchanges words "
            "and nothing else. A word is told by its letters: “black” may be a colour of paint. Terms nobody has listed."
        ),
        advice=(
            "Train with more negative texts that hold the term, and look at what else they have in common; add terms of your own "
            "in [options] terms."
        ),
        needs=frozenset({"rows", "truth", "positive", "decisions"}),
        limit=Limit(at_most=0.10),
        severity=Severity.HIGH,
        takes=frozenset({"cluster"}),
        sources=(
            "Dixon, Li, Sorensen, Thain and Vasserman 2018, AIES, 67-73: false positive equality difference, and the terms",
            "Newcombe 1998, Statistics in Medicine 17(8):873-890; Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702",
            "Šidák 1967, JASA 62(318):626-633, for all terms at once",
            "The limit of 10 points is a convention of this tool, that of other gaps between error rates",
        ),
    )
    Options = TermOptions

    def asks(self, outline: Outline, about: About, options: TermOptions) -> Sequence[Ask] | NotApplicable:
        if not _texts(outline):
            return NotApplicable("there is no column of text")
        return [_ask(outline, options)]

    def run(self, given: Given, options: TermOptions) -> Outcome:
        from fairwitness.fairness.calibration import largest  # pulls in SciPy

        held = drawn(given, _ask(given.outline, options))
        label, decision = held.rows.columns[LABEL], held.rows.columns[DECISION]
        negative = np.asarray((label == NO) & ((decision == YES) | (decision == NO)), dtype=bool)
        positive = np.asarray(decision[negative] == YES, dtype=bool)
        holds: dict[str, NDArray[np.bool_]] = {
            term: np.zeros(int(negative.sum()), dtype=bool) for term in options.every
        }
        for column in _texts(given.outline):
            for term, mask in holding(held.rows.columns[column][negative], options.every).items():
                holds[term] |= mask
        found = excesses(holds, positive, level=given.level)
        if not found:
            return NotApplicable(
                f"no identity term stands in {FEW} texts recorded {no_event(given.outline)}, and is missing in as many; list "
                "others in terms"
            )
        worst = largest({name: each.excess for name, each in found.items()})
        fewer = sum(0 < mask.sum() < FEW for mask in holds.values())
        notes = [*held.notes]
        if fewer:
            notes.append(f"{plural(fewer, 'term')} in fewer than {FEW} such texts not shown")
        if len(found) > MOST_ROWS:
            notes.append(f"the table lists the {MOST_ROWS} furthest off of {fmt.count(len(found))} terms")
        return Measured(
            headline=_headline(given.outline, found[worst.group]),
            lead=_lead(found, holds, positive, worst.estimate),
            judged={Key(metric="difference of false-positive rates", groups=(worst.group,)): worst.estimate},
            explored=(_table(found, level=given.level),),
            notes=tuple(notes),
            to_settle="Collect more negative texts that hold the term.",
        )


def excesses(holds: Mapping[str, NDArray[np.bool_]], positive: NDArray[np.bool_], *, level: float) -> dict[str, Term]:
    """Each term's false-positive rate less that of the other negative texts, the furthest off first.

    Args:
        holds: Term to (n,) negative texts that hold it.
        positive: (n,) those decided positive.
        level: At which the intervals of all terms hold together.
    """
    from fairwitness.stats.intervals import difference
    from fairwitness.stats.multiple import sidak

    many = {term: mask for term, mask in holds.items() if mask.sum() >= FEW and (~mask).sum() >= FEW}
    made = {}
    for term, mask in many.items():
        hits, n = (int(positive[~mask].sum()), int(positive[mask].sum())), (int((~mask).sum()), int(mask.sum()))
        low, high = difference(hits, n, level=sidak(level, len(many)))
        excess = Estimate(
            value=hits[1] / n[1] - hits[0] / n[0],
            low=float(low),
            high=float(high),
            level=level,
            n=n[1],
            unit="points",
            method="Newcombe's interval" if len(many) == 1 else "Zou and Donner's interval, for all terms at once",
        )
        made[term] = Term(word=term, false=hits[1], n=n[1], excess=excess)
    return dict(sorted(made.items(), key=lambda item: -abs(item[1].excess.value or 0.0)))


def _texts(outline: Outline) -> tuple[str, ...]:
    """Columns of text, read by the model or not."""
    return tuple(column.name for column in outline.columns if column.kind == "text" and column.role != "ignore")


def _ask(outline: Outline, options: TermOptions) -> RowsAsk:
    return judged_rows(outline, (*_texts(outline), LABEL, DECISION), at_most=options.rows)


def _headline(outline: Outline, worst: Term) -> str:
    more = "more" if (worst.excess.value or 0) >= 0 else "less"
    size = fmt.number(abs(worst.excess.value or 0.0), "points")
    return (
        f"Of texts recorded {no_event(outline)}, those with “{worst.word}” are decided {event(outline)} {more} often than the "
        f"others, by {size}"
    )


def _lead(
    found: Mapping[str, Term], holds: Mapping[str, NDArray[np.bool_]], positive: NDArray[np.bool_], size: Estimate
) -> str:
    firm = [each.word for each in found.values() if (each.excess.low or 0) > 0]
    some = np.any(list(holds.values()), axis=0)
    text = (
        f"Of {plural(len(positive), 'negative text')} {fmt.number(float(positive.mean()), 'share')} are decided positive; "
        f"{fmt.count(int(some.sum()))} hold one of {fmt.count(len(holds))} terms. The largest difference either way is "
        f"{fmt.measured(size.value, size.low, size.high, 'points')}, all {fmt.count(len(found))} terms at once."
    )
    return text + (f" Firmly more often: {listed(firm, shown=10)}." if firm else "")


def _table(found: Mapping[str, Term], *, level: float) -> Series:
    from fairwitness.stats.intervals import wilson

    shown = list(found.values())[:MOST_ROWS]
    ends = [wilson(float(each.false), each.n, level=level) for each in shown]
    return Series(
        title="False positives by term",
        columns={
            "term": tuple(each.word for each in shown),
            "n": tuple(each.n for each in shown),
            "false positives": tuple(each.false for each in shown),
            "rate": tuple(each.false / each.n for each in shown),
            "rate low": tuple(float(low) for low, _ in ends),
            "rate high": tuple(float(high) for _, high in ends),
            "more than others": tuple(each.excess.value for each in shown),
            "low": tuple(each.excess.low for each in shown),
            "high": tuple(each.excess.high for each in shown),
        },
        units={
            "n": "rows",
            "false positives": "rows",
            **dict.fromkeys(("rate", "rate low", "rate high"), "share"),
            **dict.fromkeys(("more than others", "low", "high"), "points"),
        },
    )
