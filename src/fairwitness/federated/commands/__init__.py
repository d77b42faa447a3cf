"""The commands of federation; they may import anything, inside their functions."""

from __future__ import annotations

import typer

from fairwitness.federated.commands import federate


def register(app: typer.Typer) -> None:
    """Add every command to the command line."""
    federate.register(app)
