"""What `--format` takes where a command has two surfaces: lines to read, and JSON."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class TextOrJson(StrEnum):
    """A command's answer as lines, or whole as JSON."""

    TEXT = "text"
    JSON = "json"


TextOrJsonOption = Annotated[TextOrJson, typer.Option("--format", help="What to print.")]
