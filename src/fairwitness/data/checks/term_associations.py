"""Words that name who somebody is, and the outcomes recorded of texts that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.data.terms import Told, told
from fairwitness.data.words import count, percent, points, target_of, within
from fairwitness.draw.words import FEW, listed, plural
from fairwitness.io.terms import TERMS, holding

MOST_ROWS = 20_000
MOST_CLASSES = 30
SHOWN = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class TermOptions:
    """Which words.

    Attributes:
        terms: Words that name who somebody is; beside those built in.
    """

    terms: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given: object = self.terms  # from a config it may be anything
        if not isinstance(given, tuple) or not all(isinstance(term, str) and term.strip() for term in given):
            raise ValueError(f'terms is {self.terms!r}; it lists words, such as ["deaf", "roma"]')

    @property
    def every(self) -> tuple[str, ...]:
        """Those built in, and one's own."""
        return tuple(dict.fromkeys([*TERMS, *(term.strip().lower() for term in self.terms)]))


class TermAssociations:
    info = CheckInfo(
        id="data.term-associations",
        title="Texts that name an identity have the outcomes of other texts",
        failure_title="Texts that name an identity have other outcomes recorded than the rest",
        measures=(
            f"For each identity term in {FEW} texts or more: how often it occurs, and the share of the positive class (of each "
            "class, where none is) among texts that hold it less that among the others."
        ),
        does_not_show=(
            "Why: who is named may be who is written about, or whom a rater minds. A word is told by its letters, and may mean "
            "something else. Terms nobody has listed are not seen. A model may learn an association or not: "
            "fairness.term-false-positives looks at its decisions."
        ),
        advice=(
            "Read some of the texts. Where the term should not matter, add texts that hold it of the class that is short "
            "(Dixon et al. did), and list terms of your own in [options] terms."
        ),
        needs=frozenset({"rows"}),
        severity=Severity.MEDIUM,
        sources=(
            "Dixon, Li, Sorensen, Thain and Vasserman 2018, AIES, 67-73, on terms over-represented in toxic comments",
            "Church and Hanks 1990, Computational Linguistics 16(1):22-29, mutual information of words",
            "Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10; Šidák 1967; Benjamini and Hochberg 1995",
        ),
    )
    Options = TermOptions

    def asks(self, outline: Outline, about: About, options: TermOptions) -> Sequence[Ask] | NotApplicable:
        if not _texts(outline):
            return NotApplicable("there is no column of text")
        return [_ask(outline)]

    def run(self, given: Given, options: TermOptions) -> Outcome:
        outline = given.outline
        rows: Rows = given[_ask(outline)]
        holds: dict[str, NDArray[np.bool_]] = {term: np.zeros(len(rows), dtype=bool) for term in options.every}
        for column in _texts(outline):
            for term, mask in holding(rows.columns[column], options.every).items():
                holds[term] |= mask
        asked = (outline.positive,) if outline.positive is not None else outline.classes[:MOST_CLASSES]
        classes = rows.columns.get(CLASS)
        found = told(holds, classes, asked, level=given.level)
        if not found:
            return NotApplicable(
                f"no identity term stands in {FEW} texts, and is missing in as many; list others in terms"
            )
        some = int(np.any(list(holds.values()), axis=0).sum())
        drawn = f"measured on {count(len(rows))} texts drawn at random from {count(outline.rows)}"
        return Measured(
            headline=_headline(found[0], outline),
            lead=_lead(found, some, len(rows), given),
            judged={
                Key(metric=f"share of {each.category} with the term less that without", groups=(each.term,)): each.gap
                for each in found[:1]
                if each.gap is not None
            },
            explored=(_table(found[:SHOWN], len(found)),),
            notes=(drawn,) if len(rows) < outline.rows else (),
            to_settle="More texts that hold the term would narrow the interval.",
        )


def _texts(outline: Outline) -> tuple[str, ...]:
    """Columns of text, read by the model or not."""
    return tuple(column.name for column in outline.columns if column.kind == "text" and column.role != "ignore")


def _ask(outline: Outline) -> RowsAsk:
    labels = (CLASS,) if "labels" in outline.offers and outline.classes else ()
    return RowsAsk(columns=(*_texts(outline), *labels), at_most=MOST_ROWS)


def _headline(first: Told, outline: Outline) -> str:
    if first.gap is None:
        return f"The commonest identity term is “{first.term}”, in {percent(first.share.value or 0.0)} of texts"
    return (
        f"Of texts with “{first.term}”, {percent(first.rate or 0.0)} are recorded {target_of(outline)} {first.category}, of "
        f"those without it {percent(first.others or 0.0)}"
    )


def _lead(found: Sequence[Told], some: int, n: int, given: Given) -> str:
    text = f"{count(some)} of {plural(n, 'text')} ({percent(some / n)}) hold an identity term; {plural(len(found), 'term')} in {FEW} or more."
    gap = found[0].gap
    if gap is None:
        return text
    firm = [each.term for each in found if each.p is not None and each.p < 1 - given.level]
    text += f" The difference is {points(gap.value)} {within(gap)}, all terms at once."
    return text + (
        f" Firm, false discoveries kept at {percent(1 - given.level)}: {listed(firm, shown=12)}." if firm else ""
    )


def _table(shown: Sequence[Told], of: int) -> Series:
    columns: dict[str, tuple[float | int | str | None, ...]] = {
        "term": tuple(each.term for each in shown),
        "texts": tuple(round((each.share.value or 0.0) * each.share.n) for each in shown),
        "share": tuple(each.share.value for each in shown),
        "share low": tuple(each.share.low for each in shown),
        "share high": tuple(each.share.high for each in shown),
    }
    if shown[0].gap is not None:
        columns |= {
            "class": tuple(each.category for each in shown),
            "with it": tuple(each.rate for each in shown),
            "without": tuple(each.others for each in shown),
            "difference": tuple(each.gap.value if each.gap else None for each in shown),
            "low": tuple(each.gap.low if each.gap else None for each in shown),
            "high": tuple(each.gap.high if each.gap else None for each in shown),
            "bits": tuple(each.bits for each in shown),
            "p, adjusted": tuple(each.p for each in shown),
        }
    cut = f" (first {len(shown)} of {of})" if of > len(shown) else ""
    return Series(
        title=f"Identity terms{cut}",
        columns=columns,
        units={
            "texts": "rows",
            **dict.fromkeys(("share", "share low", "share high", "with it", "without"), "share"),
            **dict.fromkeys(("difference", "low", "high"), "points"),
        },
    )
