"""Who is ended when a simulation's process has died. Ray is not needed."""

import os
import signal
import subprocess
import sys
import time

import pytest

from fairwitness.federated import reaper

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
watch = subprocess.Popen([sys.executable, "-m", "fairwitness.federated.reaper", str(os.getpid())], stdin=subprocess.PIPE)
print(child.pid, watch.pid, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    return any(number == pid for number, _ in reaper.table())


def test_a_child_of_a_killed_process_is_ended_and_the_watch_with_it() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child, watch = map(int, parent.stdout.readline().split())
    time.sleep(4 * reaper.LOOK)  # it has looked
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 20
    while (alive(child) or alive(watch)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not alive(child)
    assert not alive(watch)


def test_descendants_are_all_that_lie_below_and_no_others() -> None:
    among = {(2, "a"): 1, (3, "b"): 2, (4, "c"): 3, (5, "d"): 1, (6, "e"): 4}
    assert reaper.below(2, among) == {(3, "b"), (4, "c"), (6, "e")}
    assert all(pid != os.getpid() for pid, _ in reaper.below(os.getpid(), reaper.table()))
