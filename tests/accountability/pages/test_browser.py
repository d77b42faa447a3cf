"""Cards, assessments and evidence in a real browser: axe-core, a phone, and a printer."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairwitness.accountability import pages as surfaces
from fairwitness.accountability.assess import Answers, assess, form, page
from fairwitness.accountability.cards import CARDS
from fairwitness.accountability.evidence import source
from fairwitness.accountability.regulation import NAMES, show, table
from fairwitness.core.findings import Document
from fairwitness.core.questions import QUESTIONS
from support.browser import axe, chromium, look
from support.documents import crowd, document, sample

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = "WWWW MMMM a very long word 語語語語 of nothing in particular " * 40


def longest() -> Document:
    """Every text of two thousand characters, wide ones among them, and forty failures."""
    made = crowd(40)
    findings = tuple(
        dataclasses.replace(each, title=LONG, what_to_do=f"{each.id} {LONG}", reason=f"{each.id} {LONG}")
        for each in (*made.findings, *sample().findings)
    )
    return dataclasses.replace(
        sample(),
        headline=LONG,
        findings=findings,
        context={question.key: LONG for question in QUESTIONS},
        subject=dataclasses.replace(sample().subject, name=LONG),
        provenance=dataclasses.replace(sample().provenance, skip=(LONG, LONG)),
    )


SUMMARIES = {"sample": sample, "empty": document, "crowd": lambda: crowd(40), "longest": longest}


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of written pages."""
    folder = tmp_path_factory.mktemp("pages")
    given = source(sample())
    aia = assess(form("aia"), given, Answers(form="aia", subject=sample().subject.fingerprint), source="a.toml")
    made: dict[str, str] = {kind: surfaces.html(card(sample())) for kind, card in CARDS.items()}
    made |= {f"summary of {name}": surfaces.html(CARDS["summary"](build())) for name, build in SUMMARIES.items()}
    made |= {"assessment": surfaces.html(page(aia)), "evidence": show([table(name) for name in NAMES], given, "html")}
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: Path(folder, f"{name}.html").as_uri() for name in made}


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
@pytest.mark.parametrize("name", ["model", "data", "summary", "assessment", "evidence"])
def test_axe_finds_no_violation(driver: Any, pages: dict[str, str], name: str, width: int, scheme: str) -> None:
    source_of_axe = axe()
    look(driver, pages[name], width=width, scheme=scheme)
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": source_of_axe})
    found = driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.map("
        "v => [v.id, v.help, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))])), e => done([String(e)]))"
    )
    assert found == [], json.dumps(found, indent=1)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["model", "data", "summary", "assessment", "evidence", "summary of longest"])
def test_only_tables_scroll_sideways(driver: Any, pages: dict[str, str], name: str, width: int) -> None:
    look(driver, pages[name], width=width, scheme="light")
    wide, shown = driver.execute_script("return [document.documentElement.scrollWidth, document.body.innerText.length]")
    assert wide <= width
    assert shown > 400  # nothing hides the page


@pytest.mark.parametrize("name", ["model", "data", "assessment", "evidence"])
def test_nothing_is_cut_off_on_paper(driver: Any, pages: dict[str, str], name: str) -> None:
    look(driver, pages[name], width=680, scheme="dark")  # A4 less its margins
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        wide, ground = driver.execute_script(
            "return [document.documentElement.scrollWidth, getComputedStyle(document.body).backgroundColor]"
        )
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert wide <= 680
    assert ground == "rgb(255, 255, 255)"


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_summary_prints_on_one_a4_page(driver: Any, pages: dict[str, str], name: str) -> None:
    look(driver, pages[f"summary of {name}"], width=1280, scheme="dark")
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    pdf = base64.b64decode(printed["data"])
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 1
    (box,) = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert [round(float(side)) for side in box] == [595, 842]  # A4 in points
