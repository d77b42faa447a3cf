"""What a model decides once a sensitive attribute alone is another, everything else staying as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import group_column
from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Estimate
from fairwitness.core.subject import Outline, Outputs, Rows
from fairwitness.stats import intervals
from fairwitness.stats.paired import drop

Mask = NDArray[np.bool_]
Labels = NDArray[np.object_]

MOST_CATEGORIES = 12
"""Categories that are put in, those of most people."""
FEWEST = 5
"""People a category must have to be put in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the model says of rows.

    Attributes:
        decided: (n,) the decided class.
        favored: (n,) whether that is the one that is good for the person, or else the positive one; None without either.
        scores: (n,) score of that class; None where there is none.
    """

    decided: Labels
    favored: Mask | None
    scores: NDArray[np.float64] | None

    @classmethod
    def of(cls, outputs: Outputs, outline: Outline) -> Said:
        """Outputs, read for the class that is good for the person.

        Raises:
            ValueError: Nothing was decided.
        """
        if outputs.decisions is None:
            raise ValueError("the model decides nothing")
        decided, wanted = outputs.decisions, wanted_class(outline)
        scores = None
        if outputs.scores is not None and wanted is not None:
            if outputs.scores.shape[1] == 1:
                scores = outputs.scores[:, 0] if wanted == outline.positive else 1 - outputs.scores[:, 0]
            else:
                scores = outputs.scores[:, outline.classes.index(wanted)]
        favored = None if wanted is None else np.asarray(decided == wanted, dtype=bool)
        return cls(decided=decided, favored=favored, scores=scores)

    def where(self, mask: Mask) -> Said:
        """Of some rows."""
        return Said(
            decided=self.decided[mask],
            favored=None if self.favored is None else self.favored[mask],
            scores=None if self.scores is None else self.scores[mask],
        )

    def like(self, other: Said) -> bool:
        """Whether nothing differs, but for how sums of other batches round."""
        near = self.scores is None or other.scores is None or np.allclose(self.scores, other.scores, rtol=0, atol=1e-6)
        return bool(near and (self.decided == other.decided).all())


def wanted_class(outline: Outline) -> str | None:
    """The class that is good for the person, or else the positive one."""
    return next((name for name in (outline.favorable, outline.positive) if name in outline.classes), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Decisions about the same rows before and after something was put in.

    Attributes:
        changed: (m,) rows decided otherwise.
        gained: Rows decided in favour only after; None where nothing is in favour.
        lost: Only before; None likewise.
        signed: Rows of which that was counted.
        moved: (signed,) change of the score; None where there is none.
    """

    changed: Mask
    gained: int | None
    lost: int | None
    signed: int
    moved: NDArray[np.float64] | None

    def share(self, *, level: float) -> Estimate:
        """Share of rows decided otherwise."""
        hits, n = int(self.changed.sum()), len(self.changed)
        low, high = intervals.wilson(float(hits), n, level=level)
        return Estimate(
            value=hits / n, low=float(low), high=float(high), level=level, n=n, unit="share", method="Wilson interval"
        )

    def net(self, *, level: float) -> Estimate | None:
        """By how much the share decided in favour rose; None where nothing is in favour, or no row has a direction."""
        if self.gained is None or self.lost is None or not self.signed:
            return None
        return drop(self.gained, self.lost, self.signed, level=level)

    def score(self, *, level: float) -> Estimate | None:
        """Mean change of the score; None without scores, or of fewer than two rows."""
        if self.moved is None or len(self.moved) < 2:
            return None
        n, middle = len(self.moved), float(self.moved.mean())
        low, high = intervals.mean(0.0, float(((self.moved - middle) ** 2).sum()), n, level=level)
        return Estimate(
            value=middle,
            low=float(middle + low),
            high=float(middle + high),
            level=level,
            n=n,
            unit="points",
            method="Student's t",
        )


def change(before: Said, after: Said, sign: NDArray[np.int8] | None = None) -> Change:
    """What changed between two sets of decisions about the same rows.

    Args:
        before: As rows are.
        after: With something put in.
        sign: (m,) 1 where `after` is the direction meant, −1 where `before` is (both are swapped), 0 where neither is: such
            rows count among the changed alone. None: 1 everywhere.
    """
    signs = np.ones(len(before.decided), dtype=np.int8) if sign is None else sign
    gained = lost = moved = None
    if before.favored is not None and after.favored is not None:
        step = (after.favored.astype(np.int8) - before.favored) * signs
        gained, lost = int((step > 0).sum()), int((step < 0).sum())
    if before.scores is not None and after.scores is not None:
        moved = ((after.scores - before.scores) * signs)[signs != 0]
    return Change(
        changed=np.asarray(before.decided != after.decided, dtype=bool),
        gained=gained,
        lost=lost,
        signed=int((signs != 0).sum()),
        moved=moved,
    )


def exchanges(
    rows: Rows, attribute: str, columns: Sequence[str], *, rng: np.random.Generator
) -> Iterator[tuple[str, Mask, Rows]]:
    """Each category, put in for the people who have another: its name, who they are, and their rows with it.

    The raw values are those of somebody who has the category, drawn at random, so several columns always fit together.
    People whose attribute is not recorded are left as they are.

    Args:
        rows: With the attribute's labels and its raw columns aboard.
        attribute: Which.
        columns: The raw columns it is read from.
        rng: Draws whose values are put in.
    """
    held = rows.columns[group_column(attribute)]
    known = np.array([label is not None and label != MISSING for label in held], dtype=bool)
    names, counts = np.unique(held[known].astype(np.str_), return_counts=True)
    often = [str(names[place]) for place in np.argsort(-counts, kind="stable") if counts[place] >= FEWEST]
    if len(often) < 2:
        return
    for category in often[:MOST_CATEGORIES]:
        donors, mask = np.flatnonzero(held == category), known & (held != category)
        drawn = rng.choice(donors, int(mask.sum()))
        yield category, mask, _put(rows.where(mask), rows, drawn, (*columns, group_column(attribute)))


def _put(taker: Rows, giver: Rows, drawn: NDArray[np.intp], columns: Sequence[str]) -> Rows:
    given: Mapping[str, NDArray[np.generic]] = {
        name: giver.columns[name][drawn] for name in columns if name in taker.columns
    }
    return replace(taker, columns={**taker.columns, **given})
