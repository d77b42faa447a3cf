"""The report as one page: nothing fetched, complete with scripts off, and never larger than `MOST_BYTES`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import chain, count
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fairwitness import draw
from fairwitness.core.figures import Figure, Heat
from fairwitness.core.findings import Document, Finding, Series
from fairwitness.draw import format as fmt
from fairwitness.draw import page, quote
from fairwitness.draw.sections import sections
from fairwitness.report import view

MOST_BYTES = 300_000
TABLE_ROWS = 30  # of a data table or of judged numbers
LINE_ROWS = 80  # of a table with one line a finding
SPARE = 6_000  # bytes kept back for sentences that say what was left out


def html(document: Document) -> str:
    """The whole page; charts, then articles, give way before it grows past `MOST_BYTES`, and the page says so."""
    document = quote.clean(document)
    made = _Page(document, _anchors(document))
    shell = len(made.render().encode())
    while shell > MOST_BYTES // 2 and made.rows > 5:  # lines alone would fill the page
        made.rows //= 2
        shell = len(made.render().encode())
    made.fill(MOST_BYTES - SPARE - shell)
    return made.render()


@dataclass(slots=True)
class _Page:
    """A page that is filled by room, the most severe first: every article's words, its charts, then whole tables."""

    document: Document
    anchors: dict[str, str]
    articles: dict[str, Markup] = field(default_factory=dict)  # finding id to article
    rows: int = LINE_ROWS

    def fill(self, room: int) -> None:
        told = sections(self.document)
        shown: list[Finding] = []
        for finding in (*told.fails, *told.uncertain, *told.explored):
            bare = self._article(finding, charts=0, tables=False)
            if len(bare.encode()) > room:
                break  # the rest has one line each
            room -= len(bare.encode())
            self.articles[finding.id] = bare
            shown.append(finding)
        room = MOST_BYTES - SPARE - len(self.render().encode())  # the lines that articles replaced are gone
        drawn = dict.fromkeys(self.articles, 0)
        for finding in shown:
            for charts in range(len(finding.figures), 0, -1):
                left = self._grow(finding, room, charts=charts, tables=False)
                if left is not None:
                    room, drawn[finding.id] = left, charts
                    break
            if not finding.figures:  # a table is then all there is to see
                room = self._grow(finding, room, charts=0, tables=True) or room
        for finding in shown:
            if finding.figures and finding.series:
                room = self._grow(finding, room, charts=drawn[finding.id], tables=True) or room

    def _grow(self, finding: Finding, room: int, *, charts: int, tables: bool) -> int | None:
        """Put a fuller article in place of the one there is; the room that is left, or None where it did not fit."""
        fuller = self._article(finding, charts=charts, tables=tables)
        left = room - len(fuller.encode()) + len(self.articles[finding.id].encode())
        if left < 0:
            return None
        self.articles[finding.id] = fuller
        return left

    def render(self) -> str:
        css, script = style(), asset("report.js")
        return (
            environment()
            .get_template("page.html")
            .render(
                document=self.document,
                told=sections(self.document),
                anchors=self.anchors,
                articles=self.articles,
                css=Markup(css),  # noqa: S704 - our own file
                script=Markup(script),  # noqa: S704 - our own file
                symbols=Markup(page.symbols()),  # noqa: S704 - our own file
                policy=Markup(page.policy(css, script)),  # noqa: S704 - hashes alone
                rows=self.rows,
            )
        )

    def _article(self, finding: Finding, *, charts: int, tables: bool) -> Markup:
        text = (
            environment()
            .get_template("article.html")
            .render(
                f=finding,
                anchor=self.anchors[finding.id],
                figures=finding.figures[:charts],
                series=finding.series if tables else (),
                rows=TABLE_ROWS,
            )
        )
        return Markup(text)  # noqa: S704 - rendered with escaping on


def _anchors(document: Document) -> dict[str, str]:
    """A unique fragment for each finding, made from its id: `fairness.selection-rate-gap/race-sex`."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for finding in document.findings:
        slug = re.sub(r"[^A-Za-z0-9._/-]+", "-", finding.id).strip("-")[:80] or "finding"
        anchor = next(name for name in chain((slug,), (f"{slug}-{i}" for i in count(2))) if name not in taken)
        taken.add(anchor)
        found[finding.id] = anchor
    return found


def _numbers(series: Series) -> draw.Table:
    """A compact table's cells, each formatted by its column's unit; whole numbers and text as they are."""
    columns = series.columns
    head, cells = [], []
    for name, values in columns.items():
        unit = series.units.get(name)
        numeric = all(value is None or not isinstance(value, str) for value in values)
        head.append(draw.Head(name, numeric=numeric))
        cells.append([_cell(value, unit) for value in values])
    return draw.Table(tuple(head), tuple(zip(*cells, strict=True)) if cells else ())


def _cell(value: float | str | None, unit: Any) -> str:  # noqa: ANN401 - a Unit or None
    if isinstance(value, str):
        return value
    return fmt.bare(value, unit) if unit in {"rows", "people"} else fmt.number(value, unit or "number")


def _drawn(figure: Figure, label: str) -> Markup:
    return Markup(draw.html(figure, label=label))  # noqa: S704 - draw escapes what comes from data


@cache
def environment() -> Environment:
    """Where templates come from, with what they call."""
    environment = Environment(
        loader=PackageLoader("fairwitness.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        view=view, quote=quote, fmt=fmt, ICONS=page.ICONS, numbers=_numbers, table=draw.table, drawn=_drawn
    )
    environment.tests["heat"] = lambda figure: isinstance(figure, Heat)
    return environment


@cache
def asset(name: str) -> str:
    """A file beside the templates."""
    return files("fairwitness.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def style() -> str:
    """The rules of every page of `report`."""
    return page.style() + asset("report.css")
