"""A headless Chromium for the tests that need to see a page. Nothing is downloaded to get one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SWITCHES = (
    "headless=new",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "hide-scrollbars",
)


def missing(what: str, way_out: str) -> None:
    """Skip with a reason; on a build server, where it must be there, fail."""
    message = f"{what} is not here: {way_out}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def axe() -> str:
    """The source of axe-core, from `FAIRWITNESS_AXE` or `node_modules`."""
    path = Path(os.environ.get("FAIRWITNESS_AXE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
    if not path.is_file():
        missing("axe-core", "run `npm install --no-save axe-core` in the repository, or set FAIRWITNESS_AXE")
    return path.read_text(encoding="utf-8")


@contextmanager
def chromium() -> Iterator[Any]:
    """A driver over the installed browser, with a log of every request it makes."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        missing("Chromium with its chromedriver", "install both and put them on the PATH")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = str(browser)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    for switch in SWITCHES:
        options.add_argument(f"--{switch}")
    made = webdriver.Chrome(options=options, service=Service(str(driver)))
    try:
        yield made
    finally:
        made.quit()


def look(driver: Any, url: str, *, width: int, scheme: str, scripts: bool = True) -> None:
    """Open a page at a width of CSS pixels, in a colour scheme, with its scripts or without."""
    send = driver.execute_cdp_cmd
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    send("Emulation.setDeviceMetricsOverride", size)
    send("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    send("Emulation.setScriptExecutionDisabled", {"value": not scripts})
    driver.get(url)


OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"


def violations(driver: Any) -> list[Any]:
    """What axe-core finds wrong with the page that is open, its folds opened."""
    driver.execute_script(OPEN_ALL)
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe()})  # the page's own policy would stop a script tag
    found: list[Any] = driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.map("
        "v => [v.id, v.help, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))])), e => done([String(e)]))"
    )
    return found


def beyond(driver: Any) -> list[str]:
    """What reaches beyond the right edge of the page that is open, but for tables and commands; the page itself too."""
    driver.execute_script(OPEN_ALL)
    found: list[str] = driver.execute_script(
        "const wide = document.documentElement.scrollWidth > innerWidth ? ['the page'] : [];"
        "return wide.concat([...document.querySelectorAll('main *, header *')].filter("
        "e => !e.closest('.tw, pre, .sr, .skip, .defs') && e.getBoundingClientRect().right > innerWidth + 1"
        ").map(e => e.outerHTML.slice(0, 160)))"
    )
    return found


def clashes(driver: Any) -> list[list[str]]:
    """Texts of charts that lie on other text, or outside their chart."""
    found: list[list[str]] = driver.execute_script(
        """
        const bad = [];
        for (const svg of document.querySelectorAll('svg.ch')) {
          const frame = svg.getBoundingClientRect();
          if (!frame.width) continue;
          const boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
          boxes.forEach(([words, a], i) => {
            if (a.left < frame.left - 3 || a.right > frame.right + 3) bad.push([words, 'outside']);
            for (const [others, b] of boxes.slice(i + 1))
              if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4)
                bad.push([words, others]);
          });
        }
        return bad;
        """
    )
    return found
