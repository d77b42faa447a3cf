"""Models on disk: weights as safetensors, and a description beside them that rebuilds the network without the user's code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from fairwitness.core.errors import UserError
from fairwitness.io.atomic import directory, write_bytes, write_text
from fairwitness.torchkit import families
from fairwitness.torchkit.digests import digest_tensors
from fairwitness.torchkit.encoding import Encoding, OwnEncoding
from fairwitness.torchkit.errors import LoadError
from fairwitness.torchkit.modules.net import Net

FORMAT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What lay in a folder.

    Attributes:
        source: Names the model in errors: its description.
        facts: What else the description holds.
    """

    module: Net
    encoding: OwnEncoding
    words: str
    notes: tuple[str, ...]
    source: str
    facts: Mapping[str, Any]


def save(
    folder: Path,
    module: nn.Module,
    encoding: Encoding,
    *,
    words: str,
    notes: tuple[str, ...],
    facts: Mapping[str, Any],
) -> None:
    """Write `model.safetensors` and `model.json` into a folder, which is made if need be.

    Raises:
        LoadError: The module is the user's own; its code is not ours to save.
    """
    if not isinstance(module, Net) or not families.is_own(encoding):
        raise LoadError.foreign(type(module).__name__)
    weights = safetensors.torch.save(_tensors(module))
    described = {
        "format": FORMAT,
        "words": words,
        "module": module.to_json(),
        "encoding": encoding.to_json(),
        **facts,
        "notes": notes,
        "weights": hashlib.sha256(weights).hexdigest(),
    }
    write_bytes(directory(folder) / "model.safetensors", weights)
    # the description last: it names the weights, so a half-written pair is seen
    write_text(folder / "model.json", json.dumps(described, indent=1, ensure_ascii=False) + "\n")


def load(folder: Path) -> Saved:
    """Read what `save` wrote.

    Raises:
        LoadError: A file is missing or damaged, or the weights are not those the description was saved with.
    """
    description, weights = folder / "model.json", folder / "model.safetensors"
    for path in (description, weights):
        if not path.is_file():
            raise LoadError.missing(path)
    try:
        return _read(description, weights)
    except UserError:
        raise
    except Exception as error:  # what was edited by hand may fail anywhere, in torch's and the tokenizers' code too
        raise LoadError.damaged(description, error) from error


def _read(description: Path, weights: Path) -> Saved:
    raw, facts = weights.read_bytes(), json.loads(description.read_text(encoding="utf-8"))
    if facts["format"] != FORMAT:
        raise LoadError.other_format(description, facts["format"])
    if facts["weights"] != hashlib.sha256(raw).hexdigest():
        raise LoadError.tampered(weights)
    return Saved(
        module=_net(facts["module"], safetensors.torch.load(raw), description),
        encoding=families.encoding(facts["encoding"]),
        words=str(facts["words"]),
        notes=tuple(map(str, facts["notes"])),
        source=str(description),
        facts=facts,
    )


def _net(described: Mapping[str, Any], state: dict[str, Tensor], source: Path) -> Net:
    """The network with its weights, in evaluation mode; nothing is made of a description that they do not fit.

    Raises:
        LoadError: They do not.
    """
    if described.get("layers", 1) > len(state):  # each would be an object, however small
        raise LoadError.other_weights(source)
    with torch.device("meta"):  # shapes without numbers: a size that is not there takes no memory
        wanted = families.net(described).state_dict()
    if _shapes(wanted) != _shapes(state):
        raise LoadError.other_weights(source)
    with torch.random.fork_rng(devices=[]):  # its first weights are drawn, and thrown away
        module = families.net(described)
    module.load_state_dict(state)
    return module.eval()


def weights_digest(module: nn.Module) -> str:
    """SHA-256 over the state dict: names, types, shapes, bytes."""
    return digest_tensors(sorted(module.state_dict().items()))


def _shapes(state: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in state.items()}


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}
