"""Which columns the model's decisions rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome, RowValues
from fairwitness.core.estimate import Estimate, Severity
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed, plural
from fairwitness.explain.examined import Examined, asks, examined, image, whole
from fairwitness.explain.faithful import ROUNDING
from fairwitness.explain.games import column_game
from fairwitness.explain.importance import REPEATS, Importance, permutation_importance, related

SHOWN = 12
TOGETHER = " + "


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportanceOptions:
    """How hard to look.

    Attributes:
        rows: Rows looked at, at most.
        repeats: Draws of other rows for each row and column.
    """

    rows: int = 1_000
    repeats: int = REPEATS

    def __post_init__(self) -> None:
        if self.rows < 2:
            raise ValueError(f"rows is {self.rows}; it is at least 2")
        if self.repeats < 1:
            raise ValueError(f"repeats is {self.repeats}; it is at least 1")


class PermutationImportance:
    info = CheckInfo(
        id="explain.permutation-importance",
        title="What the decisions rest on is measured",
        failure_title="What the decisions rest on cannot be measured",
        measures=(
            "By how many points the score of the recorded class falls when a column's value is another row's: what the "
            "model loses without that column. Columns that go together are also exchanged together."
        ),
        does_not_show=(
            "What causes the outcome, or what a model trained without the column would lose. Of columns that say the same, "
            "each alone looks as if it hardly mattered. Exchanged values may make rows that do not exist."
        ),
        advice=(
            "Look at the columns on top: should decisions rest on them? A column that should not matter and does is one to "
            "leave out, or to ask about."
        ),
        needs=frozenset({"rows", "model", "features", "truth"}),
        tasks=frozenset({"binary", "multi-class"}),
        severity=Severity.LOW,
        takes=frozenset({"cluster"}),
        sources=(
            "Breiman 2001, Machine Learning 45:5-32, section 10",
            "Fisher, Rudin and Dominici 2019, JMLR 20(177):1-81, equation 3",
            "Interval: Student's t over rows, of the projection of Hoeffding 1948, Annals of Mathematical Statistics 19:293-325",
        ),
    )
    Options = ImportanceOptions

    def asks(self, outline: Outline, about: About, options: ImportanceOptions) -> Sequence[Ask] | NotApplicable:
        if image(outline):
            return NotApplicable("the model reads images: no pixel stands for the same thing in every one")
        if (one := whole(outline)) is not None:
            return NotApplicable(f"the model reads one {one.kind}: there are no columns to tell apart")
        return asks(outline, rows=options.rows)

    def run(self, given: Given, options: ImportanceOptions) -> Outcome:
        held = examined(given, rows=options.rows)
        if isinstance(held, NotApplicable):
            return held
        held = held.only(held.recorded >= 0)
        if len(held) < 2:
            return NotApplicable("fewer than two rows have a recorded class")
        return _measured(given, held, options)


def _measured(given: Given, held: Examined, options: ImportanceOptions) -> Measured | NotApplicable:
    from fairwitness.torchkit.threads import one_thread  # pulls in what models need

    game = column_game(held.model, held.rows, players=held.players)
    together = related({name: values for name, values in held.rows.columns.items() if (name,) in held.players.values()})
    place = {name: number for number, name in enumerate(game.players)}
    sets = [(name,) for name in game.players] + together
    with one_thread():
        found = permutation_importance(
            game.on(held.rows),
            lambda scores, at: 1 - held.share_of(scores, held.recorded[at]),
            [[place[name] for name in each] for each in sets],
            rows=len(held),
            players=len(place),
            rng=given.rng,
            repeats=options.repeats,
        )
    given.meter.spend(found.spent, of=found.spent, what="queries")
    if (np.abs(found.added) < ROUNDING).all():
        return NotApplicable("the score of these rows never moves, whichever column is exchanged: they rest on none")
    names = [TOGETHER.join(each) for each in sets]
    falls = _falls(names, found, given.level)
    alone = [name for name in sorted(falls, key=lambda name: -(falls[name].value or 0.0)) if name in place]
    top = alone[0]
    idle = [name for name in alone if (falls[name].low or 0.0) <= 0]
    return Measured(
        headline=_headline(top, falls[top]),
        lead=(f"Next come {listed(_with(falls, name) for name in alone[1:5])}. " if len(alone) > 1 else "")
        + f"For {fmt.count(len(idle))} of {plural(len(alone), 'column')} the interval, which holds for all at once, reaches 0.",
        explored=(_table(falls),),
        figures=(_figure(falls, given.level),),
        notes=(*held.notes, *(_linked(each, falls) for each in together)),
        row_values={
            "leaning": RowValues(
                name=f"fall of the recorded class's score without {top}",
                ids=held.rows.ids,
                values=found.added[:, names.index(top)],
            )
        },
    )


def _headline(top: str, fall: Estimate) -> str:
    told = fmt.measured(fall.value, fall.low, fall.high, "points")
    if (fall.low or 0.0) <= 0:
        return f"No column is surely missed: the score of the recorded class falls most without {top}, by {told}"
    return f"The model leans most on {top}: with another row's, the score of the recorded class falls by {told}"


def _falls(names: Sequence[str], found: Importance, level: float) -> Mapping[str, Estimate]:
    """The fall for each set, with intervals that hold for all sets at once, the largest first."""
    from fairwitness.stats import intervals  # pull in SciPy
    from fairwitness.stats.multiple import sidak

    n, each = len(found.added), sidak(level, len(names))
    middle = found.added.mean(axis=0)
    spread = found.influence - middle
    low, high = intervals.mean(spread.sum(axis=0), (spread**2).sum(axis=0), np.full(len(names), n), level=each)
    made = {
        name: Estimate(
            value=float(middle[place]),
            low=float(middle[place] + low[place]),
            high=float(middle[place] + high[place]),
            level=level,
            n=n,
            unit="points",
            method="Student's t over rows, for all columns at once",
        )
        for place, name in enumerate(names)
    }
    return dict(sorted(made.items(), key=lambda item: -(item[1].value or 0.0)))


def _with(falls: Mapping[str, Estimate], name: str) -> str:
    return f"{name} ({fmt.bare(falls[name].value, 'points')})"


def _linked(names: Sequence[str], falls: Mapping[str, Estimate]) -> str:
    return (
        f"{listed(names)} go together: exchanged at once they take {fmt.number(falls[TOGETHER.join(names)].value, 'points')}, "
        "more or less than each alone tells."
    )


def _table(falls: Mapping[str, Estimate]) -> Series:
    shown = list(falls.items())[: 2 * SHOWN]
    return Series(
        title="What the model loses without a column",
        columns={
            "column": tuple(name for name, _ in shown),
            "fall": tuple(each.value for _, each in shown),
            "low": tuple(each.low for _, each in shown),
            "high": tuple(each.high for _, each in shown),
        },
        units={"fall": "points", "low": "points", "high": "points"},
    )


def _figure(falls: Mapping[str, Estimate], level: float) -> Intervals:
    shown = list(falls.items())[:SHOWN]
    return Intervals(
        title="What the model loses without a column",
        caption=(
            f"Fall of the recorded class's score, points. Line: {fmt.level(level)} interval for all columns at once. "
            f"The {len(shown)} largest of {plural(len(falls), 'column or set', 'columns and sets')}."
        ),
        unit="points",
        rows=tuple(
            Interval(label=name, value=each.value, low=each.low, high=each.high, n=each.n) for name, each in shown
        ),
    )
