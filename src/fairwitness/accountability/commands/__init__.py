"""The commands of accountability, one file a family; they may import anything, inside their functions."""

from __future__ import annotations

import typer

from fairwitness.accountability.commands import (
    appeals,
    assess,
    cards,
    decisions,
    key_commands,
    ledger_commands,
    policy,
    reproduce,
    verify_commands,
)

FAMILIES = (ledger_commands, key_commands, verify_commands, reproduce, cards, assess, policy, decisions, appeals)
"""One line a family; each has `register(app)`."""


def register(app: typer.Typer) -> None:
    """Add every family to the command line."""
    for family in FAMILIES:
        family.register(app)
