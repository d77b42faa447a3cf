"""One thing a policy asks for, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RequirementKind = Literal["audit", "ledger", "record", "check", "limit", "age", "assessment", "sign-off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What is asked, whether it holds, and why (not)."""

    kind: RequirementKind
    what: str
    holds: bool
    says: str
