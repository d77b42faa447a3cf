"""Groups whose people in one sample are unlike those in the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import PART, Ask, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import Column
from fairwitness.core.errors import ColumnError
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.data import embedded, probes, sites
from fairwitness.data.shifts import FEWEST, Shift, shifts
from fairwitness.data.words import area, count, within
from fairwitness.draw import format as show
from fairwitness.draw.words import members, plural

MOST_ROWS = 20_000
SHOWN = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOptions:
    """What the two samples are.

    Attributes:
        between: Column with two values that says which sample a row is of; empty: rows to train and rows to audit.
    """

    between: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.between, str):
            raise ValueError(f"between is {self.between!r}; it is the name of a column")  # noqa: TRY004 - told as the user's


class GroupShift:
    info = CheckInfo(
        id="data.group-shift",
        title="Within every group, people of both samples are alike",
        failure_title="Within a group, people of one sample are unlike those of the other",
        measures=(
            "How well a classifier tells, within one group, rows of one sample from rows of the other by the features (AUC, "
            "0.5 where they are alike), for each group of each attribute: rows to audit from rows to train, or the two samples "
            "that an option names."
        ),
        does_not_show=(
            "In what they differ; monitor.split-drift lists columns, over all people. A change that neither levels nor spreads "
            "of columns show is not seen. Rows divided at random are alike by design."
        ),
        advice=(
            "Find out how people of that group came into either sample. A model learned from the one says little about the "
            "other: weight its rows, or collect people of the group as they will come."
        ),
        needs=frozenset({"rows", "groups", "features"}),
        limit=Limit(at_most=0.65),
        severity=Severity.MEDIUM,
        sources=(
            "Lopez-Paz and Oquab 2017, ICLR, arXiv 1610.06545, classifier two-sample tests",
            "Phipson and Smyth 2010, Statistical Applications in Genetics 9(1):39, permutation p values",
            "Westfall and Young 1993, Resampling-Based Multiple Testing, section 2.6, for all groups at once",
            "Newcombe 2006, Statistics in Medicine 25(4):559-573, method 5, with Bonferroni's correction over groups",
            "The limit of 0.65, half a standard deviation in one column, is a convention of this tool",
        ),
    )
    Options = ShiftOptions

    def asks(self, outline: Outline, about: About, options: ShiftOptions) -> Sequence[Ask] | NotApplicable:
        have = [column.name for column in outline.columns]
        if options.between and options.between not in have:
            raise ColumnError.missing(options.between, key="between", have=have, source="data.group-shift options")
        if not options.between and "split" not in outline.offers:
            return NotApplicable(
                'there is one sample: rows are not divided, and [options."data.group-shift"] between names no column',
                missing="split",
            )
        if not _columns(outline, options):
            return NotApplicable("no feature but dates and what the samples are told by")
        return [_ask(outline, options)]

    def run(self, given: Given, options: ShiftOptions) -> Outcome:
        outline = given.outline
        rows: Rows = given[_ask(outline, options)]
        drawn = len(rows)
        sample = _samples(rows, options)
        names = sorted({str(each) for each in sample if each is not None})
        if len(names) != 2:
            return NotApplicable(
                f"{options.between or 'the split'} holds {plural(len(names), 'sample')}; two are compared"
            )
        first, second = ("train", "audit") if not options.between else names
        kept = np.array([each is not None for each in sample], dtype=bool)
        rows, later = rows.where(kept), np.asarray(sample[kept] == second, dtype=bool)
        table = embedded.narrow(probes.readable(rows, _columns(outline, options)), rng=given.rng)
        labels = {name: rows.columns[group_column(name)] for name in _ask(outline, options).groups}
        found = shifts(table, later, labels, rng=given.rng, level=given.level)
        if not found:
            return NotApplicable(f"no group has {FEWEST} rows of {first} and of {second}")
        worst = found[0]
        firm = sum((one.auc.p or 0.0) < 1 - given.level for one in found)
        return Measured(
            headline=(
                f"Of {members(worst.group, (worst.attribute,), outline.people)}, rows of {_named(second, options)} are told from those of "
                f"{_named(first, options)} with AUC {area(worst.auc.value)}"
            ),
            lead=(
                f"The interval {within(worst.auc)} holds for all groups at once, 0.500 is guessing; that they are alike has p "
                f"{show.probability(worst.auc.p or 0.0)}. Of {plural(len(found), 'group')}, {count(firm)} {'differs' if firm == 1 else 'differ'} "
                "(permutation, all groups at once)."
            ),
            judged={
                Key(metric=f"AUC of {second} from {first} rows", groups=(one.group,), column=one.attribute): one.auc
                for one in found
            },
            explored=(_table(found[:SHOWN], (first, second)),),
            notes=_notes(drawn, len(found), given),
            to_settle="More rows of either sample would narrow the interval.",
        )


def _named(sample: str, options: ShiftOptions) -> str:
    """`audit`, `wave 2`."""
    return f"{options.between} {sample}".strip()


def _columns(outline: Outline, options: ShiftOptions) -> list[Column]:
    """What the model reads, less what names the samples, attributes and dates."""
    return [
        column
        for column in outline.columns
        if column.name in outline.features
        and column.name != options.between
        and column.role != "group"
        and column.kind != "date"
    ]


def _ask(outline: Outline, options: ShiftOptions) -> RowsAsk:
    plain = [column.name for column in _columns(outline, options) if not column.media]
    groups = tuple(each.columns[0] for each in outline.groupings if each.named and len(each.columns) == 1)
    return RowsAsk(
        columns=(*plain, options.between or PART),
        groups=groups,
        at_most=MOST_ROWS,
        media=any(column.media for column in _columns(outline, options)),
    )


def _samples(rows: Rows, options: ShiftOptions) -> NDArray[np.object_]:
    """(n,) which sample a row is of; None for neither."""
    if options.between:
        return sites.names_of(rows.columns[options.between])
    parts = rows.columns[PART]
    return np.array([part if part in {"train", "audit"} else None for part in parts], dtype=object)


def _table(found: Sequence[Shift], samples: tuple[str, str]) -> Series:
    return Series(
        title="How well two samples of a group are told apart",
        columns={
            "attribute": tuple(one.attribute for one in found),
            "group": tuple(one.group for one in found),
            f"rows of {samples[0]}": tuple(one.rows[0] for one in found),
            f"rows of {samples[1]}": tuple(one.rows[1] for one in found),
            "AUC": tuple(one.auc.value for one in found),
            "low": tuple(one.auc.low for one in found),
            "high": tuple(one.auc.high for one in found),
            "p, adjusted": tuple(one.auc.p for one in found),
        },
        units={
            **dict.fromkeys(("AUC", "low", "high"), "auc"),
            **dict.fromkeys((f"rows of {each}" for each in samples), "rows"),
        },
    )


def _notes(drawn: int, groups: int, given: Given) -> tuple[str, ...]:
    notes = []
    if drawn < given.outline.rows:
        notes.append(f"measured on {count(drawn)} rows drawn at random from {count(given.outline.rows)}")
    if groups > SHOWN:
        notes.append(f"the table lists the {SHOWN} told best of {count(groups)} groups")
    return tuple(notes)
