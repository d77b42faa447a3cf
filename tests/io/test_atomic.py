from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairwitness.core.errors import UserError
from fairwitness.io import atomic


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_the_last_write_is_there_whole_and_alone(tmp_path: Path, contents: list[bytes]) -> None:
    for content in contents:
        atomic.write_bytes(tmp_path / "report.json", content)
    assert (tmp_path / "report.json").read_bytes() == contents[-1]
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_text_is_utf8_and_modes_are_kept(tmp_path: Path) -> None:
    atomic.write_text(tmp_path / "open.txt", "−3 × ü\n")
    atomic.write_text(tmp_path / "private.txt", "x", mode=0o600)
    assert (tmp_path / "open.txt").read_bytes() == "−3 × ü\n".encode()
    assert (tmp_path / "private.txt").stat().st_mode & 0o777 == 0o600


def test_arrays_round_trip_without_pickle(tmp_path: Path) -> None:
    arrays = {"a": np.arange(6.0).reshape(2, 3), "t": np.array(["ü", "b"])}
    atomic.write_npz(tmp_path / "x.npz", **arrays)
    with np.load(tmp_path / "x.npz", allow_pickle=False) as stored:
        assert {name: stored[name].tolist() for name in stored} == {
            name: array.tolist() for name, array in arrays.items()
        }
    with pytest.raises(ValueError, match="array 'o' holds Python objects"):
        atomic.write_npz(tmp_path / "y.npz", o=np.array([{}]))


def test_killed_writers_never_leave_a_torn_file(tmp_path: Path) -> None:
    """Two writers of one name, each content of one byte repeated, killed at moments of all kinds."""
    path = tmp_path / "findings.json"
    code = (
        "import sys, pathlib; from fairwitness.io.atomic import write_bytes\n"
        f"path = pathlib.Path({str(path)!r}); print(flush=True)\n"
        "while True:\n"
        "    for letter in (b'a', b'b'): write_bytes(path, letter * 2_000_000)\n"
    )
    rng = np.random.default_rng(0)
    for _ in range(3):
        writers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(2)]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        time.sleep(rng.uniform(0.02, 0.2))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
        if path.exists():
            content = path.read_bytes()
            assert content in {b"a" * 2_000_000, b"b" * 2_000_000}


def test_leftovers_are_ignored_and_cleared_when_old(tmp_path: Path) -> None:
    old, young, other = (
        tmp_path / f".{name}.{'0' * 15}{n}.tmp" for n, name in enumerate(["r.json", "r.json", "s.json"])
    )
    for leftover in (old, young, other):
        leftover.write_bytes(b"torn")
    for leftover in (old, other):
        os.utime(leftover, (0, 0))
    atomic.write_text(tmp_path / "r.json", "{}")
    assert not old.exists()
    assert young.exists()
    assert other.exists()
    assert (tmp_path / "r.json").read_text() == "{}"


def test_a_failing_writer_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    atomic.write_text(tmp_path / "r.json", "before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"cannot be written \(no space left on device\); free space or choose another"):
        atomic.write_text(tmp_path / "r.json", "after")
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["before"]


def test_folders_are_made_and_narrowed(tmp_path: Path) -> None:
    private = atomic.directory(tmp_path / "out" / "private", mode=0o700)
    assert private.stat().st_mode & 0o777 == 0o700
    wide = tmp_path / "wide"
    wide.mkdir(mode=0o755)
    assert atomic.directory(wide, mode=0o700).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("use", [atomic.probe_writable, atomic.directory])
def test_a_file_in_the_way_is_told(tmp_path: Path, use: object) -> None:
    (tmp_path / "out").write_text("")
    assert callable(use)
    with pytest.raises(UserError, match=r"out: cannot be written \(file exists\); a file has that name"):
        use(tmp_path / "out")
    with pytest.raises(UserError, match="a file stands where a folder should be"):
        use(tmp_path / "out" / "deeper")


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be written \(no such file or directory\); make the folder first"):
        atomic.write_text(tmp_path / "nowhere" / "r.json", "")


def test_probing_leaves_an_empty_folder(tmp_path: Path) -> None:
    atomic.probe_writable(tmp_path / "new" / "out")
    assert list((tmp_path / "new" / "out").iterdir()) == []
