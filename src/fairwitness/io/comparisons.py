"""comparison.json and frontier.json: written and read as findings.json is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairwitness.core.comparison import COMPARISON_VERSION, Comparison
from fairwitness.core.digest import digest as plain_digest
from fairwitness.core.frontier import FRONTIER_VERSION, Frontier
from fairwitness.io import findings

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def dump(comparison: Comparison | Frontier) -> str:
    """The comparison, or the frontier, as JSON text; see `findings.dump`."""
    return findings.text(comparison)


def load(path: str | Path) -> Comparison:
    """Read a comparison and check it against the types.

    Raises:
        DataError: It is missing, too large, not JSON, of another version, or not a comparison.
    """
    return findings.checked(path, _adapter(), version=COMPARISON_VERSION, maker="fairwitness fix")


def digest(comparison: Comparison) -> str:
    """SHA-256 over what was compared and found, as 64 hex digits; times, work spent and the command line are left out."""
    return plain_digest(
        replace(
            comparison,
            spent={},
            provenance={},
            tried=tuple(replace(each, seconds=0.0, cost=None) for each in comparison.tried),
            before=replace(comparison.before, training=None),
            after=replace(comparison.after, training=None),
        )
    )


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of comparison.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:fairwitness:comparison:{COMPARISON_VERSION}",
        **_adapter().json_schema(mode="serialization"),
        "title": "fairwitness comparison",
        "description": "What changed between two audits, and how sure that is. Counts, rates and digests: no rows.",
    }


def frontier_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of frontier.json."""
    from pydantic import TypeAdapter  # heavy, and only wanted here

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:fairwitness:frontier:{FRONTIER_VERSION}",
        **TypeAdapter(Frontier).json_schema(mode="serialization"),
        "title": "fairwitness frontier",
        "description": "What can be had for what, measured on rows held for choosing. Counts, rates and digests: no rows.",
    }


@cache
def _adapter() -> TypeAdapter[Comparison]:
    from pydantic import TypeAdapter  # heavy, and only wanted here

    return TypeAdapter(Comparison)
