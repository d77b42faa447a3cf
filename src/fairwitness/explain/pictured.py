"""One decision about an image: what was decided, and pictures of what in it spoke for that and against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.subject import Model, Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.png import png
from fairwitness.draw.text import plain
from fairwitness.draw.words import listed
from fairwitness.explain.errors import ExplainError

Pixels = NDArray[np.float64]

BACKGROUND = 50
"""Images whose mean stands for one that shows nothing."""
LEAST_SIDE = 224
"""Pixels across, at least, of a picture that is written: small images are enlarged by whole factors."""
FOR, AGAINST = (0.05, 0.35, 0.75), (0.75, 0.15, 0.1)
"""Colours of what spoke for the decision, and against."""
CAVEAT = "Pictures tell what moved this model's score, not what the image shows, nor what caused anything in the world."
OTHERS = 3
"""Other classes whose scores are told."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pictured:
    """A decision about an image, explained: private, as rows are.

    Attributes:
        decided: The class that was decided.
        scores: The highest scores by class, the decided one first.
        image: (H, W, 3) in [0, 1].
        methods: Method to (H, W): how much each pixel spoke for the decision, against it where negative.
        notes: How each was made, and what it cannot tell.
    """

    decided: str
    scores: Mapping[str, float]
    image: Pixels
    methods: Mapping[str, Pixels]
    notes: tuple[str, ...]

    @property
    def pictures(self) -> dict[str, bytes]:
        """PNG files by what they show: the image, and each method laid over it."""
        return {
            "the image": _file(self.image),
            **{name: _file(laid_over(self.image, values)) for name, values in self.methods.items()},
        }


def picture(model: Model, outline: Outline, row: Rows, background: Rows, *, source: str) -> Pictured:
    """Explain what the deployed model decides about an image.

    Args:
        model: A network that reads one image.
        outline: Of its classes.
        row: One row.
        background: Rows whose mean image stands for one that shows nothing.
        source: Names the settings in errors.

    Raises:
        ExplainError: The model has no gradients that lead back to one image, or gives no decisions.
    """
    from fairwitness.explain.maps import MapError  # torch
    from fairwitness.explain.pictures import pictures

    said = model.outputs(row)
    if said.scores is None or said.decisions is None:
        raise ExplainError.no_scores(source)
    decided = np.array([outline.classes.index(str(said.decisions[0]))])
    methods: dict[str, Pixels] = {}
    notes = [
        "Blue spoke for the decision, red against it.",
        "Integrated gradients compare with the mean of some training images.",
    ]
    with pictures(model, row, background) as ready:
        if ready is None:
            raise ExplainError.no_picture(source)
        size = tuple(ready.x.shape[2:])
        values, made = ready.integrated(decided)
        methods["integrated gradients"] = values[0].reshape(size)
        if not bool(made.complete[0]):
            notes.append("Integrated gradients do not add up to what the model says here; their picture is rough.")
        try:
            values, drawn = ready.map(decided, "HiResCAM")
            methods["HiResCAM"] = values[0].reshape(size)
            height, width = drawn.size
            notes.append(
                f"HiResCAM is of layer {drawn.layer!r}, {height} × {width}: it tells places apart no finer. It compares with "
                "nothing, so what speaks by being absent is not in it."
            )
        except MapError as error:
            notes.append(str(error))
        image = _seen(ready.x[0].double().numpy())
    return Pictured(
        decided=str(said.decisions[0]),
        scores=_scores(said.scores[0], outline, int(decided[0])),
        image=image,
        methods=methods,
        notes=tuple(notes),
    )


def _scores(scores: Pixels, outline: Outline, decided: int) -> dict[str, float]:
    """The decided class, then the next highest."""
    if len(scores) == 1:
        positive = outline.classes.index(str(outline.positive))
        scores = np.array([scores[0] if place == positive else 1 - scores[0] for place in range(2)])
    order = [decided, *(int(place) for place in np.argsort(-scores, kind="stable") if place != decided)]
    return {outline.classes[place]: float(scores[place]) for place in order[: 1 + OTHERS]}


def _seen(x: Pixels) -> Pixels:
    """(C, H, W) of any range as (H, W, 3) in [0, 1]; of other than three channels, their mean in grey."""
    held = x if len(x) == 3 else np.repeat(x.mean(axis=0, keepdims=True), 3, axis=0)
    low, high = float(held.min()), float(held.max())
    made: Pixels = ((held - low) / (high - low if high > low else 1.0)).transpose(1, 2, 0)
    return made


def laid_over(image: Pixels, values: Pixels) -> Pixels:
    """The image in pale grey, coloured the more strongly the more a pixel spoke for the decision or against.

    Args:
        image: (H, W, 3) in [0, 1].
        values: (H, W); the largest, either way, is in full colour.
    """
    pale = 0.75 + 0.25 * (1 - image.mean(axis=2, keepdims=True))
    most = float(np.abs(values).max())
    strength = (np.abs(values) / most if most > 0 else np.zeros_like(values))[:, :, None]
    colour = np.where((values > 0)[:, :, None], np.array(FOR), np.array(AGAINST))
    made: Pixels = (1 - strength) * pale + strength * colour
    return made


def _file(image: Pixels) -> bytes:
    """(H, W, 3) in [0, 1] as a PNG, enlarged where it is small."""
    times = max(1, -(-LEAST_SIDE // min(image.shape[:2])))
    large = np.repeat(np.repeat(image, times, axis=0), times, axis=1)
    rgb = (large * 255).round().clip(0, 255).astype(np.uint8)
    return png(rgb.tobytes(), width=rgb.shape[1], height=rgb.shape[0])


def title(made: Pictured, *, row: str, target: str) -> str:
    """`Row 18: the model decides label = 7`."""
    return f"Row {plain(row)}: the model decides {plain(target)} = {plain(made.decided)}"


def scores_told(made: Pictured) -> str:
    """The score of what was decided, and of what came next."""
    (_, first), *rest = made.scores.items()
    others = listed([f"{plain(name)} ({fmt.number(score, 'share')})" for name, score in rest])
    return f"Its score is {fmt.number(first, 'share')}" + (f"; then come {others}." if rest else ".")


def text(made: Pictured, *, row: str, target: str) -> str:
    """Lines for a terminal; the pictures are files."""
    lines = [title(made, row=row, target=target), scores_told(made), "", *(f"Note: {note}" for note in made.notes)]
    return "\n".join([*lines, CAVEAT]) + "\n"


def as_json(made: Pictured, *, row: str, target: str) -> dict[str, Any]:
    """The same for machines: the values of every pixel, by method."""
    return {
        "row": row,
        "target": target,
        "decided": made.decided,
        "scores": dict(made.scores),
        "methods": {name: values.tolist() for name, values in made.methods.items()},
        "notes": list(made.notes),
    }
