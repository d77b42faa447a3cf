from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fairwitness.core.errors import DataError
from fairwitness.io.read import read

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 4, 5), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 1, 0, 1, 0])
SEX = np.array(["f", "m", "f", "m", "f", "m"])


def save(folder: Path, **arrays: NDArray[np.generic]) -> Path:
    np.savez(folder / "p.npz", allow_pickle=True, **arrays)
    return folder / "p.npz"


def test_images_labels_and_attributes(tmp_path: Path) -> None:
    table = read(save(tmp_path, images=GREY, labels=LABELS[:, None], sex=SEX))
    np.testing.assert_array_equal(table.media["image"], GREY)
    assert table.frame.to_dict(as_series=False) == {"label": LABELS.tolist(), "sex": SEX.tolist()}


def test_channels_first_is_turned_and_one_channel_has_no_axis(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read(save(tmp_path, x=np.moveaxis(COLOUR, 3, 1), y=LABELS)).media["image"], COLOUR)
    np.testing.assert_array_equal(read(save(tmp_path, x=GREY[:, None], y=LABELS)).media["image"], GREY)
    np.testing.assert_array_equal(read(save(tmp_path, x=GREY[..., None], y=LABELS)).media["image"], GREY)


def test_parts_are_joined(tmp_path: Path) -> None:
    table = read(save(tmp_path, x_train=GREY[:3], y_train=LABELS[:3], x_test=GREY[3:5], y_test=LABELS[3:5]))
    np.testing.assert_array_equal(table.media["image"], GREY[:5])
    assert table.frame.to_dict(as_series=False) == {
        "label": LABELS[:5].tolist(),
        "part": ["train"] * 3 + ["audit"] * 2,
    }
    assert table.notes == (
        "train, test joined; column 'part' says which, as train, tune (validation) and audit (test)",
    )


def test_matrices_become_columns(tmp_path: Path) -> None:
    table = read(save(tmp_path, x=np.array([[1.0, 2.0], [3.0, 4.0]]), y=np.array([0, 1])))
    assert table.frame.to_dict(as_series=False) == {"x0": [1.0, 3.0], "x1": [2.0, 4.0], "label": [0, 1]}


def test_what_cannot_be_told_apart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"which of scans \(6, 4, 5\), masks \(6, 4, 5\) holds the pictures\? call"):
        read(save(tmp_path, scans=GREY, masks=GREY))
    with pytest.raises(DataError, match=r"'label' has shape \(5,\) beside 6 rows; give one value a row"):
        read(save(tmp_path, x=GREY, y=LABELS[:5]))
    with pytest.raises(DataError, match="array 'meta' holds Python objects, which would need pickle; save numbers"):
        read(save(tmp_path, x=GREY, meta=np.array([{}] * 6)))
    with pytest.raises(DataError, match="it holds no rows"):
        read(save(tmp_path, x=GREY[:0], y=LABELS[:0]))
    with pytest.raises(DataError, match="it holds no arrays"):
        read(save(tmp_path))


def test_an_array_that_promises_more_than_it_holds(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": (10**12, 28, 28)})
    with zipfile.ZipFile(tmp_path / "lie.npz", "w") as archive:
        archive.writestr("x.npy", buffer.getvalue() + b"\0" * 100)
    with pytest.raises(DataError, match=r"^lie\.npz: array 'x' is damaged"):
        read(tmp_path / "lie.npz")


def test_pneumonia(shared: Path) -> None:
    """MedMNIST's counts: 4,708 + 524 + 624 pictures, of which 3,494 + 389 + 390 show pneumonia."""
    table = read(shared / "pneumoniamnist" / "pneumoniamnist_28.npz")
    assert table.media["image"].shape == (4708 + 524 + 624, 28, 28)
    assert table.frame.group_by("part", maintain_order=True).sum().rows() == [
        ("train", 3494),
        ("tune", 389),
        ("audit", 390),
    ]


def idx(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_with_its_labels(tmp_path: Path, ending: str) -> None:
    pack = gzip.compress if ending else bytes
    (tmp_path / f"train-images-idx3-ubyte{ending}").write_bytes(pack(idx(GREY)))
    alone = read(tmp_path / f"train-images-idx3-ubyte{ending}")
    assert alone.notes == ("no labels file was found beside the pictures",)
    (tmp_path / f"train-labels-idx1-ubyte{ending}").write_bytes(pack(idx(LABELS.astype(np.uint8))))
    table = read(tmp_path / f"train-images-idx3-ubyte{ending}")
    np.testing.assert_array_equal(table.media["image"], GREY)
    assert table.frame["label"].to_list() == LABELS.tolist()
    assert table.fingerprint != alone.fingerprint
    with pytest.raises(DataError, match=r"give the images file \(idx3\)"):
        read(tmp_path / f"train-labels-idx1-ubyte{ending}")


def folder(where: Path, *, mode: str = "L") -> Path:
    (where / "pics" / "img").mkdir(parents=True)
    for n, pixels in enumerate(GREY[:3]):
        Image.fromarray(pixels).convert(mode).save(where / "pics" / "img" / f"{n}.png")
    lines = ["file,sex,label", "2.png,f,1", "0.png,m,0"]
    (where / "pics" / "attributes.csv").write_text("\n".join(lines), encoding="utf-8")
    return where / "pics"


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    table = read(folder(tmp_path))
    np.testing.assert_array_equal(table.media["image"], GREY[[2, 0]])
    assert table.frame.to_dict(as_series=False) == {"sex": ["f", "m"], "label": [1, 0]}
    assert table.notes == (
        "pictures found by 'file', which is left out of the columns",
        "1 pictures have no row in pics/attributes.csv and are left out",
    )
    assert read(folder(tmp_path / "again")).fingerprint == table.fingerprint


def test_mixed_modes_become_colour(tmp_path: Path) -> None:
    where = folder(tmp_path)
    Image.fromarray(COLOUR[0]).save(where / "img" / "2.png")
    table = read(where)
    np.testing.assert_array_equal(table.media["image"][0], COLOUR[0])
    np.testing.assert_array_equal(table.media["image"][1], np.repeat(GREY[0][..., None], 3, axis=2))
    assert "pictures stored as L read as RGB" in table.notes


def test_folders_that_do_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = folder(tmp_path)
    table = where / "attributes.csv"
    table.write_text("file,sex\n2.png,f\n9.png,m\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"^pics: 'file' names '9\.png' in row 2, and there is no such picture; add it"):
        read(where)
    table.write_text("sex\nf\nm\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no column of pics/attributes\.csv names the pictures"):
        read(where)
    table.write_text("file,sex\n2.png,f\n0.png,m\n", encoding="utf-8")
    Image.fromarray(GREY[0][:2]).save(where / "img" / "2.png")
    with pytest.raises(DataError, match=r"0\.png is 5 × 4 and 2\.png 5 × 2 pixels; resize them to one size"):
        read(where)
    (where / "img" / "2.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"^pics/2\.png: not a readable picture"):
        read(where)
    Image.fromarray(GREY[0]).save(where / "img" / "2.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 15)
    with pytest.raises(DataError, match=r"^pics/2\.png: not a readable picture \(DecompressionBombWarning\)"):
        read(where)
    table.unlink()
    with pytest.raises(DataError, match=r"pictures need one table of attributes beside them \(none\)"):
        read(where)
