"""Words of texts as players: cut so that they make up the text, and worth what enumeration says."""

from itertools import permutations

import numpy as np
import pytest

from fairwitness.explain.shapley import shapley_values
from fairwitness.explain.words import TextGame, names, pieces_of, together
from support.worded import LETTER, WORD, adding_up, letters

TEXTS = [
    "Not the women's team, really!",
    "  “Quoted” e-mail @user #tag — &#128514; don’t\nstop. 5,000 km",
    "我爱你 and ありがとう 😀😀",
    "word",
    "Ünïcode naïve Straße \u202e reversed",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("most", [1, 2, 3, 40])
def test_pieces_make_up_the_whole_text_and_nothing_twice(text: str, most: int) -> None:
    pieces = together(text, pieces_of(text), most)
    assert "".join(text[piece.start : piece.end] for piece in pieces) == text
    assert len(pieces) <= max(most, 1)
    assert len(set(names(pieces))) == len(pieces)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEXTS[0], ["Not", "the", "women's", "team", "really"]),
        (TEXTS[2], ["我", "爱", "你", "and", "あ", "り", "が", "と", "う", "😀", "😀"]),
        ("", []),
        (" ?! ", []),
    ],
)
def test_words_are_those_a_reader_sees(text: str, words: list[str]) -> None:
    assert [piece.words for piece in pieces_of(text)] == words


def test_neighbours_go_together_within_sentences() -> None:
    text = " ".join(["one two three four five six."] * 10)
    pieces = together(text, pieces_of(text), 20)
    assert [piece.words for piece in pieces] == ["one two three", "four five six"] * 10


def test_more_sentences_than_players_go_together_whole() -> None:
    text = " ".join(f"s{number} e." for number in range(100))
    pieces = together(text, pieces_of(text), 40)
    assert len(pieces) == 40
    assert all(piece.words.startswith("s") and piece.words.endswith("e") for piece in pieces)


def test_words_of_a_logit_that_adds_up_are_worth_their_weights() -> None:
    """In log odds every word adds its weight whatever stands beside it; a word twice, twice."""
    weights = {"chess": 0.7, "women's": -2.0, "club": 0.25}
    text = "Captain of the women's chess club, the best club and " + "so on " * 6
    game = TextGame(
        model=adding_up(weights, start=1.0), column="letter", text=text, pieces=pieces_of(text), scale="log odds"
    )
    made = shapley_values(game, letters(text), rng=np.random.default_rng(0))
    want = [weights.get(WORD.findall(piece.words.lower())[0], 0.0) for piece in game.pieces]
    np.testing.assert_allclose(made.values[0, :, 0], want, atol=1e-9)
    np.testing.assert_allclose(made.base, 1.0)
    assert not made.exact
    assert made.errors.max() < 1e-6


@pytest.mark.parametrize("exact_up_to", [10, 1])
def test_words_of_a_score_are_worth_what_all_orders_say(exact_up_to: int) -> None:
    """Every order of six words, walked by hand; drawn orders come within their own errors."""
    text = "never hire the good women's team"
    model = adding_up({"never": -1.0, "good": 2.0, "women's": -3.0, "hire": 0.5}, start=0.3)
    words = text.split()
    want = dict.fromkeys(words, 0.0)
    orders = list(permutations(range(6)))
    every = [" ".join(word for at, word in enumerate(words) if number >> at & 1) for number in range(64)]
    scores = model.outputs(letters(*every)).scores
    assert scores is not None
    for order in orders:
        held = 0
        for at in order:
            want[words[at]] += float(scores[held | 1 << at, 0] - scores[held, 0]) / len(orders)
            held |= 1 << at

    game = TextGame(model=model, column="letter", text=text, pieces=pieces_of(text))
    made = shapley_values(game, letters(text), rng=np.random.default_rng(1), exact_up_to=exact_up_to)

    assert made.exact == (exact_up_to == 10)
    off = np.abs(made.values[0, :, 0] - list(want.values()))
    assert (off <= 4 * made.errors[0, :, 0] + 1e-12).all()
    assert made.errors.max() <= 0.005


def test_a_text_that_is_missing_is_a_text_of_nothing() -> None:
    assert LETTER.kind == "text"
    game = TextGame(model=adding_up({}), column="letter", text="a b", pieces=pieces_of("a b"))
    assert list(game.rows(letters("a b"), np.array([[False, False], [True, False]])).columns["letter"]) == ["", "a "]
