import stat
from pathlib import Path

import numpy as np
import pytest

from fairwitness.engine.cache import Cache


def test_a_piece_is_made_once_for_a_key(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> dict[str, np.ndarray]:
        made.append(1)
        return {"x": np.arange(3)}

    for _ in range(2):
        kept = Cache(tmp_path / "cache").arrays(("outputs", 1, "abc"), make)
        assert kept["x"].tolist() == [0, 1, 2]
    Cache(tmp_path / "cache").arrays(("outputs", 2, "abc"), make)
    assert len(made) == 2


def test_a_torn_piece_is_made_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.arrays(("a",), lambda: {"x": np.ones(100)})
    (piece,) = tmp_path.glob("*.npz")
    piece.write_bytes(piece.read_bytes()[:50])
    assert cache.arrays(("a",), lambda: {"x": np.zeros(1)})["x"].tolist() == [0]


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    Cache(tmp_path / "private" / "cache")
    assert stat.S_IMODE((tmp_path / "private" / "cache").stat().st_mode) == 0o700


def test_no_folder_keeps_nothing() -> None:
    assert Cache(None).arrays(("a",), lambda: {"x": np.ones(2)})["x"].sum() == 2
    assert Cache(None).place(("a",)) is None


def test_objects_are_never_pickled(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Python objects"):
        Cache(tmp_path).arrays(("a",), lambda: {"x": np.array(["a", None], dtype=object)})
