"""The commands of the explanation pillar; they may import anything, inside their functions."""

from __future__ import annotations

import typer

from fairwitness.explain.commands import explain


def register(app: typer.Typer) -> None:
    """Add every command to the command line."""
    explain.register(app)
