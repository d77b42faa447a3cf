"""What a check of this pillar is told: what training took, what the audit took so far, and what a person said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fairwitness.carbon.energy import Told
from fairwitness.carbon.grid import Grid
from fairwitness.carbon.spent import Spent

Origin = Literal["here", "saved", "elsewhere", "none"]
"""Where the model is from: trained in this audit (or one before it), saved by `fix`, brought by the user; or there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Readings and circumstances.

    Attributes:
        training: What training the audited model took; None where nobody knows.
        trained_now: Whether that was in this run; else it was found where an earlier one kept it.
        origin: Where the model is from.
        audit: What the audit took so far, training left out.
        pillars: The same by pillar.
        told: What a person said of the machine.
        training_kwh: What a person said training took.
        grid: The electricity; None where no country was told.
    """

    training: Spent | None
    trained_now: bool
    origin: Origin
    audit: Spent
    pillars: Mapping[str, Spent] = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    training_kwh: float | None = None
    grid: Grid | None = None
