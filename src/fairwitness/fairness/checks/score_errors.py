"""How wrong scores are in every group: Brier score, calibration error, and whether the group tells what the score does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import LABEL, SCORE, YES, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Severity, Unit
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, listed, members
from fairwitness.fairness import attributes
from fairwitness.fairness.attributes import Cell, Divided
from fairwitness.fairness.calibration import EDGES, Bin
from fairwitness.fairness.calibration_error import beyond_score, calibration_error
from fairwitness.fairness.quantities import Errors, ends, errors
from fairwitness.stats.intervals import critical
from fairwitness.stats.multiple import benjamini_hochberg, sidak

MOST_ROWS = 50_000
"""Rows the likelihood-ratio test looks at; of more, as many drawn at random."""


class ScoreErrors:
    info = CheckInfo(
        id="fairness.score-errors",
        title="Scores are as near to what happens in every group",
        failure_title="Scores are further from what happens in one group",
        measures=(
            "For each group the Brier score (mean squared distance of score and outcome), how much of the outcome's variance "
            "the scores explain, and the expected calibration error over tenths, less what chance adds to it; and whether, "
            "given the score, the group still tells of the outcome."
        ),
        does_not_show=(
            "Whether a group is treated worse: a Brier score is largest where the outcome is as frequent as not, whatever the "
            "scores, so none of these is judged. The gap of mean score and rate is judged by fairness.calibration-gap."
        ),
        advice=(
            "Where a group's calibration error is firm, calibrate on rows kept for tuning; where little is explained, look "
            "for columns that tell its people apart."
        ),
        needs=frozenset({"rows", "groups", "truth", "scores", "positive"}),
        severity=Severity.MEDIUM,
        sources=(
            "Brier 1950, Monthly Weather Review 78(1):1-3",
            "Kumar, Liang and Ma 2019, NeurIPS, the bias of a calibration error",
            "Cleary 1968, Journal of Educational Measurement 5(2):115-124: one score, one line for all groups",
            "Šidák 1967, JASA 62(318):626-633, for all groups of an attribute at once",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        rows: Rows = given[_ask(given.outline)]
        rows = rows.where(~np.isnan(rows.columns[SCORE]))
        if not len(rows):
            return NotApplicable("nobody has both a score and a recorded outcome")
        scores, positive = rows.columns[SCORE], rows.columns[LABEL] == YES
        drawn = np.arange(len(rows))
        notes = []
        if len(rows) > MOST_ROWS:
            drawn = given.rng.choice(len(rows), MOST_ROWS, replace=False)
            notes.append(
                f"whether the group tells more than the score: {fmt.count(MOST_ROWS)} of {fmt.count(len(rows))} rows, drawn at random"
            )
        found = []
        for grouping in attributes.named(given.outline):
            by = attributes.divided(rows, grouping)
            found.append(_wrong(by, scores, positive, level=given.level, rng=given.rng, drawn=drawn))
        table = _lines(found)
        return Measured(
            headline=_headline(given, found),
            lead=_lead(given, found),
            judged={
                Key(metric="calibration error", groups=(name,), column=each.by.grouping.name): each.calibration[name]
                for each in found
                for name in [each.worst]
                if name
            },
            explored=(attributes.table("Errors of scores by group", table, _UNITS),),
            notes=(*notes, *attributes.left_out(table, "groups")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrong:
    """One attribute's errors; `p` of "the group tells nothing the score does not"."""

    by: Divided
    errors: Errors
    calibration: Mapping[str, Estimate]
    p: float

    @property
    def worst(self) -> str:
        """The group of many people whose calibration error is firmest; empty where all are small."""
        many = [name for name, each in self.calibration.items() if each.n >= FEW and not attributes.aside(name)]
        return max(many, key=lambda name: (self.calibration[name].low or 0.0, self.calibration[name].value), default="")


def _ask(outline: Outline) -> RowsAsk:
    return RowsAsk(columns=(SCORE, LABEL), groups=attributes.asked(outline))


def _wrong(
    by: Divided,
    scores: NDArray[np.float64],
    positive: NDArray[np.bool_],
    *,
    level: float,
    rng: np.random.Generator,
    drawn: NDArray[np.intp],
) -> _Wrong:
    k, each = len(by.names), sidak(level, len(by.names))
    tenth = np.clip(np.searchsorted(EDGES, scores, side="right") - 1, 0, len(EDGES) - 2)
    cell = by.codes * (len(EDGES) - 1) + tenth
    counts = [
        np.bincount(cell, weights=weights, minlength=k * (len(EDGES) - 1)).reshape(k, -1)
        for weights in (None, positive.astype(np.float64), scores)
    ]
    bins = {
        name: [Bin(int(n), int(hits), float(total)) for n, hits, total in zip(*own, strict=True)]
        for name, own in zip(by.names, zip(*counts, strict=True), strict=True)
    }
    return _Wrong(
        by=by,
        errors=errors(positive.astype(np.float64), scores, by.codes, k, z=critical(each)),
        calibration={name: calibration_error(own, level=each, rng=rng) for name, own in bins.items()},
        p=beyond_score(scores[drawn], positive[drawn], by.codes[drawn]),
    )


def _headline(given: Given, found: Sequence[_Wrong]) -> str:
    shown = [(each, each.worst) for each in found if each.worst]
    if not shown:
        return "Every group is too small to say how far its scores are from what happens"
    each, name = max(shown, key=lambda one: (one[0].calibration[one[1]].low or 0.0, one[0].calibration[one[1]].value))
    error = each.calibration[name]
    if not error.low:
        return "In no group are scores off by more than chance would have it"
    who = members(name, each.by.grouping.columns, given.outline.people)
    return f"For {who} scores are off by {fmt.number(error.value, 'points')} on average, more firmly than for any other group"


def _lead(given: Given, found: Sequence[_Wrong]) -> str:
    sentences = []
    for each in found:
        if each.worst:
            error = each.calibration[each.worst]
            sentences.append(
                f"By {each.by.grouping.name} the calibration error is firmest for "
                f"{label(each.worst, each.by.grouping.columns)}: "
                f"{fmt.measured(error.value, error.low, error.high, 'points')}."
            )
    adjusted = benjamini_hochberg([each.p for each in found]).tolist()
    told: dict[bool, list[str]] = {True: [], False: []}
    for each, p in zip(found, adjusted, strict=True):
        told[p < 1 - given.level].append(f"{each.by.grouping.name} (p {fmt.probability(p)})")
    if told[True]:
        sentences.append(f"At equal scores the outcome still differs by {listed(told[True])}.")
    if told[False]:
        sentences.append(f"At equal scores it is not seen to differ by {listed(told[False])}.")
    return " ".join(sentences)


_UNITS: Mapping[str, Unit] = {
    "n": "people",
    **dict.fromkeys(("Brier score", "low", "high", "explained", "explained low", "explained high"), "number"),
    **dict.fromkeys(("calibration error", "error low", "error high"), "points"),
}


def _lines(found: Sequence[_Wrong]) -> list[dict[str, Cell]]:
    """A line for each group, the largest calibration error first; of few people the number alone."""
    lines = []
    for each in found:
        for place, name in enumerate(each.by.names):
            error = each.calibration[name]
            shown = error.n >= FEW
            lines.append(
                {
                    "attribute": each.by.grouping.name,
                    "group": label(name, each.by.grouping.columns),
                    "n": error.n,
                    **dict(
                        zip(("Brier score", "low", "high"), ends(each.errors.squared, place, shown=shown), strict=True)
                    ),
                    **dict(
                        zip(
                            ("explained", "explained low", "explained high"),
                            ends(each.errors.explained, place, shown=shown),
                            strict=True,
                        )
                    ),
                    "calibration error": error.value if shown else None,
                    "error low": error.low if shown else None,
                    "error high": error.high if shown else None,
                }
            )
    return sorted(lines, key=lambda line: (line["calibration error"] is None, -float(line["calibration error"] or 0)))
