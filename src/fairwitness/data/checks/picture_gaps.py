"""Pictures of some groups that are darker, flatter or less sharp than those of others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairwitness.core.asks import Ask, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.data import pictured
from fairwitness.data.pictured import Apart
from fairwitness.data.words import count, within
from fairwitness.draw import format as show
from fairwitness.draw.words import members, plural
from fairwitness.stats.associations import FEW_TO_FIT, judgeable, within_groups
from fairwitness.stats.multiple import holm

MOST_ROWS = 20_000
SHOWN = 24


class PictureGaps:
    info = CheckInfo(
        id="data.picture-gaps",
        title="Pictures of every group are alike in brightness, contrast and sharpness",
        failure_title="Pictures of one group look different from another's",
        measures=(
            "Widest difference between two groups' mean brightness, contrast (standard deviation of pixels) and sharpness "
            "(standard deviation of their Laplacian), in standard deviations within groups, for each attribute."
        ),
        does_not_show=(
            "Whether a difference lies in who is shown or in how they were taken, nor whether a model minds: blur one group's "
            "pictures alike and look at its decisions. Brightness of the whole picture is not that of a face in it."
        ),
        advice="Take pictures of all groups with the same camera and light, or vary both in training for every group.",
        needs=frozenset({"rows", "groups"}),
        severity=Severity.LOW,
        sources=(
            "Kruskal and Wallis 1952, JASA 47(260):583-621, with Holm's correction over attributes and measures",
            "Hedges and Olkin 1985, Statistical Methods for Meta-Analysis, section 5.E; Tukey's critical value over pairs",
            "Pertuz, Puig and Garcia 2013, Pattern Recognition 46(5):1415-1432, on measures of focus",
            "Buolamwini and Gebru 2018, PMLR 81:77-91, on pictures, skin and light",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if not _pictures(outline):
            return NotApplicable("there is no column of pictures")
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        rows: Rows = given[_ask(given.outline)]
        found: list[tuple[str, str, Apart]] = []
        named, holes = _pictures(given.outline), 0
        for name in named:
            images = rows.media[name]
            if not len(images) or min(images.shape[1:3]) < 3:
                continue
            whole = np.isfinite(images).all(axis=tuple(range(1, images.ndim)))
            holes += int((~whole).sum())
            of = f" of {name}" if len(named) > 1 else ""
            looks = pictured.looks(images[whole]) if whole.any() else {}
            for attribute in _ask(given.outline).groups:
                groups = rows.columns[group_column(attribute)][whole]
                kept = judgeable(groups)
                inside = within_groups(groups, kept)
                for measure, values in looks.items():
                    one = pictured.apart(values[inside], groups[inside], level=given.level) if kept else None
                    if one is not None:
                        found.append((attribute, measure + of, one))
        if not found:
            return NotApplicable(f"no attribute has two groups of {FEW_TO_FIT} pictures that vary in anything")
        adjusted = [float(p) for p in holm([one.p for _, _, one in found])]
        order = sorted(range(len(found)), key=lambda place: -(found[place][2].size.value or 0.0))
        attribute, measure, worst = found[order[0]]
        low, high = (members(group, (attribute,), given.outline.people) for group in worst.groups)
        firm = sum(p < 1 - given.level for p in adjusted)
        return Measured(
            headline=(
                f"Pictures of {high} have {show.bare(worst.size.value, 'number')} standard deviations more {measure} than those "
                f"of {low}"
            ),
            lead=(
                f"The interval {within(worst.size)} holds for all pairs of groups by {attribute}. Of "
                f"{plural(len(found), 'comparison')}, {count(firm)} {'is' if firm == 1 else 'are'} firm (Holm)."
            ),
            judged={
                Key(metric=f"difference in {each}", groups=one.groups, column=name): one.size
                for name, each, one in found
            },
            explored=(_table([(*found[place], adjusted[place]) for place in order[:SHOWN]]),),
            notes=_notes(len(rows), holes, given.outline),
        )


def _pictures(outline: Outline) -> list[str]:
    return [column.name for column in outline.columns if column.kind == "image"]


def _ask(outline: Outline) -> RowsAsk:
    groups = tuple(each.columns[0] for each in outline.groupings if each.named and len(each.columns) == 1)
    return RowsAsk(groups=groups, at_most=MOST_ROWS, media=True)


def _notes(drawn: int, holes: int, outline: Outline) -> tuple[str, ...]:
    notes = []
    if drawn < outline.rows:
        notes.append(f"measured on {count(drawn)} pictures drawn at random from {count(outline.rows)}")
    if holes:
        notes.append(f"{plural(holes, 'picture')} with pixels that are no number left out")
    return tuple(notes)


def _table(found: Sequence[tuple[str, str, Apart, float]]) -> Series:
    return Series(
        title="How pictures differ by group",
        columns={
            "attribute": tuple(name for name, _, _, _ in found),
            "measure": tuple(measure for _, measure, _, _ in found),
            "lowest": tuple(one.groups[0] for _, _, one, _ in found),
            "its mean": tuple(one.means[one.groups[0]] for _, _, one, _ in found),
            "highest": tuple(one.groups[1] for _, _, one, _ in found),
            "mean of that": tuple(one.means[one.groups[1]] for _, _, one, _ in found),
            "standard deviations apart": tuple(one.size.value for _, _, one, _ in found),
            "low": tuple(one.size.low for _, _, one, _ in found),
            "high": tuple(one.size.high for _, _, one, _ in found),
            "p, adjusted": tuple(p for _, _, _, p in found),
        },
    )
