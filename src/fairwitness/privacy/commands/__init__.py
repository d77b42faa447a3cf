"""The commands of privacy; they may import anything, inside their functions."""

from __future__ import annotations

import typer

from fairwitness.privacy.commands import release


def register(app: typer.Typer) -> None:
    """Add every command to the command line."""
    release.register(app)
