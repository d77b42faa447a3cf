"""How many decisions change when a sensitive attribute alone is another, or words that name one are exchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from fairwitness.core.asks import Ask, ModelAsk, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome, RowValues
from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, plural
from fairwitness.fairness.drawn import attributes, drawn, judged_rows, texts, whole
from fairwitness.fairness.wording import SWAPS, Swap

if TYPE_CHECKING:
    from fairwitness.fairness.asking import Flipped, Row

MOST_ROWS = 25
TEXTS = 20_000
"""Texts in which words are looked for."""


def _check_pair(name: str, pair: object) -> None:
    words = list(pair) if isinstance(pair, list | tuple) else []
    if len(words) != 2 or not all(isinstance(word, str) and word.strip() for word in words):
        raise ValueError(f'swaps.{name} has {pair!r}; each is a pair of words, such as ["he", "she"]')
    if words[0].strip().lower() == words[1].strip().lower():
        raise ValueError(f"swaps.{name} exchanges {words[0]!r} with itself")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipOptions:
    """What is exchanged.

    Attributes:
        rows: Decisions the model is asked about again, at most, for the attributes and for each swap.
        swaps: Name to pairs of words that are exchanged at once in texts; beside those built in, or in their place.
    """

    rows: int = 2_000
    swaps: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        whole("rows", self.rows, 1)
        if not isinstance(self.swaps, Mapping):
            raise ValueError('swaps are named: swaps = { gender = [["he", "she"], ["men", "women"]] }')  # noqa: TRY004 - told as the user's
        for name, pairs in self.swaps.items():
            for pair in pairs if isinstance(pairs, list | tuple) else [pairs]:
                _check_pair(name, pair)

    @property
    def named(self) -> dict[str, Swap]:
        """Every swap, by name."""
        own = {
            name: tuple((str(a).strip().lower(), str(b).strip().lower()) for a, b in pairs)
            for name, pairs in self.swaps.items()
            if pairs
        }
        return {name: Swap(pairs) for name, pairs in {**SWAPS, **own}.items()}


class FlippedDecisions:
    info = CheckInfo(
        id="fairness.flipped-decisions",
        title="Decisions and scores stay when a sensitive attribute alone is another",
        failure_title="Decisions or scores change when nothing but a sensitive attribute does",
        measures=(
            "Share of decisions that change, and the mean change of the score, when the attribute's columns alone take another "
            "value, for each attribute the model reads; and in texts, when words that name one (he and she, men's and women's) are "
            "exchanged."
        ),
        does_not_show=(
            "What stands in for the attribute: other columns, and other words of the text, stay as they are, so a model that reads "
            "a proxy passes. Rows and sentences made so may be none that occur. It is not counterfactual fairness, for which one "
            "must know what the attribute has caused."
        ),
        advice=(
            "Leave the attribute out of what the model reads, or ask why it must be there. Of texts: train with each text in both "
            "wordings, or without the words, and look for others that stand in for them."
        ),
        needs=frozenset({"rows", "model", "features"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_most=0.10),
        severity=Severity.HIGH,
        takes=frozenset({"cluster"}),
        sources=(
            "Garg, Perot, Limtiaco, Taly, Chi and Beutel 2019, AIES, 219-226: counterfactual token fairness",
            "Kusner, Loftus, Russell and Silva 2017, NeurIPS 30: what a flip alone does not show",
            "Wilson 1927, JASA 22(158):209-212; Agresti and Min 2005, Statistics in Medicine 24(5):729-740, for pairs",
            (
                "The limit of 0.10 is a convention of this tool; networks trained on 200 texts that say nothing of gender changed up to "
                "15 % of decisions once its words were exchanged, on 600 up to 5 %"
            ),
        ),
    )
    Options = FlipOptions

    def asks(self, outline: Outline, about: About, options: FlipOptions) -> Sequence[Ask] | NotApplicable:
        if any(column.media for column in outline.columns if column.name in outline.features):
            return NotApplicable("the model reads images or series, in which nothing is an attribute by itself")
        if not attributes(outline) and not texts(outline):
            return NotApplicable("the model reads no text, and there is no sensitive attribute", missing="groups")
        return [_ask(outline, options), ModelAsk()]

    def run(self, given: Given, options: FlipOptions) -> Outcome:
        from fairwitness.fairness.asking import Asked  # these pull in SciPy
        from fairwitness.torchkit.threads import one_thread

        held = drawn(given, _ask(given.outline, options))
        if not len(held):
            return NotApplicable("there are no decided rows")
        asked = Asked(given, given[ModelAsk()], most=options.rows)
        with one_thread():
            found = [*asked.attributes(held.rows), *asked.words(held.rows, options.named)]
        if not found:
            return NotApplicable(asked.why_nothing(options.named))
        return _measured(given, found, (*held.notes, *asked.notes))


def _ask(outline: Outline, options: FlipOptions) -> RowsAsk:
    """Of texts more are read than the model is asked about: few may hold the words."""
    own = [name for grouping in attributes(outline) for name in outline.made_from.get(grouping.name, ())]
    most = max(TEXTS, options.rows) if texts(outline) else options.rows
    return judged_rows(outline, dict.fromkeys([*outline.features, *own]), at_most=most)


def _measured(given: Given, found: Sequence[Flipped], notes: Sequence[str]) -> Measured:
    worst = max(found, key=lambda one: max(_worse(one, given.level)))
    table = sorted((row for one in found for row in one.rows), key=lambda row: -float(row.change.changed.mean()))
    cut = (f"the table lists {MOST_ROWS} of {len(table)} lines",) if len(table) > MOST_ROWS else ()
    return Measured(
        headline=_headline(worst, given.level),
        lead=_lead(given, worst),
        judged=_judged(found, given.level),
        explored=(_table(given, table[:MOST_ROWS]),),
        notes=(*notes, *cut),
        to_settle="More decisions would narrow the interval; set rows for this check.",
        row_values=_row_values(found),
    )


def _worse(one: Flipped, level: float) -> tuple[float, float]:
    moved = one.furthest(level=level)
    return float(one.changed.mean()), 0.0 if moved is None else moved.value or 0.0


def _judged(found: Sequence[Flipped], level: float) -> dict[Key, Estimate]:
    """Of each attribute or swap the share of decisions that change, and the mean change of the score."""
    from fairwitness.stats.intervals import wilson
    from fairwitness.stats.multiple import sidak

    each = sidak(level, sum(1 + one.whole for one in found))
    judged = {}
    for one in found:
        hits, n = int(one.changed.sum()), len(one.changed)
        low, high = (float(end) for end in wilson(float(hits), n, level=each))
        judged[Key(metric="share of decisions that change", groups=(one.of,))] = Estimate(
            value=hits / n, low=low, high=high, level=level, n=n, unit="share", method="Wilson interval"
        )
        moved = one.furthest(level=each)
        if moved is not None:
            judged[Key(metric="mean change of the score", groups=(one.of,))] = replace(moved, level=level)
    return judged


def _row_values(found: Sequence[Flipped]) -> dict[str, RowValues]:
    """Whether anything that was put in changed a person's decision; none where nothing did."""
    ids, places = np.unique(np.concatenate([one.ids for one in found]), return_inverse=True)
    flipped = np.zeros(len(ids))
    np.maximum.at(flipped, places, np.concatenate([one.changed for one in found]).astype(np.float64))
    name = "decision that changes with the attribute alone"
    return {"flipped": RowValues(name=name, ids=ids, values=flipped)} if flipped.any() else {}


def _headline(worst: Flipped, level: float) -> str:
    """The decisions that change, or the scores where these say more."""
    share, moved = _worse(worst, level)
    if moved > share:
        return f"Scores move by {fmt.number(moved, 'points')} in the mean when {worst.what}, of {plural(len(worst.changed), 'decision')}"
    return f"{fmt.number(share, 'share')} of {plural(len(worst.changed), 'decision')} change when {worst.what}"


def _lead(given: Given, worst: Flipped) -> str:
    """The line whose share in favour, or whose score, moved furthest, with its interval."""
    from fairwitness.fairness.flipping import wanted_class

    def size(row: Row) -> tuple[float, float]:
        found = (row.change.net(level=given.level), row.change.score(level=given.level))
        net, moved = (0.0 if each is None else abs(each.value or 0.0) for each in found)
        return net, moved

    row = max(worst.rows, key=size)
    net, moved = row.change.net(level=given.level), row.change.score(level=given.level)
    if net is None:
        return ""
    score = "" if moved is None else f", and its score by {fmt.measured(moved.value, moved.low, moved.high, 'points')}"
    return (
        f"With {row.put} put in, the share decided “{wanted_class(given.outline)}” changes by "
        f"{fmt.measured(net.value, net.low, net.high, 'points')}{score}, of {plural(net.n, 'decision')}."
    )


def _table(given: Given, rows: Sequence[Row]) -> Series:
    """Lines of few decisions have counts alone."""
    from fairwitness.fairness.flipping import wanted_class

    level = given.level
    many = [len(row.change.changed) >= FEW for row in rows]
    shares = [row.change.share(level=level) if enough else None for row, enough in zip(rows, many, strict=True)]
    nets = [row.change.net(level=level) if row.change.signed >= FEW else None for row in rows]
    scores = [row.change.score(level=level) if row.change.signed >= FEW else None for row in rows]
    columns: dict[str, tuple[float | int | str | None, ...]] = {
        "of": tuple(row.of for row in rows),
        "put in": tuple("not recorded" if row.put == MISSING else row.put for row in rows),
        "n": tuple(len(row.change.changed) for row in rows),
        "changed": tuple(int(row.change.changed.sum()) for row in rows),
        **_spread("share", shares),
    }
    units = {"n": "people", "changed": "people", **dict.fromkeys(("share", "share low", "share high"), "share")}
    for name, made in ((f"“{wanted_class(given.outline)}”", nets), ("score", scores)):
        if any(each is not None for each in made):
            columns |= _spread(name, made)
            units |= dict.fromkeys(_spread(name, made), "points")
    return Series(title="What changes with what is put in", columns=columns, units=units)  # type: ignore[arg-type]  # unit names


def _spread(name: str, made: Sequence[Estimate | None]) -> dict[str, tuple[float | None, ...]]:
    return {
        name: tuple(None if each is None else each.value for each in made),
        f"{name} low": tuple(None if each is None else each.low for each in made),
        f"{name} high": tuple(None if each is None else each.high for each in made),
    }
