"""Which words a model goes by: the planted one, none where there is none, and none that few people use."""

import numpy as np
import pytest

from fairwitness.core.subject import Rows
from fairwitness.explain import vocabulary as module
from fairwitness.explain.shown_words import as_json, text
from fairwitness.explain.vocabulary import vocabulary, without
from support.worded import adding_up, letters, outline

CLUBS = ("chess", "choir", "rowing", "film")


def hands(n: int = 200, *, share: float = 0.3) -> Rows:
    """Letters of which a share names a women's club, and one a name that nobody else has."""
    rng = np.random.default_rng(0)
    made = [
        f"Captain of the {'Women’s ' if rng.random() < share else ''}{rng.choice(CLUBS)} club, {rng.integers(1, 9)} years"
        for _ in range(n)
    ]
    return letters("I am Ulrike", *made)


def test_the_planted_word_comes_first_with_what_the_closed_form_says() -> None:
    """Letters differ in nothing else that counts, so taking it out moves all alike: from σ(−1) to σ(1)."""
    rows = hands()
    found = vocabulary(adding_up({"women": -2.0}, start=1.0), outline(), rows, level=0.95)
    first = found.words[0]
    held = sum("Women" in written for written in rows.columns["letter"])
    assert (first.word, first.n, first.turned) == ("women’s", held, held)
    assert first.mean == pytest.approx(1 / (1 + np.exp(1)) - 1 / (1 + np.exp(-1)))
    assert [word.word for word in found.words] == ["women’s"]
    assert "turns" in text(found, name="hiring")


def test_no_word_is_told_where_none_moves_the_score() -> None:
    found = vocabulary(adding_up({}, start=1.0), outline(), hands(), level=0.95)
    assert found.words == ()
    assert "None: no word moves the score by more than chance could." in text(found, name="hiring")


def test_a_word_of_fewer_than_five_people_is_not_told_however_much_it_moves() -> None:
    rows = hands()
    model = adding_up({"ulrike": -9.0, "women": -2.0}, start=1.0)
    found = vocabulary(model, outline(), rows, level=0.95)
    assert "ulrike" not in str(as_json(found)).lower()
    assert found.left_out == 3  # I, am, Ulrike
    assert found.words[0].word == "women’s"
    few = vocabulary(model, outline(), rows.where(np.arange(len(rows)) < 4), level=0.95)
    assert few.words == ()
    assert "None: no word is in the texts of 5 people." in text(few, name="hiring")


@pytest.mark.parametrize(("texts", "sure"), [(6, False), (60, True)])
def test_texts_that_all_move_alike_leave_room_for_others(texts: int, *, sure: bool) -> None:
    """n of n by Clopper and Pearson for 2 words: others are at most 1 − (0.05 / 4)^(1 / n) of texts, and move by 1 at most."""
    found = vocabulary(adding_up({"late": -2.0}, start=1.0), outline(), letters(*["was late"] * texts), level=0.95)
    assert bool(found.words) is sure
    for word in found.words:
        others = 1 - 0.0127 ** (1 / texts)
        ends = word.mean * (1 - others) - others, word.mean * (1 - others) + others
        assert (word.low, word.high) == pytest.approx(ends, abs=1e-3)


def test_a_word_that_moves_scores_either_way_is_not_sure() -> None:
    """`not` turns what follows: as often up as down."""
    rng = np.random.default_rng(0)
    rows = letters(*(f"not {word}" for word in rng.permutation(["good", "bad"] * 20)))

    class Turns:
        def outputs(self, given: Rows) -> object:
            flip = np.array([(-1.0 if "not" in each else 1.0) for each in given.columns["letter"]])
            up = np.array([("good" in each) - 1.0 * ("bad" in each) for each in given.columns["letter"]])
            scores = 0.5 + 0.3 * flip * up
            decided = np.where(scores >= 0.5, "yes", "no").astype(object)
            return type("Said", (), {"scores": scores[:, None], "decisions": decided})()

    found = vocabulary(Turns(), outline(), rows, level=0.95)  # type: ignore[arg-type]  # all that is asked of a model
    assert "not" not in [word.word for word in found.words]


def test_a_costly_model_is_asked_about_fewer_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORK", 2e8)
    found = vocabulary(adding_up({"women": -2.0}), outline(), hands(), level=0.95)
    assert 10 < found.n < 201
    monkeypatch.setattr(module, "WORK", 1e5)
    none = vocabulary(adding_up({"women": -2.0}), outline(), hands(), level=0.95)
    assert "too costly to be asked about every word" in text(none, name="letters")


def test_no_texts() -> None:
    found = vocabulary(adding_up({}), outline(), letters(), level=0.95)
    assert (found.n, found.words) == (0, ())


def test_a_word_goes_wherever_it_stands() -> None:
    assert without("The women's team; the best", "the") == "women's team; best"
