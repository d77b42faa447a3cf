"""Imports point one way; an arrow that points up or sideways fails here."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairwitness.core.registry import PILLARS

SOURCE = Path(__file__).parent.parent / "src" / "fairwitness"

BASE = {"core"}
GROUND = BASE | {"stats", "io", "draw"}
ALLOWED: dict[str, set[str]] = {
    "core": BASE,
    "stats": BASE | {"stats"},
    "io": BASE | {"io"},
    "draw": BASE | {"draw"},
    "torchkit": GROUND | {"torchkit"},
    **{pillar: GROUND | {"torchkit", pillar} for pillar in PILLARS},
    "engine": GROUND | {"torchkit", *PILLARS, "engine"},
    "report": BASE | {"draw", "report"},
    "examples": GROUND | {"examples"},
    "trial": GROUND | {"trial"},  # it tries the command from outside, and imports nothing that is tried
    "api": GROUND | {"engine", "report", "api"},
    "cli": GROUND | {"engine", "report", "examples", "cli"},
    "commands": GROUND | {"torchkit", *PILLARS, "engine", "report", "examples", "cli"},
}
TOP = {"__init__", "__main__"}
HEAVY = {"torch", "sklearn", "scipy", "polars", "pandas", "narwhals", "pydantic", "rich", "jinja2"}


def room(path: Path) -> str:
    """The first folder; the commands of a pillar are a room of their own, above the engine."""
    first, *rest = path.relative_to(SOURCE).with_suffix("").parts
    return "commands" if first in PILLARS and rest[:1] == ["commands"] else first


def imported(path: Path, *, top_level: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level else list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "fairwitness":
                yield from (f"fairwitness.{alias.name}" for alias in node.names)
            else:
                yield node.module


FILES = sorted(path for path in SOURCE.rglob("*.py") if room(path) not in TOP)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_down(path: Path) -> None:
    home = room(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "fairwitness" and len(parts) > 1 and parts[1] != "__version__":
            assert parts[1] in ALLOWED[home], f"{home} imports {name}"
            assert home == "commands" or parts[2:3] != ["commands"], f"{home} imports {name}"


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if room(path) in {"core", "cli", "commands"} or path.parent.name == "checks"],
    ids=lambda path: str(path.relative_to(SOURCE)),
)
def test_nothing_heavy_at_module_level(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path, top_level=True)} & HEAVY


def test_core_is_standard_library_and_numpy() -> None:
    for path in (SOURCE / "core").rglob("*.py"):
        roots = {name.split(".")[0] for name in imported(path)}
        assert roots <= set(sys.stdlib_module_names) | {"numpy", "fairwitness"}, path


def test_a_wrong_arrow_is_seen(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from fairwitness.engine import run\n", encoding="utf-8")
    assert list(imported(wrong)) == ["fairwitness.engine"]
