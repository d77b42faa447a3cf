"""Ranges of energy against sums by hand, and true powers drawn from within what is assumed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fairwitness.carbon.energy import Energy, Part, Told, energy, stated
from fairwitness.carbon.machine import Machine, known
from fairwitness.carbon.spent import Spent

UNKNOWN = Machine(processor="Some Processor", cpus=4, threads=4, memory=16.0, shared=True)
EPYC = replace(UNKNOWN, processor="AMD EPYC 7763 64-Core Processor", cpus=8, threads=8)


def spent(machine: Machine = UNKNOWN, **changes: float | None) -> Spent:
    told: dict[str, float | None] = {"cpu": 3600.0, "wall": 1800.0, "resident": 2.0}
    return Spent(machine=machine, **{**told, **changes})  # type: ignore[arg-type]  # plain numbers by name


def ends(found: Energy, name: str) -> tuple[float, float | None]:
    (part,) = [part for part in found.parts if part.name == name]
    return part.low, part.high


def test_an_unknown_processor_by_hand() -> None:
    """One processor hour in half an hour on four threads, 2 of 16 GB held.

    Processor: 1 W × 1 h to 12 W × 1 h + 2 W × 4 threads × 0.5 h = 16 Wh. Memory: 0.1 × 2 × 0.5 = 0.1 to 0.625 × 16 × 0.5 =
    5 Wh. Supply: 0.04 and 0.4 of that; building: 0 and 1.5 times all.
    """
    found = energy(spent())
    assert ends(found, "processor") == pytest.approx((1.0, 16.0))
    assert ends(found, "memory") == pytest.approx((0.1, 5.0))
    assert ends(found, "supply, board, fans") == pytest.approx((0.044, 8.4))
    assert ends(found, "building") == pytest.approx((0.0, 44.1))
    assert (found.low, found.high) == pytest.approx((1.144, 73.5))
    assert found.middle == pytest.approx((1.144 * 73.5) ** 0.5)
    assert found.method == "modelled"


def test_a_known_processor_by_hand() -> None:
    """280 W over 128 threads are 2.1875 W each: 0.5 of it to 3 of it an hour, and 0.3 of it for 8 threads over half an hour."""
    each = 280 / 128
    low, high = ends(energy(spent(EPYC)), "processor")
    assert low == pytest.approx(0.5 * each)
    assert high == pytest.approx(3 * each + 0.3 * each * 8 * 0.5)


def test_all_threads_busy_stay_below_twice_the_makers_watts() -> None:
    """Eight busy threads for an hour: 8 × (3 + 0.3) shares would be more than the 2 × 8 that the processor can draw."""
    _, high = ends(energy(spent(EPYC, cpu=8 * 3600.0, wall=3600.0)), "processor")
    assert high == pytest.approx(2 * 8 * 280 / 128)


def test_watts_and_building_as_told_come_before_what_is_assumed() -> None:
    found = energy(spent(replace(UNKNOWN, shared=False)), Told(watts=100.0, pue=1.2))
    assert ends(found, "processor") == pytest.approx((12.5, 75 + 0.3 * 25 * 4 * 0.5))
    low, high = ends(found, "building")
    assert found.high is not None
    assert high is not None
    assert (low, high) == pytest.approx((found.low / 6, found.high / 6))
    assert [part.known for part in found.parts] == ["modelled", "modelled", "assumed", "told"]


def test_a_virtual_machine_may_have_few_of_the_threads_that_watts_are_told_of() -> None:
    """280 W told of a processor of 128 threads, of which four are lent: one hour of one takes 0.5 to 3 × 2.1875 W."""
    low, high = ends(energy(spent(), Told(watts=280.0)), "processor")
    assert low <= 0.5 * 280 / 128
    assert high is not None
    assert high >= 3 * 280 / 128
    named = energy(spent(EPYC), Told(watts=280.0))  # the name tells the threads
    assert ends(named, "processor") == ends(energy(spent(EPYC)), "processor")


def test_counters_are_measured_from_our_share_to_all_of_it() -> None:
    """36 kJ are 10 Wh; a processor hour in half an hour on four threads is half of their time. 5 % is the counter's own."""
    found = energy(spent(package=36_000.0, dram=3_600.0))
    assert ends(found, "processor") == pytest.approx((10 * 0.5 * 0.95, 10 * 1.05))
    assert ends(found, "memory") == pytest.approx((1 * 2 / 16 * 0.95, 1.05))
    assert found.method == "measured"


def test_an_accelerator_that_nobody_read_leaves_the_upper_end_open() -> None:
    found = energy(spent(accelerator=None))
    assert found.high is None
    assert found.low == pytest.approx(energy(spent()).low)
    assert set(found.widths()) == {None}
    read = energy(spent(accelerator=3600.0))
    assert ends(read, "accelerator") == pytest.approx((0.95, 1.05))


def test_memory_that_cannot_be_read_leaves_the_upper_end_open() -> None:
    assert energy(spent(replace(UNKNOWN, memory=None))).high is None


def test_what_is_told_has_no_width_and_is_told() -> None:
    found = stated(1500.0)
    assert (found.low, found.high, found.middle, found.method) == (1500.0, 1500.0, 1500.0, "told")
    assert found.widths() == (None,)


def test_nothing_spent_is_nothing() -> None:
    found = energy(spent(cpu=0.0, wall=0.0))
    assert (found.low, found.high) == (0.0, 0.0)
    assert set(found.widths()) == {None}


def test_widths_are_shares_of_how_many_times_the_ends_lie_apart() -> None:
    """Alone: 1 to 4; doubled at the most: 1 to 8 in all. A factor of 2 is a third of a factor of 8, 4 is two thirds."""
    found = Energy(
        parts=(
            Part(name="a", low=1.0, high=4.0, known="modelled", how=""),
            Part(name="b", low=0.0, high=4.0, known="assumed", how="", times=(1.0, 2.0)),
        )
    )
    assert found.widths() == pytest.approx((2 / 3, 1 / 3))


@pytest.mark.parametrize("machine", [UNKNOWN, EPYC, replace(EPYC, threads=128, cpus=128, shared=False)])
def test_a_true_power_within_what_is_assumed_lies_in_the_range(machine: Machine) -> None:
    """Machines drawn from the assumptions: idle and busy watts of a thread, memory, supply, building, all at random."""
    rng = np.random.default_rng(0)
    share = known(machine.processor)
    each = None if share is None else share.watts / share.threads
    for _ in range(2000):
        wall = float(rng.uniform(1, 7200))
        cpu = float(rng.uniform(0, machine.cpus)) * wall
        held = float(rng.uniform(0, 16))
        busy = rng.uniform(1, 12) if each is None else rng.uniform(0.5, 3) * each
        idle = rng.uniform(0, 2) if each is None else rng.uniform(0, 0.3) * each
        ours = rng.uniform(0, 1)  # of idle power, whose is it?
        ceiling = (14 if each is None else 2 * each) * machine.cpus * wall
        processor = min(busy * cpu + ours * idle * machine.cpus * wall, ceiling)
        memory = rng.uniform(0.1, 0.625) * rng.uniform(held, 16) * wall
        truth = (processor + memory) * rng.uniform(1.04, 1.4) * rng.uniform(1, 2.5) / 3600
        found = energy(spent(machine, cpu=cpu, wall=wall, resident=held))
        assert found.high is not None
        assert found.low <= truth <= found.high


@pytest.mark.parametrize(("told", "times"), [(Told(pue=1.0), 1.0), (Told(pue=1.6), 1.6)])
def test_a_building_that_is_told_is_that_many_times_the_rest(told: Told, times: float) -> None:
    found = energy(spent(), told)
    low, high = energy(spent(), Told(pue=1.0)).low, energy(spent(), Told(pue=1.0)).high
    assert high is not None
    assert (found.low, found.high) == pytest.approx((times * low, times * high))


def test_names_are_found_as_whole_words() -> None:
    found = known("Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz")
    assert found is not None
    assert (found.watts, found.threads) == (150, 40)
    assert known("Intel(R) Xeon(R) Gold 6248R CPU @ 3.00GHz") is None
    assert known("AMD Ryzen 5 3600X 6-Core Processor") is None
    assert known("") is None
