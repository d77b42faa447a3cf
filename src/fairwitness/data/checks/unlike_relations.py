"""One model for groups whose outcomes go with the columns in different ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.subject import Outline
from fairwitness.data.design import design
from fairwitness.data.material import asks, earlier, explained, features, people
from fairwitness.data.relations import ROWS_A_COLUMN, interactions, narrowed, own_models
from fairwitness.data.words import count, percent, within
from fairwitness.draw import format as show
from fairwitness.draw.words import listed, members
from fairwitness.stats.levels import fold_of


class UnlikeRelations:
    info = CheckInfo(
        id="data.unlike-relations",
        title="One model for all serves every group about as well as one of its own",
        failure_title="A group would be served better by a model of its own",
        measures=(
            "How much of its log loss a group is spared by a logistic model fitted on its own rows alone, in place of one for "
            "all with a level of its own for each group, on rows neither was fitted on: the group that gains most. Of a "
            "quantity: of its squared error, by linear models."
        ),
        does_not_show=(
            "Why relations differ: columns that are measured differently, and labels that are wrong for one group, look the "
            "same; nor whether a more flexible model for all would find the difference by itself."
        ),
        advice=(
            "Look at what earlier findings explain first. Then let the model tell groups apart where the law allows it, or "
            "give it columns that say what is different, and compare again."
        ),
        needs=frozenset({"rows", "groups", "features"}),
        tasks=frozenset({"binary", "multi-class", "regression"}),
        per="grouping",
        limit=Limit(at_most=0.05),
        severity=Severity.MEDIUM,
        sources=(
            "Chow 1960, Econometrica 28(3):591-605, by the likelihood ratio",
            "Dwork, Immorlica, Kalai and Leiserson 2018, PMLR 81:119-133, decoupled classifiers",
            "Ustun, Liu and Parkes 2019, PMLR 97:6373-6382, on preferring one's own model",
            "The limit of 5 % of the loss is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if outline.task != "regression" and "positive" not in outline.offers:
            return NotApplicable("no class is said to be predicted: declare [subject] positive", missing="positive")
        lacks = "" if features(outline) else "no feature is a plain column; pictures and free text are not looked into"
        return asks(outline, about, lacks=lacks)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        some = people(given)
        if isinstance(some, NotApplicable):
            return some
        outcome = some.told
        if outcome is None or not np.any(outcome != outcome[0]):
            return NotApplicable("the rows hold one outcome only")
        columns = design(some.rows.columns, features(given.outline), outcome)
        wide = columns.shape[1]
        columns, kept = narrowed(outcome, columns, some.codes)
        if not kept.any():
            both = "" if some.outcome is None else " of both outcomes"
            return NotApplicable(
                f"fewer than two groups have {count(ROWS_A_COLUMN)} rows{both}, enough for a model of their own"
            )
        y, table = outcome[kept], columns[kept]
        present, codes = np.unique(some.codes[kept], return_inverse=True)
        names = tuple(some.names[place] for place in present)
        fold = fold_of(codes if some.outcome is None else 2 * codes + some.outcome[kept], rng=given.rng)
        gains = own_models(y, table, codes, fold, names, level=given.level)
        best = max(gains, key=lambda name: gains[name].value or 0.0)
        p = interactions(y, table, codes).p
        small = [name for name in some.names if name not in names]
        whom = members(best, given.grouping.columns, given.outline.people)
        gain = gains[best]
        more = (gain.value or 0.0) > 0
        tested = (
            f" That no column goes with the outcome in another way in any group has p {show.probability(p)} "
            f"({'F test' if some.outcome is None else 'likelihood ratio'} of group × column)."
        )
        said = explained(earlier(some, given, "aggregation"), "aggregation") if _notable(gain, p, given) else ""
        return Measured(
            headline=(
                f"A model of their own would spare {whom} {percent(gain.value or 0.0)} of their loss"
                if more
                else "No group would be served better by a model of its own"
            ),
            lead=(
                f"{'Of all groups they gain most' if more else f'The closest are {whom}: {percent(gain.value or 0.0)}'}, "
                f"{within(gain)} for all groups at once.{tested} {said}"
            ).strip(),
            judged={Key(metric="share of loss spared by a model of its own", groups=(best,)): _highest(gains)},
            figures=(_figure(gains, given),),
            notes=(*some.notes, *_notes(small, wide, columns.shape[1])),
            to_settle="More rows, of the smallest groups above all, would narrow the interval.",
        )


def _notes(small: Sequence[str], had: int, kept: int) -> tuple[str, ...]:
    notes = [f"left out, with too few rows for a model of their own: {listed(small)}"] if small else []
    if kept < had:
        notes.append(
            f"by the {count(kept)} of {count(had)} columns that go with the outcome most: for more, rows are too few"
        )
    return tuple(notes)


def _notable(gain: Estimate, p: float, given: Given) -> bool:
    return p < 1 - given.level or (gain.low or 0.0) > 0


def _highest(gains: Mapping[str, Estimate]) -> Estimate:
    """The highest gain; its interval holds whichever group's that truly is."""
    first = max(gains.values(), key=lambda each: each.value or 0.0)
    highs = [each.high for each in gains.values()]
    return Estimate(
        value=first.value,
        low=max((each.low for each in gains.values() if each.low is not None), default=None),
        high=None if None in highs else max(high for high in highs if high is not None),
        level=first.level,
        n=first.n,
        unit="share",
        method=first.method,
    )


def _figure(gains: Mapping[str, Estimate], given: Given) -> Intervals:
    return Intervals(
        title=f"Loss spared by a model of one's own, by {given.grouping.name}",
        caption="Share of the log loss; intervals hold for all groups at once. Below zero, the model for all is the better.",
        unit="share",
        rows=tuple(
            Interval(label=name, value=each.value, low=each.low, high=each.high, n=each.n)
            for name, each in gains.items()
        ),
        limit=given.limit,
    )
