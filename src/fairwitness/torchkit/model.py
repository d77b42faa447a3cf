"""A torch module as the deployed model: raw rows in, scores and decisions out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.digest import digest
from fairwitness.core.errors import UserError
from fairwitness.core.subject import Layer, Outputs, Rows
from fairwitness.torchkit import families, saved
from fairwitness.torchkit.encoding import Encoding, Inputs
from fairwitness.torchkit.errors import LoadError, OutputError
from fairwitness.torchkit.foreign.outputs import LOGITS, chosen, named_parts
from fairwitness.torchkit.frames import BATCH_ROWS, batches, cut
from fairwitness.torchkit.layers import layers_as_run, reading
from fairwitness.torchkit.logits import comparable
from fairwitness.torchkit.modules.generative import GenerativeNet
from fairwitness.torchkit.modules.net import Net
from fairwitness.torchkit.scores import DecisionRule

WIDE_ROWS = 512
PROBE_ROWS = 8  # enough to see shapes
SETTLE_ROWS = 256  # enough that logits stray from [0, 1]

WAVERS = (
    "Asked twice about the same rows, the model gave different scores, in evaluation mode too: it draws at random, and "
    "every number here holds for one draw."
)


class TorchModel:
    """A module with everything between raw rows and decisions around it.

    Attributes:
        module: Called with what `encoding` gives; (n,), (n, 1), (n, 2) or (n, k) numbers out.
        rule: How its numbers are read; `probe` settles the activation if it is undeclared.
        notes: What was settled by looking instead of by declaration; findings should carry them.
        source: Names the model in errors: its file.
        code: Digest of the code beside the weights; None: unknown, so the model has no fingerprint.
    """

    def __init__(
        self,
        module: nn.Module,
        encoding: Encoding,
        rule: DecisionRule,
        *,
        words: str,
        source: str = "model",
        code: str | None = "",
        notes: tuple[str, ...] = (),
        order: tuple[int, ...] | None = None,
        output: str | None = None,
    ) -> None:
        """Put a module to use.

        `code` digests the code beside the weights; None: unknown, so no fingerprint. `order` tells where the rule's classes
        stand among the outputs; None: as they are. `output` names the tensor that is read, where the module gives several.
        """
        self.module = module
        self.encoding = encoding
        self.rule = rule
        self.words = words
        self.source = source
        self.notes = notes
        self.code = code
        self._order = order
        self._output = output
        self._probed = False

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 over weights, code, encoding and decision rule; None where code is unknown."""
        if self.code is None:
            return None
        encoding = self.encoding.to_json() if families.is_own(self.encoding) else ""
        shape = self.module.to_json() if isinstance(self.module, Net) else ""
        return digest(saved.weights_digest(self.module), self.code, shape, encoding, self.rule)

    @property
    def differentiable(self) -> bool:
        """Whether gradients of its outputs lead back to columns: its encoding says where each column went."""
        return bool(self.encoding.blocks) and any(p.requires_grad for p in self.module.parameters())

    def outputs(self, rows: Rows) -> Outputs:
        """Scores and decisions of rows, in batches.

        Raises:
            ModelError: The module fails, or its outputs are of the wrong shape, not finite or no probabilities.
        """
        if not len(rows):
            width = 1 if self.rule.binary else len(self.rule.classes)
            return Outputs(scores=np.empty((0, width)), decisions=np.empty(0, dtype=object))
        if not self._probed:
            self.probe(rows)
        return self.rule.read(self._numbers(rows), source=self.source)

    def probe(self, rows: Rows) -> tuple[str, ...]:
        """Run a few rows before any long work, settle what was undeclared, and return the notes.

        Raises:
            ModelError: As `outputs`.
        """
        few = self._numbers(cut(rows, 0, PROBE_ROWS))
        if not np.allclose(few, self._numbers(cut(rows, 0, PROBE_ROWS)), rtol=1e-3):  # devices may round otherwise
            self.notes += (WAVERS,)
        if self.rule.activation is None:
            if self._output == LOGITS:  # its own word for it
                self.rule = replace(self.rule, activation="logits")
            few = self._numbers(cut(rows, 0, SETTLE_ROWS))
        self.rule, notes = self.rule.settle(few, source=self.source)
        self.notes += notes
        self._probed = True
        return self.notes

    def logits(self, inputs: Inputs) -> Tensor:
        """(n, k) numbers on encoded rows, of which the decided class has the highest; gradients lead back to `inputs`.

        The threshold is in them, so a binary decision turns where the two are equal. Call `outputs` or `probe` before.
        """
        made = self.pick(call(self.module, inputs), _length(inputs))
        raw = made.reshape(_length(inputs), -1)
        if self._order is not None and raw.shape[1] == len(self._order):
            raw = raw[:, list(self._order)]
        return comparable(raw, self.rule)

    def read(self, inputs: Inputs) -> Outputs:
        """As `outputs`, of encoded rows and all at once. Call `outputs` or `probe` before.

        Raises:
            ModelError: As `outputs`.
        """
        with reading(self.module):
            return self.rule.read(self._tidy(inputs, _length(inputs)), source=self.source)

    def layers(self, rows: Rows) -> tuple[Layer, ...]:
        """The layers as they run on a few of `rows`; see `layers_as_run`."""
        few = cut(rows, 0, PROBE_ROWS - 1)  # seven is rarely a width too, so the batch axis stands out
        inputs = self.encoding.encode(few)
        with reading(self.module):
            return layers_as_run(self.module, lambda: self._call(inputs, len(few)), rows=len(few))

    def _numbers(self, rows: Rows) -> NDArray[np.float64]:
        """Tidy outputs, (n, m)."""
        with reading(self.module):
            pieces = batches(rows, most=self._at_once)
            return np.concatenate([self._tidy(self.encoding.encode(piece), len(piece)) for piece in pieces])

    def _tidy(self, inputs: Inputs, rows: int) -> NDArray[np.float64]:
        """Outputs of encoded rows in the rule's order, (n, m)."""
        tidy = self.rule.tidy(self._call(inputs, rows), rows, source=self.source)
        return tidy if self._order is None or tidy.shape[1] != len(self._order) else tidy[:, self._order]

    @property
    def _at_once(self) -> int:
        """Rows a batch. Where a column fills a whole tensor, a network's activations are many times its inputs."""
        blocks = self.encoding.blocks
        return getattr(self.encoding, "at_once", BATCH_ROWS if all(block.slots for block in blocks) else WIDE_ROWS)

    def _call(self, inputs: Inputs, rows: int) -> NDArray[Any]:
        try:
            output = call(self.module, inputs)
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            raise _failure(error, self.module, inputs, rows, source=self.source) from error
        if not isinstance(output, Tensor):
            output = self.pick(output, rows)
        return output.detach().cpu().to(torch.float64 if output.is_floating_point() else output.dtype).numpy()

    def pick(self, output: object, rows: int) -> Tensor:
        """The tensor that is read, of a module's output for `rows` rows; settled by the first output there is.

        Raises:
            OutputError: None of them fits, or several do and none is named.
        """
        if isinstance(output, Tensor):
            return output
        parts = named_parts(output)
        by_place = list(parts) == [str(place) for place in range(len(parts))]
        if not parts or (by_place and len(parts) > 1 and self._output is None):
            raise OutputError.kind(f"a {type(output).__name__}", source=self.source)
        self._output = chosen(parts, rows, len(self.rule.classes), name=self._output, source=self.source)
        picked: Tensor = parts[self._output]
        return picked

    def save(self, folder: Path) -> None:
        """Write `model.safetensors` and `model.json` into a folder, which is made if need be.

        Raises:
            LoadError: The module is the user's own; its code is not ours to save.
        """
        rule = {name: getattr(self.rule, name) for name in ("classes", "positive", "activation", "threshold")}
        saved.save(folder, self.module, self.encoding, words=self.words, notes=self.notes, facts={"rule": rule})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            LoadError: A file is missing or damaged, or the weights are not those the description was saved with.
        """
        found = saved.load(folder)
        if isinstance(found.module, GenerativeNet):
            raise LoadError.generator(Path(found.source), found.words)
        try:
            rule = DecisionRule(**{**found.facts["rule"], "classes": tuple(found.facts["rule"]["classes"])})
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, UserError):
                raise
            raise LoadError.damaged(Path(found.source), error) from error
        return cls(found.module, found.encoding, rule, words=found.words, source=found.source, notes=found.notes)

    @classmethod
    def load_if_whole(cls, folder: Path) -> Self | None:
        """As `load`, or None where `folder` holds no whole model."""
        try:
            return cls.load(folder)
        except LoadError:
            return None


def _length(inputs: Inputs) -> int:
    """Rows of encoded inputs."""
    if isinstance(inputs, Tensor):
        return len(inputs)
    return len(next(iter(inputs.values() if isinstance(inputs, Mapping) else inputs)))


def call(module: nn.Module, inputs: Inputs) -> Any:  # noqa: ANN401 - a module may return anything
    """Call a module with a tensor, a tuple by position or a mapping by name, on the module's own device."""
    held = next(chain(module.parameters(), module.buffers()), None)
    device = torch.device("cpu") if held is None else held.device
    if isinstance(inputs, Tensor):
        return module(inputs.to(device))
    if isinstance(inputs, Mapping):
        return module(**{name: tensor.to(device) for name, tensor in inputs.items()})
    return module(*(tensor.to(device) for tensor in inputs))


def _failure(error: BaseException, module: nn.Module, inputs: Inputs, rows: int, *, source: str) -> OutputError:
    """A failed forward pass in the user's words, where the first layer tells that the inputs are too many or too few."""
    layers = (part for part in module.modules() if isinstance(part, nn.Linear | nn.Conv2d))
    first = next(layers, None)
    if isinstance(inputs, Tensor):
        match first, inputs.ndim:
            case nn.Linear(in_features=takes), 2 if takes != inputs.shape[1]:
                return OutputError.inputs(takes, inputs.shape[1], source=source)
            case nn.Conv2d(in_channels=takes), 4 if takes != inputs.shape[1]:
                return OutputError.channels(takes, inputs.shape[1], source=source)
    way_out = "have the factory return an `encode` that gives what its forward() takes"
    return OutputError.raised(error, rows, source=source, way_out=way_out)
