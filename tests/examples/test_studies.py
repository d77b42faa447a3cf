"""Settings of well-known studies, written beside a copy of the user's own."""

import tomllib
from pathlib import Path

import pytest

from fairwitness.core.errors import DataError
from fairwitness.examples import STUDIES, write


@pytest.mark.parametrize(
    "name", ["a b.csv", 'we"ird.csv', "back\\slash.csv", "späť\xa0{path}.csv", "b\x7f.csv", "b\n.csv"]
)
def test_whatever_the_copy_is_called_its_settings_find_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a\n1\n", encoding="utf-8")
    write("compas", tmp_path / "study", tmp_path / name)
    held = tomllib.loads((tmp_path / "study/audit.toml").read_text(encoding="utf-8"))
    assert Path(held["data"]["path"]) == (tmp_path / name).resolve()


def test_a_name_that_is_no_utf8_is_refused_in_one_line(tmp_path: Path) -> None:
    copy = tmp_path / "b\udcff.csv"
    copy.write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(DataError, match="settings are UTF-8 and this name is not") as told:
        write("compas", tmp_path / "study", copy)
    assert str(told.value).isprintable()
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_without_a_copy_says_which_file_it_is_of(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="--data FILE names your copy of"):
        write(name, tmp_path)
