"""A page as one HTML file: nothing fetched, no script, its one style allowed by hash."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from fairwitness import draw
from fairwitness.accountability.pages.blocks import WORDS, Page, Picture
from fairwitness.draw import format as fmt
from fairwitness.draw import page as shared
from fairwitness.draw import quote

if TYPE_CHECKING:
    from jinja2 import Environment


def html(page: Page) -> str:
    """The page; every string of it is escaped, and control characters and bidirectional overrides are shown as such."""
    from markupsafe import Markup

    style = shared.style() + _asset("page.css")
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=quote.clean(page, longest=None),
            style=Markup(style),  # noqa: S704 - our own files
            symbols=Markup(shared.symbols()),  # noqa: S704 - our own file
            policy=Markup(shared.policy(style, pictures=_pictured(page))),  # noqa: S704 - a hash alone
        )
    )


def _pictured(page: Page) -> bool:
    """Whether the page holds pictures, which its policy then lets in."""
    return any(isinstance(block, Picture) for section in page.sections for block in section.blocks)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("fairwitness.accountability.pages", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(fmt=fmt, ICONS=shared.ICONS, WORDS=WORDS)
    environment.globals["drawn"] = lambda figure: Markup(draw.html(figure))  # noqa: S704 - it escapes what it draws
    environment.filters["kind"] = lambda block: type(block).__name__.lower()
    return environment


def _asset(name: str) -> str:
    return files("fairwitness.accountability.pages").joinpath(name).read_text(encoding="utf-8")
