from pathlib import Path

import numpy as np
import pytest

from fairwitness.core.errors import DataError
from fairwitness.io.kinds import as_rows, infer
from fairwitness.io.read import read

HEAD = "# a comment\n@problemName made\n@timeStamps false\n@univariate false\n@classLabel true up down\n@data\n"


def written(folder: Path, cases: str, *, name: str = "made.ts", head: str = HEAD) -> Path:
    path = folder / name
    path.write_text(head + cases)
    return path


def test_dimensions_steps_and_classes_are_read(tmp_path: Path) -> None:
    table = read(written(tmp_path, "1,2,3:4,5,6:up\n7,8,9:1e1,?,-12.5:down\n"))
    wanted = [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, np.nan, -12.5]]]
    np.testing.assert_array_equal(table.media["series"], wanted)
    assert table.frame["label"].to_list() == ["up", "down"]
    label, series = infer(table)
    assert (label.kind, series.kind, series.name) == ("category", "series", "series")
    rows = as_rows(table, (label, series))
    assert list(rows.columns) == ["label"]
    assert rows.where(np.array([False, True])).media["series"].shape == (1, 2, 3)


def test_short_series_are_filled_up_and_the_note_says_so(tmp_path: Path) -> None:
    table = read(written(tmp_path, "1,2,3:up\n4:down\n"))
    np.testing.assert_array_equal(table.media["series"], [[[1, 2, 3]], [[4, np.nan, np.nan]]])
    assert "1 series are shorter than 3 steps and filled with missing values" in table.notes


def test_the_test_file_comes_with_the_train_file(tmp_path: Path) -> None:
    train = written(tmp_path, "1,2:up\n3,4:down\n", name="made_TRAIN.ts")
    test = written(tmp_path, "5,6:up\n", name="made_TEST.ts")
    table = read(train)
    assert table.frame["part"].to_list() == ["train", "train", "audit"]
    assert table.media["series"][:, 0, 0].tolist() == [1, 3, 5]
    assert "made_TEST.ts joined" in table.notes[-1]
    assert "part" not in read(test).frame.columns
    assert table.fingerprint != read(test).fingerprint


@pytest.mark.parametrize(
    ("cases", "head", "words"),
    [
        ("1,2:up\n1,x:down\n", HEAD, "line 8: could not convert string to float: 'x'; mend or drop that line"),
        ("1,2:3,4:up\n1,2:down\n", HEAD, "cases have from 1 to 2 dimensions"),
        ("", HEAD, "no cases below a line @data"),
        ("(0,1),(1,2):up\n", HEAD.replace("@timeStamps false", "@timeStamps true"), "has time stamps"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, cases: str, head: str, words: str) -> None:
    with pytest.raises(DataError, match=r"made\.ts: .*;") as caught:
        read(written(tmp_path, cases, head=head))
    assert words in str(caught.value)


def test_the_files_of_the_archive(shared: Path) -> None:
    """Cases, dimensions, steps and classes as the archive's own pages list them."""
    for name, shape, classes, train in [
        ("ItalyPowerDemand", (67 + 1029, 1, 24), 2, 67),
        ("JapaneseVowels_eq", (270 + 370, 12, 25), 9, 270),
    ]:
        table = read(shared / "timeseries_ucr" / f"{name}_TRAIN.ts")
        assert table.media["series"].shape == shape
        assert table.frame["label"].n_unique() == classes
        assert (table.frame["part"] == "train").sum() == train
