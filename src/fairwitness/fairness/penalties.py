"""Penalties on what a model gives to groups: parts of a step of training, for any number of groups or crossings of them.

Every one counts rows into cells of group and stratum, with one sum over the batch; the means it works on are running ones
(`RunningMeans`), and the slope by a mean goes to the rows of the batch alone. So the value is that of the last steps, and
its gradient is on average that of the whole training set, however small the batches are. With `memory` 0 both are those
of the batch, and the gradient is the derivative of the value.

Slopes are worked out in closed form by NumPy, and the backward pass starts from them, in every fourth step, when they are
four times as strong. So a step of a small network (256 rows, two layers of 64) takes 1.2 times as long as without; 1.4
times if all steps do so, and by autograd 1.65 times (`benchmarks/remedies_training.py`). On an accelerator each step that
acts brings its logits to the host and their slopes back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit, softmax
from torch import Tensor, nn

from fairwitness.core.blueprint import Acts
from fairwitness.fairness.running_means import TINY, Codes, Known, Numbers, RunningMeans
from fairwitness.torchkit.parts.base import Batch, Sloped

Seen = NDArray[np.bool_]

MEMORY = 0.9
FEWEST = 30
EVERY = 4
LOOK = 64  # steps after which it is looked again which cells are known, once all are


class GroupPart(ABC):
    """What the penalties share; each says which rows lie in which cell and how the value follows from the cells' means.

    Cells are in the order group, stratum, and after them one for rows that belong to none. Those of which `counts` has
    fewer than `fewest` rows are left out: so few have no rate to speak of, and a network would learn them by heart.

    It acts every so many steps, and then as many times as strong; where `memory` is 0, in each step. Source: lazy
    regularisation, Karras and others 2020, CVPR, https://arxiv.org/abs/1912.04958.
    """

    acts: ClassVar[Acts] = "batch"

    def __init__(
        self,
        counts: Tensor,  # (g, s) training rows of each cell
        *,
        strength: float = 1.0,  # at least 0
        memory: float = MEMORY,  # of the running means, each time it acts, in [0, 1)
        fewest: int = FEWEST,
        every: int = 1,  # so many steps it acts, at least 1
    ) -> None:
        self.groups, self.strata = counts.shape
        self.nowhere = counts.numel()
        self.strength = strength
        self.memory = memory
        self.every = every if memory else 1
        self.kept = np.append((counts >= max(fewest, 1)).flatten().numpy(), False)
        self.running = RunningMeans(len(self.kept), memory=memory)
        self._settled = False
        self._idle = 0  # steps until it acts again
        self._value = 0.0  # when it last acted

    def sloped(self, output: Any, batch: Batch) -> Sloped:  # noqa: ANN401 - as the module gives it
        """Strength × value, with its slopes by the rows of this batch; the value last found where it does not act."""
        if not torch.is_grad_enabled():
            return self.found(output, batch)
        if self._idle:
            self._idle -= 1
            return Sloped(self._value, output, None)
        found = self.found(output, batch)
        self._idle, self._value = self.every - 1, found.value
        return found

    @abstractmethod
    def found(self, output: Any, batch: Batch) -> Sloped:  # noqa: ANN401 - as the module gives it
        """Strength × value, with its slopes by the rows of this batch times the steps until it acts again."""

    def penalty(self, output: Any, batch: Batch, _: nn.Module) -> Tensor:  # noqa: ANN401 - as the module gives it
        """What `sloped` gives, as a tensor."""
        return self.sloped(output, batch).as_tensor()

    @abstractmethod
    def arrange(self, seen: Seen) -> None:
        """Make ready for (cells,) the cells of which there is a mean."""

    @abstractmethod
    def judges(self, known: Known) -> tuple[float, Numbers]:
        """The value, and its slope by each mean, (k, cells); 0 for cells that do not count."""

    def judged(self, codes: Codes, numbers: Numbers, weights: Tensor | None) -> tuple[float, Numbers]:
        """Strength × value after these rows, and its slope by each row's numbers, (k, b), for all steps until the next."""
        each = None if weights is None else host(weights) / max(float(weights.mean()), TINY)
        known = self.running.after(codes, numbers, each)
        self._look(known.rows)
        value, slopes = self.judges(known)
        # a cell of less than one row a step pulls as one of one row: or the rare row would throw all others about
        pulls = (self.strength * self.every * slopes / np.maximum(known.rows, 1.0)).astype(numbers.dtype)
        pulls = pulls.take(codes, axis=1)  # three times as fast as by an index
        return self.strength * value, pulls if each is None else pulls * each

    def codes_of(self, batch: Batch) -> Codes:
        """(b,) group of each row."""
        if batch.groups is None:
            raise ValueError(f"{type(self).__name__} needs groups; give the step `groups=`")
        codes: Codes = host(batch.groups)
        return codes

    def _look(self, rows: Numbers) -> None:
        """See which cells are known, now and then: once all are, they stay so but for those that vanish from memory."""
        learning = torch.is_grad_enabled()
        if learning and self._settled and self.running.steps % LOOK:
            return
        seen = (rows > TINY) & self.kept
        self.arrange(seen)
        self._settled = learning and bool((seen == self.kept).all())

    def state(self) -> Iterator[tuple[str, Tensor]]:
        yield from self.running.state()
        yield "idle", torch.tensor(self._idle)
        yield "value", torch.tensor(self._value, dtype=torch.float64)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `state` gave."""
        self.running.restore(tensors)
        self._idle, self._value = int(tensors["idle"]), float(tensors["value"])
        self._settled = False


class ChancePart(GroupPart):
    """A penalty on the chances of classes that follow from the logits.

    `sharpness` multiplies the logits before, so that a score comes closer to the decision that follows from it.
    """

    sharpness = 1.0

    @abstractmethod
    def cells(self, groups: Codes, target: Tensor, chances: Numbers) -> Codes:
        """(b,) cell of each row."""

    def numbers(self, chances: Numbers, target: Tensor) -> Numbers:  # noqa: ARG002 - for those that compare with it
        """(k, b) what is averaged in cells; its slope by the chances is taken as 1. These, unless said."""
        return chances

    def found(self, output: Any, batch: Batch) -> Sloped:  # noqa: ANN401 - as the module gives it
        logits = host(output).T
        chances = chances_of(logits if self.sharpness == 1 else logits * self.sharpness)
        codes = self.cells(self.codes_of(batch), batch.target, chances)
        value, slopes = self.judged(codes, self.numbers(chances, batch.target), batch.weights)
        slopes = through(slopes, chances)
        return Sloped(value, output, guest(slopes if self.sharpness == 1 else slopes * self.sharpness, output))


class GapPenalty(ChancePart):
    """The squared gap between two groups' mean scores, on average over pairs of groups and over strata, summed over
    classes.

    With one stratum: demographic parity; with the rows of one class: equal opportunity; with a stratum each class:
    equalised odds.

    Source: FFB (Han and others 2024, ICLR), `DiffDP`, `DiffEOpp` and `DiffEOdd`, squared and for any number of groups.
    """

    def __init__(
        self,
        counts: Tensor,  # (g, s) training rows of each cell; s: 1, or one a class where `by_class`
        *,
        by_class: bool = False,
        among: int | None = None,  # only rows of this class
        sharpness: float = 1.0,  # above 0
        strength: float = 1.0,
        memory: float = MEMORY,
        fewest: int = FEWEST,
        every: int = EVERY,
    ) -> None:
        super().__init__(counts, strength=strength, memory=memory, fewest=fewest, every=every)
        self.by_class = by_class
        self.among = among
        self.sharpness = sharpness
        self._contrast: Numbers = np.zeros((0, 0))

    def cells(self, groups: Codes, target: Tensor, chances: Numbers) -> Codes:  # noqa: ARG002 - of no matter
        if self.by_class:
            within: Codes = groups * self.strata + host(target.long())
            return within
        if self.among is None:
            return groups
        some: Codes = np.where(host(target) == self.among, groups, self.nowhere)
        return some

    def arrange(self, seen: Seen) -> None:
        centring, number = centred(seen, self.strata)
        self._contrast = centring * (4.0 / (np.maximum(number - 1, 1) * self.strata))  # symmetric, as strata are apart

    def judges(self, known: Known) -> tuple[float, Numbers]:
        slopes = known.means.dot(self._contrast)
        return 0.5 * float(np.vdot(slopes, known.means)), slopes  # a square: half the slope times the mean


class MiscalibrationPenalty(ChancePart):
    """The squared difference of mean score and share of the positive class, within bins of the score, weighted by their
    rows; on average over groups. With several classes: summed over them, binned by the chance of the likeliest.

    A stratum is a bin, all of equal width; with one: calibration in the large.

    Source: binned calibration error, Naeini and others 2015, AAAI, squared; by group: Pleiss and others 2017, NeurIPS.
    """

    def __init__(
        self,
        counts: Tensor,  # (g, bins) training rows of the group, in each place
        *,
        strength: float = 1.0,
        memory: float = MEMORY,
        fewest: int = FEWEST,
        every: int = EVERY,
    ) -> None:
        super().__init__(counts, strength=strength, memory=memory, fewest=fewest, every=every)
        self._seen = self.kept

    def cells(self, groups: Codes, target: Tensor, chances: Numbers) -> Codes:  # noqa: ARG002 - of no matter
        place = (chances.max(axis=0) * self.strata).astype(np.int64)
        binned: Codes = groups * self.strata + np.minimum(place, self.strata - 1)
        return binned

    def numbers(self, chances: Numbers, target: Tensor) -> Numbers:
        truth = host(target)
        less = chances - (truth if len(chances) == 1 else np.eye(len(chances))[:, truth])
        numbers: Numbers = less.astype(chances.dtype)
        return numbers

    def arrange(self, seen: Seen) -> None:
        self._seen = seen

    def judges(self, known: Known) -> tuple[float, Numbers]:
        rows = (known.rows * self._seen)[:-1].reshape(self.groups, self.strata)
        of_group = rows.sum(axis=1, keepdims=True)
        share = rows / (np.maximum(of_group, TINY) * max(int((of_group > 0).sum()), 1))
        pulls = np.append(share.ravel(), 0.0) * known.means
        return float((pulls * known.means).sum()), 2 * pulls


def chances_of(logits: Numbers) -> Numbers:
    """(1, b) chances of the positive class from (1, b) logits, or (k, b) chances from (k, b)."""
    made: Numbers = expit(logits) if len(logits) == 1 else softmax(logits, axis=0)
    return made


def through(slopes: Numbers, chances: Numbers) -> Numbers:
    """(k, b) slopes by logits from slopes by the chances that follow from them."""
    pulled: Numbers = slopes * chances
    return pulled - chances * (pulled if len(chances) == 1 else pulled.sum(axis=0))


def host(tensor: Tensor) -> Any:  # noqa: ANN401 - an array of the tensor's type
    """The numbers as NumPy's; where they lie, if that is the host."""
    return tensor.numpy(force=True)


def guest(numbers: Numbers, beside: Tensor) -> Tensor:
    """(k, b) numbers as a (b, k) tensor where another lies."""
    return torch.from_numpy(numbers.T).to(beside.device)


def centred(seen: Seen, strata: int) -> tuple[Numbers, Numbers]:
    """What takes means by cell to their deviations from the mean of the groups seen in their stratum.

    Args:
        seen: (cells,) which cells have a mean; in the order group, stratum, and last one that is never seen.
        strata: Cells of a group.

    Returns:
        (cells, cells), symmetric, 0 for cells not seen; and (cells, 1) groups seen in the cell's stratum.
    """
    places = np.arange(len(seen)) % strata
    alike = (places[:, None] == places) * seen.astype(np.float64)
    number = alike.sum(axis=1, keepdims=True)
    return (np.eye(len(seen)) - alike / np.maximum(number, 1)) * seen[:, None], number
