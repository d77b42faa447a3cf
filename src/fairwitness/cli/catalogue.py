"""The list of checks and the explanation of one, for the terminal."""

from __future__ import annotations

import textwrap

from fairwitness.core.check import CheckInfo
from fairwitness.core.errors import ConfigError
from fairwitness.core.registry import PILLARS, registered


def listing() -> str:
    """Every check by pillar: its id and what is true when it passes."""
    lines: list[str] = []
    for pillar, title in PILLARS.items():
        lines += ["", title]
        infos = [entry.load().info for entry in registered() if entry.id.startswith(f"{pillar}.")]
        lines += [f"  {info.id:<34} {info.title}" for info in infos]
    return "\n".join([*lines[1:], "", "fairwitness checks ID explains one."])


def explain(name: str) -> str:
    """One check: what it measures, its limit, what it does not show, what to do, its sources.

    Raises:
        ConfigError: There is no such check.
    """
    found = [entry for entry in registered() if entry.id == name]
    if not found:
        raise ConfigError.unknown_check(name, key="checks", source="command line", have=[e.id for e in registered()])
    info = found[0].load().info
    parts = [
        ("Passes", info.title),
        ("Fails", info.failure_title),
        ("Measures", info.measures),
        ("Limit", limit_words(info)),
        ("Severity", str(info.severity)),
        ("Does not show", info.does_not_show),
        ("What to do", info.advice),
        ("Needs", ", ".join(sorted(info.needs)) or "nothing beyond the data"),
        ("Sources", "; ".join(info.sources)),
    ]
    width = max(len(label) for label, _ in parts) + 2
    body = [
        textwrap.fill(text, 96, initial_indent=f"{label:<{width}}", subsequent_indent=" " * width)
        for label, text in parts
    ]
    return "\n".join([info.id, *body])


def limit_words(info: CheckInfo) -> str:
    """The default limit in words."""
    if info.limit is None:
        return "none: explored, not judged"
    ends = []
    if info.limit.at_least is not None:
        ends.append(f"at least {info.limit.at_least:g}")
    if info.limit.at_most is not None:
        ends.append(f"at most {info.limit.at_most:g}")
    return " and ".join(ends)
