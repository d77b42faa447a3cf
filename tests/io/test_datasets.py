from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from fairwitness.core.errors import DataError
from fairwitness.io.read import read

torch = pytest.importorskip("torch")
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

X = torch.arange(5 * 12, dtype=torch.float32).reshape(5, 12)
PICTURES = X.reshape(5, 1, 3, 4)
Y = torch.tensor([0, 1, 0, 1, 1])


class Items(Dataset[Any]):
    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> Any:
        return self.items[place]


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter([(x, int(y)) for x, y in zip(PICTURES, Y, strict=True)])


@pytest.mark.parametrize(
    "data",
    [
        TensorDataset(PICTURES, Y),
        Stream(),
        Items([(x, int(y)) for x, y in zip(PICTURES, Y, strict=True)]),
        Items([{"image": x, "label": int(y)} for x, y in zip(PICTURES, Y, strict=True)]),
        DataLoader(TensorDataset(PICTURES, Y), batch_size=2),
        DataLoader(TensorDataset(PICTURES, Y), batch_size=None),
        Subset(TensorDataset(PICTURES, Y), range(5)),
    ],
    ids=["tensors", "stream", "tuples", "dicts", "batches", "unbatched", "subset"],
)
def test_pictures_and_labels(data: object) -> None:
    table = read(data)
    np.testing.assert_array_equal(table.media["image"], X.reshape(5, 3, 4).numpy())
    assert table.frame.to_dict(as_series=False) == {"label": Y.tolist()}


def test_attributes_ride_along() -> None:
    sexes = ["f", "m", "f", "m", "f"]
    data = Items([(x, y, {"sex": sex, "age": 30 + n}) for n, (x, y, sex) in enumerate(zip(X, Y, sexes, strict=True))])
    expected = {f"x{n}": X[:, n].tolist() for n in range(12)}
    expected |= {"label": Y.tolist(), "sex": sexes, "age": [30, 31, 32, 33, 34]}
    assert read(data).frame.to_dict(as_series=False) == expected
    assert read(DataLoader(data, batch_size=2)).frame.to_dict(as_series=False) == expected


def test_reshuffling_changes_nothing() -> None:
    def shuffled(seed: int) -> DataLoader[Any]:
        generator = torch.Generator().manual_seed(seed)
        return DataLoader(TensorDataset(PICTURES, Y), batch_size=2, shuffle=True, generator=generator)

    one, other = read(shuffled(1)), read(shuffled(2))
    assert one.fingerprint == other.fingerprint
    assert one.frame.equals(other.frame)
    np.testing.assert_array_equal(one.media["image"], other.media["image"])
    assert sorted(image.tobytes() for image in one.media["image"]) == sorted(x.numpy().tobytes() for x in X)
    for image, label in zip(one.media["image"], one.frame["label"], strict=True):
        assert label == Y[int(image.ravel()[0]) // 12]
    assert one.notes == ("rows are in an order fixed by their content: the loader may shuffle",)
    changed = DataLoader(TensorDataset(PICTURES, 1 - Y), shuffle=True)
    assert read(changed).fingerprint != one.fingerprint


def test_left_out_rows_are_noted() -> None:
    table = read(DataLoader(TensorDataset(X, Y), batch_size=2, drop_last=True))
    assert len(table) == 4
    assert table.notes == ("the loader gives 4 of its data set's 5 rows",)


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([], "it holds no rows"),
        ([(torch.zeros(2, 3), 0), (torch.zeros(3, 3), 0)], "'x' has shapes (2, 3) and (3, 3); bring all rows to one"),
        ([(torch.zeros(2), 0), (torch.zeros(2),)], "row 1 has x, those before it x, label; give (x, y)"),
        ([(1, 2, 3)], "the third part of a row is int, not a dict"),
        (["text"], "a row is str; give (x, y)"),
    ],
)
def test_rows_that_do_not_fit(items: list[Any], told: str) -> None:
    with pytest.raises(DataError) as caught:
        read(Items(items))
    assert told in str(caught.value)
    assert str(caught.value).startswith("Items: ")


def test_what_the_users_code_raises_is_told_with_its_place() -> None:
    class Broken(Items):
        def __getitem__(self, place: int) -> Any:
            if place == 3:
                raise KeyError("lost.png")
            return X[place], 0

    with pytest.raises(DataError, match=r"^Broken: row 3 raised KeyError: 'lost\.png'; mend the data set$"):
        read(Broken([None] * 5))
