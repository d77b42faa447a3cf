"""How many right decisions the worst small change turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome, RowValues
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Curves
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed, plural
from fairwitness.robustness.attacks.space import Space
from fairwitness.robustness.attacks.suite import Budget
from fairwitness.robustness.sampled import Sampled, asks, moving, percent, sampled
from fairwitness.robustness.standing import Mask, Stood
from fairwitness.torchkit.threads import one_thread

RADII = (0.5, 2.0)
"""Other radii that are tried shortly, for the curve, in units of the one that is judged."""
BLIND = 5
"""Where there are no gradients, so many times the queries are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackOptions:
    """How far rows may move, and how hard to try.

    Attributes:
        eps: How far a number may move, as a share of its column's range; None: 0.05 in tables, 8/255 in images and series.
        rows: Rows attacked, at most; None: 1,000 of a table, 500 images or series.
        steps: Gradient steps of each long attack.
        targets: Classes climbed towards; of two classes, starts at random.
        queries: Asked of a row by the search that uses no gradients.
        exchanges: Entries that may be exchanged besides, in the second attack on tables; 0 leaves it out.
    """

    eps: float | None = None
    rows: int | None = None
    steps: int = 20
    targets: int = 4
    queries: int = 100
    exchanges: int = 1

    def __post_init__(self) -> None:
        if self.eps is not None and not 0 < self.eps <= 1:
            raise ValueError(f"eps is {self.eps:g}; it is a share of the range, above 0 and at most 1")
        for name in ("rows", "steps", "targets", "queries"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it is at least 1")
        if self.exchanges < 0:
            raise ValueError(f"exchanges is {self.exchanges}; it is at least 0")


class AdversarialAccuracy:
    info = CheckInfo(
        id="robustness.adversarial-accuracy",
        title="Small changes turn few right decisions",
        failure_title="Small changes turn many right decisions",
        measures=(
            "The share of right decisions that the worst change found turns, each number moving by at most a small share of "
            "its column's range (5 % in tables, 8/255 in images and series), within what is declared of the column: low, "
            "high, step, change, one_of. Sensitive attributes stay. Every break is judged on the deployed model, after "
            "rounding. What stays right is an upper bound on adversarial accuracy."
        ),
        does_not_show=(
            "That the other decisions hold: an attack shows what can be broken, so this can fail a model and never pass it. "
            "Nor that anybody would make such a change, or that the columns can in truth move by themselves."
        ),
        advice=(
            "Train against attacks (adversarial training), on more rows, or with a smoother network; let a person decide "
            "what lies near the boundary. Then audit again: adversarial training may widen gaps between groups."
        ),
        needs=frozenset({"rows", "model", "truth"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_most=0.5),
        severity=Severity.MEDIUM,
        takes=frozenset({"cluster"}),
        sources=(
            "Croce and Hein 2020, ICML, arXiv 2003.01690: APGD, and targets by rank",
            "Carlini and Wagner 2017, IEEE S&P, arXiv 1608.04644: the margin as a loss, which two classes need",
            "Andriushchenko et al. 2020, ECCV, arXiv 1912.00049: Square",
            "Simonetto et al. 2024, NeurIPS, arXiv 2406.00775: repair within constraints of tables",
            "Nanda et al. 2021, FAccT, arXiv 2006.12621: robustness by group",
            "The limit of one half and the radii are conventions of this tool",
        ),
    )
    Options = AttackOptions

    def asks(self, outline: Outline, about: About, options: AttackOptions) -> Sequence[Ask] | NotApplicable:
        return asks(outline, rows=options.rows)

    def run(self, given: Given, options: AttackOptions) -> Outcome:
        with one_thread():
            return _measured(given, options)


def _measured(given: Given, options: AttackOptions) -> Outcome:
    from fairwitness.robustness import alarm, shown  # pull in SciPy

    held = sampled(given, rows=options.rows)
    if isinstance(held, NotApplicable):
        return held
    right = held.only(np.flatnonzero(held.right))
    eps = options.eps or held.eps
    space = right.space(eps)
    if not space.movable.any():
        return NotApplicable(
            f"no number may move by {percent(eps)} of its range: columns are fixed, exchanged, or have larger steps"
        )
    stood, blind = _attack(given, right, space, options)
    if not blind:
        raised = alarm.raised(given, right, space, stood)
        if raised:
            return NotApplicable(_not_evaluated(raised, stood))
    broken = shown.found(int(stood.broken.sum()), len(space), given.level)
    masks, exchanged = _exchanged(right, space, stood, options, given)
    return Measured(
        headline=_headline(broken, eps, len(space)),
        lead=_lead(held, stood, eps, given.outline),
        judged={Key(metric="share of right decisions broken"): broken},
        explored=(
            shown.accuracy(held, stood, given.level),
            *((shown.by_change(masks, given.level),) if masks else ()),
            shown.allowed(space),
        ),
        figures=(_curve(given, right, stood, eps=eps, queries=options.queries),),
        notes=(*held.notes, *space.notes, *_notes(stood, blind, options, exchanged)),
        to_settle=(
            'Raise steps, targets and rows under [options."robustness.adversarial-accuracy"]: a longer attack may break more. '
            "None can show that decisions hold."
        ),
        row_values={
            "broken": RowValues(
                name="right decision broken by a small change",
                ids=right.rows.ids,
                values=stood.broken.astype(np.float64),
            )
        },
    )


def _attack(given: Given, right: Sampled, space: Space, options: AttackOptions) -> tuple[Stood, bool]:
    """The attack that is judged, and whether it had to go without gradients."""
    from fairwitness.robustness.standing import attacked
    from fairwitness.torchkit.working import network

    blind = network(right.model) is None
    budget = Budget(steps=options.steps, targets=options.targets, queries=options.queries * (BLIND if blind else 1))
    made = attacked(right.deployed, space, budget=budget, meter=given.meter, dice=given.rng, name="judged")
    return made, blind


def _headline(broken: Estimate, eps: float, n: int) -> str:
    if not broken.value:
        return f"No attack broke any of {plural(n, 'right decision')}, which does not show that they hold"
    return f"A change of {percent(eps)} of each range breaks {fmt.number(broken.value, 'share')} of right decisions"


def _lead(held: Sampled, stood: Stood, eps: float, outline: Outline) -> str:
    n, right = len(held.rows), int(held.right.sum())
    left = right - int(stood.broken.sum())
    moved = "pixel" if moving(outline)[0].kind == "image" else "number"
    return (
        f"Of {plural(n, 'row')} the model decides {fmt.number(right / n, 'share')} rightly. With every {moved} free to move by "
        f"{percent(eps)} of its range it is at most {fmt.number(left / n, 'share')}: stronger attacks may leave less."
    )


def _exchanged(
    right: Sampled, space: Space, stood: Stood, options: AttackOptions, given: Given
) -> tuple[dict[str, Mask], int]:
    """A second attack, in which entries that do not move are exchanged too; and how often it asked."""
    from fairwitness.robustness.attacks.exchange import exchanged, exchanges
    from fairwitness.robustness.attacks.suite import attack
    from fairwitness.robustness.sampled import features

    offered = exchanges(features(right.outline), right.rows, fixed=right.fixed)
    if not options.exchanges or not offered or moving(right.outline)[0].media:
        return {}, 0
    rows, turned, asked = exchanged(right.deployed, space, offered, most=options.exchanges)
    both = stood.broken | turned
    left = np.flatnonzero(~both)
    if len(left):
        budget = Budget(steps=0, queries=1)
        found = attack(right.deployed.take(left), space.on(rows).take(left), budget=budget, dice=given.rng)
        both[left[found.broken]] = True
    words = f"up to {plural(options.exchanges, 'entry', 'entries')} exchanged"
    return {"numbers move": stood.broken, words: turned, "both": both}, asked


def _curve(given: Given, right: Sampled, stood: Stood, *, eps: float, queries: int) -> Curves:
    from fairwitness.robustness.shown import curve
    from fairwitness.robustness.standing import grown, radii

    spaces = {eps * share: right.space(eps * share) for share in RADII if eps * share <= 1}
    short = Budget(steps=0, queries=min(queries, 20), searched=0)
    found = radii(right.deployed, spaces, budget=short, dice=given.rng)
    return curve(grown(found, {eps: stood.broken}), eps=eps, level=given.level)


def _notes(stood: Stood, blind: bool, options: AttackOptions, exchanged: int) -> tuple[str, ...]:  # noqa: FBT001 - a fact
    spent = f"{stood.passes:,} passes through the network and {stood.queries + exchanged:,} questions to the deployed model."
    asked = (
        f"The model has no gradients: it was asked up to {BLIND * options.queries:,} times a row, which finds less than "
        "gradients would."
    )
    return (asked, spent) if blind else (spent,)


def _not_evaluated(raised: Sequence[str], stood: Stood) -> str:
    return (
        f"Not evaluated: the gradients of this model mislead attacks ({listed(raised)}), so that decisions stand shows "
        f"nothing; even so {stood.broken.sum():,} of {plural(len(stood.broken), 'right decision')} were broken. See "
        "robustness.masked-gradients"
    )
