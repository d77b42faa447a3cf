"""The sample report in a real browser: what axe-core, a phone, a reader without scripts and a printer make of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairwitness import report
from support.browser import OPEN_ALL, beyond, chromium, clashes, look, violations
from support.documents import crowd, document, sample

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = pytest.mark.parametrize("width", [1280, 390])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of written reports."""
    folder = tmp_path_factory.mktemp("reports")
    made = {"sample": sample(), "empty": document(), "crowd": crowd(12)}
    for name, each in made.items():
        (folder / f"{name}.html").write_text(report.html(each), encoding="utf-8")
    return {name: Path(folder, f"{name}.html").as_uri() for name in made}


@SIZES
@SCHEMES
@pytest.mark.parametrize("name", ["sample", "empty"])
def test_axe_finds_no_violation(driver: Any, pages: dict[str, str], name: str, width: int, scheme: str) -> None:
    look(driver, pages[name], width=width, scheme=scheme)
    found = violations(driver)
    assert found == [], json.dumps(found, indent=1)


@SIZES
@pytest.mark.parametrize("name", ["sample", "empty", "crowd"])
def test_only_tables_and_commands_scroll_sideways(driver: Any, pages: dict[str, str], name: str, width: int) -> None:
    look(driver, pages[name], width=width, scheme="light")
    assert driver.execute_script("return window.innerWidth") == width
    assert beyond(driver) == []


@SIZES
def test_no_text_of_a_chart_lies_on_other_text_or_outside(driver: Any, pages: dict[str, str], width: int) -> None:
    look(driver, pages["sample"], width=width, scheme="light")
    assert clashes(driver) == []


def test_nothing_is_requested_but_the_page(driver: Any, pages: dict[str, str]) -> None:
    driver.get_log("performance")
    look(driver, pages["sample"], width=1280, scheme="light")
    driver.execute_script(OPEN_ALL)
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = {each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"}
    assert asked <= {pages["sample"]}
    assert [entry["message"] for entry in driver.get_log("browser")] == []  # the policy stopped nothing of ours


def test_the_page_is_whole_with_scripts_off(driver: Any, pages: dict[str, str]) -> None:
    look(driver, pages["sample"], width=1280, scheme="light")
    with_scripts = _words(driver)
    look(driver, pages["sample"], width=1280, scheme="light", scripts=False)
    try:
        without = _words(driver)
        bar = _evaluate(driver, "document.getElementById('filter').hidden")
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert without == with_scripts
    assert bar is True  # no button that does nothing


def test_the_filter_shows_one_verdict_and_says_how_many(driver: Any, pages: dict[str, str]) -> None:
    look(driver, pages["sample"], width=1280, scheme="light")
    driver.find_element("css selector", "button[data-f=fail]").click()
    shown = driver.execute_script(
        "return [...document.querySelectorAll('section[data-s]')].filter(s => !s.hidden).map(s => s.id)"
    )
    assert shown == ["fails"]
    assert driver.find_element("id", "count").text == "4 findings shown"


def test_a_table_sorts_by_number(driver: Any, pages: dict[str, str]) -> None:
    look(driver, pages["sample"], width=1280, scheme="light")
    driver.execute_script(OPEN_ALL)
    table = "[aria-label^='Judged numbers, fairness.selection-rate-gap, race']"
    driver.execute_script("arguments[0].click()", driver.find_elements("css selector", f"{table} .sort")[1])
    values = [cell.text for cell in driver.find_elements("css selector", f"{table} tbody td:nth-child(2)")]
    assert values == ["11.6 points", "14.5 points", "26.0 points"]


def test_a_link_to_a_folded_finding_opens_it(driver: Any, pages: dict[str, str]) -> None:
    look(driver, pages["sample"] + "#data.missing/sex", width=1280, scheme="light")
    assert driver.execute_script("return document.getElementById('data.missing/sex').closest('details').open")


@SCHEMES
def test_print_is_light_and_opens_every_fold(driver: Any, pages: dict[str, str], scheme: str) -> None:
    look(driver, pages["sample"], width=1280, scheme=scheme)
    media = {"media": "print", "features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        ground = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        heights = driver.execute_script(
            "return [...document.querySelectorAll('details > .tw, details > p')].map(e => e.getBoundingClientRect().height)"
        )
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert ground == "rgb(255, 255, 255)"
    assert heights
    assert min(heights) > 0


def _evaluate(driver: Any, expression: str) -> Any:
    """By the debugger, which works where the page's scripts are off."""
    result = driver.execute_cdp_cmd("Runtime.evaluate", {"expression": expression, "returnByValue": True})
    return result["result"].get("value")


def _words(driver: Any) -> str:
    """What a reader sees, folds open, controls aside."""
    _evaluate(driver, OPEN_ALL)
    _evaluate(driver, "document.querySelectorAll('.filter, .copy').forEach(e => e.style.display = 'none')")
    return str(_evaluate(driver, "document.body.innerText"))
