"""Digests and derived randomness: what makes work shared, resumable and repeatable."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(value: Any) -> Any:  # noqa: ANN401 - any tree of dataclasses, mappings and scalars
    """A tree of dataclasses, mappings, sequences and scalars as plain JSON values, each class under its name."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"": type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def digest(*values: Any) -> str:  # noqa: ANN401 - any tree of plain values
    """SHA-256 over values, as 64 hex digits; equal values give equal digests on every machine."""
    text = json.dumps([plain(value) for value in values], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def generator(seed: int, *path: str) -> np.random.Generator:
    """A generator of one's own, derived from the seed and a path of names (check, grouping)."""
    words = np.frombuffer(bytes.fromhex(digest(seed, *path)), dtype=np.uint32)
    return np.random.default_rng(np.random.SeedSequence(words.tolist()))
