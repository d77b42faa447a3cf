"""One decision about one text or one series: its reasons, the fewest parts that turn it, and how both are told."""

import json
from typing import Any

import numpy as np
import pytest

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.explain.errors import ExplainError
from fairwitness.explain.parted import OfSeries, OfText, Parted, explain_parts
from fairwitness.explain.shown_parts import PartsTold, as_json, text
from fairwitness.torchkit.blackbox import from_callable
from support.worded import adding_up, letters, outline

HIRING = {"women's": -3.5, "excellent": 2.0, "late": -1.0, "often": -1.0, "welder": 0.5}


def explained(written: str, *, start: float = 0.5, **limits: Any) -> Parted:
    return explain_parts(
        adding_up(HIRING, start=start),
        outline(),
        letters(written),
        letters(),
        rng=np.random.default_rng(0),
        source="audit.toml",
        **limits,
    )


def told(made: Parted) -> PartsTold:
    return PartsTold(explained=made, row="7", target="hired", threshold=0.5)


def test_a_refused_applicant_is_told_the_planted_word_first() -> None:
    made = explained("Excellent welder, captain of the women's chess club")
    assert isinstance(made.of, OfText)
    assert (made.decided, made.exact) == ("no", True)
    assert made.of.labels[int(made.against.stated[0].player)] == "women's"
    assert made.score == pytest.approx(1 / (1 + np.exp(0.5)))  # 0.5 + 2 + 0.5 − 3.5
    assert made.base + made.values.sum() == pytest.approx(made.score)
    assert made.base == pytest.approx(1 / (1 + np.exp(-0.5)))
    said = text(told(made))
    assert "Row 7: the model decides hired = no; hired = yes is favourable" in said
    assert said.index("“women's”") < said.index("What counted in favour")
    assert "  - Without “women's”" in said
    assert "no fewer suffice; every single word was tried (8 rows put to the model)" in said


def test_without_the_word_she_is_hired_and_nothing_is_to_change() -> None:
    made = explained("Excellent welder, captain of the chess club")
    assert made.good
    assert made.removal is None
    assert as_json(told(made))["changes"] is None
    assert "which is the favourable decision" in text(told(made))


def test_two_words_that_only_together_turn_it() -> None:
    """1.5 − 1 − 1 − 1: one less is not enough."""
    made = explained("late often late", start=1.5)
    said = text(told(made))
    assert made.removal is not None
    assert [len(each) for each in made.removal.found] == [2, 2, 2]
    assert "What would have changed it, any one of these" in said
    assert "no fewer suffice; every word and every two were tried (6 rows put to the model)" in said
    assert "Without “late” and “often”" in said
    assert "“late (2)”" in said


def test_no_word_turns_what_is_decided_of_an_empty_text() -> None:
    made = explain_parts(
        adding_up({}, start=-1.0), outline(), letters("a b c"), letters(), rng=np.random.default_rng(0), source="x"
    )
    said = text(told(made))
    assert said.count("nothing that can be told from chance") == 2
    assert "None was found with up to 3 words taken out; every word and every two were tried" in said


def test_a_budget_that_is_used_up_before_words_are_added_is_said() -> None:
    made = explain_parts(
        adding_up({}, start=-1.0),
        outline(),
        letters("a b c d"),
        letters(),
        rng=np.random.default_rng(0),
        source="x",
        budget=4,
    )
    said = text(told(made))
    assert "None was found within the budget; every single word was tried (4 rows put to the model)." in said
    assert "the one that helps most added" not in said


@pytest.mark.parametrize("nothing", [None, "", "?! …"])
def test_a_text_without_a_word_is_refused(nothing: str | None) -> None:
    with pytest.raises(ExplainError, match="the text in 'letter' has no word, so no word led to the decision"):
        explain_parts(
            adding_up({}), outline(), letters(nothing), letters(), rng=np.random.default_rng(0), source="audit.toml"
        )


def test_a_long_text_is_told_in_stretches_and_turned_by_words() -> None:
    made = explained("She was often late. " + "It rained all day and nobody came to the hall. " * 12 + "women's club.")
    assert isinstance(made.of, OfText)
    assert 10 < len(made.of.pieces) <= 40
    assert len(made.of.finest) == 126
    assert not made.exact
    said = text(told(made))
    assert "126 words are too many to ask this model about one by one: neighbours stand together as" in said
    assert "stretch" in said
    assert made.removal is not None
    assert made.removal.fewest
    assert {made.of.out[place] for place in made.removal.found[0]} <= {"women's", "late", "often"}


def test_a_very_long_text_is_counted_whole_and_turned_by_stretches() -> None:
    made = explained("women's " + "and so on it went " * 300)
    assert isinstance(made.of, OfText)
    assert (len(made.of.pieces), made.of.words) == (40, 1501)
    assert len(made.of.finest) <= 1_000
    said = text(told(made))
    assert "1,501 words are too many" in said
    assert "every single stretch was tried" in said


def test_json_holds_every_part_in_its_place() -> None:
    written = "Excellent <b>welder</b>, women's chess"
    numbers = as_json(told(explained(written)))
    assert "".join(part["text"] for part in numbers["parts"]) == written
    assert [written[part["start"] : part["end"]] for part in numbers["parts"]] == [p["text"] for p in numbers["parts"]]
    total = numbers["compared_with"]["score"] + sum(part["adds"] for part in numbers["parts"])
    assert total == pytest.approx(numbers["score"])
    assert json.loads(json.dumps(numbers)) == numbers


SIGNAL = Column(name="signal", kind="series")


def series(values: Any) -> Rows:
    held = np.asarray(values, dtype=np.float32)
    return Rows(ids=np.arange(len(held)), columns={}, media={"signal": held})


@pytest.mark.parametrize("channels", [1, 3])
def test_stretches_of_a_score_that_adds_up_are_worth_what_they_differ_by(channels: int) -> None:
    """A score linear in the steps: a stretch moves it by weight × (own − mean of training rows), summed over it."""
    rng = np.random.default_rng(0)
    slopes = rng.normal(size=(channels, 24)) / 500
    shape = (30, 24) if channels == 1 else (30, channels, 24)
    others, own = series(rng.normal(size=shape)), series(rng.normal(size=(1, *shape[1:])))
    model = from_callable(
        lambda _, media: 0.4 + (media["signal"].reshape(-1, channels, 24) * slopes).sum(axis=(1, 2)),
        columns=(SIGNAL,),
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    made = explain_parts(model, outline(SIGNAL), own, others, rng=rng, source="x")
    assert isinstance(made.of, OfSeries)
    assert len(made.values) == (24 if channels == 1 else 39)
    differs = slopes * (made.of.own - others.media["signal"].astype(float).mean(axis=0).reshape(channels, 24))
    want = [differs[each.channel, each.start : each.end].sum() for each in made.of.stretches]
    np.testing.assert_allclose(made.values, want, atol=1e-6)
    assert sum(each.end - each.start for each in made.of.stretches) == 24 * channels
    said = text(told(made))
    assert "Compared with the mean of 30 other rows" in said
    assert made.removal is None or "As usual:" in said or "None was found" in said


def test_a_step_nobody_has_and_a_missing_end_are_left_as_they_are() -> None:
    values = np.ones((4, 6))
    values[:, 5], values[0, 4] = np.nan, np.nan
    model = from_callable(
        lambda _, media: np.clip(0.3 + np.nansum(media["signal"], axis=1) / 100, 0, 1),
        columns=(SIGNAL,),
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    made = explain_parts(
        model, outline(SIGNAL), series(values[:1]), series(values[1:]), rng=np.random.default_rng(0), source="x"
    )
    np.testing.assert_allclose(made.values, [0, 0, 0, 0, -0.01, 0], atol=1e-6)
    assert as_json(told(made))["parts"][4]["name"] == "step 5"
