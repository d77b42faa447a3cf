"""What a kilowatt-hour of electricity emits, by country and year; a country is told, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

SOURCE = "Our World in Data, from Ember and the Energy Institute (CC BY 4.0), as shipped by codecarbon 3.3.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Electricity of one place and time.

    Attributes:
        grams: CO2 equivalent per kilowatt-hour, at least 0.
        where: In words: "France, mean of 2023".
        source: Who says so.
    """

    grams: float
    where: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A country's mean over a year."""

    code: str
    name: str
    year: int
    grams: float


@cache
def countries() -> Mapping[str, Country]:
    """All there are, by ISO 3166-1 code of three letters."""
    lines = files("fairwitness.carbon").joinpath("grid.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(";") for line in lines if not line.startswith("#")][1:]
    return {code: Country(code=code, name=name, year=int(year), grams=float(g)) for code, name, year, g in rows}


def grid(country: str | None, *, grams: float | None, year: int | None) -> Grid | None:
    """The grid that a person told of; None where nobody did.

    Args:
        country: Code of three letters.
        grams: Per kilowatt-hour, in place of the table's.
        year: Of those grams.

    Raises:
        ValueError: No such country, or the table has another year of it.
    """
    known = countries()
    if country is not None and country not in known:
        raise ValueError(f"no country {country!r}; {_hint(country)}")
    name = "" if country is None else known[country].name
    if grams is not None:
        words = ", ".join(str(each) for each in (name, year) if each)
        return Grid(grams=grams, where=words or "as told", source="told in the settings")
    if country is None:
        if year is not None:
            raise ValueError("year goes with country or grid_g_per_kwh; give one of them, or take year out")
        return None
    found = known[country]
    if year not in {None, found.year}:
        raise ValueError(
            f"year is {year}, and the table has {found.year} of {found.name}; take year out, or give grid_g_per_kwh"
        )
    return Grid(grams=found.grams, where=f"{found.name}, mean of {found.year}", source=SOURCE)


def _hint(text: str) -> str:
    """The way out for a country that is not there: by its name, its code, or near ones."""
    known, asked = countries(), text.strip()
    names = {each.name.lower(): each for each in known.values()}
    if asked.lower() in names:
        return f"{names[asked.lower()].name} is {names[asked.lower()].code!r}"
    near = [names[name] for name in get_close_matches(asked.lower(), names, n=1)] if len(asked) > 3 else []
    near = near or [known[code] for code in known if asked and code.startswith(asked.upper())]
    near = near or [known[code] for code in get_close_matches(asked.upper(), known, n=3)]
    if not near:
        return "give its ISO 3166-1 code of three letters, such as 'FRA'"
    return f"did you mean {' or '.join(f'{each.code!r} ({each.name})' for each in near[:3])}?"
