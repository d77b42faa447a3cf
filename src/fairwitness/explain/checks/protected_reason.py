"""Whether decisions rest on a sensitive attribute, or on what stands in for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome, RowValues
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed, plural
from fairwitness.explain.afforded import afforded
from fairwitness.explain.examined import Examined, asks, examined, features, image, whole
from fairwitness.explain.faithful import ROUNDING
from fairwitness.explain.told import Told, told

MOST_ROWS = 20_000
SIGNIFICANT = 0.05
SHOWN = 10
LEAST = 0.05
"""Of all that moved a score, either way, what a main reason has."""

Telling = Mapping[str, Mapping[str, float]]
"""Attribute to the players that tell it, and how well each does alone (AUC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonOptions:
    """What counts.

    Attributes:
        top: Main reasons of a decision: so many of the columns that spoke most for it.
        proxy: A column that alone tells a group of the attribute from the rest with at least this AUC stands in for it.
        rows: Decisions explained, at most.
    """

    top: int = 4
    proxy: float = 0.70
    rows: int = 200

    def __post_init__(self) -> None:
        if self.top < 1:
            raise ValueError(f"top is {self.top}; it is at least 1")
        if not 0.5 < self.proxy <= 1:
            raise ValueError(f"proxy is {self.proxy}; it is an AUC above 0.5, at most 1")
        if self.rows < 1:
            raise ValueError(f"rows is {self.rows}; it is at least 1")


class ProtectedReason:
    info = CheckInfo(
        id="explain.protected-reason",
        title="Decisions rest on no sensitive attribute and no strong proxy",
        failure_title="A sensitive attribute or a strong proxy is among the main reasons",
        measures=(
            "The share of decisions of whose main reasons one is a sensitive attribute or a column that alone tells it with AUC "
            "0.70 or more. Main reasons are the four columns that moved the score furthest towards what was decided, as far "
            "as each has 5 % of all that moved it, either way."
        ),
        does_not_show=(
            "Whether the column is needed for the task, or whether many weak columns tell the attribute together: see "
            "data.proxies. A main reason of a decision need not have turned it."
        ),
        advice=(
            "Leave the attribute out. Drop or coarsen the proxies that the task does not need, train again, and judge what is left "
            "by what the decisions do to the groups."
        ),
        needs=frozenset({"rows", "model", "features", "groups"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_most=0.10),
        severity=Severity.MEDIUM,
        takes=frozenset({"cluster"}),
        sources=(
            "Strumbelj and Kononenko 2014, Knowledge and Information Systems 41:647-665: Shapley values of decisions",
            "12 CFR 1002.9(b)(2) and its official interpretation: principal reasons of a refusal, at most four",
            "Wilson 1927, JASA 22(158):209-212, for the interval",
            "The limit of 0.10, and 0.70 for a proxy, are conventions of this tool",
        ),
    )
    Options = ReasonOptions

    def asks(self, outline: Outline, about: About, options: ReasonOptions) -> Sequence[Ask] | NotApplicable:
        if image(outline):
            return NotApplicable("the model reads images: no pixel tells an attribute by itself")
        if (one := whole(outline)) is not None:
            return NotApplicable(f"the model reads one {one.kind}: no column of it tells an attribute by itself")
        if not _attributes(outline):
            return NotApplicable("there is no sensitive attribute", missing="groups")
        asked = asks(outline, rows=options.rows)
        return asked if isinstance(asked, NotApplicable) else (*asked, _everybody(outline))

    def run(self, given: Given, options: ReasonOptions) -> Outcome:
        from fairwitness.torchkit.threads import one_thread  # pulls in what models need

        held = examined(given, rows=options.rows)
        if isinstance(held, NotApplicable):
            return held
        telling = _telling(given, held, options.proxy)
        with one_thread():
            held = afforded(held)
            made = told(given, held)
        return _measured(given, held, made, telling, options)


def _attributes(outline: Outline) -> tuple[str, ...]:
    """Those that are judged."""
    named = (grouping.columns for grouping in outline.groupings if grouping.named)
    return tuple(dict.fromkeys(columns[0] for columns in named if len(columns) == 1))


def _plain(outline: Outline) -> tuple[Column, ...]:
    return tuple(column for column in features(outline) if column.kind != "text" and not column.media)


def _everybody(outline: Outline) -> RowsAsk:
    columns = tuple(column.name for column in _plain(outline))
    return RowsAsk(columns=columns, groups=_attributes(outline), at_most=MOST_ROWS)


def _telling(given: Given, held: Examined, least: float) -> Telling:
    """What the model reads that tells an attribute by itself, the attribute's own column before all."""
    from fairwitness.stats.associations import associations, judgeable  # pull in SciPy

    outline = given.outline
    rows: Rows = given[_everybody(outline)]
    owner = {column: player for player, columns in held.players.items() for column in columns}
    made: dict[str, dict[str, float]] = {}
    for attribute in _attributes(outline):
        groups = rows.columns[group_column(attribute)]
        kept = np.isin(groups.astype(np.str_), judgeable(groups)) & (groups != np.array(None))
        found = {owner[attribute]: 1.0} if attribute in owner else {}
        if kept.any() and _plain(outline):
            columns = {column.name: rows.columns[column.name][kept] for column in _plain(outline)}
            for each in associations(columns, groups[kept], _plain(outline), rng=given.rng):
                area = each.auc.value or 0.0
                if area >= least and each.p < SIGNIFICANT:
                    found[owner[each.column]] = max(area, found.get(owner[each.column], 0.0))
        made[attribute] = found
    return made


def main_reasons(towards: NDArray[np.float64], top: int) -> NDArray[np.bool_]:
    """(n, players) of (n, players) contributions, the `top` largest of each row, as far as they weigh at all.

    A reason has at least `LEAST` of all that moved the score: what is next to nothing is no reason, however few others speak
    for a decision that most columns speak against.
    """
    place = np.argsort(np.argsort(-towards, axis=1, kind="stable"), axis=1)
    moved = np.abs(towards).sum(axis=1, keepdims=True)
    made: NDArray[np.bool_] = (place < top) & (towards > np.maximum(LEAST * moved, ROUNDING))
    return made


def _measured(given: Given, held: Examined, made: Told, telling: Telling, options: ReasonOptions) -> Measured:
    reasons = main_reasons(made.towards, options.top)
    place = {name: number for number, name in enumerate(made.game.players)}
    hit = {
        attribute: np.asarray(reasons[:, [place[name] for name in found]].any(axis=1))
        for attribute, found in telling.items()
    }
    judged = _shares(hit, given.level)
    worst = max(judged, key=lambda key: judged[key].value or 0.0)
    any_hit = np.any(list(hit.values()), axis=0)
    return Measured(
        headline=_headline(worst.groups[0], judged[worst], telling, options.top),
        lead=_lead(given.outline, held, telling, any_hit, options.proxy),
        judged=judged,
        explored=(_table(made, reasons, telling),),
        figures=(_figure(made, reasons, given.level, options.top),),
        notes=(*held.notes, *made.notes, *_close(made, reasons, options.top)),
        to_settle="More decisions would narrow the interval; set rows for this check.",
        row_values={
            "protected": RowValues(
                name="decision with a sensitive attribute or a strong proxy among its main reasons",
                ids=held.rows.ids,
                values=any_hit.astype(np.float64),
            )
        }
        if any_hit.any()
        else {},
    )


def _shares(hit: Mapping[str, NDArray[np.bool_]], level: float) -> dict[Key, Estimate]:
    from fairwitness.stats.intervals import wilson  # pull in SciPy
    from fairwitness.stats.multiple import sidak

    each = sidak(level, len(hit))
    made = {}
    for attribute, mask in hit.items():
        low, high = wilson(float(mask.sum()), len(mask), level=each)
        made[Key(metric="share of decisions of which it or a proxy is a main reason", groups=(attribute,))] = Estimate(
            value=float(mask.mean()),
            low=low,
            high=high,
            level=level,
            n=len(mask),
            unit="share",
            method="Wilson interval",
        )
    return made


def _headline(attribute: str, share: Estimate, telling: Telling, top: int) -> str:
    if not any(telling.values()):
        return f"The model reads no sensitive attribute and no strong proxy of {listed(telling)}"
    return f"Of {fmt.number(share.value, 'share')} of decisions one of the {top} main reasons is {attribute} or a strong proxy of it"


def _lead(outline: Outline, held: Examined, telling: Telling, hit: NDArray[np.bool_], least: float) -> str:
    said = [
        f"{attribute} is told by " + listed(f"{name} (AUC {fmt.bare(area, 'auc')})" for name, area in found.items())
        if found
        else f"no column that the model reads tells {attribute} alone with AUC {fmt.bare(least, 'auc')} or more"
        for attribute, found in telling.items()
    ]
    text = f"{'; '.join(said)}."
    if outline.favorable in outline.classes and len(outline.classes) == 2:
        refused = held.decided != outline.classes.index(outline.favorable or "")
        if refused.any():
            text += (
                f" Of the {plural(int(refused.sum()), 'unfavourable decision')} among them it is so for "
                f"{fmt.count(int(hit[refused].sum()))}."
            )
    return text[:1].upper() + text[1:]


def _close(made: Told, reasons: NDArray[np.bool_], top: int) -> tuple[str, ...]:
    """How often the errors leave open which columns are the main reasons."""
    players = made.towards.shape[1]
    if top >= players:
        return ()
    order = np.argsort(-made.towards, axis=1, kind="stable")
    rows = np.arange(len(order))
    last, next_one = order[:, top - 1], order[:, top]
    apart = made.towards[rows, last] - made.towards[rows, next_one]
    error = np.hypot(made.errors[rows, last], made.errors[rows, next_one])
    close = int((reasons[rows, last] & (apart < 2 * error)).sum())
    if not close:
        return ()
    words = (
        f"For {fmt.count(close)} of {fmt.count(len(rows))} decisions the last of the {top} main reasons and the next are less "
        "than two standard errors apart."
    )
    return (words,)


def _ranked(reasons: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.argsort(-reasons.mean(axis=0), kind="stable")[:SHOWN]


def _table(made: Told, reasons: NDArray[np.bool_], telling: Telling) -> Series:
    shown = _ranked(reasons)
    names = [made.game.players[place] for place in shown]
    return Series(
        title="Columns that are most often a main reason",
        columns={
            "column": tuple(names),
            "main reason of": tuple(float(reasons[:, place].mean()) for place in shown),
            "mean size": tuple(float(np.abs(made.towards[:, place]).mean()) for place in shown),
            **{f"AUC of {attribute}": tuple(found.get(name) for name in names) for attribute, found in telling.items()},
        },
        units={
            "main reason of": "share",
            "mean size": "points",
            **{f"AUC of {attribute}": "auc" for attribute in telling},
        },
    )


def _figure(made: Told, reasons: NDArray[np.bool_], level: float, top: int) -> Intervals:
    from fairwitness.stats.intervals import wilson

    n, shown = len(reasons), _ranked(reasons)
    hits = reasons[:, shown].sum(axis=0)
    ends = [wilson(float(each), n, level=level) for each in hits]
    return Intervals(
        title="Columns that are most often a main reason",
        caption=(
            f"Share of {plural(n, 'decision')} of which a column is among the {top} main reasons, %. Line: "
            f"{fmt.level(level)} Wilson interval of each."
        ),
        unit="share",
        rows=tuple(
            Interval(label=made.game.players[place], value=float(each) / n, low=low, high=high, n=n)
            for place, each, (low, high) in zip(shown, hits, ends, strict=True)
        ),
    )
