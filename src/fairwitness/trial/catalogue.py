"""Everything that is planted, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from fairwitness.trial.kinds import (
    accountability,
    behaviour,
    data,
    explain,
    fairness,
    federated,
    monitor,
    privacy,
    robustness,
    sources,
)
from fairwitness.trial.planted import Kind, Planted

KINDS: tuple[Kind, ...] = (
    *data.KINDS,
    *sources.KINDS,
    *fairness.KINDS,
    *behaviour.KINDS,
    *privacy.KINDS,
    *robustness.KINDS,
    *explain.KINDS,
    *accountability.KINDS,
    *monitor.KINDS,
    *federated.KINDS,
)
QUICK = ("data.biased-labels", "fairness.missed", "privacy.personal-data")
"""Kinds of which a plain fault and one twin are tried in seconds."""


@cache
def catalogue(seed: int = 0) -> Mapping[str, Planted]:
    """Every subject by its name, pillar by pillar; none is made before it is asked for.

    The audit was tried on those of seed 0 while it was built; another seed draws subjects it has never met.
    """
    return MappingProxyType({each.name: each for kind in KINDS for each in kind.subjects(seed)})


def quick(seed: int = 0) -> Mapping[str, Planted]:
    """A few of them, for tests."""
    wanted = [f"{kind}.{which}" for kind in QUICK for which in ("plain", "clean-1")]
    return MappingProxyType({name: catalogue(seed)[name] for name in wanted})
