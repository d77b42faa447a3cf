"""Reading weights without running what a file may carry."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from fairwitness.torchkit.errors import LoadError

NESTED = ("state_dict", "model_state_dict", "model")
"""Where checkpoints keep the weights, beside the optimiser and the like."""

SAVE = "save the weights with safetensors.torch.save_file(model.state_dict(), 'model.safetensors')"

_WAYS_OUT = {
    ".pt2": "exported programs can carry code; " + SAVE,
    ".onnx": "give a Python function that runs it, from fairwitness.audit(model=...)",
    ".pkl": "a pickle runs code when it is opened; " + SAVE,
    ".joblib": "a pickle runs code when it is opened; " + SAVE,
}


def read_weights(path: Path) -> dict[str, Tensor]:
    """A state dict from `.safetensors`, or from `.pt`, `.pth` or `.bin` with weights only. Nothing in it is run.

    Raises:
        LoadError: There is no such file, it is of another kind, damaged, or holds more than weights.
    """
    if not path.is_file():
        raise LoadError.missing(path)
    if path.suffix == ".safetensors":
        try:
            return dict(safetensors.torch.load_file(path))
        except (SafetensorError, OSError) as error:
            raise LoadError.damaged(path, error) from error
    if path.suffix in {".pt", ".pth", ".bin"}:
        return _state_dict(_weights_only(path), path)
    raise LoadError.format(path, _WAYS_OUT.get(path.suffix, SAVE))


def _weights_only(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # torch's own message advises to switch the check off; ours names what was found instead
        found = re.search(r"GLOBAL (\S+)", str(error))
        raise LoadError.unsafe(path, found.group(1).rstrip(".") if found else "more than weights") from None
    except RuntimeError as error:
        if "TorchScript" in str(error):
            raise LoadError.unsafe(path, "a TorchScript program") from None
        raise LoadError.damaged(path, error) from error
    except Exception as error:
        raise LoadError.damaged(path, error) from error


def _state_dict(held: object, path: Path) -> dict[str, Tensor]:
    if isinstance(held, Mapping):
        inner = next((held[key] for key in NESTED if isinstance(held.get(key), Mapping)), held)
        if inner and all(isinstance(value, Tensor) for value in inner.values()):
            return {str(name): value for name, value in inner.items()}
    raise LoadError.format(path, SAVE)


def put_weights(module: nn.Module, weights: Mapping[str, Tensor], *, source: str) -> None:
    """Load a state dict, every name and shape fitting.

    Raises:
        LoadError: They differ; the first names that do are given.
    """
    want = module.state_dict()
    lacking = [name for name in want if name not in weights]
    spare = [name for name in weights if name not in want]
    differ = [name for name in want if name in weights and want[name].shape != weights[name].shape]
    parts = []
    if lacking:
        parts.append(f"the file has no {_first(lacking)}")
    if spare:
        parts.append(f"the module has no {_first(spare)}")
    if differ:
        name = differ[0]
        parts.append(f"{name} is {tuple(weights[name].shape)} in the file, {tuple(want[name].shape)} in the module")
    if parts:
        raise LoadError.mismatch(", ".join(parts), source=source)
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise LoadError.mismatch(" ".join(str(error).split()), source=source) from error


def _first(names: list[str]) -> str:
    more = f" (and {len(names) - 1:,} more)" if len(names) > 1 else ""
    return f"{names[0]!r}{more}"
