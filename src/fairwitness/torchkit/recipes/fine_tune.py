"""A saved model trained further, on other rows and perhaps other classes, most of its layers frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.columns import Column, Kind
from fairwitness.core.subject import Rows
from fairwitness.torchkit import families
from fairwitness.torchkit.encoding import OwnEncoding
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.layers import parameter_count
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.modules.net import Net
from fairwitness.torchkit.recipes.classifier import Build, prepare_classifier
from fairwitness.torchkit.recipes.options import ClassifierOptions
from fairwitness.torchkit.recipes.prepared import Prepared
from fairwitness.torchkit.recipes.recipe import Recipe

HEAD = "head"


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuneOptions(ClassifierOptions):
    """What may be set, beside the training itself.

    Attributes:
        base: Folder of the saved model, as `TorchModel.save` writes it; relative to the config's.
        learns: Names of the layers that learn, with all inside them; the others stay as they are.
    """

    epochs: int = 20
    batch: int = 64
    patience: int = 5
    base: str = ""
    learns: tuple[str, ...] = ("head",)

    def __post_init__(self) -> None:
        ClassifierOptions.__post_init__(self)
        if not self.base:
            raise ValueError("base is not set; name the folder of the saved model")
        learns: object = self.learns  # from a config it may be anything
        if not isinstance(learns, tuple) or not learns or any(not isinstance(name, str) for name in learns):
            raise ValueError(f'learns is {learns!r}; give names of layers in brackets, such as ["head"]')


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTune(Recipe):
    """The recipe with the folder that `base` is relative to."""

    folder: Path

    def unread(self, columns: Sequence[Column], options: Any) -> Mapping[str, str]:  # noqa: ANN401 - FineTuneOptions
        """Columns the saved model does not read. A model of one column reads whichever one has its kind."""
        wanted = _encoding(_saved(self.folder, options)).columns
        names, kinds = {column.name for column in wanted}, {column.kind for column in wanted}
        return {
            column.name: f"{column.kind}: the saved model does not read it"
            for column in columns
            if (column.kind not in kinds if len(wanted) == 1 else column.name not in names)
        }

    def depends(self, options: Any) -> str:  # noqa: ANN401 - FineTuneOptions
        return str(_saved(self.folder, options).fingerprint)


def recipe(name: str, base: Path) -> FineTune:
    """The recipe for configs in the folder `base`."""
    return FineTune(
        name=name,
        reads=(frozenset(get_args(Kind)),),
        words="what its saved model reads",
        options=FineTuneOptions,
        prepare=partial(prepare, folder=base),
        folder=base,
    )


def prepare(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],  # those the saved model reads
    classes: tuple[str, ...],
    positive: str | None,
    options: FineTuneOptions,
    folder: Path,
) -> Prepared:
    """Rows for a copy of the saved model; its last layer starts anew where the classes differ. See `Prepare`.

    Scaling, categories and word pieces stay those of the saved model.

    Raises:
        LoadError: There is no whole saved model in the folder.
        TrainingError: It is no classifier, reads a column it is not given, or has no layer of a name in `learns`.
    """
    saved = _saved(folder, options)
    old = saved.module
    if not isinstance(old, Net) or not hasattr(old.shape, "outputs"):
        raise TrainingError.no_classifier(saved.words)
    same = (classes, positive) == (saved.rule.classes, saved.rule.positive)

    def network(_: OwnEncoding, __: Mapping[str, Tensor], outputs: int) -> Build:
        _learning(old, options.learns)  # layers that are not there are named before any training
        return lambda _: _frozen(old.with_outputs(outputs, keep_head=same), options.learns)

    def origin(module: Net) -> tuple[str, ...]:
        learned = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
        head = "" if same else ", with a last layer of its own"
        words = (
            f"It starts from a saved model, {saved.words.removesuffix(', trained here')}{head}; {learned:,} of "
            f"{parameter_count(module):,} parameters have learned from the training rows ({', '.join(options.learns)})."
        )
        return (words,)

    return prepare_classifier(
        rows,
        target,
        columns=columns,
        classes=classes,
        positive=positive,
        options=options,
        encoding=partial(_read_by, _encoding(saved)),
        network=network,
        notes=origin,
    )


def _saved(folder: Path, options: FineTuneOptions) -> TorchModel:
    return TorchModel.load(folder / options.base)


def _encoding(saved: TorchModel) -> OwnEncoding:
    if not families.is_own(saved.encoding):  # never: `load` gives no other
        raise TypeError(type(saved.encoding).__name__)
    return saved.encoding


def _read_by(encoding: OwnEncoding, columns: Sequence[Column], rows: Rows) -> OwnEncoding:  # noqa: ARG001 - as every `fit`
    """The saved encoding over the columns it is given."""
    wanted = encoding.columns
    if len(wanted) == 1 and [column.kind for column in columns] == [wanted[0].kind]:
        renamed: Any = encoding  # a frozen dataclass, as all of ours are
        made: OwnEncoding = replace(renamed, columns=tuple(columns))
        return made
    given = {column.name for column in columns}
    for column in wanted:
        if column.name not in given:
            raise TrainingError.not_given(column.name, column.kind, given)
    return encoding


def _frozen(net: Net, learns: Sequence[str]) -> Net:
    """The network with every parameter frozen but those of the layers named."""
    names = _learning(net, learns)
    for name, parameter in net.named_parameters():
        parameter.requires_grad = any(name.startswith(f"{layer}.") for layer in names)
    return net


def _learning(net: Net, learns: Sequence[str]) -> list[str]:
    """The layers by their names in the network.

    Raises:
        TrainingError: One is not there, or none of them has a parameter.
    """
    layers = [name for name, _ in net.named_modules() if name]
    names = [net.head_name if name == HEAD else name for name in learns]
    for name in names:
        if name not in layers:
            raise TrainingError.no_layer(name, [HEAD, *layers])
    if not any(name.startswith(f"{layer}.") for name, _ in net.named_parameters() for layer in names):
        raise TrainingError.nothing_learns(learns)
    return names
