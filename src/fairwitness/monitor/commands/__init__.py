"""The commands of monitoring; they may import anything, inside their functions."""

from __future__ import annotations

import typer

from fairwitness.monitor.commands import watch


def register(app: typer.Typer) -> None:
    """Add every command to the command line."""
    watch.register(app)
