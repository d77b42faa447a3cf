"""What can be wrong with a model from elsewhere, each in one line: where, what, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from fairwitness.core.errors import ModelError, hint


def _names(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


class ForeignError(ModelError):
    """A model from elsewhere does not fit the data, or cannot be read."""

    @classmethod
    def classes(cls, found: Iterable[str], wanted: Iterable[str], *, source: str) -> Self:
        return cls(
            f"{source}: its classes are {_names(found)}, the target's are {_names(wanted)}; "
            "give a function from a frame to scores in the target's order"
        )

    @classmethod
    def flags(cls, *, source: str) -> Self:
        return cls(f"{source}: decides true or false, but no class is declared as positive; set `positive`")

    @classmethod
    def no_scores(cls, *, source: str) -> Self:
        return cls(f"{source}: gives decisions and no scores, so there is nothing to put a threshold to; take it out")

    @classmethod
    def not_fitted(cls, kind: str, *, source: str) -> Self:
        return cls(f"{source}: this {kind} is not fitted; call its fit first")

    @classmethod
    def unread(cls, name: str, have: Iterable[str], *, source: str) -> Self:
        return cls(f"{source}: the model was fitted on {name!r}, which the data does not have; {hint(name, have)}")

    @classmethod
    def kept_out(cls, name: str, why: str, *, source: str) -> Self:
        return cls(f"{source}: the model was fitted on {name!r}, which {why}")

    @classmethod
    def width(cls, takes: int, has: int, *, source: str) -> Self:
        return cls(
            f"{source}: the model takes {takes:,} inputs, the data has {has:,} numeric features; "
            "list those it was fitted on, in that order, in [subject] features"
        )

    @classmethod
    def no_box(cls, spec: str, found: str) -> Self:
        return cls(
            f"{spec}: returns {found}; it must return an object with predict_proba or predict, or a callable from a "
            "frame to scores"
        )

    @classmethod
    def module_in_box(cls, spec: str) -> Self:
        return cls(f"{spec}: returns a torch module; name it as [model] factory, so that its layers are seen")

    @classmethod
    def scorer(cls, spec: str) -> Self:
        return cls(
            f"{spec}: takes arguments; name a function that takes none and returns the model, such as "
            f"`def load(): return {spec.partition(':')[2]}`"
        )

    @classmethod
    def no_output(cls, name: str, have: Iterable[str], *, source: str) -> Self:
        return cls(f"{source}: no output {name!r}; {hint(name, have)}")

    @classmethod
    def outputs(cls, fitting: Iterable[str], have: Iterable[str], *, source: str) -> Self:
        found = _names(fitting)
        if found:
            return cls(f"{source}: the outputs {found} all have the shape of scores; name one: [model] output")
        return cls(
            f"{source}: the output holds {_names(have)}, and none of them has the shape of scores, one a row or one a "
            "class; return one that has"
        )

    @classmethod
    def no_padding(cls, *, source: str) -> Self:
        return cls(f"{source}: the tokenizer has no token to fill up shorter texts; set tokenizer.pad_token")

    @classmethod
    def no_onnx(cls) -> Self:
        return cls("model: an ONNX graph needs ONNX Runtime; pip install 'fairwitness[onnx]'")

    @classmethod
    def inputs(cls, takes: Iterable[str], have: Iterable[str], *, source: str) -> Self:
        return cls(
            f"{source}: the graph takes {_names(takes)}, and these are neither columns of the data ({hint('', have)}) nor "
            "one array of numbers or images; name a function that makes them: [model] encode = 'module:function'"
        )

    @classmethod
    def input_kind(cls, name: str, takes: str, kind: str, *, source: str) -> Self:
        return cls(
            f"{source}: the input {name!r} takes {takes}, and the column is a {kind}; name a function that makes it: "
            "[model] encode = 'module:function'"
        )

    @classmethod
    def gaps(cls, name: str, takes: str, *, source: str) -> Self:
        return cls(f"{source}: column {name!r} has missing values, and its input takes {takes}; fill them before")

    @classmethod
    def label_order(cls, classes: Iterable[str], *, source: str) -> Self:
        return cls(
            f"{source}: the label it gives is mostly not the class with the highest score, so its scores are not in the "
            f"order {_names(classes)}; export it with probabilities by class name (zipmap)"
        )

    @classmethod
    def encode(cls, spec: str, found: str) -> Self:
        return cls(f"{spec}: is a {found}; [model] encode names a function from a polars frame to arrays")

    @classmethod
    def fixed_rows(cls, rows: int, *, source: str) -> Self:
        return cls(
            f"{source}: was exported for {rows:,} rows at a time; export it again with "
            "dynamic_shapes=({0: torch.export.Dim('rows')},)"
        )
