"""codecarbon beside our own clock: it asks nobody, and its sums are ours with its constants."""

from __future__ import annotations

import socket
import time
from typing import Any, NoReturn

import pytest

from fairwitness.carbon.beside import CodeCarbon
from fairwitness.carbon.clock import Clock
from fairwitness.carbon.energy import energy
from fairwitness.carbon.machine import Machine
from fairwitness.carbon.spent import Spent
from fairwitness.core.errors import ConfigError
from fairwitness.engine.audit import audit
from fairwitness.engine.config import parse


def test_what_codecarbon_said_of_a_virtual_machine_lies_in_the_range() -> None:
    """codecarbon 3.3.2, installed apart, on two threads of an Intel Xeon under KVM with 23.5 GB, in its mode `cpu_load`:
    a busy thread for 12 s was 0.093 Wh, 72 % of it memory at 20 W; for 3.97 s of 4.06 it was 0.01687 Wh, memory at 10 W.
    """
    machine = Machine(processor="Intel(R) Xeon(R) Processor", cpus=2, threads=2, memory=25.3, shared=True)
    for cpu, wall, said in ((12.0, 12.0, 0.093), (3.97, 4.06, 0.01687)):
        found = energy(Spent(machine=machine, cpu=cpu, wall=wall, resident=0.5))
        assert found.high is not None
        assert found.low <= said <= found.high


@pytest.mark.slow
def test_it_counts_on_and_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory at the watts it takes for it, over the time that passed, is a part of what it says."""
    pytest.importorskip("codecarbon", reason="the extra `carbon`")

    def refused(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)
    meter = CodeCarbon()
    clock = Clock(beside=meter)
    first, _ = meter.read()
    started = time.perf_counter()
    while time.perf_counter() - started < 0.5:
        sum(range(1000))
    found = clock.whole()
    assert found.beside is not None
    assert found.beside > first
    assert found.accelerator == 0.0
    watts = (found.beside - first) / (time.perf_counter() - started)
    assert 1 < watts < 1000


def test_without_it_the_way_out_is_told_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "codecarbon", None)
    with pytest.raises(ConfigError, match=r"here: \[carbon\] meter = 'codecarbon' needs codecarbon; pip install"):
        audit(parse({"carbon": {"meter": "codecarbon"}, "data": {"path": "nowhere.csv"}}, source="here"), source="here")


def test_an_accelerator_is_known_where_its_meter_is_read() -> None:
    class Planted(CodeCarbon):
        def __init__(self, joules: float) -> None:
            self.joules = joules

        def read(self) -> tuple[float, float]:
            return 5.0 + self.joules, self.joules

    read = Clock(accelerated=True, beside=Planted(7.0)).whole()
    assert (read.beside, read.accelerator) == (12.0, 7.0)
    assert Clock(accelerated=True, beside=Planted(0.0)).whole().accelerator is None  # it found none
    assert Clock(accelerated=True).whole().accelerator is None
