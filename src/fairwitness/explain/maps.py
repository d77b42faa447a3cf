"""Where in an image a convolutional network looks: Grad-CAM and HiResCAM."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn

from fairwitness.core.errors import UserError, hint
from fairwitness.explain.gradients import AT_ONCE, Follow

Kind = Literal["Grad-CAM", "HiResCAM"]

AXES = 4
"""Of a batch of images: row, channel, height, width."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassMap:
    """How much each place of each image speaks for what is followed, and against it where negative.

    Attributes:
        values: (n, H, W), drawn up to the size of the images.
        layer: Whose output was weighed.
        size: Height and width of that output: what lies closer together is not told apart.
    """

    values: Tensor
    layer: str
    size: tuple[int, int]


class MapError(UserError, ValueError):
    """A network has no layer that a map could be made of."""

    @classmethod
    def flat(cls, *, source: str) -> Self:
        return cls(
            f"{source}: no layer keeps height and width, so there is no map of where it looks; "
            "use integrated gradients, or Shapley values"
        )

    @classmethod
    def not_a_map(cls, name: str, *, source: str) -> Self:
        return cls(f"{source}: layer {name!r} does not give one map a channel; name one that keeps height and width")

    @classmethod
    def unknown(cls, name: str, have: list[str], *, source: str) -> Self:
        return cls(f"{source}: no layer {name!r}; {hint(name, have)}")


def last_spatial(module: nn.Module, follow: Follow, x: Tensor, *, source: str = "model") -> str:
    """The name of the layer that runs last of those whose output still has height and width.

    Args:
        module: Runs inside `follow`.
        follow: See `gradients.Follow`.
        x: (n, C, H, W) a few images.
        source: Names the network in errors.

    Raises:
        MapError: There is none.
    """
    seen: list[str] = []

    def note(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_: nn.Module, __: object, output: object) -> None:
            if _spatial(output):
                seen.append(name)

        return hook

    parts = [(name, part) for name, part in module.named_modules() if next(part.children(), None) is None]
    hooks = [part.register_forward_hook(note(name)) for name, part in parts]
    try:
        with torch.no_grad():
            follow(x, torch.arange(len(x)))
    finally:
        for hook in hooks:
            hook.remove()
    if not seen:
        raise MapError.flat(source=source)
    return seen[-1]


def class_map(
    module: nn.Module,
    follow: Follow,
    x: Tensor,
    *,
    kind: Kind = "HiResCAM",
    layer: str | None = None,
    at_once: int = AT_ONCE,
    source: str = "model",
) -> ClassMap:
    """Where in each image the number that is followed comes from.

    Grad-CAM weighs a channel by its mean gradient; HiResCAM each place by its own. Where the layer is averaged over places
    and then read by one linear layer the two are the same up to a factor, and exact; where a linear layer reads all places
    only HiResCAM is. Drawings usually leave out what is negative.

    Args:
        module: Runs inside `follow`, once.
        follow: Differentiable; see `gradients.Follow`.
        x: (n, C, H, W) images.
        kind: Which.
        layer: A name from `module.named_modules()`; None: the last that keeps height and width.
        at_once: Images in memory at a time.
        source: Names the network in errors.

    Raises:
        MapError: There is no such layer, or it gives no maps.

    Source:
        Selvaraju et al. 2017, ICCV, arXiv 1610.02391; Draelos and Carin 2020, arXiv 2011.08891.
    """
    names = dict(module.named_modules())
    if layer is not None and layer not in names:
        raise MapError.unknown(layer, [name for name in names if name], source=source)
    name = layer or last_spatial(module, follow, x[:1], source=source)
    maps = []
    for at in torch.split(torch.arange(len(x)), at_once):
        with _kept(names[name]) as kept, torch.enable_grad():
            value = follow(x[at].detach().requires_grad_(), at).sum()
            if not kept or not _spatial(kept[-1]):
                raise MapError.not_a_map(name, source=source)
            (slope,) = torch.autograd.grad(value, kept[-1], allow_unused=True)
        slope = torch.zeros_like(kept[-1]) if slope is None else slope
        weight = slope.mean(dim=(2, 3), keepdim=True) if kind == "Grad-CAM" else slope
        small = (weight * kept[-1].detach()).sum(dim=1, keepdim=True)
        maps.append(small[:, 0])
    whole = torch.cat(maps)
    return ClassMap(values=enlarged(whole, x.shape[2:]), layer=name, size=(whole.shape[1], whole.shape[2]))


def enlarged(maps: Tensor, size: Sequence[int]) -> Tensor:
    """(n, h, w) maps, drawn up to the height and width of images."""
    return nn.functional.interpolate(maps[:, None], tuple(size), mode="bilinear", align_corners=False)[:, 0]


def _spatial(output: object) -> bool:
    return isinstance(output, Tensor) and output.ndim == AXES and min(output.shape[2:]) > 1


@contextmanager
def _kept(part: nn.Module) -> Iterator[list[Tensor]]:
    """Outputs of a layer as it runs; what follows gets a copy, so that one that works in place spoils nothing."""
    kept: list[Tensor] = []

    def hook(_: nn.Module, __: object, output: object) -> object:
        if not isinstance(output, Tensor):
            return output
        kept.append(output)
        return output.clone()

    handle = part.register_forward_hook(hook)
    try:
        yield kept
    finally:
        handle.remove()
