"""A network that makes rows, with everything between raw rows and what it draws around it."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from fairwitness.core.digest import digest
from fairwitness.core.subject import Layer, Outputs, Rows
from fairwitness.torchkit import saved
from fairwitness.torchkit.decoding import Decoding
from fairwitness.torchkit.errors import LoadError
from fairwitness.torchkit.frames import batches, cut
from fairwitness.torchkit.layers import layers_as_run, reading
from fairwitness.torchkit.model import call
from fairwitness.torchkit.modules.generative import GenerativeNet

AT_ONCE = 256  # rows; of a text, each token has a score for the whole vocabulary
PROBE_ROWS = 7  # rarely a width too, so the batch axis stands out


class TorchGenerator:
    """A generative network as the deployed model: it draws rows, tells how likely rows are, and decides nothing.

    Attributes:
        notes: What the reader should know of its training.
    """

    def __init__(self, module: GenerativeNet, encoding: Decoding, *, words: str, notes: tuple[str, ...] = ()) -> None:
        self.module = module
        self.encoding = encoding
        self.words = words
        self.notes = notes

    @property
    def fingerprint(self) -> str:
        """SHA-256 over weights, shape and encoding."""
        return digest(saved.weights_digest(self.module), self.module.to_json(), self.encoding.to_json())

    @property
    def unit(self) -> str:
        """What the nats of a row are spread over: token, image; empty where it gives no likelihood."""
        return self.module.unit

    def outputs(self, rows: Rows) -> Outputs:  # noqa: ARG002 - nothing is decided, whatever the rows
        """Neither scores nor decisions."""
        return Outputs(scores=None, decisions=None)

    def layers(self, rows: Rows) -> tuple[Layer, ...]:
        """The layers as they run on a few of `rows`, or as they draw a few where the network reads none."""
        few = cut(rows, 0, PROBE_ROWS)
        with reading(self.module):
            if self.unit:
                inputs = self.encoding.encode(few)
                return layers_as_run(self.module, lambda: call(self.module, inputs), rows=len(few))
            return layers_as_run(self.module, lambda: self.module.drawn(len(few), _dice(0)), rows=len(few))

    def nats(self, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n,) minus log-likelihoods, or bounds on them from above, and (n,) units they are spread over.

        Raises:
            EncodingError: The rows are not of the kind it learned from.
            ValueError: The network gives no likelihood.
        """
        if not self.unit:
            raise ValueError(f"{self.words} gives no likelihood")
        found, sizes = [np.empty(0)], [np.empty(0)]
        with reading(self.module):
            for batch in batches(rows, most=AT_ONCE):
                inputs = self.encoding.encode(batch)
                found.append(call(self.module, inputs).cpu().double().numpy())
                sizes.append(self.module.sizes(inputs).double().numpy())
        return np.concatenate(found), np.concatenate(sizes)

    def sample(self, n: int, *, seed: int) -> Rows:
        """New rows with the column it learned from, numbered from 0; the same for the same seed and device."""
        dice = _dice(seed)
        with reading(self.module):
            drawn = [self.module.drawn(min(AT_ONCE, n - start), dice) for start in range(0, max(n, 1), AT_ONCE)]
        return self.encoding.decode({name: torch.cat([each[name] for each in drawn]) for name in drawn[0]})

    def save(self, folder: Path) -> None:
        """Write `model.safetensors` and `model.json` into a folder, which is made if need be."""
        saved.save(folder, self.module, self.encoding, words=self.words, notes=self.notes, facts={})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            LoadError: A file is missing or damaged, the weights are not those the description was saved with, or the
                model is no generative one.
        """
        found = saved.load(folder)
        if not isinstance(found.module, GenerativeNet):
            raise LoadError.no_generator(Path(found.source), found.words)
        return cls(found.module, found.encoding, words=found.words, notes=found.notes)  # type: ignore[arg-type]  # those of generative networks can be gone back

    @classmethod
    def load_if_whole(cls, folder: Path) -> Self | None:
        """As `load`, or None where `folder` holds no whole model."""
        try:
            return cls.load(folder)
        except LoadError:
            return None


def _dice(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
