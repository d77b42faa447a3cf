import numpy as np
import pytest

from fairwitness.core.errors import ModelError
from fairwitness.torchkit.encoding_series import SeriesEncoding
from support.media import media, texts
from support.tables import table


def test_dimensions_come_last_and_values_stay_in_their_units() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    values[0, 0, 0] = np.nan
    columns, rows = media("series", values)
    made = SeriesEncoding.fit(columns, rows).encode(rows)["sequence"].numpy()
    np.testing.assert_array_equal(made, np.moveaxis(values, 1, 2))


def test_number_columns_are_the_steps_of_one_series_and_blocks_say_which() -> None:
    columns, rows = table(t0=[1.0, 2.0], t1=[3.0, None], t2=[5.0, 6.0])
    encoding = SeriesEncoding.fit(columns, rows)
    made = encoding.encode(rows)["sequence"].numpy()
    np.testing.assert_array_equal(made[:, :, 0], [[1, 3, 5], [2, np.nan, 6]])
    assert [(block.column, block.slots) for block in encoding.blocks] == [("t0", (0,)), ("t1", (1,)), ("t2", (2,))]


def test_it_comes_back_from_json() -> None:
    for columns, rows in (media("series", np.zeros((2, 3, 4))), table(a=[1.0], b=[2.0])):
        encoding = SeriesEncoding.fit(columns, rows)
        assert SeriesEncoding.from_json(encoding.to_json()) == encoding


def test_series_of_another_length_are_refused_in_one_line() -> None:
    encoding = SeriesEncoding.fit(*media("series", np.zeros((2, 1, 24))))
    with pytest.raises(ModelError) as caught:
        encoding.encode(media("series", np.zeros((2, 3, 20)))[1])
    assert str(caught.value) == (
        "column 'series': the series have 20 steps of 3 values, the model reads 24 steps of 1 value; "
        "cut them, or train again"
    )


def test_what_is_no_series_is_refused() -> None:
    with pytest.raises(ModelError, match=r"reads one series column, and is given 'text' \(text\)"):
        SeriesEncoding.fit(*texts("a"))
    with pytest.raises(ModelError, match=r"reads one series column, and is given 'x' \(number\)"):
        SeriesEncoding.fit(*table(x=[1.0]))
