"""Whether explanations of the model are true to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome, RowValues
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Curve, Curves
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed, plural
from fairwitness.explain.afforded import afforded
from fairwitness.explain.examined import Examined, asks, examined, image, whole
from fairwitness.explain.faithful import Faithful
from fairwitness.explain.methods import Method, Tried, tried_on_images, tried_on_tables
from fairwitness.explain.parts_tried import tried_on_parts, with_games
from fairwitness.explain.shapley import Floats

ROWS, FEW = 200, 100
ENDS = ("deletion", "insertion")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaithfulnessOptions:
    """What is tried.

    Attributes:
        methods: Of tables `Shapley values` and `integrated gradients`; of images `integrated gradients`, `HiResCAM` and
            `Grad-CAM`; of one text or series `Shapley values`, by word or stretch of steps. None: Shapley values, of images
            integrated gradients and HiResCAM.
        rows: Decisions explained, at most; None: 200 of a table, 100 images, texts or series.
    """

    methods: tuple[str, ...] = ()
    rows: int | None = None

    def __post_init__(self) -> None:
        for name in self.methods:
            if name not in get_args(Method):
                raise ValueError(f"methods names {name!r}; there are {listed(get_args(Method))}")
        if self.rows is not None and self.rows < 1:
            raise ValueError(f"rows is {self.rows}; it is at least 1")

    def at_most(self, outline: Outline) -> int:
        return self.rows or (FEW if image(outline) or whole(outline) else ROWS)


class Faithfulness:
    info = CheckInfo(
        id="explain.faithfulness",
        title="Explanations are true to the model",
        failure_title="Explanations are no truer to the model than chance",
        measures=(
            "The share of decisions on which an explanation beats random orders: what it calls important is taken away first, "
            "and the score falls sooner (deletion), or put in first, and it rises sooner (insertion). Half is guessing."
        ),
        does_not_show=(
            "Whether the model is right, or its reasons are good ones: a true explanation of a bad model passes. Rows with parts "
            "taken away may be of a kind the model has never seen."
        ),
        advice="Do not show people these explanations. Use another method, and look at whether its numbers add up.",
        needs=frozenset({"rows", "model", "features"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_least=0.75),
        severity=Severity.MEDIUM,
        takes=frozenset({"cluster"}),
        sources=(
            "Petsiuk, Das and Saenko 2018, BMVC, arXiv 1806.07421: deletion and insertion",
            "Samek et al. 2017, IEEE Transactions on Neural Networks and Learning Systems 28(11):2660-2673: random orders",
            "Wilson 1927, JASA 22(158):209-212, for the interval",
            "The limit of 0.75 is a convention of this tool",
        ),
    )
    Options = FaithfulnessOptions

    def asks(self, outline: Outline, about: About, options: FaithfulnessOptions) -> Sequence[Ask] | NotApplicable:
        return asks(outline, rows=options.at_most(outline))

    def run(self, given: Given, options: FaithfulnessOptions) -> Outcome:
        from fairwitness.torchkit.threads import one_thread  # pulls in what models need

        held = examined(given, rows=options.at_most(given.outline))
        if isinstance(held, NotApplicable):
            return held
        with one_thread():
            tried: dict[str, Tried] | NotApplicable
            if image(given.outline):
                tried = tried_on_images(given, held, options.methods)
            elif (column := whole(given.outline)) is not None:
                with_parts = with_games(held, column)
                if isinstance(with_parts, NotApplicable):
                    return with_parts
                held, games = with_parts
                tried = tried_on_parts(given, held, games, options.methods)
            else:
                held = afforded(held)
                tried = tried_on_tables(given, held, options.methods)
        if isinstance(tried, NotApplicable):
            return tried
        if not any(one.found.moved.any() for one in tried.values()):
            return NotApplicable(
                "the score of these rows never moves, whatever is taken away: there is nothing to explain"
            )
        return _measured(given, held, tried)


def _measured(given: Given, held: Examined, tried: Mapping[str, Tried]) -> Measured:
    judged = _wins(tried, given.level)
    worst = min(judged, key=lambda key: judged[key].value or 0.0)
    name, end = worst.groups
    notes = [note for each in tried.values() for note in (*each.notes, *_unmoved(each.found))]
    return Measured(
        headline=(
            f"On {fmt.number(judged[worst].value, 'share')} of {plural(judged[worst].n, 'decision')} the order of {name} is truer to "
            f"the model than a random one, by {end}" + (": the least of what was tried" if len(judged) > 1 else "")
        ),
        lead=" ".join(_sentence(name, each.found) for name, each in tried.items()),
        judged=judged,
        explored=(_table(tried, given.level),),
        figures=tuple(_curves(name, each.found, given.level) for name, each in tried.items()),
        notes=tuple(dict.fromkeys([*held.notes, *notes])),
        to_settle="More rows would narrow the interval; set rows for this check.",
        row_values={
            _key(name): RowValues(
                name=f"how much sooner than at random the score moves, by {name}",
                ids=held.rows.ids[each.found.moved],
                values=((each.found.faster_down + each.found.faster_up) / 2)[each.found.moved],
                worse="low",
            )
            for name, each in tried.items()
            if each.found.moved.any()
        },
    )


def _unmoved(found: Faithful) -> tuple[str, ...]:
    left = int((~found.moved).sum())
    words = (
        f"For {fmt.count(left)} of {plural(len(found.moved), 'decision')} nothing that is taken away or put in moves the score, so "
        "no order is truer than another: they are left out of the share."
    )
    return (words,) if left else ()


def _wins(tried: Mapping[str, Tried], level: float) -> dict[Key, Estimate]:
    """Shares of rows on which each beats random orders, ties counted half, with intervals that hold for all at once.

    Rows whose score nothing moves are no evidence either way.
    """
    from fairwitness.stats.intervals import wilson  # pull in SciPy
    from fairwitness.stats.multiple import sidak

    each = sidak(level, len(tried) * len(ENDS))
    made = {}
    for name, one in tried.items():
        if not one.found.moved.any():
            continue
        for end, every in zip(ENDS, (one.found.faster_down, one.found.faster_up), strict=True):
            gain = every[one.found.moved]
            hits = float((gain > 0).sum() + (gain == 0).sum() / 2)
            low, high = wilson(hits, len(gain), level=each)
            made[Key(metric="share of decisions on which a random order is beaten", groups=(name, end))] = Estimate(
                value=hits / len(gain),
                low=low,
                high=high,
                level=level,
                n=len(gain),
                unit="share",
                method="Wilson interval",
            )
    return made


def _sentence(name: str, found: Faithful) -> str:
    half = len(found.shares) // 4
    return (
        f"With the {fmt.number(float(found.shares[half]), 'share')} that {name} put first taken away, the score falls from "
        f"{found.deletion[:, 0].mean():.2f} to {found.deletion[:, half].mean():.2f}; in random order to "
        f"{found.random_deletion[:, half].mean():.2f}."
    )


def _table(tried: Mapping[str, Tried], level: float) -> Series:
    from fairwitness.stats.intervals import mean

    gains = [
        (name, end, gain)
        for name, one in tried.items()
        for end, gain in zip(ENDS, (one.found.faster_down, one.found.faster_up), strict=True)
    ]
    ends = [mean(gain.sum(), (gain**2).sum(), len(gain), level=level) for *_, gain in gains]
    return Series(
        title="Area between the curves of the explanation and of random orders, on the same rows",
        columns={
            "explanation": tuple(name for name, *_ in gains),
            "by": tuple(end for _, end, _ in gains),
            "area": tuple(float(gain.mean()) for *_, gain in gains),
            "low": tuple(float(low) if np.isfinite(low) else None for low, _ in ends),
            "high": tuple(float(high) if np.isfinite(high) else None for _, high in ends),
        },
        units={"area": "points", "low": "points", "high": "points"},
    )


def _curves(name: str, found: Faithful, level: float) -> Curves:
    from fairwitness.stats.intervals import mean

    n = len(found.deletion)
    lines = {
        "taken away, most important first": found.deletion,
        "taken away at random": found.random_deletion,
        "put in, most important first": found.insertion,
        "put in at random": found.random_insertion,
    }

    def curve(label: str, heights: Floats) -> Curve:
        low, high = mean(heights.sum(axis=0), (heights**2).sum(axis=0), np.full(heights.shape[1], n), level=level)
        sure = np.isfinite(low)
        return Curve(
            label=label,
            x=tuple(found.shares.tolist()),
            y=tuple(heights.mean(axis=0).tolist()),
            low=tuple(float(each) if ok else None for each, ok in zip(low, sure, strict=True)),
            high=tuple(float(each) if ok else None for each, ok in zip(high, sure, strict=True)),
            n=(n,) * heights.shape[1],
        )

    return Curves(
        title=f"The score as what matters goes and comes: {name}",
        caption=f"Mean score of what was decided, over {plural(n, 'decision')}; whiskers: {fmt.level(level)} intervals of the mean",
        x_label="share moved",
        y_label="score",
        x_unit="share",
        y_unit="share",
        curves=tuple(curve(label, heights) for label, heights in lines.items()),
    )


def _key(name: str) -> str:
    return name.lower().replace(" ", "-")
