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

PREFIXES = ("model.", "net.", "module.")
"""What wrappers (a LightningModule, DataParallel, an averaged model) put before the names of the module they hold."""

COMPILED = "_orig_mod."
"""What torch.compile puts into names, anywhere."""

_STANDS_ALONE = "it is a whole network: name it as weights and take factory out"
_PICKLE = "a pickle runs code when it is opened; open it in a function of your own: black_box = 'module:function'"
_WAYS_OUT = {
    ".pt2": _STANDS_ALONE,
    ".onnx": _STANDS_ALONE,
    ".pkl": _PICKLE,
    ".pickle": _PICKLE,
    ".joblib": _PICKLE,
}


def read_weights(path: Path) -> dict[str, Tensor]:
    """A state dict from `.safetensors`, or from `.pt`, `.pth`, `.bin` or a Lightning `.ckpt` with weights only.

    Nothing in it is run.

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
    if path.suffix in {".pt", ".pth", ".bin", ".ckpt"}:
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


def put_weights(module: nn.Module, weights: Mapping[str, Tensor], *, source: str) -> tuple[str, ...]:
    """Load a state dict, every name and shape fitting, and return what was done to the names as notes.

    Names that differ only by what wrappers put before them are stripped of it; what else a checkpoint holds beside the
    wrapped module (a metric, a loss) is left aside.

    Raises:
        LoadError: They differ; the first names that do are given.
    """
    want = module.state_dict()
    given, notes = _unwrapped(weights, want)
    held = {want[name].data_ptr() for name in want if name in given and want[name].numel()}
    lacking = [name for name in want if name not in given and want[name].data_ptr() not in held]  # a tied one is not
    spare = [name for name in given if name not in want]
    differ = [name for name in want if name in given and want[name].shape != given[name].shape]
    parts = []
    if lacking:
        parts.append(f"the file has no {_first(lacking)}")
    if spare:
        parts.append(f"the module has no {_first(spare)}")
    if differ:
        name = differ[0]
        parts.append(f"{name} is {tuple(given[name].shape)} in the file, {tuple(want[name].shape)} in the module")
    if parts:
        raise LoadError.mismatch(", ".join(parts), source=source)
    try:
        module.load_state_dict(given, strict=False)  # every name was compared above
    except RuntimeError as error:
        raise LoadError.mismatch(" ".join(str(error).split()), source=source) from error
    return notes


def _unwrapped(
    weights: Mapping[str, Tensor], want: Mapping[str, Tensor]
) -> tuple[Mapping[str, Tensor], tuple[str, ...]]:
    """Weights under the module's own names, if stripping gives all of them; else as they are."""
    if not set(want) - set(weights):
        return weights, ()
    plain = {name.replace(COMPILED, ""): held for name, held in weights.items()}
    stripped, aside = "", 0
    while True:
        if set(want) <= set(plain):
            break
        prefix = next((p for p in PREFIXES if any(name.startswith(p) for name in plain)), None)
        if prefix is None:
            return weights, ()
        inside = {name.removeprefix(prefix): held for name, held in plain.items() if name.startswith(prefix)}
        aside += len(plain) - len(inside)
        plain, stripped = inside, stripped + prefix
    compiled = COMPILED if any(COMPILED in name for name in weights) else ""
    what = " and ".join(repr(part) for part in (stripped, compiled) if part)
    left = f"; {aside:,} of its tensors lie beside it and are left aside" if aside else ""
    return plain, (f"The names in the checkpoint are stripped of {what}{left}.",)


def _first(names: list[str]) -> str:
    more = f" (and {len(names) - 1:,} more)" if len(names) > 1 else ""
    return f"{names[0]!r}{more}"
