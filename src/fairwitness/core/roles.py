"""Who answers for a system, stage by stage: the roles of the `[roles]` table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One stage of a system's life and what its person answers for."""

    key: str
    words: str  # as a reader sees the role
    does: str


ROLES: tuple[Role, ...] = (
    Role(key="owner", words="owner", does="answers for the system and what it does to people"),
    Role(key="builder", words="builder", does="made the data and the model"),
    Role(key="reviewer", words="reviewer", does="reads the findings before the approver does, and may object"),
    Role(key="approver", words="approver", does="lets the system into use, and never approves what they built"),
    Role(key="monitor", words="monitor", does="watches it in use and answers its alarms"),
    Role(key="appeal_handler", words="appeal handler", does="answers a person who disagrees with a decision"),
)
