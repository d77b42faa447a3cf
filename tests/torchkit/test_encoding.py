import numpy as np
import pytest
import torch

from fairwitness.core.columns import Column
from fairwitness.core.errors import ColumnError, ModelError
from fairwitness.torchkit.encoding import Block, TableEncoding
from support.tables import table

NAN = float("nan")
COLUMNS, ROWS = table(age=[20, NAN, 40.5], home=["rent", None, "own"], debt=[1e6, 0, -2], sex=["f", "m", "f"])


def test_numbers_stay_in_their_units_and_categories_become_codes() -> None:
    encoded = TableEncoding.fit(COLUMNS, ROWS).encode(ROWS)
    wanted = torch.tensor([[20, 1e6], [NAN, 0], [40.5, -2]], dtype=torch.float32)
    torch.testing.assert_close(encoded["numbers"], wanted, rtol=0, atol=0, equal_nan=True)
    assert encoded["codes"].dtype == torch.int64
    assert encoded["codes"].tolist() == [[3, 2], [0, 3], [2, 2]]  # own 2, rent 3, missing 0; f 2, m 3


def test_an_unseen_category_and_a_missing_one_have_codes_of_their_own() -> None:
    _, later = table(age=[1, 2, 3], home=["boat", "own", None], debt=[0, 0, 0], sex=["x", "m", "f"])
    codes = TableEncoding.fit(COLUMNS, ROWS).encode(later)["codes"]
    assert codes.tolist() == [[1, 1], [2, 3], [0, 2]]


def test_blocks_point_back_to_columns() -> None:
    encoding = TableEncoding.fit(COLUMNS, ROWS)
    assert encoding.blocks == (
        Block(column="age", tensor="numbers", slots=(0,), kind="raw"),
        Block(column="debt", tensor="numbers", slots=(1,), kind="raw"),
        Block(column="home", tensor="codes", slots=(0,), kind="index"),
        Block(column="sex", tensor="codes", slots=(1,), kind="index"),
    )
    assert encoding.cardinalities == (4, 4)


def test_columns_are_found_by_name_whatever_their_order_in_the_rows() -> None:
    encoding = TableEncoding.fit(COLUMNS, ROWS)
    _, turned = table(**{name: ROWS.columns[name].tolist() for name in ("sex", "debt", "home", "age")})
    for name, tensor in encoding.encode(ROWS).items():
        torch.testing.assert_close(encoding.encode(turned)[name], tensor, rtol=0, atol=0, equal_nan=True)


def test_only_categories_of_the_rows_given_are_learnt() -> None:
    encoding = TableEncoding.fit(COLUMNS, ROWS.where(np.array([True, False, False])))
    assert encoding.vocabularies == {"home": ("rent",), "sex": ("f",)}


def test_json_restores_it_even_with_sorted_keys() -> None:
    encoding = TableEncoding.fit(COLUMNS, ROWS)
    value = encoding.to_json()
    value["vocabularies"] = dict(sorted(value["vocabularies"].items(), reverse=True))
    restored = TableEncoding.from_json(value)
    assert restored.blocks == encoding.blocks
    assert restored.encode(ROWS)["codes"].tolist() == encoding.encode(ROWS)["codes"].tolist()


@pytest.mark.parametrize("kind", ["text", "date", "image"])
def test_a_kind_without_code_is_refused_in_one_line(kind: str) -> None:
    column = Column(name="essay", kind=kind)  # type: ignore[arg-type]  # the parametrised kinds are all valid
    with pytest.raises(ModelError) as caught:
        TableEncoding.fit([column], ROWS)
    assert str(caught.value) == (
        f"column 'essay': a table model cannot read a {kind}; set its role to 'ignore' or give a model"
    )


def test_a_missing_column_is_named() -> None:
    encoding = TableEncoding.fit(COLUMNS, ROWS)
    _, short = table(age=[1], home=["own"], dept=[3])
    with pytest.raises(ColumnError, match=r"no column 'debt' for the model's features; did you mean 'dept'\?"):
        encoding.encode(short)


def test_the_answer_is_never_a_feature() -> None:
    with pytest.raises(ValueError, match="'y' is the target"):
        TableEncoding.fit([Column(name="y", kind="number", role="target")], ROWS)


def test_numbers_beyond_32_bits_are_infinite_without_a_warning() -> None:
    columns, rows = table(x=[1e300, -1e300, 1.0])
    numbers = TableEncoding.fit(columns, rows).encode(rows)["numbers"]
    assert numbers[:, 0].tolist() == [float("inf"), float("-inf"), 1.0]
