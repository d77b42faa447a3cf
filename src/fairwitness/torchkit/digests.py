"""What sets modules, tensors and parts apart, the same in another process: by it a training is found again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fairwitness.core.digest import digest


def digest_tensors(tensors: Iterable[tuple[str, Tensor]]) -> str:
    """SHA-256 over named tensors: names, types, shapes, bytes."""
    hashed = hashlib.sha256()
    for name, tensor in tensors:
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        hashed.update(f"{name} {flat.dtype} {tuple(tensor.shape)}".encode())
        hashed.update(flat.view(torch.uint8).numpy().data)
    return hashed.hexdigest()


def digest_module(module: nn.Module) -> str:
    """SHA-256 over a module: its layers as printed, its weights, and which of them learn."""
    learn = [name for name, parameter in module.named_parameters() if parameter.requires_grad]
    return digest(type(module).__qualname__, repr(module), learn, digest_tensors(module.state_dict().items()))


def described(part: object) -> dict[str, Any]:
    """An object's settings in JSON-like values: tensors, arrays and modules by digest, functions by name and by what
    they hold of the place where they were made.
    """
    names = [f.name for f in fields(part)] if is_dataclass(part) else list(getattr(part, "__dict__", ()))
    return {name: told(getattr(part, name)) for name in names}


def told(value: object, *, held: bool = False) -> Any:  # noqa: ANN401 - JSON-like
    """A value as `described` tells it; a function `held` by another by name only, as they may hold one another."""
    found: Any
    match value:
        case bool() | int() | float() | str() | None:
            found = value
        case Tensor():
            found = digest_tensors([("", value)])
        case np.ndarray() if not value.dtype.hasobject:
            found = [value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).hexdigest()]
        case nn.Module():
            found = digest_module(value)
        case list() | tuple():
            found = [told(item, held=held) for item in value]
        case Mapping():
            found = {str(key): told(item, held=held) for key, item in value.items()}
        case partial():
            found = told((value.func, value.args, value.keywords), held=held)
        case MethodType():
            found = [value.__qualname__, described(value.__self__)]
        case FunctionType():
            cells = () if held else value.__closure__ or ()
            found = [
                f"{value.__module__}.{value.__qualname__}",
                *(told(cell.cell_contents, held=True) for cell in cells),
            ]
        case _:
            found = getattr(value, "__qualname__", type(value).__qualname__)
    return found
