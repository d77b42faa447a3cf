"""Where networks are trained and run."""

from __future__ import annotations

import torch

from fairwitness.core.errors import ModelError


def device(name: str) -> str:
    """The name of a device that is there; `auto` is the fastest one.

    Raises:
        ModelError: There is no such device on this machine.
    """
    best = torch.accelerator.current_accelerator(check_available=True)
    if name == "auto":
        return "cpu" if best is None else str(best)
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError, NotImplementedError):
        have = "cpu" if best is None else f"cpu and {best}"
        raise ModelError(f"no device {name!r} that can be used here; this machine has {have}") from None
    return name
