"""Features that stand in for a sensitive attribute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, Ask, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import CROSS, Column, Grouping
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.data.proxies import alike, scored, strongest, told
from fairwitness.data.words import area, count, target_of, with_areas, within
from fairwitness.draw.words import listed, members, plural
from fairwitness.stats.associations import FEW_TO_FIT, MOST_GROUPS, Association, associations, judgeable

MOST_ROWS = 20_000
SHOWN = 10


class Proxies:
    info = CheckInfo(
        id="data.proxies",
        title="The features say little about the sensitive attribute",
        failure_title="The features tell the sensitive attribute",
        measures=(
            "How well a model tells a group from the rest (AUC) by the features alone, the sensitive attributes "
            "themselves left out, on rows it was not fitted on; of several groups, the one it tells best. Beside it, how well between "
            "rows of one recorded class."
        ),
        does_not_show=(
            "Whether the audited model makes use of it, or whether a feature that goes with the attribute is also needed "
            "for the task. A stronger model may tell more, so passing does not prove that nothing can be told. Leaving "
            "the attribute out of the features does not take it out of them."
        ),
        advice=(
            "Look at the features that tell most: drop or coarsen those the task does not need, and judge the others by "
            "what the model's decisions do to the groups."
        ),
        needs=frozenset({"rows", "groups", "features"}),
        per="grouping",
        limit=Limit(at_most=0.70),
        severity=Severity.LOW,
        sources=(
            "Feldman et al. 2015, KDD, arXiv 1412.3756, section 4, predicting the attribute from the features",
            "Chernozhukov et al. 2018, Econometrics Journal 21(1):C1-C68, on cross-fitting",
            "Newcombe 2006, Statistics in Medicine 25(4):559-573, method 5; DeLong et al. 1988, Biometrics 44(3):837-845",
            "Bergsma 2013, Journal of the Korean Statistical Society 42(3):323-328, Cramér's V",
            "The limit of 0.70 is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if not isinstance(about, Grouping):
            return NotApplicable("there is no sensitive attribute", missing="groups")
        if len(about.columns) > 1:
            return NotApplicable(f"{about.name} crosses attributes: each is looked at alone")
        if not _features(outline):
            return NotApplicable("no feature is a plain column; pictures and free text are not looked into")
        return [_ask(outline, about)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        outline, grouping = given.outline, given.grouping
        rows: Rows = given[_ask(outline, grouping)]
        features = _features(outline)
        parts = [rows.columns[group_column(name)] for name in grouping.columns]
        groups = np.array(
            [None if None in cell else CROSS.join(cell) for cell in zip(*parts, strict=True)], dtype=object
        )
        classes = rows.columns.get(CLASS)
        names = judgeable(groups)
        if not names:
            return NotApplicable(f"{grouping.name!r} has fewer than two groups of at least {FEW_TO_FIT} people")
        kept = np.array([group in names for group in groups], dtype=bool)
        columns = {column.name: rows.columns[column.name][kept] for column in features}
        scores = scored(columns, groups[kept], features, rng=given.rng)
        found = told(scores, groups[kept], level=given.level)
        alone = associations(columns, groups[kept], features, level=given.level, rng=given.rng)
        name, judged = strongest(found, level=given.level)
        inside = alike(scores, groups[kept], classes[kept], name, level=given.level) if classes is not None else None
        top = with_areas([(each.column, each.auc.value or 0.0) for each in alone[:3]])
        return Measured(
            headline=(
                f"From {plural(len(features), 'feature')} a model tells {members(name, grouping.columns, outline.people)} "
                f"from the rest with AUC {area(judged.value)}"
            ),
            lead=(
                f"Shown one of them and one of the others, it tells which is which with a chance of {area(judged.value)} {within(judged)}; "
                f"0.500 is guessing. {_alike(inside, outline)}Alone, the most telling are {top}."
            ),
            judged={Key(metric="AUC of the attribute from the features", groups=(name,)): judged},
            explored=(_table(alone),),
            notes=_notes(groups, kept, given),
            to_settle="More rows, of the smallest groups above all, would narrow the interval.",
        )


def _alike(inside: Estimate | None, outline: Outline) -> str:
    """What is told beyond what goes with the outcome anyway, as a sentence."""
    if inside is None:
        return ""
    return f"Between rows of the same {target_of(outline)} the chance is {area(inside.value)} {within(inside)}. "


def _features(outline: Outline) -> list[Column]:
    """What the model reads, less sensitive attributes, pictures and free text, which trees cannot look into."""
    return [
        column
        for column in outline.columns
        if column.name in outline.features and column.role != "group" and column.kind != "text" and not column.media
    ]


def _ask(outline: Outline, about: Grouping) -> RowsAsk:
    labels = [CLASS] if "labels" in outline.offers and outline.classes else []
    columns = (*(column.name for column in _features(outline)), *labels)
    return RowsAsk(columns=columns, groups=about.columns, at_most=MOST_ROWS)


def _notes(groups: NDArray[Any], kept: NDArray[np.bool_], given: Given) -> tuple[str, ...]:
    notes = []
    text = [
        column.name
        for column in given.outline.columns
        if column.name in given.outline.features and column.kind == "text"
    ]
    if text:
        notes.append(f"not looked into, since it is free text: {listed(text)}")
    unknown = sum(group is None for group in groups)
    small = sorted({str(group) for group in groups[~kept] if group is not None})
    if given.outline.rows > len(groups):
        notes.append(f"measured on {count(len(groups))} rows drawn at random from {count(given.outline.rows)}")
    if unknown:
        notes.append(f"{plural(unknown, 'row')} with no {given.grouping.name} recorded left out")
    if small:
        notes.append(
            f"left out, with fewer than {FEW_TO_FIT} people or beyond the {MOST_GROUPS} largest groups: {listed(small)}"
        )
    return tuple(notes)


def _table(alone: Sequence[Association]) -> Series:
    shown = alone[:SHOWN]
    return Series(
        title=f"The {len(shown)} features that tell most of the attribute, each alone",
        columns={
            "feature": tuple(each.column for each in shown),
            "group it tells": tuple(each.group for each in shown),
            "AUC": tuple(each.auc.value for each in shown),
            "low": tuple(each.auc.low for each in shown),
            "high": tuple(each.auc.high for each in shown),
            "Cramér's V": tuple(each.v for each in shown),
            "p, adjusted": tuple(each.p for each in shown),
        },
        units={"AUC": "auc", "low": "auc", "high": "auc", "Cramér's V": "number", "p, adjusted": "number"},
    )
