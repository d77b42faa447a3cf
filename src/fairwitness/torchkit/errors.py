"""What can be wrong with a model, each in one line: where, what, and the way out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from fairwitness.core.columns import Column
from fairwitness.core.errors import ModelError, hint

DECLARE = "declare activation = 'logits' or 'probabilities'"


def blame(error: BaseException) -> str:
    """An error of foreign code as `TypeError: first line of its message`, without its traceback.

    The message of a ValueError or a KeyError quotes the value it stumbled over, which may be a person's: it is left out.
    """
    if isinstance(error, ValueError | KeyError):
        return f"{type(error).__name__} (its message may quote a row, so it is not shown)"
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _names(classes: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in classes)


class RuleError(ModelError):
    """Classes, positive class or threshold do not make a decision rule."""

    @classmethod
    def unknown_positive(cls, positive: str, classes: Iterable[str]) -> Self:
        return cls(f"model: the positive class {positive!r} is not among the classes; they are {_names(classes)}")

    @classmethod
    def classes(cls, classes: Sequence[str]) -> Self:
        return cls(f"model: {list(classes)} are not two or more different classes; check the target column")

    @classmethod
    def threshold(cls, threshold: float) -> Self:
        return cls(f"model: threshold is {threshold}; it is a score, so between 0 and 1")


class OutputError(ModelError):
    """What the model gives for rows cannot be read as scores or decisions."""

    @classmethod
    def shape(cls, shape: tuple[int, ...], *, fits: Sequence[str], source: str) -> Self:
        return cls(f"{source}: the output has shape {shape}; it must be {' or '.join(fits)}, n being the rows")

    @classmethod
    def kind(cls, found: str, *, source: str) -> Self:
        return cls(f"{source}: the output is {found}; it must be one tensor or array of scores (return only that one)")

    @classmethod
    def not_finite(cls, bad: int, total: int, *, source: str) -> Self:
        return cls(
            f"{source}: the output is NaN or infinite in {bad:,} of {total:,} rows; "
            "missing features reach it as NaN: fill them before (in `encode`), or leave those columns out"
        )

    @classmethod
    def outside(cls, low: float, high: float, *, source: str) -> Self:
        return cls(f"{source}: scores run from {low:.4g} to {high:.4g}, so they are not probabilities; {DECLARE}")

    @classmethod
    def unsummed(cls, low: float, high: float, *, source: str) -> Self:
        return cls(
            f"{source}: each row's scores lie in [0, 1] but sum to {low:.4g} up to {high:.4g} instead of 1; {DECLARE}, "
            "and have the model give one probability a class"
        )

    @classmethod
    def unknown_class(cls, found: str, classes: Iterable[str], *, source: str) -> Self:
        return cls(f"{source}: decides {found!r}, which is not a class of the target; they are {_names(classes)}")

    @classmethod
    def no_positive(cls, *, source: str) -> Self:
        return cls(f"{source}: gives one score a row, but no class is declared as positive; set `positive`")

    @classmethod
    def raised(cls, error: BaseException, rows: int, *, source: str, way_out: str) -> Self:
        return cls(f"{source}: the model fails on {rows:,} rows with {blame(error)}; {way_out}")

    @classmethod
    def inputs(cls, takes: int, has: int, *, source: str) -> Self:
        return cls(
            f"{source}: the module takes {takes:,} inputs, the data has {has:,} features; "
            "list those it was trained on, in that order, or have the factory return `encode`"
        )

    @classmethod
    def channels(cls, takes: int, has: int, *, source: str) -> Self:
        return cls(
            f"{source}: the module takes {takes:,} channels, the images have {has:,}; "
            "convert them, or have the factory return `encode`"
        )


class EncodingError(ModelError):
    """Columns cannot be turned into the model's tensors."""

    @classmethod
    def kind(cls, name: str, kind: str) -> Self:
        return cls(f"column {name!r}: a table model cannot read a {kind}; set its role to 'ignore' or give a model")

    @classmethod
    def one_column(cls, reader: str, wanted: str, columns: Sequence[Column]) -> Self:
        have = ", ".join(f"{column.name!r} ({column.kind})" for column in columns) or "none"
        return cls(f"model: {reader} reads one {wanted} column, and is given {have}; name one in [subject] features")

    @classmethod
    def small(cls, name: str, height: int, width: int, least: int) -> Self:
        return cls(
            f"column {name!r}: the images are {height} × {width} pixels; a network for images needs {least} × {least} "
            "or more: enlarge them"
        )

    @classmethod
    def image_size(cls, name: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> Self:
        shown = [
            f"{height} × {width} pixels of {_many(channels, 'channel')}" for channels, height, width in (found, wanted)
        ]
        return cls(
            f"column {name!r}: the images are {shown[0]}, the model reads {shown[1]}; resize them, or train again"
        )

    @classmethod
    def series_size(cls, name: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> Self:
        shown = [f"{_many(steps, 'step')} of {_many(values, 'value')}" for steps, values in (found, wanted)]
        return cls(f"column {name!r}: the series have {shown[0]}, the model reads {shown[1]}; cut them, or train again")

    @classmethod
    def no_words(cls, name: str) -> Self:
        return cls(f"column {name!r}: no training row holds a word; name another column in [subject] features")

    @classmethod
    def no_tokenizers(cls) -> Self:
        return cls("model: reading text needs the library tokenizers; pip install 'fairwitness[text]'")

    @classmethod
    def not_finite(cls, name: str, what: str, bad: int, total: int) -> Self:
        return cls(f"column {name!r}: {what} are NaN or infinite in {bad:,} of {total:,} rows; mend or drop those rows")

    @classmethod
    def nothing(cls, *, source: str) -> Self:
        return cls(
            f"{source}: there is no numeric feature and no single image column to feed the module; "
            "have the factory return `encode`"
        )

    @classmethod
    def raised(cls, error: BaseException, *, source: str) -> Self:
        return cls(f"{source}: `encode` fails with {blame(error)}; it is called as encode(frame) with a polars frame")

    @classmethod
    def result(cls, found: str, *, source: str) -> Self:
        return cls(
            f"{source}: `encode` gives {found}; it must give a tensor, a tuple of tensors or a dict of them, "
            "each with one entry a row"
        )


class LoadError(ModelError):
    """A model's files cannot be read safely, or do not belong together."""

    @classmethod
    def missing(cls, path: Path) -> Self:
        return cls(f"{path}: no such file; paths in the config start at its folder")

    @classmethod
    def format(cls, path: Path, way_out: str) -> Self:
        return cls(f"{path}: not a file of weights that can be opened safely; {way_out}")

    @classmethod
    def unsafe(cls, path: Path, what: str) -> Self:
        return cls(
            f"{path}: refused, because it holds {what} and opening it could run its code; "
            "save the weights alone: safetensors.torch.save_file(model.state_dict(), 'model.safetensors')"
        )

    @classmethod
    def damaged(cls, path: Path, error: BaseException) -> Self:
        return cls(f"{path}: cannot be read ({blame(error)}); save it again")

    @classmethod
    def no_weights(cls, name: str, *, source: str) -> Self:
        return cls(f"{source}: parameter {name!r} has a place and no numbers yet; load its weights before it is given")

    @classmethod
    def other_format(cls, path: Path, number: object) -> Self:
        return cls(f"{path}: it is of format {number}, which this version does not read; train and save it again")

    @classmethod
    def other_weights(cls, path: Path) -> Self:
        return cls(f"{path}: the network it describes is not the one of the weights beside it; save or train again")

    @classmethod
    def tampered(cls, path: Path) -> Self:
        return cls(f"{path}: the weights are not those that model.json was saved with; save or train again")

    @classmethod
    def mismatch(cls, what: str, *, source: str) -> Self:
        return cls(f"{source}: weights and module differ: {what}; check that the factory builds the model they are of")

    @classmethod
    def spec(cls, spec: str) -> Self:
        return cls(f"model: {spec!r} does not name code to call; write it as 'module:function', such as 'net:build'")

    @classmethod
    def no_module(cls, module: str, base: Path) -> Self:
        return cls(f"model: no module {module!r} in {base} or among the installed packages; check the name")

    @classmethod
    def no_function(cls, name: str, have: Iterable[str], *, source: str) -> Self:
        return cls(f"{source}: no function {name!r}; {hint(name, have)}")

    @classmethod
    def raised(cls, spec: str, error: BaseException) -> Self:
        return cls(f"{spec}: fails with {blame(error)}; it must run without arguments and return the module")

    @classmethod
    def import_raised(cls, spec: str, error: BaseException) -> Self:
        return cls(f"{spec}: importing it fails with {blame(error)}; run the file on its own to see where")

    @classmethod
    def returned(cls, spec: str, found: str) -> Self:
        return cls(
            f"{spec}: returns {found}; it must return a torch.nn.Module, "
            "or (module, {'encode': ..., 'activation': 'logits' or 'probabilities'})"
        )

    @classmethod
    def no_generator(cls, path: Path, words: str) -> Self:
        return cls(f"{path}: {words} makes no rows; open it with TorchModel.load")

    @classmethod
    def generator(cls, path: Path, words: str) -> Self:
        return cls(f"{path}: {words} makes rows and decides nothing; open it with TorchGenerator.load")

    @classmethod
    def foreign(cls, kind: str) -> Self:
        return cls(f"model: a {kind} of your own cannot be saved here, only models trained here; keep its own file")


class TrainingError(ModelError):
    """The rows cannot train a model."""

    @classmethod
    def one_class(cls, name: str) -> Self:
        return cls(f"model: every training row has the class {name!r}, so there is nothing to learn; add other rows")

    @classmethod
    def all_alike(cls, name: str, rows: int) -> Self:
        return cls(
            f"column {name!r}: all {rows:,} training rows are alike, so there is nothing to learn; add other rows"
        )

    @classmethod
    def too_few(cls, rows: int, least: int) -> Self:
        return cls(f"model: {_many(rows, 'training row')}; this needs {least:,} or more: add rows or change [split]")

    @classmethod
    def no_parts(cls, recipe: str) -> Self:
        return cls(f"model: the {recipe} recipe takes no parts and no weights of rows; leave them out")

    @classmethod
    def too_deep(cls, name: str, side: int, halvings: int) -> Self:
        return cls(
            f"column {name!r}: {_many(halvings, 'width')} would halve sides of {side} pixels to nothing; give fewer widths"
        )

    @classmethod
    def unlabelled(cls, bad: int, total: int) -> Self:
        return cls(f"model: {bad:,} of {total:,} training rows have no class of the target; leave them out")

    @classmethod
    def probabilities(cls, factory: str) -> Self:
        return cls(f"{factory}: gives probabilities, and training needs logits; leave out its last softmax or sigmoid")

    @classmethod
    def raised(cls, factory: str, error: BaseException) -> Self:
        return cls(f"{factory}: training it fails with {blame(error)}; try a few steps of it in a loop of your own")

    @classmethod
    def frozen(cls, factory: str) -> Self:
        return cls(f"{factory}: none of the module's parameters learns; leave requires_grad of some of them on")

    @classmethod
    def same(cls, factory: str) -> Self:
        return cls(f"{factory}: returns the same module each time; build a new one in each call")

    @classmethod
    def no_classifier(cls, words: str) -> Self:
        return cls(f"model: the saved model ({words}) has no classes to train on; give one that tells classes apart")

    @classmethod
    def not_given(cls, name: str, kind: str, given: Iterable[str]) -> Self:
        return cls(
            f"model: the saved model reads {name!r} ({kind}), which is not among the features; "
            f"{hint(name, sorted(given))}"
        )

    @classmethod
    def no_layer(cls, name: str, have: Iterable[str]) -> Self:
        return cls(f"model: no layer {name!r} for learns; {hint(name, have)}")

    @classmethod
    def nothing_learns(cls, learns: Sequence[str]) -> Self:
        return cls(f"model: the layers {_names(learns)} have nothing to learn; name one with weights, such as 'head'")

    @classmethod
    def no_anomaly(cls, classes: Sequence[str]) -> Self:
        return cls(
            f"model: an autoencoder tells one class from the other, and is given {_names(classes)}; "
            "declare a target of two classes, and as positive the anomaly"
        )

    @classmethod
    def no_features(cls) -> Self:
        return cls("model: there is no feature column to train on; give at least one column the role 'feature'")

    @classmethod
    def diverged(cls, epoch: int) -> Self:
        return cls(f"model: training diverged in epoch {epoch}: the loss is not finite; lower learning_rate")
