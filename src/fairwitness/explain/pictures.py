"""Images as games of pixels, and what integrated gradients and maps say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.subject import Model, Rows
from fairwitness.explain.encoded import ALONE, named
from fairwitness.explain.games import scaled
from fairwitness.explain.gradients import Follow, Integrated, ahead, integrated_gradients
from fairwitness.explain.maps import ClassMap, Kind, class_map, enlarged
from fairwitness.explain.shapley import Floats, Mask, Mixed, Places
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.working import network, steady


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pictures:
    """Images as a network reads them, each pixel a player, against the mean image of the background.

    Attributes:
        model: Made ready by `steady`.
        x: (n, C, H, W).
        baseline: (C, H, W) the mean image: no colour is taken to mean nothing.
        tensor: Its name among the network's inputs; empty where it is the only one.
    """

    model: TorchModel
    x: Tensor
    baseline: Tensor
    tensor: str

    @property
    def pixels(self) -> int:
        return self.x.shape[2] * self.x.shape[3]

    def mixed(self) -> Mixed:
        """What the model says where only some pixels are the image's own. There is one background row, the mean image."""

        def say(at: Places, by: Places, held: Mask) -> Floats:  # noqa: ARG001 - a game's own form; there is one background
            mine = torch.from_numpy(held).view(len(at), 1, *self.x.shape[2:])
            made = torch.where(mine, self.x[torch.from_numpy(at)], self.baseline)
            return scaled(self.model.read(made if self.tensor == ALONE else {self.tensor: made}), "score")

        return say

    def integrated(self, classes: NDArray[np.intp]) -> tuple[Floats, Integrated]:
        """(n, pixels) integrated gradients of how far a class is ahead, over all channels; and all there is to know of them."""
        made = integrated_gradients(self._follow(classes), self.x, self.baseline)
        return made.values.sum(dim=1).flatten(1).numpy(), made

    def map(self, classes: NDArray[np.intp], kind: Kind) -> tuple[Floats, ClassMap]:
        """(n, pixels) Grad-CAM or HiResCAM of the same, and all there is to know of it."""
        follow = self._follow(classes)
        made = class_map(self.model.module, follow, self.x, kind=kind, source=self.model.source)
        return made.values.flatten(1).double().numpy(), made

    def noise(self, size: tuple[int, int]) -> Callable[[np.random.Generator], Floats]:
        """Draws (n, pixels) of maps of that size that mean nothing, drawn up to the size of the images."""

        def drawn(rng: np.random.Generator) -> Floats:
            small = torch.from_numpy(rng.normal(size=(len(self.x), *size)))
            return enlarged(small, self.x.shape[2:]).flatten(1).numpy()

        return drawn

    def _follow(self, classes: NDArray[np.intp]) -> Follow:
        target = torch.from_numpy(classes)

        def follow(points: Tensor, at: Tensor) -> Tensor:
            inputs = points if self.tensor == ALONE else {self.tensor: points}
            return ahead(self.model.logits(inputs), target[at])

        return follow


@contextmanager
def pictures(model: Model, rows: Rows, background: Rows) -> Iterator[Pictures | None]:
    """Images made ready; None where the model has no gradients or reads more than one image."""
    core = network(model)
    if core is None:
        yield None
        return
    core.outputs(rows)  # settles how its numbers are read
    own, other = (named(core.encoding.encode(each)) for each in (rows, background))
    if own is None or other is None or len(own) != 1:
        yield None
        return
    ((name, x),) = own.items()
    if x.ndim != 4:
        yield None
        return
    with steady(core) as working:
        yield Pictures(model=working, x=x, baseline=other[name].mean(dim=0), tensor=name)
