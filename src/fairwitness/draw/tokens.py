"""Colours of the page and its charts, light and dark; every text colour has 4.5:1 on every ground it stands on."""

from __future__ import annotations

from importlib.resources import files

LIGHT: dict[str, str] = {
    "bg": "#fff",
    "panel": "#f6f6f3",
    "ink": "#1b1b1a",
    "muted": "#5c5b57",
    "rule": "#dcdbd5",
    "hair": "#ebeae5",
    "link": "#0b57a4",
    "fail": "#a9201a",
    "unc": "#845400",
    "pass": "#1c6640",
    "band": "#e3f0e6",
    "bar": "#8b8a84",
    "gA": "#1f5c99",
    "gB": "#8a5a00",
    "gC": "#8c2d6e",
    "h0": "#fff",
    "h1": "#f3e7d8",
    "h2": "#ecd3b8",
    "h3": "#e2b890",
}
DARK: dict[str, str] = {
    "bg": "#15171a",
    "panel": "#1d2024",
    "ink": "#e8e6e1",
    "muted": "#a7a59e",
    "rule": "#3a3d42",
    "hair": "#2a2d31",
    "link": "#8cbcf2",
    "fail": "#ff8f80",
    "unc": "#e6b455",
    "pass": "#6fcb9a",
    "band": "#1d3326",
    "bar": "#7d7c77",
    "gA": "#84b6ee",
    "gB": "#e2ae5c",
    "gC": "#e391c6",
    "h0": "#1d2024",
    "h1": "#33291e",
    "h2": "#4a3520",
    "h3": "#664524",
}


def css() -> str:
    """Tokens as custom properties and the looks of the charts: all that a page needs to show what `draw` makes."""
    light = ";".join(f"--{name}:{value}" for name, value in LIGHT.items())
    dark = ";".join(f"--{name}:{value}" for name, value in DARK.items())
    charts = files("fairwitness.draw").joinpath("chart.css").read_text(encoding="utf-8")
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{charts}"
    )
