"""Electricity by country: told, never guessed."""

from __future__ import annotations

import pytest

from fairwitness.carbon.grid import countries, grid
from fairwitness.core.errors import ConfigError
from fairwitness.engine.config import parse


def test_germany_and_france_as_published() -> None:
    """Our World in Data, carbon intensity of electricity, 2023: 381 and 56 g a kWh."""
    germany, france = (grid(code, grams=None, year=None) for code in ("DEU", "FRA"))
    assert germany is not None
    assert france is not None
    assert (germany.grams, france.grams) == pytest.approx((381, 56), abs=0.5)
    assert germany.where == "Germany, mean of 2023"
    assert "CC BY 4.0" in germany.source


def test_the_table_is_whole() -> None:
    known = countries()
    assert len(known) > 200
    assert all(len(code) == 3 and code.isupper() for code in known)
    assert all(0 < each.grams < 1500 and 2000 <= each.year <= 2026 for each in known.values())


def test_it_is_what_codecarbon_has() -> None:
    """The package that the table was taken from, where it is installed."""
    import json
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("codecarbon")
    if spec is None or spec.origin is None:
        pytest.skip("codecarbon is not installed")
    file = Path(spec.origin).parent / "data/private_infra/global_energy_mix.json"
    theirs = json.loads(file.read_text(encoding="utf-8"))
    assert {code: each.grams for code, each in countries().items()} == {
        code: each["carbon_intensity"] for code, each in theirs.items() if each["carbon_intensity"]
    }


def test_nobody_said_where() -> None:
    assert grid(None, grams=None, year=None) is None


def test_grams_that_are_told_come_before_the_table() -> None:
    found = grid("FRA", grams=20.0, year=2025)
    assert found is not None
    assert (found.grams, found.where, found.source) == (20.0, "France, 2025", "told in the settings")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"country": "FR"}, "no country 'FR'; did you mean 'FRA' (France) or 'FRO' (Faroe Islands)"),
        ({"country": "France"}, "no country 'France'; France is 'FRA'"),
        ({"country": "fra"}, "no country 'fra'; did you mean 'FRA' (France)?"),
        ({"country": "Germny"}, "no country 'Germny'; did you mean 'DEU' (Germany)?"),
        ({"country": "SEW"}, "'SWE' (Sweden)"),
        ({"country": ""}, "no country ''; give its ISO 3166-1 code of three letters, such as 'FRA'"),
        ({"country": "FRA", "year": 2019}, "year is 2019, and the table has 2023 of France"),
        ({"year": 2023}, "year goes with country or grid_g_per_kwh"),
        ({"grid_g_per_kwh": -1}, "grid_g_per_kwh"),
        ({"grid_g_per_kwh": float("nan")}, "grid_g_per_kwh"),
        ({"pue": 0.9}, "pue"),
        ({"processor_watts": 0}, "processor_watts"),
        ({"training_kwh": float("inf")}, "training_kwh"),
        ({"county": "FRA"}, "did you mean 'country'?"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as told:
        parse({"carbon": settings}, source="audit.toml")
    assert words in str(told.value)
    assert str(told.value).startswith("audit.toml: ")
    assert "\n" not in str(told.value)
