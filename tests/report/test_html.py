from __future__ import annotations

import base64
import hashlib
import os
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from fairwitness import report
from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Document
from support.documents import crowd, document, finding, sample
from support.figures import HOSTILE

GOLDEN = Path(__file__).parents[1] / "golden" / "report.html"


class Page(HTMLParser):
    """Elements as (tag, attributes), and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [value for _, attrs in self.elements if (value := attrs.get(name)) is not None]

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag == name]


@pytest.fixture(scope="module")
def page() -> str:
    return report.html(sample())


DOCUMENTS = pytest.mark.parametrize("made", [sample(), document(), crowd(3)], ids=["sample", "empty", "crowd"])


def test_the_sample_report_is_as_it_was(page: str) -> None:
    """After a change that is meant: `FAIRWITNESS_GOLDEN=write pytest tests/report`, then look at the page and commit."""
    if os.environ.get("FAIRWITNESS_GOLDEN") == "write":
        GOLDEN.write_text(page, encoding="utf-8")
    assert page == GOLDEN.read_text(encoding="utf-8")


@DOCUMENTS
def test_ids_are_unique_and_every_link_leads_somewhere(made: Document) -> None:
    parsed = Page(report.html(made))
    ids = parsed.all("id")
    assert len(ids) == len(set(ids))
    assert {href.removeprefix("#") for href in parsed.all("href")} <= set(ids)
    assert set(parsed.all("aria-labelledby")) <= set(ids)


@DOCUMENTS
def test_headings_skip_no_level_and_regions_have_names_of_their_own(made: Document) -> None:
    parsed = Page(report.html(made))
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    regions = [attrs["aria-label"] for _, attrs in parsed.elements if attrs.get("role") == "region"]
    assert len(regions) == len(set(regions))


def test_every_finding_has_its_place_and_can_be_linked_to_by_its_id() -> None:
    ids = set(Page(report.html(sample())).all("id"))
    told = {each.id for each in sample().findings if HOSTILE not in each.id}
    assert told <= ids


def test_the_policy_allows_what_is_on_the_page_and_nothing_else(page: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy.replace("&#39;", "'")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_nothing_is_fetched_and_nothing_runs_but_the_one_script(page: str) -> None:
    parsed = Page(page)
    assert len(parsed.tags("script")) == 1
    assert not {"img", "link", "iframe", "object", "embed", "form", "base"} & {tag for tag, _ in parsed.elements}
    assert all(href.startswith("#") for href in parsed.all("href"))
    names = {name for _, attrs in parsed.elements for name in attrs}
    assert not {name for name in names if name.startswith("on") or name in {"style", "src", "srcset", "srcdoc"}}


def test_hostile_values_are_shown_and_do_nothing(page: str) -> None:
    assert "\u202e" not in page
    assert "\x1b" not in page
    shown = "".join(Page(page).words)
    assert "</script><img src=x onerror=alert(1)>\"'&\ufffddesrever\ufffd[31m" in shown


def test_the_first_screen_says_what_fails_what_to_do_and_what_was_not_looked_at(page: str) -> None:
    first = page[page.index("<h1>") : page.index("<main")]
    for words in (
        "This mortgage model does not pass",
        "Closed: 3 findings block",
        "26.0 points [14.2,\u00a039.7], limit ≤\u202f10.0 points".replace("\u00a0", " "),
        "Waived until 31 January 2027",
        "Waiver lapsed on 31 May 2026",
        "no worse than the baseline",
        "Broke:",
        "The data hold no dates.",
        "Left out on request.",
    ):
        assert words in first


def test_a_table_that_is_cut_says_by_how_much() -> None:
    passes = tuple(finding(f"data.check-{i}", None, Verdict.PASS) for i in range(100))
    assert "and 20 more in findings.json" in report.html(document(passes))


@pytest.mark.parametrize("n", [60, 1000])
def test_a_large_audit_stays_small_and_says_what_it_left_out(n: int) -> None:
    page = report.html(crowd(n))
    assert len(page.encode()) <= 300_000
    assert "Left out to keep this page small" in page
    shown = len(re.findall("<article", page)) + page.count('<tr id="')
    told = sum(
        int(more.replace(",", "")) for more in re.findall(r"and ([\d,]+) more in findings.json</p>\s*</section>", page)
    )
    assert shown + told == n


def test_any_audit_stays_small() -> None:
    """Two hundred findings of each verdict, each with a reason of its own and a group named by a page of text."""
    page = report.html(
        document(
            tuple(
                finding(
                    f"data.check-{verdict}", f"{i} {'word ' * 400}", verdict, reason=f"reason {i} {'because ' * 90}"
                )
                for verdict in Verdict
                for i in range(200)
            )
        )
    )
    assert len(page.encode()) <= 300_000


def test_an_audit_that_found_nothing_does_not_claim_a_pass() -> None:
    page = report.html(document())
    assert "Nothing was judged" in page
    assert "Open, but nothing was judged" in page
