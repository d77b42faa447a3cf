"""What every page shares: its style sheet, the marks of verdicts, and the policy that lets nothing in from outside."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from fairwitness.core.estimate import Verdict
from fairwitness.draw.tokens import css

ICONS: dict[Verdict, str] = {
    Verdict.FAIL: "fail",
    Verdict.UNCERTAIN: "unc",
    Verdict.PASS: "pass",
    Verdict.EXPLORED: "look",
    Verdict.NOT_APPLICABLE: "none",
    Verdict.NEEDS_PERSON: "person",
    Verdict.ERROR: "err",
}
"""Name of a verdict's mark among `symbols()`, and end of its colour's class: `#i-fail`, `.v-fail`."""


@cache
def style() -> str:
    """Tokens, charts and the plain page: what stands before a page's own rules."""
    return css() + _asset("page.css")


@cache
def symbols() -> str:
    """SVG `symbol` elements of every verdict, for one hidden `svg` at the top of a page."""
    return _asset("symbols.svg")


def policy(style: str, script: str = "", *, pictures: bool = False) -> str:
    """A content policy that allows this style and this script, by their hashes, and nothing else; with `pictures` those
    that the page itself holds.
    """
    allowed = f"default-src 'none'; style-src '{_sha256(style)}';"
    allowed += f" script-src '{_sha256(script)}';" if script else ""
    allowed += " img-src data:;" * pictures
    return f"{allowed} base-uri 'none'; form-action 'none'"


def _asset(name: str) -> str:
    return files("fairwitness.draw").joinpath(name).read_text(encoding="utf-8")


def _sha256(text: str) -> str:
    """Of exactly what stands between the tags."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
