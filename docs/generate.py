"""Writes the pages that follow from the code: one a check, the list of checks, what can be trained, the API reference.

`python docs/generate.py` writes them; `pages()` is what a test compares with what lies in docs/.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from fairwitness.cli.catalogue import limit_words
from fairwitness.core.blueprint import Acts
from fairwitness.core.check import CheckInfo
from fairwitness.core.registry import PILLARS, answering, registered, remedies
from fairwitness.core.remedy import Remedy, RemedyInfo
from fairwitness.engine.plan import LACKING
from fairwitness.torchkit.parts.named import NAMED
from fairwitness.torchkit.recipes import GENERATIVE, TABLE, generator, named
from fairwitness.torchkit.recipes.options import ClassifierOptions

HERE = Path(__file__).parent

ACTS: dict[Acts, str] = {
    "rows": "before training",
    "sampling": "in training",
    "example": "in training",
    "batch": "in training",
    "adversary": "in training",
    "example-gradient": "in training",
    "gradient": "in training",
    "outputs": "after training",
    "decision": "after training",
}

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

PARTS = {
    "accountability": (
        *("ledger.store", "ledger.entries", "ledger.keys", "ledger.merkle", "ledger.notes", "ledger.bundle"),
        *("ledger.verify", "ledger.standalone", "ledger.witness", "policy.rules", "policy.gate", "policy.signoff"),
        *("policy.reproduced", "assess.assessment", "assess.aia", "regulation.tables", "regulation.rows"),
        *("decisions.record", "decisions.intake", "decisions.appeals", "decisions.rulings", "decisions.states"),
        *("decisions.erasure", "decisions.trace", "decisions.letter", "decisions.counts", "decisions.vault"),
    ),
}
"""Modules of a pillar's subpackages that are documented, after its plain ones."""


def pages() -> dict[str, str]:
    """Every generated page by its path under docs/."""
    infos = [entry.load().info for entry in registered()]
    made = {f"checks/{info.id}.md": _check(info) for info in infos}
    made["checks/index.md"] = _index(infos)
    cures = [entry.load() for entry in remedies()]
    made |= {f"remedies/{cure.info.id}.md": _remedy(cure) for cure in cures}
    made["remedies/index.md"] = _remedies([cure.info for cure in cures])
    made["recipes.md"] = _recipes()
    made |= {f"reference/{name}.md": _reference(name, modules) for name, modules in _modules().items()}
    return made


def _modules() -> dict[str, list[str]]:
    """The public modules to document: those listed, and every plain module of mathematics in a pillar or in stats."""
    source = HERE.parent / "src" / "fairwitness"
    found = dict(MODULES)
    for folder in ["stats", *PILLARS]:
        names = sorted(path.stem for path in (source / folder).glob("*.py") if path.stem != "__init__")
        found[folder] = [f"fairwitness.{folder}.{name}" for name in (*names, *PARTS.get(folder, ()))]
    return {name: modules for name, modules in found.items() if modules}


def _check(info: CheckInfo) -> str:
    needs = [f"- {LACKING[need]}" for need in sorted(info.needs)] or ["- nothing beyond the data"]
    remedies = ", ".join(f"[{name}](../remedies/{name}.md)" for name in answering(info.id)) or "none yet"
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


def _remedy(remedy: Remedy) -> str:
    info = remedy.info
    reads = "Reads the group when it decides, which the law may forbid." if info.reads_group else ""
    instead = f" To the same end without: [{info.instead}]({info.instead}.md)." if info.instead else ""
    by = '\nby = "sex"' if info.by_group else ""
    return "\n".join(
        [
            f"# {info.id}",
            "",
            f"*{PILLARS[info.pillar]}, {ACTS[info.acts]}.* {info.title}.",
            "",
            info.does,
            *(["", f"**{reads}**{instead}"] if reads else []),
            "",
            "## What it may cost",
            "",
            info.may_cost,
            "",
            "## How to ask for it",
            "",
            "```toml",
            f'[[model.remedies]]\nremedy = "{info.id}"{by}',
            "```",
            "",
            *_table(remedy.Options, ()),
            "## What it answers",
            "",
            *(f"- [{check}](../checks/{check}.md)" for check in info.answers),
            "",
            "## Sources",
            "",
            *(f"- {source}" for source in info.sources),
            "",
        ]
    )


def _remedies(infos: list[RemedyInfo]) -> str:
    lines = ["# Remedies", "", "| remedy | acts | what it does |", "| --- | --- | --- |"]
    lines += [f"| [{info.id}]({info.id}.md) | {ACTS[info.acts]} | {info.title} |" for info in infos]
    return "\n".join([*lines, ""])


def _recipes() -> str:
    """Every recipe and every named part, with what may be set and its default."""
    lines = [
        "# Recipes and parts",
        "",
        'What `[model] train = "NAME"` may name. `[model.options]` sets what the tables list. How training goes is told',
        "in [Training a model](training.md).",
        "",
        "## Every recipe",
        "",
        *_table(ClassifierOptions, ()),
    ]
    for name, recipe in [*((name, named(name)) for name in TABLE), *((name, generator(name)) for name in GENERATIVE)]:
        lines += [f"## `{name}`", "", f"Reads {recipe.words}.", "", *_table(recipe.options, fields(ClassifierOptions))]
    lines += ["## Parts", "", "What `[[model.parts]]` may name as `part`.", ""]
    for name, part in NAMED.items():
        summary = inspect.cleandoc(part.options.__doc__ or "").split("\n\n")[0].partition("; see")[0].rstrip(".")
        by = " Looks at the group that `by` names." if part.by_group else ""
        lines += [f"### `{name}`", "", f"{summary}.{by}", "", *_table(part.options, ())]
    return "\n".join(lines)


def _table(kind: type[Any], known: Sequence[Field[Any]]) -> list[str]:
    """A table of options, but for those that are known and have the same default."""
    words, defaults = _attributes(kind), {field.name: field.default for field in known}
    new = [field for field in fields(kind) if field.name not in defaults or defaults[field.name] != field.default]
    if not new:
        return []
    rows = [f"| `{field.name}` | `{_toml(field.default)}` | {words[field.name]} |" for field in new]
    return ["| option | default | meaning |", "| --- | --- | --- |", *rows, ""]


def _attributes(kind: type[Any]) -> dict[str, str]:
    """What the docstrings of a dataclass and those it comes from say of each attribute."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        text = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")[2]
        for entry in re.split(r"\n    (?=\w+: )", f"\n{text}")[1:]:
            name, _, meaning = entry.partition(": ")
            found[name] = " ".join(meaning.split()).replace("|", "\\|")
    return found


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else f"{value}"


def _reference(name: str, modules: list[str]) -> str:
    return "\n".join([f"# {name}", "", *(f"::: {module}\n" for module in modules)])


def main() -> None:
    """Write what changed, and remove pages of checks that are gone."""
    made = pages()
    for folder in ("checks", "remedies", "reference"):
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
