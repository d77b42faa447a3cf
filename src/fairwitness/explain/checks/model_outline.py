"""The model's layers, shapes and parameters, in a form a person can read."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask, LayersAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Layer, Outline
from fairwitness.draw import format as fmt
from fairwitness.explain.outline import Size, shown_bytes, size

ASK = LayersAsk()


class ModelOutline:
    info = CheckInfo(
        id="explain.model-outline",
        title="The model's layers can be seen",
        failure_title="The model's layers cannot be seen",
        measures=(
            "Layers in the order in which they run, with their output shapes and parameters, and the size of the whole, "
            "as seen on two rows."
        ),
        does_not_show=(
            "Why the model decides as it does, or whether it is larger than its task needs. Layers that run only on "
            "other inputs are counted where they hold parameters, but have no shape here."
        ),
        advice="Give the model as a torch module rather than as a black box, so that its layers can be seen.",
        needs=frozenset({"layers"}),
        severity=Severity.LOW,
        sources=(
            "Mitchell et al. 2019, FAT*, 220-229, model cards: what kind of model it is",
            "Size: four bytes a parameter (32-bit floating point), without what a file adds to it",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [ASK]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        layers: tuple[Layer, ...] | None = given[ASK]
        if not layers:
            return NotApplicable("the model is a black box: its layers cannot be seen", missing="layers")
        whole = size(layers)
        return Measured(
            headline=(
                f"The model has {_many(whole.parameters, 'parameter')} in {_many(whole.depth, 'layer')} that "
                f"{'learns' if whole.depth == 1 else 'learn'}"
            ),
            lead=_lead(given.outline, layers, whole),
            explored=(_layer_table(layers), _size_table(whole)),
        )


def _lead(outline: Outline, layers: tuple[Layer, ...], whole: Size) -> str:
    words = f"{outline.model_words[0].upper()}{outline.model_words[1:]}. " if outline.model_words else ""
    trainable = (
        "All can be trained" if whole.trainable == whole.parameters else f"{fmt.count(whole.trainable)} can be trained"
    )
    shape = _shape(layers[-1]) or "a single number"
    return (
        f"{words}{trainable}; at 32 bits each they take {shown_bytes(whole.bytes)}. It reads "
        f"{_many(len(outline.features), 'column')} and ends in {layers[-1].kind}, which gives {shape} for each row."
    )


def _layer_table(layers: tuple[Layer, ...]) -> Series:
    return Series(
        title="Layers, in the order in which they run",
        columns={
            "layer": tuple(layer.name for layer in layers),
            "kind": tuple(layer.kind for layer in layers),
            "output shape": tuple(_shape(layer) or None for layer in layers),
            "parameters": tuple(layer.parameters for layer in layers),
            "trainable": tuple(layer.trainable for layer in layers),
        },
        units={"parameters": "number", "trainable": "number"},
    )


def _size_table(whole: Size) -> Series:
    return Series(
        title="Size",
        columns={
            "parameters": (whole.parameters,),
            "trainable": (whole.trainable,),
            "bytes at 32 bits": (whole.bytes,),
            "layers that learn": (whole.depth,),
            "layers": (whole.layers,),
        },
        units=dict.fromkeys(("parameters", "trainable", "bytes at 32 bits", "layers that learn", "layers"), "number"),
    )


def _shape(layer: Layer) -> str:
    return " × ".join(str(side) for side in layer.output_shape)


def _many(number: int, word: str) -> str:
    return f"{fmt.count(number)} {word}{'' if number == 1 else 's'}"
