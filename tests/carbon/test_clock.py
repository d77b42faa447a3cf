"""Planted clocks and counters, and the process's own."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairwitness.carbon import clock as clocks
from fairwitness.carbon import rapl, spent
from fairwitness.carbon.clock import Clock, sitting
from fairwitness.carbon.machine import Machine, here, read
from fairwitness.carbon.spent import Spent, of_json

NOWHERE = Path("/nonexistent")
MACHINE = Machine(processor="P", cpus=2, threads=2, memory=8.0, shared=False)


class Hands:
    """A clock whose hands are set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def zone(folder: Path, name: str, joules: float, span: float = 262_143.0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text(f"{int(span * 1e6)}\n")
    (folder / "energy_uj").write_text(f"{int(joules * 1e6)}\n")
    return folder


def test_planted_hands() -> None:
    cpu, wall = Hands(), Hands()
    clock = Clock(machine=MACHINE, cpu=cpu, wall=wall, powercap=NOWHERE)
    cpu.now, wall.now = 112.5, 110.0
    found = clock.spent()
    assert (found.cpu, found.wall, found.package, found.accelerator) == (12.5, 10.0, None, 0.0)
    assert Clock(machine=MACHINE, powercap=NOWHERE, accelerated=True).spent().accelerator is None


def test_planted_counters_add_up_and_may_run_round(tmp_path: Path) -> None:
    """Two packages, one with memory; cores and the whole platform are not counted again."""
    one, two = zone(tmp_path / "intel-rapl:0", "package-0", 100), zone(tmp_path / "intel-rapl:1", "package-1", 262_100)
    zone(tmp_path / "intel-rapl:0:0", "core", 50)
    memory = zone(tmp_path / "intel-rapl:0:1", "dram", 10)
    zone(tmp_path / "intel-rapl:2", "psys", 1000)
    wall = Hands()
    clock = Clock(machine=MACHINE, cpu=Hands(), wall=wall, powercap=tmp_path)
    zone(one, "package-0", 160), zone(two, "package-1", 7), zone(memory, "dram", 15)
    wall.now += 10
    found = clock.spent()
    assert found.package == pytest.approx(60 + (262_143 - 262_100 + 7))
    assert found.dram == pytest.approx(5)


def test_a_counter_that_may_have_run_round_unseen_is_not_believed(tmp_path: Path) -> None:
    package, wall = zone(tmp_path / "intel-rapl:0", "package-0", 0), Hands()
    clock = Clock(machine=MACHINE, cpu=Hands(), wall=wall, powercap=tmp_path)
    wall.now += 1.01 * 262_143 / rapl.MOST_WATTS
    zone(package, "package-0", 20)
    assert clock.spent().package is None


def test_read_often_enough_it_is_believed(tmp_path: Path) -> None:
    package, wall = zone(tmp_path / "intel-rapl:0", "package-0", 0), Hands()
    clock = Clock(machine=MACHINE, cpu=Hands(), wall=wall, powercap=tmp_path)
    for minute in range(1, 31):
        wall.now += 60
        zone(package, "package-0", (minute * 60 * 200) % 262_143)
        clock.tick()
    assert clock.spent().package == pytest.approx(30 * 60 * 200)


def test_counters_that_may_not_be_read_are_none(tmp_path: Path) -> None:
    package = zone(tmp_path / "intel-rapl:0", "package-0", 0)
    (package / "energy_uj").unlink()
    assert rapl.counters(0.0, tmp_path) is None
    zone(tmp_path / "intel-rapl:0:0", "dram", 0)
    assert rapl.counters(0.0, tmp_path) is None  # memory alone is not the machine


def test_all_threads_and_ended_children_are_counted() -> None:
    clock = Clock(powercap=NOWHERE)
    busy = "import time\nwhile time.process_time() < 0.4: sum(range(1000))"
    subprocess.run([sys.executable, "-c", busy], check=True)
    found = clock.spent()
    assert found.cpu >= 0.35
    assert found.wall >= 0.35


def test_sleeping_takes_time_and_no_processor() -> None:
    clock = Clock(powercap=NOWHERE)
    time.sleep(0.2)
    found = clock.spent()
    assert found.wall >= 0.2
    assert found.cpu < 0.1


def test_a_sitting_is_kept_and_gone_on_with(tmp_path: Path) -> None:
    with sitting(tmp_path, goes_on=False, accelerated=False) as first:
        time.sleep(0.05)
    assert spent.load(tmp_path) == first.spent
    with sitting(tmp_path, goes_on=True, accelerated=False) as second:
        time.sleep(0.05)
    assert second.spent.sittings == 2
    assert second.spent.wall >= first.spent.wall + 0.05
    with sitting(tmp_path, goes_on=False, accelerated=False) as again:
        pass
    assert again.spent.sittings == 1


def test_what_a_kill_leaves_is_what_was_last_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "EVERY", 0.01)
    stretch = clocks.Sitting(Clock(), tmp_path / "model", None)
    time.sleep(0.02)
    stretch.tick()
    kept = spent.load(tmp_path / "model")
    assert kept is not None
    assert kept.wall >= 0.02


def test_a_stopped_sitting_is_kept(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), sitting(tmp_path, goes_on=False, accelerated=False):
        raise KeyboardInterrupt
    assert spent.load(tmp_path) is not None


def test_readings_survive_writing_and_odd_ones_are_refused(tmp_path: Path) -> None:
    made = Spent(machine=MACHINE, cpu=1.5, wall=2.5, resident=0.1, package=3.0, dram=None, accelerator=None, sittings=3)
    spent.save(tmp_path, made)
    assert spent.load(tmp_path) == made
    whole = made.to_json()
    wrong: dict[str, Any] = {"cpu": -1, "wall": "1", "more": 1, "machine": None}
    odds: list[Any] = [{**whole, key: value} for key, value in wrong.items()]
    for odd in (*odds, None, []):
        assert of_json(odd) is None
    (tmp_path / spent.NAME).write_text("{")
    assert spent.load(tmp_path) is None
    assert spent.load(NOWHERE) is None


def test_stretches_add_and_leave() -> None:
    one = Spent(machine=MACHINE, cpu=1.0, wall=2.0, resident=0.5, package=10.0)
    two = replace(one, cpu=3.0, wall=1.0, resident=None, package=None)
    assert ((one + two).cpu, (one + two).wall, (one + two).resident, (one + two).package) == (4.0, 3.0, 0.5, None)
    assert ((two - one).cpu, (two - one).wall) == (2.0, 0.0)


def test_the_machine_as_linux_tells_it(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nmodel name\t: AMD  EPYC 7763\nflags\t\t: fpu hypervisor\n\nprocessor\t: 1\n")
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "memory.max").write_text("2000000000\n")
    found = read(info, tmp_path)
    assert (found.processor, found.shared, found.memory) == ("AMD EPYC 7763", True, 2.0)
    assert found.cpus <= 2
    assert found.threads >= found.cpus
    info.write_text("model name : X\nflags : fpu\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert not read(info, tmp_path).shared


def test_a_machine_that_tells_nothing() -> None:
    found = read(NOWHERE, NOWHERE)
    assert found.cpus >= 1
    assert not found.shared
    assert here() is here()
