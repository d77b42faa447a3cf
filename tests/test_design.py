"""The page on the design: what it says to add is added to a copy of the package, and works."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)


def patched(path: Path, lines: list[str]) -> None:
    """Put each `+` line after the line that stands before it on the page."""
    text = path.read_text(encoding="utf-8")
    before, added = lines
    assert before.startswith(" ")
    assert added.startswith("+")
    assert text.count(before[1:] + "\n") == 1, before
    path.write_text(text.replace(before[1:] + "\n", f"{before[1:]}\n{added[1:]}\n"), encoding="utf-8")


def people(path: Path) -> None:
    rng = np.random.default_rng(0)
    income, debt = rng.normal(30, 8, 900).round(1), rng.normal(10, 4, 900).round(1)
    paid = np.where(income - debt + rng.normal(0, 6, 900) > 18, "yes", "no")
    sex, asked = rng.choice(["f", "m"], 900), np.where(np.arange(900) % 5, "yes", "no")
    rows = (",".join(map(str, row)) for row in zip(income, debt, sex, asked, paid, strict=True))
    path.write_text("income,debt,sex,consent,paid\n" + "\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as the page leaves it, and with people to audit."""
    folder = tmp_path_factory.mktemp("design")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for language, title, body in BLOCK.findall(PAGE):
        if title:
            path = folder / title
            path.parent.mkdir(parents=True, exist_ok=True)
            if language == "diff":
                patched(path, body.splitlines())
            else:
                path.write_text(body, encoding="utf-8")
    people(folder / "people.csv")
    return folder


def ran(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "XDG_CONFIG_HOME": str(folder / "home")}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_what_the_page_adds_is_found_and_mends(grown: Path) -> None:
    (commands,) = [body for language, _, body in BLOCK.findall(PAGE) if language == "sh"]
    for line in commands.splitlines():
        done = ran(grown, "-m", *line.split())
        assert done.returncode in {0, 1}, done.stderr
    findings = json.loads((grown / "report" / "findings.json").read_text(encoding="utf-8"))["findings"]
    (asked,) = [finding for finding in findings if finding["check"] == "consent.asked"]
    assert asked["verdict"] == "fail"
    assert asked["evidence"][0]["value"] == pytest.approx(0.2)
    assert asked["remedies"] == ["consent.drop-unasked"]
    assert "have no consent" in (grown / "report" / "report.html").read_text(encoding="utf-8")
    assert (grown / "fixed" / "comparison.json").exists()


@pytest.mark.slow
def test_the_tests_of_every_pillar_take_it_up(grown: Path) -> None:
    """Layers, contracts and the generator of pages, run on the grown package."""
    shutil.copytree(ROOT / "tests", grown / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs", grown / "docs")
    shutil.copy(ROOT / "pyproject.toml", grown)
    wanted = ["tests/test_layers.py", "tests/contracts"]
    done = ran(grown, "-m", "pytest", "-q", "-p", "no:cacheprovider", *wanted, "-k", "consent or down")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "consent" in ran(grown, "-m", "fairwitness", "checks").stdout
    assert ran(grown, "docs/generate.py").returncode == 0
    assert (grown / "docs" / "checks" / "consent.asked.md").exists()
