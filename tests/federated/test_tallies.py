"""Counts of sites, sent as bytes and put together, against counts of all rows."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.federated import tallies
from fairwitness.federated.tallies import Sent
from fairwitness.stats.exact_noise import Coins
from fairwitness.stats.tally import Tally

NAMES = ("race", "sex")


def people(n: int, seed: int) -> dict[str, NDArray[np.object_]]:
    rng = np.random.default_rng(seed)
    race = rng.choice(np.array(["a", "b", "c", None], dtype=object), n, p=[0.7, 0.2, 0.07, 0.03])
    sex = rng.choice(np.array(["men", "women"], dtype=object), n)
    return {"race": race, "sex": sex, "@decision": np.where(rng.random(n) < 0.6, "yes", "no").astype(object)}


def split(columns: dict[str, NDArray[np.object_]], sites: int, seed: int) -> list[Tally]:
    place = np.random.default_rng(seed).integers(sites, size=len(columns["race"]))
    return [Tally.of({name: values[place == site] for name, values in columns.items()}) for site in range(sites)]


def brute(columns: dict[str, NDArray[np.object_]], name: str) -> dict[tuple[str, ...], int]:
    """Counted one person at a time."""
    found: dict[tuple[str, ...], int] = {}
    for group, decided in zip(columns[name], columns["@decision"], strict=True):
        cell = ("(missing)" if group is None else str(group), str(decided))
        found[cell] = found.get(cell, 0) + 1
    return found


@pytest.mark.parametrize("sites", [1, 2, 7])
def test_with_nothing_kept_back_sums_are_those_of_all_rows_to_the_last(sites: int) -> None:
    columns = people(500, 1)
    sent = [
        Sent.from_bytes(tallies.count(str(i), own, NAMES).to_bytes()) for i, own in enumerate(split(columns, sites, 2))
    ]
    known = tallies.pool(sent)
    for name in NAMES:
        assert all(each.exact for each in known[name].values())
        assert {cell: each.low for cell, each in known[name].items()} == brute(columns, name)


@pytest.mark.parametrize("seed", range(10))
def test_what_is_kept_back_lies_between_what_is_known(seed: int) -> None:
    columns = people(300, seed)
    sent = [tallies.count(str(i), own, NAMES, least=5) for i, own in enumerate(split(columns, 6, seed))]
    assert any(each.withheld for each in sent)
    known = tallies.pool([Sent.from_bytes(each.to_bytes()) for each in sent])
    for name in NAMES:
        for cell, number in brute(columns, name).items():
            assert known[name][cell].low <= number <= known[name][cell].high


def test_tallies_of_sites_add_to_the_tally_of_all() -> None:
    columns = people(400, 3)
    all_of_them, together = Tally.of(columns), tallies.merged(split(columns, 5, 3))
    assert tallies.cells(together, tuple(columns)) == tallies.cells(all_of_them, tuple(columns))
    assert dict(together.axes) == dict(all_of_them.axes)


def test_no_count_below_the_least_is_in_the_bytes() -> None:
    columns = people(150, 4)
    for own in split(columns, 5, 4):
        message = tallies.count("site", own, NAMES, least=5)
        shown = Sent.from_bytes(message.to_bytes())
        assert shown == message
        assert all(count is None or count >= 5 for table in shown.tables.values() for count in table.values())


def test_a_site_too_small_tells_only_how_many_rows() -> None:
    small = tallies.count("x", Tally.of(people(3, 5)), NAMES, least=5)
    large = tallies.count("y", Tally.of(people(200, 6)), NAMES, least=0)
    assert (small.people, small.tables) == (3, {})
    known = tallies.pool([small, large])
    cell, number = next((cell, n) for cell, n in large.tables["sex"].items() if n is not None)
    assert (known["sex"][cell].low, known["sex"][cell].high) == (number, number + 3)


def test_noise_has_the_scale_of_the_tables_over_epsilon_and_the_true_count_is_within_its_reach() -> None:
    columns, categories = people(2000, 7), Tally.of(people(2000, 7)).axes
    byte = np.random.default_rng(8).bytes
    coins = Coins(byte)
    sites = split(columns, 4, 7)
    sent = [
        tallies.count_noised(str(i), own, NAMES, epsilon=Fraction(1), categories=categories, coins=coins)
        for i, own in enumerate(sites)
    ]
    assert {each.scale for each in sent} == {Fraction(2)}
    assert all(each.people is None for each in sent)
    known = tallies.pool([Sent.from_bytes(each.to_bytes()) for each in sent])
    for name in NAMES:
        for cell, number in brute(columns, name).items():
            assert known[name][cell].low <= number <= known[name][cell].high
    noise = [
        (count or 0) - tallies.cells(own, (name, "@decision")).get(cell, 0)
        for _ in range(40)
        for own in sites
        for name, table in tallies.count_noised(
            "s", own, NAMES, epsilon=Fraction(1), categories=categories, coins=coins
        ).tables.items()
        for cell, count in table.items()
    ]
    t = np.exp(-1 / 2)  # the variance of the discrete Laplace distribution is 2 t / (1 − t)²
    assert np.var(noise) == pytest.approx(2 * t / (1 - t) ** 2, rel=0.15)


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"site":"a","people":1,"scale":"0","tables":[]}', b"nonsense"])
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever of the two ways it fails
        Sent.from_bytes(raw)
