"""The page and the text of a comparison: the trade first, nothing fetched, nothing that data could break out of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairwitness.core.comparison import Applied, Comparison, Cost, Criterion, Shift, Side, Tried
from fairwitness.core.estimate import Limit
from fairwitness.report import compared
from support import html
from support.browser import axe, chromium, look
from support.figures import HOSTILE


def criterion(metric: str, before: float | None, after: float | None, **more: Any) -> Criterion:
    change = None if before is None or after is None else after - before
    told: dict[str, Any] = {
        "check": "fairness.x",
        "about": "race",
        "group": None,
        "unit": "points",
        "low": None if change is None else change - 0.02,
        "high": None if change is None else change + 0.02,
        "level": 0.95,
        "n": 1234,
        "method": "rows drawn again by cells",
        "better": "lower",
        "moved": "unclear",
        "judged": True,
        "limit": Limit(at_most=0.1),
    }
    return Criterion(metric=metric, before=before, after=after, change=change, **(told | more))


def sample() -> Comparison:
    side = Side(
        name="boston", fingerprint="a" * 64, model="MLP 9-4-1", gate=False, summary={"fail": 1}, findings="b" * 64
    )
    applied = Applied(remedy="fairness.group-thresholds", by="race", options={"within": 0.02})
    return Comparison(
        schema_version="1",
        headline="The selection-rate gap by race fell from 26.0 to 1.0 points beyond doubt, but the equalised-odds gap "
        "by race grew to 4.0 times what it was, from 5.0 to 20.0 points, beyond doubt.",
        trades=(
            "The equalised-odds gap by race grew to 4.0 times what it was: +15.0 points [13.0, 17.0], beyond doubt.",
            "The accuracy fell from 90.0 to 88.0 %: −2.0 points [−5.0, 1.0], which may be chance.",
        ),
        paired=True,
        rows=1234,
        level=0.95,
        before=side,
        after=replace(side, model=HOSTILE),
        remedies=(applied,),
        criteria=(
            criterion("accuracy", 0.9, 0.88, about=None, unit="share", better="higher", check=""),
            criterion("selection-rate gap", 0.26, 0.01, moved="better"),
            criterion("equalised-odds gap", 0.05, 0.20, moved="worse"),
            criterion("impact ratio", None, None, unit="ratio"),
            criterion("selection rate", 0.6, 0.7, group=HOSTILE, unit="share", judged=False, better="neither"),
            criterion("accuracy gap", 0.05, 0.06, about=HOSTILE),
        ),
        shifts=(Shift(finding="fairness.equalized-odds-gap/race", before="pass", after="fail"),),
        tried=(
            Tried(remedies=(applied,), trained=0, seconds=0.2, penalty=0.1, accuracy=0.88, chosen=True),
            Tried(remedies=(applied,), trained=0, seconds=0, penalty=None, accuracy=None, chosen=False, reason=HOSTILE),
        ),
        choosing_rows=250,
        notes=("It reads the group when it decides.", HOSTILE),
        spent={"models trained": 2, "seconds": 31.5},
        provenance={"tool": "fairwitness", "started": "2026-11-23T10:00:00+00:00", "command": HOSTILE},
    )


def test_the_page_begins_with_the_trade_and_a_visible_mark() -> None:
    page = compared.html(sample())
    assert re.search(r"<h1>The selection-rate gap .* but the equalised-odds gap by race grew to 4\.0 times", page)
    above = page[: page.index("Better, beyond doubt")]
    assert "What got worse for it" in above
    assert 'class="given"' in above
    assert above.count("#i-fail") >= 2
    assert "#i-unc" in above  # the one that may be chance


def test_a_page_without_a_trade_says_so() -> None:
    page = compared.html(replace(sample(), trades=()))
    assert "Nothing that is judged got clearly worse" in page
    doubtful = compared.html(replace(sample(), trades=sample().trades[1:]))
    assert "What may have got worse for it" in doubtful


def test_what_training_took_is_said_on_page_and_terminal() -> None:
    cost = Cost(cpu_seconds=3.5, low=0.02, high=0.4, method="modelled")
    made = sample()
    told = replace(
        made,
        after=replace(made.after, training=cost),
        tried=(replace(made.tried[0], trained=1, cost=cost), made.tried[1]),
    )
    text = compared.text(told, width=200)
    assert "1 model, 20 to 400 mWh" in text
    assert "Training took – before, 20 to 400 mWh after." in text
    page = compared.html(told)
    assert "<td>20 to 400 mWh</td>" in page
    assert "Training took – before, 20 to 400 mWh after." in page
    assert "Training took" not in compared.text(made)


def test_the_page_keeps_what_every_page_keeps() -> None:
    page = compared.html(sample())
    html.check(page)
    assert "\u202e" not in page
    assert "<img" not in page
    assert "default-src 'none'" in page.replace("&#39;", "'")


def test_the_text_says_it_too_and_escapes_nothing_it_should_not() -> None:
    text = compared.text(sample(), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert text.index("WORSE: The equalised-odds gap") < text.index("BETTER")
    assert "✗ WORSE" in text
    assert "? WORSE" in text
    assert "\x1b" not in text
    assert "pass → fail" in text
    assert "\x1b[" in compared.text(sample(), colour=True)


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_and_only_tables_scroll(driver: Any, tmp_path: Path, width: int, scheme: str) -> None:
    (tmp_path / "page.html").write_text(compared.html(sample()), encoding="utf-8")
    source = axe()
    look(driver, (tmp_path / "page.html").as_uri(), width=width, scheme=scheme)
    driver.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": source})
    found = driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.map("
        "v => [v.id, v.help, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))])), e => done([String(e)]))"
    )
    assert found == [], json.dumps(found, indent=1)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
