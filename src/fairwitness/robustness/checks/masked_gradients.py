"""Whether gradients lead attacks anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.draw.words import capital, listed, plural
from fairwitness.robustness.attacks.suite import Budget
from fairwitness.robustness.sampled import asks, percent, sampled
from fairwitness.torchkit.threads import one_thread

STEPS, TARGETS = 20, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskingOptions:
    """What is looked at.

    Attributes:
        eps: How far a number may move, as a share of its range; None: 0.05 in tables, 8/255 in images and series.
        rows: Rows looked at, at most.
        queries: Asked of a row by the search that uses no gradients.
    """

    eps: float | None = None
    rows: int = 200
    queries: int = 50

    def __post_init__(self) -> None:
        if self.eps is not None and not 0 < self.eps <= 1:
            raise ValueError(f"eps is {self.eps:g}; it is a share of the range, above 0 and at most 1")
        for name in ("rows", "queries"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it is at least 1")


class MaskedGradients:
    info = CheckInfo(
        id="robustness.masked-gradients",
        title="Gradients lead attacks to what breaks decisions",
        failure_title="Gradients are masked, so attacks by them prove nothing",
        measures=(
            "The share of rightly decided rows that show a sign of masking: the margin has no gradient at the row; random "
            "search breaks the row where gradients do not; gradients do not break it even where nothing limits the change."
        ),
        does_not_show=(
            "That the model is fragile, or meant to hide it: rounding inside the network masks gradients too. Nor that no "
            "other kind of masking is there, such as an answer that is random."
        ),
        advice=(
            "Do not trust that decisions withstand attacks. Find the step without a gradient (rounding, a hard threshold, "
            "probabilities near 0 and 1), give logits instead of probabilities, and audit the network without it."
        ),
        needs=frozenset({"rows", "model", "truth", "gradients"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_most=0.05),
        severity=Severity.MEDIUM,
        takes=frozenset({"cluster"}),
        sources=(
            "Athalye, Carlini and Wagner 2018, ICML, arXiv 1802.00420, section 3.1",
            "Carlini et al. 2019, arXiv 1902.06705, section 5, on random search and unbounded attacks",
            "Croce and Hein 2020, ICML, arXiv 2003.01690",
            "The limit of 0.05, for rows in dead corners of a network, is a convention of this tool",
        ),
    )
    Options = MaskingOptions

    def asks(self, outline: Outline, about: About, options: MaskingOptions) -> Sequence[Ask] | NotApplicable:
        return asks(outline, rows=options.rows)

    def run(self, given: Given, options: MaskingOptions) -> Outcome:
        with one_thread():
            return _measured(given, options)


def _measured(given: Given, options: MaskingOptions) -> Outcome:
    from fairwitness.robustness import alarm  # pulls in SciPy
    from fairwitness.robustness.standing import attacked
    from fairwitness.torchkit.working import network

    held = sampled(given, rows=options.rows)
    if isinstance(held, NotApplicable):
        return held
    if network(held.model) is None:
        return NotApplicable("remedies change rows before the network reads them, so it is attacked by questions alone")
    right = held.only(np.flatnonzero(held.right))
    eps = options.eps or held.eps
    space = right.space(eps)
    if not space.movable.any():
        return NotApplicable(f"no number may move by {percent(eps)} of its range")
    budget = Budget(steps=STEPS, targets=TARGETS, queries=options.queries, searched=options.rows)
    stood = attacked(right.deployed, space, budget=budget, meter=given.meter, dice=given.rng, name="masking")
    found = alarm.look(right, space, stood, most=options.rows, dice=given.rng)
    worst = max(found, key=lambda name: found[name].shown / found[name].of)
    shown = {name: f"{sign.shown:,} of {sign.of:,} {name}" for name, sign in found.items()}
    return Measured(
        headline=(
            f"Gradients mislead: {shown[worst]}"
            if found[worst].shown
            else f"None of {plural(len(space), 'row')} shows a sign of masked gradients"
        ),
        lead=f"{capital(listed(shown.values()))}.",
        judged={
            Key(metric=f"share of {name}"): each for name, each in alarm.estimates(found, level=given.level).items()
        },
        notes=(
            *held.notes,
            *space.notes,
            f"{stood.passes:,} passes through the network and {stood.queries:,} questions to the deployed model.",
        ),
        to_settle='Look at more rows: rows = 1000 under [options."robustness.masked-gradients"].',
    )
