"""A decision about one text or one series in words, and as JSON: the same content for every surface. It is private."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fairwitness.draw import format as fmt
from fairwitness.draw.text import fit, plain
from fairwitness.draw.words import listed, plural
from fairwitness.explain.parted import OfSeries, OfText, Parted
from fairwitness.explain.reasons import SURE, Ranked, Reason
from fairwitness.explain.removal import Removal
from fairwitness.explain.shown import NOTHING, ORDERS, Headed, points, remarks

WIDEST = 420
"""Units of a stretch of words in a list; the page has it whole."""
CAVEAT = (
    "Reasons tell what moved this model's score, not what caused anything in the world. A row without some of its parts may "
    "be of a kind the model has never seen."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsTold(Headed):
    """A decision about a text or a series in words."""

    explained: Parted

    @property
    def part(self) -> str:
        """What one player is called."""
        of = self.explained.of
        if isinstance(of, OfSeries):
            return "stretch"
        return "word" if len(of.pieces) == of.words else "stretch"

    @property
    def compared(self) -> str:
        made = self.explained
        base = fmt.number(made.base, "share")
        if isinstance(made.of, OfText):
            return f"Compared with no text at all, whose score is {base}: a word that is not held is left out."
        return (
            f"Compared with the mean of {plural(made.of.n, made.of.what)}, whose score is {base}: steps that are not held "
            "are as usual there."
        )

    @property
    def sections(self) -> tuple[tuple[str, Ranked], ...]:
        """The side that led to the decision, and the other, each under its heading."""
        heads = ("What counted in favour", "What counted against")
        made = self.explained
        return ((heads[0 if made.good else 1], made.main), (heads[1 if made.good else 0], made.other))

    def name(self, place: str) -> str:
        """What a part is called."""
        of = self.explained.of
        return quoted(of.labels[int(place)]) if isinstance(of, OfText) else of.labels[int(place)]

    def reasons(self, ranked: Ranked) -> list[tuple[str, str, str]]:
        """Part, what it is beside what is usual (of words: nothing), and the points with their error."""
        exact = self.explained.exact
        return [(self.name(reason.player), self.held(reason), points(reason, exact=exact)) for reason in ranked.stated]

    def held(self, reason: Reason) -> str:
        """`mean 3.2, usually 1.8`; empty of words."""
        of = self.explained.of
        if isinstance(of, OfText):
            return ""
        own, usual = level_of(of, int(reason.player))
        return f"mean {own}, usually {usual}"

    def remarks(self, ranked: Ranked) -> list[str]:
        """What may not be read from the list of reasons, and what it leaves out."""
        plural_of = {"word": "words", "stretch": "stretches"}[self.part]
        return remarks(ranked, self.name, (self.part, plural_of))

    def changed(self) -> str:
        """The heading over the ways out."""
        return "What would have changed it" + (", any one of these" if len(self.ways()) > 1 else "")

    def ways(self) -> list[str]:
        """Each of the smallest sets that turn the decision, in a line."""
        made = self.explained
        if made.removal is None:
            return []
        text = isinstance(made.of, OfText)
        names = [
            [quoted(made.of.out[place]) if text else made.of.out[place] for place in each]
            for each in made.removal.found
        ]
        return [("Without " if text else "As usual: ") + listed(each, shown=12) for each in names]

    def looked(self) -> str:
        """How far was looked for the fewest parts, and what that proves."""
        made = self.explained
        if made.removal is None:
            return ""
        return looked(made.removal, taken="taken out" if isinstance(made.of, OfText) else "made usual", part=self._out)

    @property
    def _out(self) -> str:
        of = self.explained.of
        return "stretch" if isinstance(of, OfSeries) or len(of.finest) < of.words else "word"

    def how(self) -> tuple[str, ...]:
        """How the points came about, and what they are held against."""
        made = self.explained
        said = [self.compared, _EXACT if made.exact else ORDERS]
        if isinstance(made.of, OfText) and len(made.of.pieces) < made.of.words:
            said.append(
                f"{plural(made.of.words, 'word')} are too many to ask this model about one by one: neighbours stand together as "
                f"{plural(len(made.of.pieces), 'stretch', 'stretches')}."
            )
        return tuple(said)


_EXACT = "The points are exact: every set of parts was asked."


def quoted(words: str) -> str:
    """Words of a text as a part of a line, cut where they are many."""
    return f"“{fit(words, WIDEST)}”"


def level_of(of: OfSeries, place: int) -> tuple[str, str]:
    """Mean of a stretch, and what it usually is."""
    each = of.stretches[place]
    cut = (each.channel, slice(each.start, each.end))
    own, usual = (float(np.mean(values[cut])) for values in (of.own, of.usual))
    return fmt.bare(own, "number"), fmt.bare(usual, "number")


def looked(search: Removal, *, taken: str, part: str) -> str:
    """What a search proves, in a sentence."""
    many = f"{part}{'es' if part == 'stretch' else 's'}"
    tried = f"{plural(search.spent, 'row')} put to the model"
    every = {0: f"not every {part} was", 1: f"every single {part} was", 2: f"every {part} and every two were"}[
        search.tried
    ]
    said = f"{every} tried ({tried})"
    if search.stopped:
        return f"Stopped before the end, after {tried}."
    if search.found and search.fewest:
        return f"Fewest {many} first: no fewer suffice; {said}."
    if search.found:
        return f"Found by adding the {part} that helps most, one at a time: fewer may suffice; {said}."
    if search.most <= search.tried:
        return f"No {plural(search.most, part, many)} {taken} together would have; {said}."
    if search.spent >= search.budget:
        return f"None was found within the budget; {said}. One may exist; --budget raises it."
    return (
        f"None was found with up to {plural(search.most, part, many)} {taken}; {said}, then the one that helps most added each "
        "time. Others may exist."
    )


def text(told: PartsTold) -> str:
    """Lines for a terminal."""
    lines = [told.title, told.score, ""]
    for head, ranked in told.sections:
        lines += [head, *_table(told.reasons(ranked)), *(f"  {remark}" for remark in told.remarks(ranked)), ""]
    lines += [*told.how(), ""]
    if told.explained.removal is not None:
        lines += [told.changed(), *(f"  - {way}" for way in told.ways()), f"  {told.looked()}", ""]
    return "\n".join([*lines, CAVEAT]) + "\n"


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    if not rows:
        return [f"  {NOTHING}"]
    cells = [(f"{place}. {name}", held, by) for place, (name, held, by) in enumerate(rows, 1)]
    wide = [max(len(row[slot]) for row in cells) for slot in range(2)]
    return [
        "  ".join(["", f"{name:<{wide[0]}}", *([f"{held:<{wide[1]}}"] if held else []), by]) for name, held, by in cells
    ]


def as_json(told: PartsTold) -> dict[str, Any]:
    """The same for machines, every part with its points."""
    made = told.explained
    return {
        "row": told.row,
        "target": told.target,
        "decided": made.decided,
        "favorable": made.favorable,
        "score": made.score,
        "threshold": told.threshold,
        "compared_with": {"what": "no text" if isinstance(made.of, OfText) else "mean series", "score": made.base},
        "parts": _parts(made),
        "reasons": {
            "against": _side(made, made.against),
            "in_favor": _side(made, made.in_favor),
            "exact": made.exact,
        },
        "changes": None if made.removal is None else _changes(made, made.removal),
        "notes": list(told.how()),
        "does_not_show": CAVEAT,
    }


def _parts(made: Parted) -> list[dict[str, Any]]:
    of = made.of
    if isinstance(of, OfText):
        where = [{"text": of.text[e.start : e.end], "start": e.start, "end": e.end} for e in of.pieces]
    else:
        where = [{"channel": e.channel + 1, "first_step": e.start + 1, "last_step": e.end} for e in of.stretches]
    return [
        {"name": plain(name), **at, "adds": float(value), "standard_error": float(error)}
        for name, at, value, error in zip(of.labels, where, made.values, made.errors, strict=True)
    ]


def _side(made: Parted, ranked: Ranked) -> dict[str, Any]:
    def name(place: str) -> str:
        return plain(made.of.labels[int(place)])

    return {
        "stated": [
            {"part": int(r.player), "name": name(r.player), "adds": r.value, "standard_error": r.error}
            for r in ranked.stated
        ],
        "order_unclear": [list(map(name, run)) for run in ranked.unclear],
        "may_weigh_as_much": list(map(name, ranked.rivals)),
        "others": ranked.others,
        "others_add": ranked.remainder,
    }


def _changes(made: Parted, search: Removal) -> dict[str, Any]:
    return {
        "fewest_proved": search.fewest,
        "ways": [[plain(made.of.out[place]) for place in each] for each in search.found],
        "every_set_tried_up_to": search.tried,
        "parts_at_most": search.most,
        "rows_asked": search.spent,
        "budget": search.budget,
        "stopped": search.stopped,
    }


def strength(reason: float, most: float, error: float) -> int:
    """How strongly a part is marked, 0 to 4, by its share of the largest; nothing that chance could have made.

    >>> strength(0.2, 0.2, 0.0), strength(-0.06, 0.2, 0.0), strength(0.01, 0.2, 0.01)
    (4, -2, 0)
    """
    if most <= 0 or abs(reason) <= SURE * error:
        return 0
    made = int(np.ceil(4 * abs(reason) / most - 1e-9)) if abs(reason) >= 0.02 * most else 0
    return made if reason > 0 else -made
