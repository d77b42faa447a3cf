import numpy as np
import pytest

from fairwitness.core.errors import ModelError
from fairwitness.torchkit.tokens import TextEncoding
from support.media import texts
from support.tables import table

pytest.importorskip("tokenizers")

LINES = ("the cat sat on the mat", "the dog sat on the log", "a cat, a dog; a log!") * 3


def fitted(*lines: str | None, vocabulary: int = 4_000, length: int = 64) -> TextEncoding:
    return TextEncoding.fit(*texts(*lines), vocabulary=vocabulary, length=length)


def words(encoding: TextEncoding, text: str | None) -> list[str]:
    """What the tokens of one text stand for, the padding left out."""
    (row,) = encoding.encode(texts(text)[1])["sequence"].tolist()
    return [encoding.tokenizer.id_to_token(token) or "" for token in row if token]


def test_known_words_are_one_piece_each_whatever_their_case() -> None:
    assert words(fitted(*LINES), "The CAT sat") == ["the", "cat", "sat"]


def test_a_word_never_seen_falls_into_pieces_and_a_strange_letter_is_unknown() -> None:
    pieces = words(fitted(*LINES), "catlog \u4e2d")
    assert "".join(pieces[:-1]) == "catlog"
    assert pieces[-1] == "[UNK]"


@pytest.mark.parametrize("text", ["", "   \n", None])
def test_a_text_without_words_is_one_token_of_its_own(text: str | None) -> None:
    assert words(fitted(*LINES), text) == ["[EMPTY]"]


def test_rows_are_as_long_as_the_longest_training_text_at_most() -> None:
    encoding = fitted(*LINES)
    assert encoding.length == 9  # the third line's words and marks
    assert encoding.encode(texts("the " * 500)[1])["sequence"].shape == (1, 9)
    assert fitted(*LINES, length=4).length == 4


def test_what_is_read_does_not_hang_on_the_rows_beside_it() -> None:
    encoding = fitted(*LINES)
    together = encoding.encode(texts("the cat", "a dog sat on a log")[1])["sequence"]
    alone = encoding.encode(texts("the cat")[1])["sequence"]
    assert together[0].tolist() == alone[0].tolist()


def test_the_same_rows_give_the_same_pieces() -> None:
    rng = np.random.default_rng(0)
    lines = ["".join(rng.choice(list("abcde "), 60)) for _ in range(200)]
    first, second = fitted(*lines, vocabulary=120), fitted(*lines, vocabulary=120)
    assert first.tokenizer.to_str() == second.tokenizer.to_str()
    assert first.vocabulary == 120


def test_it_comes_back_from_json() -> None:
    encoding = fitted(*LINES)
    again = TextEncoding.from_json(encoding.to_json())
    rows = texts("the cat sat!", None)[1]
    assert again == encoding
    assert again.encode(rows)["sequence"].tolist() == encoding.encode(rows)["sequence"].tolist()


def test_columns_without_a_word_or_of_another_kind_are_refused() -> None:
    with pytest.raises(ModelError, match="column 'text': no training row holds a word; name another column"):
        fitted("", None, "  ")
    with pytest.raises(ModelError, match=r"a network for text reads one text column, and is given 'x' \(category\)"):
        TextEncoding.fit(*table(x=["a", "b"]))


def test_whole_words_are_told_apart_where_they_were_seen_twice() -> None:
    columns, rows = texts("the cat sat", "The cat, sat!", "a dog", None)
    encoding = TextEncoding.fit(columns, rows, tokens="words")
    _, fresh = texts("The CAT sat", "the dog ran", "dog", "")
    made = encoding.encode(fresh)["sequence"].tolist()
    known = encoding.tokenizer.get_vocab()
    assert set(known) == {"[PAD]", "[UNK]", "[EMPTY]", "the", "cat", "sat"}
    assert made[0][:3] == [known["the"], known["cat"], known["sat"]]
    assert made[1][:3] == [known["the"], known["[UNK]"], known["[UNK]"]]
    assert made[2][0] == known["[UNK]"]
    assert made[3][0] == known["[EMPTY]"]
    assert TextEncoding.fit(columns, rows, tokens="words").to_json() == encoding.to_json()
