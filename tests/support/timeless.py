"""What two runs of one audit have alike: findings.json without clocks, meters, and the command that made it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

READ_OFF = ("title", "lead", "why", "evidence", "series", "figures", "notes")


def timeless(document: dict[str, Any]) -> dict[str, Any]:
    """A findings document; of what is read off clocks and meters only that it was."""
    findings = []
    for finding in document["findings"]:
        held = dict.fromkeys(READ_OFF) if finding["metered"] else {}
        findings.append({**finding, **held, "seconds": 0, "watt_hours": None})
    provenance = {**document["provenance"], "started": "", "seconds": 0, "command": ""}
    return {**document, "findings": findings, "provenance": provenance}


def read(file: Path) -> dict[str, Any]:
    """The same of a findings.json."""
    return timeless(json.loads(file.read_text(encoding="utf-8")))
