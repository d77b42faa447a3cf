"""Writes the pages that follow from the code: one a check, the list of checks, the API reference.

`python docs/generate.py` writes them; `pages()` is what a test compares with what lies in docs/.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from fairwitness.cli.catalogue import limit_words
from fairwitness.core.check import CheckInfo
from fairwitness.core.registry import PILLARS, registered
from fairwitness.engine.plan import LACKING

HERE = Path(__file__).parent

MODULES = {
    "fairwitness": ["fairwitness.api"],
    "core": [
        "fairwitness.core.estimate",
        "fairwitness.core.check",
        "fairwitness.core.findings",
        "fairwitness.core.figures",
    ],
    "stats": [],
}


def pages() -> dict[str, str]:
    """Every generated page by its path under docs/."""
    infos = [entry.load().info for entry in registered()]
    made = {f"checks/{info.id}.md": _check(info) for info in infos}
    made["checks/index.md"] = _index(infos)
    made |= {f"reference/{name}.md": _reference(name, modules) for name, modules in _modules().items()}
    return made


def _modules() -> dict[str, list[str]]:
    """The public modules to document: those listed, and every plain module of mathematics in a pillar or in stats."""
    source = HERE.parent / "src" / "fairwitness"
    found = dict(MODULES)
    for folder in ["stats", *PILLARS]:
        names = sorted(path.stem for path in (source / folder).glob("*.py") if path.stem != "__init__")
        found[folder] = [f"fairwitness.{folder}.{name}" for name in names]
    return {name: modules for name, modules in found.items() if modules}


def _check(info: CheckInfo) -> str:
    needs = [f"- {LACKING[need]}" for need in sorted(info.needs)] or ["- nothing beyond the data"]
    remedies = ", ".join(f"`{name}`" for name in info.remedies) or "none yet"
    return "\n".join(
        [
            f"# {info.id}",
            "",
            f"*{PILLARS[info.pillar]}.* Passes: **{info.title}**. Fails: **{info.failure_title}**.",
            "",
            "## What it measures",
            "",
            info.measures,
            "",
            "## What it does not show",
            "",
            info.does_not_show,
            "",
            "## Limit and severity",
            "",
            f"Default limit: {limit_words(info)}. Severity: {info.severity}. One finding per {info.per}.",
            "",
            "```toml",
            _limit_example(info),
            "```",
            "",
            "## What to do when it fails",
            "",
            info.advice,
            "",
            f"Remedies: {remedies}.",
            "",
            "## What it needs",
            "",
            *needs,
            "",
            "## Sources",
            "",
            *(f"- {source}" for source in info.sources),
            "",
        ]
    )


def _limit_example(info: CheckInfo) -> str:
    if info.limit is None:
        return f'# [limits]\n# "{info.id}" = {{ at_most = 0.1 }}   # judge it against a limit of your own'
    ends = {"at_least": info.limit.at_least, "at_most": info.limit.at_most}
    given = ", ".join(f"{name} = {value:g}" for name, value in ends.items() if value is not None)
    return f'[limits]\n"{info.id}" = {{ {given} }}'


def _index(infos: list[CheckInfo]) -> str:
    lines = ["# Checks", ""]
    for pillar, title in PILLARS.items():
        lines += [f"## {title}", "", "| check | passes when | default limit | severity |", "| --- | --- | --- | --- |"]
        lines += [
            f"| [{info.id}]({info.id}.md) | {info.title} | {limit_words(info)} | {info.severity} |"
            for info in infos
            if info.pillar == pillar
        ]
        lines.append("")
    return "\n".join(lines)


def _reference(name: str, modules: list[str]) -> str:
    return "\n".join([f"# {name}", "", *(f"::: {module}\n" for module in modules)])


def main() -> None:
    """Write what changed, and remove pages of checks that are gone."""
    made = pages()
    for folder in ("checks", "reference"):
        for path in (HERE / folder).glob("*.md"):
            if f"{folder}/{path.name}" not in made:
                path.unlink()
    for name, text in made.items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written: docs/{re.sub(r'^/', '', name)}\n")


if __name__ == "__main__":
    main()
