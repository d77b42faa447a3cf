from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fairwitness.core.errors import ModelError
from fairwitness.torchkit import families
from fairwitness.torchkit.decoding import DrawingEncoding, WritingEncoding
from fairwitness.torchkit.modules.language import END
from support.media import media, striped, texts

pytest.importorskip("tokenizers", reason="text comes with the extra `text`")

LINES = ("Grüße aus Köln 🙂", "  two  spaces, and a\nline", "", None, "plain words", "plain words again")


def writing(*values: str | None, **settings: int) -> WritingEncoding:
    columns, rows = texts(*values)
    return WritingEncoding.fit(columns, rows, **{"vocabulary": 300, "length": 64, **settings})


def test_every_letter_comes_back() -> None:
    encoding = writing(*LINES)
    _, rows = texts(*LINES, "日本語")
    back = encoding.decode(encoding.encode(rows))
    assert list(back.columns["text"]) == [line or "" for line in rows.columns["text"]]
    assert list(back.ids) == list(range(7))


def test_a_text_ends_and_a_long_one_is_cut_without_an_end() -> None:
    encoding = writing("abcdef", "ab", "", vocabulary=258, length=5)
    sequence = encoding.encode(texts("abcdef", "ab", "")[1])["sequence"]
    assert sequence.shape == (3, 5)
    assert END not in sequence[0].tolist()
    assert sequence[1].tolist()[2:] == [END, 0, 0]
    assert sequence[2].tolist() == [END, 0, 0, 0, 0]


def test_the_same_texts_give_the_same_tokens_and_json_keeps_them() -> None:
    encoding = writing(*LINES * 20)
    assert encoding.to_json() == writing(*LINES * 20).to_json()
    again = families.encoding(encoding.to_json())
    assert torch.equal(again.encode(texts(*LINES)[1])["sequence"], encoding.encode(texts(*LINES)[1])["sequence"])


def test_texts_of_nothing_are_refused() -> None:
    with pytest.raises(ModelError, match=r"^column 'text': no training row holds a word; "):
        writing("", None, "  ")


@pytest.mark.parametrize(
    "shape", [(5, 8, 9), (5, 8, 9, 3), (5, 3, 8, 9), (5, 1, 8, 9)], ids=["HW", "HWC", "CHW", "one channel"]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_come_back_as_they_lay(shape: tuple[int, ...], dtype: Any) -> None:
    images: NDArray[Any] = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    columns, rows = media("image", images)
    encoding = DrawingEncoding.fit(columns, rows)
    for coding in (encoding, families.encoding(encoding.to_json())):
        assert isinstance(coding, DrawingEncoding)
        back = coding.decode(coding.encode(rows)).media["image"]
        assert back.dtype == dtype
        np.testing.assert_array_equal(back, images)


def test_images_of_another_size_are_refused() -> None:
    columns, rows = media("image", striped(side=12)[0])
    encoding = DrawingEncoding.fit(columns, rows)
    with pytest.raises(ModelError, match="the images are 14 × 14 pixels of 1 channel, the model reads 12 × 12"):
        encoding.encode(media("image", striped(side=14)[0])[1])
