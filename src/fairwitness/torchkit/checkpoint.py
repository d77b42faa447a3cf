"""Training put on disk now and then, so that a kill costs little: safetensors with a JSON head, whole or not there, and
no pickle.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from fairwitness.io.atomic import directory, write_bytes
from fairwitness.torchkit.digests import digest_tensors

FORMAT = "2"


@dataclass(slots=True, kw_only=True)
class Checkpoint:
    """Where the state of a training is kept, and how often.

    Attributes:
        path: The file; its folder is made.
        every: Seconds between writes, at least; 0: after every step.
        key: Digest of what is trained and how. A file of another key is no start for this training, and is replaced.
    """

    path: Path
    every: float = 30.0
    key: str = ""
    _last: float = field(default_factory=lambda: time.monotonic(), init=False)  # noqa: PLW0108 - looked up when made

    def due(self) -> bool:
        """Whether it is time to write."""
        return time.monotonic() - self._last >= self.every

    def save(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Write tensors and JSON-like facts in one file.

        Raises:
            UserError: It cannot be written there.
        """
        whole = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
        kept = digest_tensors(sorted(whole.items()))
        head = {"format": FORMAT, "key": self.key, "facts": json.dumps(facts), "tensors": kept}
        directory(self.path.parent)
        write_bytes(self.path, safetensors.torch.save(whole, metadata=head))
        self._last = time.monotonic()

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """What `save` wrote under this key; None where there is no such file, or it is damaged."""
        try:
            with safe_open(self.path, framework="pt") as file:
                head = file.metadata() or {}
                if head.get("format") != FORMAT or head.get("key") != self.key:
                    return None
                facts: dict[str, Any] = json.loads(head["facts"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
                return (tensors, facts) if digest_tensors(sorted(tensors.items())) == head["tensors"] else None
        except (OSError, SafetensorError, ValueError, KeyError):
            return None


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those whose names start with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
