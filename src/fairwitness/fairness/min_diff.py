"""Scores of two groups drawn together as whole distributions, not only in their means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from fairwitness.core.blueprint import Acts
from fairwitness.fairness.penalties import FEWEST
from fairwitness.torchkit.parts.base import Batch


class MinDiff:
    """The squared maximum mean discrepancy between two groups' logits under a Gaussian kernel, on average over pairs of
    groups and over strata.

    Rows of the last steps are remembered beside those of the batch, as points to compare with: gradients go through the
    batch alone, so small batches do.

    Source: Prost and others 2019, https://arxiv.org/abs/1910.11779; Gretton and others 2012, JMLR 13(25), equation 5.
    """

    acts: ClassVar[Acts] = "batch"

    def __init__(
        self,
        counts: Tensor,  # (g, s) training rows of each cell; s: 1, or one a class where `by_class`
        *,
        strength: float,  # at least 0
        bandwidth: float = 1.0,  # of the kernel, in units of the logit, above 0
        by_class: bool = False,
        among: int | None = None,  # only rows of this class
        remembers: int = 256,  # rows, at least 0
        fewest: int = FEWEST,
    ) -> None:
        self.groups, self.strata = counts.shape
        self.strength = strength
        self.bandwidth = bandwidth
        self.by_class = by_class
        self.among = among
        self.remembers = remembers
        self.kept = (counts >= max(fewest, 1)).flatten()
        self._logits = torch.zeros(0, 0)
        self._codes = torch.zeros(0, dtype=torch.int64)

    def penalty(self, output: Any, batch: Batch, _: nn.Module) -> Tensor:  # noqa: ANN401 - as the module gives it
        if batch.groups is None:
            raise ValueError("MinDiff needs groups; give the step `groups=`")
        codes = batch.groups * self.strata + batch.target.long() if self.by_class else batch.groups
        use = self.kept.to(codes.device)[codes]
        if self.among is not None:
            use = use & (batch.target == self.among)
        logits, codes = output[use], codes[use]
        points, cells = logits.detach(), codes
        if torch.is_grad_enabled() and self.remembers:
            points = torch.cat([points, self._logits.to(points).view(-1, output.shape[1])])
            cells = torch.cat([codes, self._codes.to(codes.device)])
            self._logits, self._codes = points[: self.remembers].cpu(), cells[: self.remembers].cpu()
        own, shares = self._shares(codes, logits), self._shares(cells, logits)
        apart = self._contrast(shares)
        # means of the kernel between the rows of a cell and those of another: a square, so its slope by a row of the batch
        # is twice that by the row as the first argument
        pull = 2 * ((own.T @ self._kernel(logits, points) @ shares) * apart).sum()
        whole = shares.T @ self._kernel(points, points) @ shares
        return self.strength * (pull + ((whole * apart).sum() - pull).detach())

    def _kernel(self, one: Tensor, other: Tensor) -> Tensor:
        """(n, m) Gaussian kernel between (n, k) and (m, k)."""
        squares = (one[:, None] - other).square().sum(dim=2)
        return (squares / (-2 * self.bandwidth**2)).exp()

    def _shares(self, codes: Tensor, like: Tensor) -> Tensor:
        """(n, cells) the share of each row in its cell; columns sum to 1, or to 0 where there are no rows."""
        inside = nn.functional.one_hot(codes, self.groups * self.strata).to(like.dtype)
        return inside / inside.sum(dim=0).clamp(min=1)

    def _contrast(self, shares: Tensor) -> Tensor:
        """(cells, cells) by which products of kernel means add up to the mean over pairs and strata."""
        seen = (shares.sum(dim=0) > 0).view(self.groups, self.strata).to(shares.dtype)
        number = seen.sum(dim=0)
        pairs = (number * (number - 1)).clamp(min=1) * self.strata
        each = torch.einsum("gs,hs->sgh", seen, seen) / pairs[:, None, None]
        own = torch.diag_embed(seen.T * (2 * (number - 1).clamp(min=0) / pairs)[:, None])
        made = own - 2 * (each - torch.diag_embed(torch.diagonal(each, dim1=1, dim2=2)))
        cells = self.groups * self.strata
        whole = torch.zeros(
            self.groups, self.strata, self.groups, self.strata, dtype=shares.dtype, device=shares.device
        )
        for stratum in range(self.strata):
            whole[:, stratum, :, stratum] = made[stratum]
        return whole.view(cells, cells)

    def state(self) -> Iterator[tuple[str, Tensor]]:
        yield "logits", self._logits
        yield "codes", self._codes

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `state` gave."""
        self._logits, self._codes = tensors["logits"], tensors["codes"]
