"""Whether people who are alike are decided alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairwitness.core.asks import DECIDED, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import Column
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate, Key, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, a, label, listed, plural
from fairwitness.fairness.drawn import Drawn, attributes, drawn, judged_rows, labels, whole

if TYPE_CHECKING:
    from fairwitness.fairness.consistency import Consistency

MOST_ROWS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyOptions:
    """Who counts as alike.

    Attributes:
        neighbours: How many of the nearest each person is compared with.
        rows: People looked at, at most; neighbours are sought among them.
    """

    neighbours: int = 5
    rows: int = 5_000

    def __post_init__(self) -> None:
        whole("neighbours", self.neighbours, 1)
        whole("rows", self.rows, self.neighbours + 2, 50_000)


class ConsistencyOfDecisions:
    info = CheckInfo(
        id="fairness.consistency",
        title="How often people alike are decided alike is measured",
        failure_title="People who are alike are decided differently",
        measures=(
            "Of each person's five nearest by what the decision may rest on, sensitive attributes aside, the share decided "
            "as the person is, in the mean: 1 where people alike are always decided alike."
        ),
        does_not_show=(
            "Whether the people are alike in what matters: columns count alike here, and which should is a judgement. Where one "
            "decision is rare the share is high by chance; hold it against what chance gives. Near a threshold somebody is "
            "always decided otherwise. So no limit stands by default."
        ),
        advice="Look at pairs of near neighbours decided differently, and at the columns that part them.",
        needs=frozenset({"rows", "decisions", "features"}),
        tasks=frozenset({"binary", "multi-class"}),
        severity=Severity.MEDIUM,
        takes=frozenset({"cluster"}),
        sources=(
            "Zemel, Wu, Swersky, Pitassi and Dwork 2013, ICML, 325-333, section 4: consistency",
            "Dwork, Hardt, Pitassi, Reingold and Zemel 2012, ITCS, 214-226: similar people, similar decisions",
            "Efron and Stein 1981, Annals of Statistics 9(3):586-596: the jackknife's variance",
        ),
    )
    Options = ConsistencyOptions

    def asks(self, outline: Outline, about: About, options: ConsistencyOptions) -> Sequence[Ask] | NotApplicable:
        if not _columns(outline):
            return NotApplicable(
                "no column says who is alike: there are no numbers or categories beside the attributes"
            )
        return [_ask(outline, options)]

    def run(self, given: Given, options: ConsistencyOptions) -> Outcome:
        from fairwitness.fairness.consistency import consistency, places  # pulls in SciPy

        held, declared = drawn(given, _ask(given.outline, options)), _columns(given.outline)
        try:
            points = places(held.rows.columns, declared)
            found = consistency(points, held.rows.columns[DECIDED], neighbours=options.neighbours)
            whole = found.of(level=given.level)
        except TooFewError as error:
            return NotApplicable(str(error))
        rows = _by_group(given, held, found)
        nearest = plural(options.neighbours, "nearest", "nearest")
        return Measured(
            headline=(
                f"Of the {nearest} to {a(_person(given.outline))}, {fmt.number(whole.value, 'share')} are decided as that "
                f"{_person(given.outline)} is"
            ),
            lead=(
                f"{fmt.measured(whole.value, whole.low, whole.high, 'share')} over {plural(whole.n, 'row')}; of others "
                f"drawn at random it would be {fmt.number(found.by_chance, 'share')}."
            ),
            judged={Key(metric="consistency"): whole},
            explored=(_table(rows[:MOST_ROWS]),) if rows else (),
            notes=(*held.notes, _scale(declared), *_left_out(given.outline)),
            to_settle="More rows would narrow the interval; set rows for this check.",
        )


def _columns(outline: Outline) -> tuple[Column, ...]:
    """What the model reads, or might, that says who is alike."""
    kinds = {"number", "integer", "boolean", "category"}
    return tuple(c for c in outline.columns if c.name in outline.features and c.role != "group" and c.kind in kinds)


def _ask(outline: Outline, options: ConsistencyOptions) -> RowsAsk:
    return judged_rows(outline, (column.name for column in _columns(outline)), at_most=options.rows)


def _person(outline: Outline) -> str:
    return "person" if outline.people == "people" else outline.people.removesuffix("s")


def _scale(declared: Sequence[Column]) -> str:
    named = listed((column.name for column in declared), shown=12)
    return (
        f"Near by {named}; a standard deviation of a number is as far as another category, and neighbours are sought among the "
        "rows looked at."
    )


def _left_out(outline: Outline) -> tuple[str, ...]:
    kept = {column.name for column in _columns(outline)}
    left = [c.name for c in outline.columns if c.name in outline.features and c.role != "group" and c.name not in kept]
    return (f"{listed(left)}: not counted, neither a number nor a category",) if left else ()


def _by_group(given: Given, held: Drawn, found: Consistency) -> list[tuple[str, Estimate]]:
    """Groups of enough people, the least consistent first."""
    rows = []
    for grouping in attributes(given.outline):
        names = labels(held.rows, grouping.columns[0])
        many = (name for name in sorted(set(names)) if (names == name).sum() >= FEW)
        rows += [(label(name, grouping.columns), found.of(names == name, level=given.level)) for name in many]
    return sorted(rows, key=lambda row: row[1].value or 0.0)


def _table(rows: Sequence[tuple[str, Estimate]]) -> Series:
    return Series(
        title="Consistency by group",
        columns={
            "group": tuple(name for name, _ in rows),
            "n": tuple(each.n for _, each in rows),
            "decided alike": tuple(each.value for _, each in rows),
            "low": tuple(each.low for _, each in rows),
            "high": tuple(each.high for _, each in rows),
        },
        units={"n": "people", **dict.fromkeys(("decided alike", "low", "high"), "share")},
    )
