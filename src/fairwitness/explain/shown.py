"""One explained decision in words, and as JSON: the same content for every surface. It is private, as rows are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fairwitness.core.columns import Column
from fairwitness.draw import format as fmt
from fairwitness.draw.text import plain
from fairwitness.draw.words import listed, plural
from fairwitness.explain.counterfactual import Change, Search
from fairwitness.explain.decision import Explained
from fairwitness.explain.reasons import SURE, Ranked, Reason
from fairwitness.explain.summary import Summary

ORDERS = "± is two standard errors of the orders drawn."
ERRORS = f"{ORDERS[:-1]}; others to compare with would move the points too."
EXACT = "The points are exact for these compared rows; others to compare with would move them."
SUMMARY_NOTES = (
    "Intervals are over the rows that might have been drawn. Columns that tell the same share what they move between them.",
)
NOTHING = "nothing that can be told from chance"
MOST_SHOWN = 12
CAVEAT = (
    "Reasons tell what moved this model's score, and changes what it would decide otherwise. Neither tells what caused "
    "anything in the world, or what a change would cost the person."
)


class Decision(Protocol):
    """What every explained decision has, of rows, texts and series alike."""

    @property
    def decided(self) -> str: ...

    @property
    def favorable(self) -> str: ...

    @property
    def score(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Headed:
    """The head of a decision in words.

    Attributes:
        row: What the user called the row.
        target: What was decided.
        threshold: Score of the favourable class from which it is decided; None where that is not a matter of one score.
    """

    explained: Decision
    row: str
    target: str
    threshold: float | None = None

    @property
    def title(self) -> str:
        return heading(self.row, self.target, decided=self.explained.decided, favorable=self.explained.favorable)

    @property
    def score(self) -> str:
        """`Its score of approve = 1 is 34.2 %; it is decided from 50.0 %.`"""
        made = self.explained
        return scored(self.target, favorable=made.favorable, score=made.score, threshold=self.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Headed):
    """A decision about a row in words."""

    explained: Explained

    @property
    def compared(self) -> str:
        made = self.explained
        others = (
            "whom it decides otherwise" if made.good else f"for whom it decides {named(self.target, made.favorable)}"
        )
        return (
            f"Compared with {fmt.count(made.compared.n)} {plain(made.people)} {others}: their mean score is "
            f"{fmt.number(made.compared.score, 'share')}."
        )

    @property
    def main(self) -> str:
        return "What counted in favour" if self.explained.good else "What counted against"

    @property
    def other(self) -> str:
        return "What counted against" if self.explained.good else "What counted in favour"

    def reasons(self, ranked: Ranked) -> list[tuple[str, str, str, str]]:
        """Words, the row's value, how those compared with have it, and the points with their error."""
        made = self.explained
        return [
            (
                self.words(reason.player),
                self.value(reason.player, made.held[reason.player]),
                self.usual(reason.player),
                points(reason, exact=made.exact),
            )
            for reason in ranked.stated
        ]

    def remarks(self, ranked: Ranked) -> list[str]:
        """What may not be read from the list of reasons, and what it leaves out."""
        return remarks(ranked, self.words, ("column", "columns"))

    def alarms(self) -> list[str]:
        """Sensitive attributes among the principal reasons."""
        return [
            f"Among the main reasons is {self.words(name)}, a sensitive attribute: a decision may hardly rest on it."
            for name in self.explained.protected
        ]

    def ways(self) -> list[str]:
        """Each nearest change in a line."""
        search = self.explained.search
        return [] if search is None else [self._way(change) for change in search.found]

    def _way(self, change: Change) -> str:
        sets = {column.one_of for column in self.explained.columns if column.one_of}
        said = []
        for lever in change.levers:
            if lever in sets:
                became = next(
                    name for name, (_, after) in change.values.items() if after == 1 and self._set(name) == lever
                )
                said.append(f"{plain(lever)}: from {self.words(self._held(lever))} to {self.words(became)}")
            else:
                before, after = change.values[lever]
                said.append(f"{self.words(lever)}: from {self.value(lever, before)} to {self.value(lever, after)}")
        return "; and ".join(said)

    def _held(self, name: str) -> str:
        return str(self.explained.held[name])

    def _set(self, name: str) -> str | None:
        return next(column.one_of for column in self.explained.columns if column.name == name)

    def looked(self) -> str:
        """How far was looked for a change, and what that proves."""
        search = self.explained.search
        return "" if search is None else looked(search)

    def unworded(self) -> tuple[str, ...]:
        """Columns among the stated reasons that have no words of their own."""
        made = self.explained
        named = {column.name for column in made.columns if not column.words}
        return tuple(reason.player for reason in made.main.stated if reason.player in named)

    def words(self, name: str) -> str:
        """The user's words for a column."""
        column = next((column for column in self.explained.columns if column.name == name), None)
        return plain(name if column is None else column.words or column.name)

    def value(self, name: str, value: Any) -> str:  # noqa: ANN401 - as columns hold them
        """A value as a person would write it."""
        column = next((column for column in self.explained.columns if column.name == name), None)
        if column is None:  # a set of columns of which one is 1
            return "none of them" if value is None else self.words(str(value))
        return shown(column, value)

    def usual(self, player: str) -> str:
        """How those compared with have it: `median 33`, or `96.0 % have the same`."""
        compared = self.explained.compared
        if player in compared.alike:
            return f"{fmt.number(compared.alike[player], 'share')} have the same"
        if player in compared.usual:
            return f"median {self.value(player, compared.usual[player])}"
        return "not recorded"


def named(target: str, decided: str) -> str:
    """`approve = 1`."""
    return f"{plain(target)} = {plain(decided)}"


def heading(row: str, target: str, *, decided: str, favorable: str) -> str:
    """What was decided, and whether it is good for the person."""
    other = f"; {named(target, favorable)} is favourable"
    good = ", which is the favourable decision" if decided == favorable else other
    return f"Row {plain(row)}: the model decides {named(target, decided)}{good}"


def scored(target: str, *, favorable: str, score: float, threshold: float | None) -> str:
    """The score of the favourable decision, and from which it is decided."""
    told = f"The score of {named(target, favorable)} is {fmt.number(score, 'share')}"
    if threshold is not None:
        told += f"; it is decided from {fmt.number(threshold, 'share')}"
    return f"{told}."


def remarks(ranked: Ranked, words: Callable[[str], str], what: tuple[str, str]) -> list[str]:
    """What may not be read from a list of reasons, and what it leaves out; `what` is one player's name, and several's."""
    said = [
        f"The order of {listed(map(words, run), shown=8)} cannot be told from these numbers." for run in ranked.unclear
    ]
    if ranked.rivals:
        said.append(f"Left out, and may weigh as much as the last of them: {listed(map(words, ranked.rivals))}.")
    if ranked.others:
        more = plural(ranked.others, f"more {what[0]}", f"more {what[1]}")
        said.append(f"{more} counted the same way, together {signed(ranked.remainder)} points.")
    return said


def shown(column: Column, value: Any) -> str:  # noqa: ANN401 - as columns hold them
    """One cell.

    >>> shown(Column(name="ill", kind="boolean"), 1.0), shown(Column(name="a", kind="number"), 1234.5678)
    ('yes', '1,234.568')
    """
    if value is None or (column.numeric and math.isnan(value)):
        return "not recorded"
    if column.kind == "boolean":
        return "yes" if value else "no"
    if column.numeric:
        text = f"{value:,.3f}".rstrip("0").rstrip(".")
        return fmt.MINUS + text[1:] if text.startswith("-") else text
    return plain(str(value))


def changed(search: Search) -> str:
    """The heading over the ways out."""
    return "What would have changed it" + (", any one of these" if len(search.found) > 1 else "")


def points(reason: Reason, *, exact: bool) -> str:
    """`−14.2 points ± 0.4`; the interval is two standard errors."""
    told = f"{signed(reason.value)} points"
    return told if exact else f"{told} ± {fmt.bare(SURE * reason.error, 'points')}"


def signed(value: float) -> str:
    """Points with their sign, which a nought has not.

    >>> signed(0.012), signed(0.0004)
    ('+1.2', '0.0')
    """
    told = fmt.bare(value, "points")
    return f"+{told}" if value > 0 and any(digit in told for digit in "123456789") else told


def looked(search: Search) -> str:
    """What a search proves, in a sentence."""
    tried = f"{plural(search.spent, 'row')} put to the model"
    together = "one thing" if search.most == 1 else f"up to {search.most} things"
    if search.stopped and search.proved:
        return f"Stopped before the end ({tried}); every change nearer than the first was tried."
    if search.stopped:
        return f"Stopped before the end, after {tried}: {'a nearer change' if search.found else 'one'} may exist."
    match search.ending:
        case "none exists":
            return f"None exists: every allowed change was tried ({tried})."
        case "none so small":
            return f"No change of {together} suffices: every one was tried ({tried})."
        case "none found":
            return f"None was found within the budget ({tried}); one may exist. --budget raises it."
        case "found":
            every = "Every" if search.proved else "Not every"
            return f"Fewest things first, then the smallest steps. {every} nearer change was tried ({tried})."


def text(told: Told) -> str:
    """Lines for a terminal."""
    made = told.explained
    lines = [told.title, told.score, ""]
    for head, ranked in ((told.main, made.main), (told.other, made.against if made.good else made.in_favor)):
        lines += [head, *_table(told.reasons(ranked)), *(f"  {remark}" for remark in told.remarks(ranked)), ""]
    lines += [told.compared, EXACT if made.exact else ERRORS, *told.alarms(), ""]
    if made.search is not None:
        lines += [changed(made.search), *(f"  - {way}" for way in told.ways()), f"  {told.looked()}", ""]
    lines += [f"Note: {note}" for note in notes(told)]
    return "\n".join([*lines, CAVEAT]) + "\n"


def notes(told: Told) -> list[str]:
    """What stood in for what is not declared."""
    said = [plain(note) for note in told.explained.notes]
    bare = told.unworded()
    if bare:
        said.append(f"{listed(map(plain, bare))}: no words are declared; [columns.{plain(bare[0])}] words gives them.")
    return said


def _table(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    if not rows:
        return [f"  {NOTHING}"]
    cells = [(f"{place}. {words}", value, usual, by) for place, (words, value, usual, by) in enumerate(rows, 1)]
    wide = [max(len(row[slot]) for row in cells) for slot in range(3)]
    return [f"  {row[0]:<{wide[0]}}  {row[1]:>{wide[1]}}  ({row[2] + ')':<{wide[2] + 1}}  {row[3]}" for row in cells]


def summary_text(summary: Summary, *, name: str) -> str:
    """What a model goes by, for a terminal."""
    head = f"{plain(name)}: what moves the score of the favourable decision, over {fmt.count(summary.n)} rows"
    rows = [
        (
            f"{place}. {plain(summary.words[weight.player])}",
            f"{fmt.bare(weight.size, 'points')} points {fmt.interval(weight.size, weight.low, weight.high, 'points')}",
        )
        for place, weight in enumerate(summary.weights[:MOST_SHOWN], 1)
    ]
    wide = max(len(words) for words, _ in rows)
    lines = [head, "", "Mean size, either way", *(f"  {words:<{wide}}  {size}" for words, size in rows)]
    if len(summary.weights) > MOST_SHOWN:
        lines.append(f"  and {len(summary.weights) - MOST_SHOWN} more on the page")
    return "\n".join([*lines, "", compared_with(summary), *SUMMARY_NOTES, CAVEAT]) + "\n"


def compared_with(summary: Summary) -> str:
    """Whom the rows are compared with."""
    return (
        f"Compared with {fmt.count(summary.background)} training rows drawn at random: their mean score is "
        f"{fmt.number(summary.base, 'share')}."
    )


def summary_json(summary: Summary) -> dict[str, Any]:
    """The same for machines."""
    return {
        "rows": summary.n,
        "compared_with": {"n": summary.background, "mean_score": summary.base},
        "columns": [
            {
                "column": weight.player,
                "words": summary.words[weight.player],
                "mean_size": weight.size,
                "low": weight.low,
                "high": weight.high,
                "mean": weight.mean,
            }
            for weight in summary.weights
        ],
        "does_not_show": CAVEAT,
    }


def as_json(told: Told) -> dict[str, Any]:
    """The same for machines."""
    made = told.explained
    return {
        "row": told.row,
        "target": told.target,
        "decided": made.decided,
        "favorable": made.favorable,
        "score": made.score,
        "threshold": told.threshold,
        "compared_with": {"n": made.compared.n, "mean_score": made.compared.score, "decided_favorably": not made.good},
        "reasons": {"against": _side(told, made.against), "in_favor": _side(told, made.in_favor), "exact": made.exact},
        "sensitive": list(made.protected),
        "changes": None if made.search is None else _changes(made.search),
        "notes": notes(told),
        "does_not_show": CAVEAT,
    }


def _side(told: Told, ranked: Ranked) -> dict[str, Any]:
    made = told.explained
    return {
        "stated": [
            {
                "column": reason.player,
                "words": told.words(reason.player),
                "value": made.held[reason.player],
                "median": made.compared.usual.get(reason.player),
                "have_the_same": made.compared.alike.get(reason.player),
                "adds": reason.value,
                "standard_error": reason.error,
            }
            for reason in ranked.stated
        ],
        "order_unclear": [list(run) for run in ranked.unclear],
        "may_weigh_as_much": list(ranked.rivals),
        "others": ranked.others,
        "others_add": ranked.remainder,
    }


def _changes(search: Search) -> dict[str, Any]:
    def way(change: Change) -> Mapping[str, Any]:
        values = {name: {"from": _plain(a), "to": _plain(b)} for name, (a, b) in change.values.items()}
        return {"things": len(change.levers), "distance": change.distance, "columns": values}

    return {
        "ending": search.ending,
        "nearest_proved": search.proved,
        "ways": [way(change) for change in search.found],
        "things_at_most": search.most,
        "rows_asked": search.spent,
        "budget": search.budget,
        "stopped": search.stopped,
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - as columns hold them
    return value if value is None or isinstance(value, str) else float(value)
