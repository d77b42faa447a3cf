"""Explanations by the name of their method, each put to the test of deletion and insertion on the same decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from fairwitness.core.check import Given, NotApplicable
from fairwitness.draw import format as fmt
from fairwitness.explain.examined import Examined
from fairwitness.explain.faithful import Faithful, faithful
from fairwitness.explain.games import column_game
from fairwitness.explain.shapley import Floats, Places
from fairwitness.explain.told import told

if TYPE_CHECKING:
    from fairwitness.explain.gradients import Integrated  # torch
    from fairwitness.explain.pictures import Pictures

Method = Literal["Shapley values", "integrated gradients", "HiResCAM", "Grad-CAM"]

OF_TABLES: tuple[Method, ...] = ("Shapley values", "integrated gradients")
"""The first is tried where nothing else is asked for."""
OF_IMAGES: tuple[Method, ...] = ("integrated gradients", "HiResCAM")
AWAY = 20
"""Background rows whose values stand in for what is taken away."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tried:
    """What came of one method, and what is to be known about it."""

    found: Faithful
    notes: tuple[str, ...]


def tried_on_tables(given: Given, held: Examined, methods: Sequence[str]) -> dict[str, Tried] | NotApplicable:
    """Explanations of decisions about rows of a table."""
    chosen = cast("Sequence[Method]", methods) or OF_TABLES[:1]
    other = [name for name in chosen if name not in OF_TABLES]
    if other:
        return NotApplicable(f"the model reads a table; {other[0]} is for images")
    if len(held.players) < 2:
        return NotApplicable("the model reads one column: there is no order of importance")
    few = held.background.where(np.arange(len(held.background)) < AWAY)
    game = column_game(held.model, few, players=held.players)
    made: dict[str, Tried] = {}
    for name in chosen:
        if name == "Shapley values":
            each = told(given, held)
            values, notes = each.towards, each.notes
        else:
            integrated = _on_numbers(held)
            if isinstance(integrated, NotApplicable):
                return integrated
            values, notes = integrated
        found = faithful(game.on(held.rows), values, _score(held), background=game.background, rng=given.rng)
        given.meter.spend(found.spent, of=found.spent * len(chosen), what="queries")
        made[name] = Tried(found=found, notes=notes)
    return made


def _on_numbers(held: Examined) -> tuple[Floats, tuple[str, ...]] | NotApplicable:
    """Integrated gradients of a table whose columns are all numbers, and what is to be known of them."""
    from fairwitness.explain.numbers import integrated_by_player  # torch

    made = integrated_by_player(held.model, held.rows, held.background, held.players, held.decided)
    if made is None:
        return NotApplicable(
            "integrated gradients need a network that reads numbers only, none of them missing", missing="gradients"
        )
    values, whole = made
    return values, ("Integrated gradients start at the mean of the background.", *_incomplete(whole, "rows"))


def _incomplete(whole: Integrated, what: str) -> tuple[str, ...]:
    from fairwitness.explain.gradients import MOST_STEPS, TOLERANCE  # torch

    left = int((~whole.complete).sum())
    if not left:
        return ()
    words = (
        f"For {fmt.count(left)} of {fmt.count(len(whole))} {what} integrated gradients do not add up to within "
        f"{fmt.level(TOLERANCE)} after {fmt.count(MOST_STEPS)} steps."
    )
    return (words,)


def tried_on_images(given: Given, held: Examined, methods: Sequence[str]) -> dict[str, Tried] | NotApplicable:
    """Explanations of decisions about images; a network without maps is tried by the other methods."""
    from fairwitness.explain.maps import MapError  # torch
    from fairwitness.explain.pictures import pictures

    chosen = cast("Sequence[Method]", methods) or OF_IMAGES
    if "Shapley values" in chosen:
        return NotApplicable("the model reads images; Shapley values are for tables")
    made: dict[str, Tried] = {}
    refused = ""
    with pictures(held.model, held.rows, held.background) as ready:
        if ready is None:
            return NotApplicable("the model has no gradients that lead back to one image", missing="gradients")
        for name in chosen:
            try:
                made[name] = _on_image(given, held, ready, name)
            except MapError as error:
                refused = str(error)
    if not made:
        return NotApplicable(refused)
    if refused:
        made = {name: replace(each, notes=(*each.notes, refused)) for name, each in made.items()}
    return made


def _on_image(given: Given, held: Examined, ready: Pictures, name: Method) -> Tried:
    meaningless = None
    if name == "integrated gradients":
        values, whole = ready.integrated(held.decided)
        about = (
            "The logit of what was decided, less the mean of the others, is explained against the mean training image."
        )
        notes = (about, *_incomplete(whole, "images"))
    else:
        values, drawn = ready.map(held.decided, "Grad-CAM" if name == "Grad-CAM" else "HiResCAM")
        height, width = drawn.size
        meaningless = ready.noise(drawn.size)
        about = (
            f"{name} is of layer {drawn.layer!r}, {height} × {width}; it is held against random maps as coarse as that."
        )
        notes = (about,)
    found = faithful(ready.mixed(), values, _score(held), background=1, rng=given.rng, meaningless=meaningless)
    given.meter.spend(found.spent, of=found.spent, what="queries")
    return Tried(found=found, notes=notes)


def _score(held: Examined) -> Callable[[Floats, Places], Floats]:
    return lambda scores, at: held.share_of(scores, held.decided[at])
