"""Flips: a loop over people, models whose reading is known, and texts with exchanged words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import DECIDED, ModelAsk, group_column
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.columns import Column, Grouping
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Outputs, Rows
from fairwitness.fairness.checks.flipped_decisions import FlipOptions
from fairwitness.fairness.flipping import Said, change, exchanges
from fairwitness.fairness.wording import SWAPS, Swap, swapped
from fairwitness.io.terms import holding
from fairwitness.stats.paired import drop
from support.given import check, run, series

CHECK = check("fairness.flipped-decisions")
SEX = Column(name="male", kind="boolean", role="group")
SKILL = Column(name="skill", kind="number")
LETTER = Column(name="letter", kind="text")


@dataclass
class Formula:
    """A model whose score is a formula of the columns."""

    score: Callable[[Rows], NDArray[np.float64]]
    asked: int = 0

    def outputs(self, rows: Rows) -> Outputs:
        self.asked += len(rows)
        scores = np.clip(self.score(rows), 0, 1)
        decided = np.where(scores >= 0.5, "1", "0").astype(object)
        return Outputs(scores=scores[:, None], decisions=decided)


def people(n: int, seed: int = 0) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    male = rng.integers(0, 2, n).astype(np.float64)
    columns: dict[str, NDArray[Any]] = {"male": male, "skill": rng.random(n)}
    columns[group_column("sex")] = np.where(male == 1, "men", "women").astype(object)
    return columns


def looked(columns: dict[str, NDArray[Any]], model: Formula, /, **settings: Any) -> Any:
    """What the check says; the model's own decisions are those judged."""
    n = len(next(iter(columns.values())))
    rows = Rows(ids=np.arange(n), columns=columns)
    held = {**columns, DECIDED: np.asarray(model.outputs(rows).decisions)}
    changes: dict[str, Any] = {
        "columns": (SEX, SKILL),
        "features": ("male", "skill"),
        "groupings": (Grouping(columns=("sex",)),),
        "made_from": {"sex": ("male",)},
        "judged_rows": n,
        **settings,
    }
    return run(CHECK, held, made={ModelAsk(): model}, **changes)


def worst(found: Any) -> Verdict:
    assert isinstance(found, Measured), found
    assert CHECK.info.limit is not None
    verdicts = [each.against(CHECK.info.limit) for each in found.judged.values()]
    return min(verdicts, key=[Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS].index)


def test_of_many_categories_it_says_how_many_are_put_in() -> None:
    columns = people(400)
    towns = np.array([f"town {place % 20}" for place in range(400)], dtype=object)
    columns[group_column("sex")] = towns
    found = looked(columns, Formula(lambda rows: rows.columns["skill"] + 0.1 * rows.columns["male"]))
    assert "Of 20 categories of sex the 12 most frequent are put in." in found.notes


def test_against_a_loop_over_people() -> None:
    columns = people(400)
    model = Formula(lambda rows: rows.columns["skill"] + 0.1 * rows.columns["male"])
    found = looked(columns, model)
    changed = raised = 0
    for skill, male in zip(columns["skill"], columns["male"], strict=True):
        as_man, as_woman = skill + 0.1 >= 0.5, skill >= 0.5
        changed += as_man != as_woman
        raised += (as_man and not as_woman) if not male else 0
    share, score = found.judged.values()
    assert (share.value, share.n) == (changed / 400, 400)
    moved = np.minimum(1, columns["skill"] + 0.1) - columns["skill"]
    halves = [moved[columns["male"] == sex].mean() for sex in (0, 1)]
    assert score.value == pytest.approx(max(halves))
    table = series(found, "What changes with what is put in")
    women = int((columns["male"] == 0).sum())
    line = dict(zip(table["put in"], range(2), strict=True))["men"]
    assert (table["n"][line], table["changed"][line]) == (women, raised)
    expected = drop(raised, 0, women)
    assert (table["“1”"][line], table["“1” low"][line]) == (expected.value, expected.low)
    assert table["score"][line] == pytest.approx(np.minimum(0.1, 1 - columns["skill"][columns["male"] == 0]).mean())


def test_a_model_that_reads_the_attribute_fails_and_one_that_does_not_is_not_looked_at() -> None:
    biased = Formula(lambda rows: rows.columns["skill"] + 0.2 * rows.columns["male"])
    found = looked(people(600), biased)
    assert worst(found) is Verdict.FAIL
    assert "decisions change when sex alone is another" in found.headline
    assert "put in, the share decided “1” changes by" in found.lead
    assert found.row_values["flipped"].values.mean() == pytest.approx(0.2, abs=0.05)
    fair = Formula(lambda rows: rows.columns["skill"])
    assert worst(looked(people(600), fair)) is Verdict.PASS  # it is given the column, and does not use it
    outcome = looked(people(600), fair, features=("skill",))
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason.startswith("the model does not read sex, so nothing changes")


def test_a_rule_by_group_after_the_model_is_seen_too() -> None:
    """Thresholds by group read the attribute's labels, not its column."""
    rule = Formula(lambda rows: rows.columns["skill"] + 0.2 * (rows.columns[group_column("sex")] == "men"))
    assert worst(looked(people(600), rule, features=("skill",))) is Verdict.FAIL


def test_too_few_to_tell() -> None:
    biased = Formula(lambda rows: rows.columns["skill"] + 0.1 * rows.columns["male"])
    assert worst(looked(people(40), biased)) is Verdict.UNCERTAIN
    assert looked({name: values[:0] for name, values in people(5).items()}, biased) == NotApplicable(
        "there are no decided rows"
    )


def test_what_is_put_in_fits_together_and_the_unrecorded_stay() -> None:
    """Indicator columns: each row ends up with exactly one of them."""
    labels = np.array(["x"] * 20 + ["y"] * 20 + ["z"] * 20 + [None] * 5 + ["rare"] * 2, dtype=object)
    columns: dict[str, NDArray[Any]] = {name: (labels == name).astype(float) for name in "xyz"}
    columns[group_column("race")] = labels
    rows = Rows(ids=np.arange(len(labels)), columns=columns)
    made = {
        name: (mask, put) for name, mask, put in exchanges(rows, "race", ("x", "y", "z"), rng=np.random.default_rng(0))
    }
    assert set(made) == {"x", "y", "z"}
    for name, (mask, put) in made.items():
        assert mask.sum() == 42
        assert not mask[60:65].any()
        assert (put.columns[name] == 1).all()
        assert (np.sum([put.columns[other] for other in "xyz"], axis=0) == 1).all()
        assert set(put.columns[group_column("race")]) == {name}


def test_signs_turn_the_direction_and_noughts_count_as_changed_only() -> None:
    before = Said(
        decided=np.array(list("0101"), dtype=object), favored=np.array([0, 1, 0, 1], bool), scores=np.zeros(4)
    )
    after = Said(decided=np.array(list("1011"), dtype=object), favored=np.array([1, 0, 1, 1], bool), scores=np.ones(4))
    found = change(before, after, np.array([1, -1, 0, 1], dtype=np.int8))
    assert (found.changed.sum(), found.gained, found.lost, found.signed) == (3, 2, 0, 3)
    assert found.moved is not None
    assert found.moved.tolist() == [1, -1, 1]


@pytest.mark.parametrize(
    ("text", "made", "sign"),
    [
        ("She led the Women's Chess Club.", "He led the Men's Chess Club.", -1),
        ("HE MET HIM AND HIS SON", "SHE MET HER AND HER DAUGHTER", 1),
        ("I saw her.", "I saw him.", -1),
        ("The book is his.", "The book is hers.", 1),
        ("The theme of history", "The theme of history", 0),
        ("He knows her brother", "She knows his sister", 0),
    ],
)
def test_words_are_exchanged(text: str, made: str, sign: int) -> None:
    assert Swap(SWAPS["gender"])(text) == (made, sign)


def test_exchanging_twice_gives_the_text_back_where_no_word_has_two_partners() -> None:
    swap = Swap((("christian", "muslim"), ("white men", "black men"), ("men", "women")))
    text = "Christian and muslim men; white men, women."
    assert swap(swap(text)[0])[0] == text
    assert swap(text)[0] == "Muslim and christian women; black men, men."


def test_texts_without_the_words_and_missing_ones_are_left_alone() -> None:
    texts = np.array(["no one", None, "a woman", "the man and the woman"], dtype=object)
    found = swapped(texts, Swap((("man", "woman"),)))
    assert found.places.tolist() == [2, 3]
    assert found.texts.tolist() == ["a man", "the woman and the man"]
    assert found.sign.tolist() == [-1, 0]
    held = holding(texts, ("man", "the man", "woman"))
    assert {term: mask.tolist() for term, mask in held.items()} == {
        "man": [False] * 4,  # the longer term counts
        "the man": [False, False, False, True],
        "woman": [False, False, True, True],
    }


def test_letters_that_only_look_alike_in_another_case_are_other_letters() -> None:
    """Python's own matching in any case takes ı, İ and ſ for i and s; no such word is a term."""
    texts = np.array(["gay ındian İNDİAN ſikh", "sikh \N{WOMAN}"], dtype=object)
    held = holding(texts, ("gay", "indian", "sikh", "\N{WOMAN}"))
    assert {term: mask.tolist() for term, mask in held.items()} == {
        "gay": [True, False],
        "indian": [False, False],
        "sikh": [False, True],
        "\N{WOMAN}": [False, True],  # a term may be a sign
    }
    assert Swap(SWAPS["gender"])("he and hıs SİR") == ("she and hıs SİR", 1)


def test_exchanging_costs_what_a_text_is_long() -> None:
    """Copying the rest of the text for every word would take time with its square."""
    started = process_time()
    made, _ = Swap(SWAPS["gender"])("he " * 300_000)
    assert made == "she " * 300_000
    assert process_time() - started < 3.0


def letters(n: int, seed: int = 0) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    clubs = rng.choice(["women's", "men's", "local"], n)
    skills = rng.choice(["weak", "fair", "good", "strong"], n)
    texts = [f"Captain of the {club} chess club, {skill} at sums." for club, skill in zip(clubs, skills, strict=True)]
    return {"letter": np.array(texts, dtype=object)}


def reads(word: str, cost: float) -> Formula:
    """Strong or good letters pass, but for a word."""
    values = {"weak": 0.1, "fair": 0.3, "good": 0.6, "strong": 0.9}

    def score(rows: Rows) -> NDArray[np.float64]:
        texts = rows.columns["letter"]
        return np.array(
            [next(v for k, v in values.items() if k in text) - cost * (f" {word}" in text) for text in texts]
        )

    return Formula(score)


TEXT: dict[str, Any] = {"columns": (LETTER,), "features": ("letter",), "groupings": (), "made_from": {}}


def test_a_word_that_is_punished_is_found_and_told_with_its_direction() -> None:
    found = looked(letters(600), reads("women's", 0.3), **TEXT)
    assert worst(found) is Verdict.FAIL
    assert {key.groups for key in found.judged} == {("gender",)}
    assert "when words of gender in letter are exchanged" in found.headline
    table = series(found, "What changes with what is put in")
    assert "women for men" in table["put in"]
    line = table["put in"].index("women for men")
    texts = letters(600)["letter"]
    gendered = ["men's" in text for text in texts]
    good = [" good " in text for text in texts]
    turned = sum(a and b for a, b in zip(gendered, good, strict=True))
    assert (table["n"][line], table["changed"][line]) == (sum(gendered), turned)
    assert table["“1”"][line] == pytest.approx(-turned / sum(gendered))


def test_a_model_that_reads_other_words_passes_and_few_texts_say_nothing() -> None:
    assert worst(looked(letters(600), reads("club of men", 0.3), **TEXT)) is Verdict.PASS
    outcome = looked(letters(30), reads("women's", 0.3), **TEXT)
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason.startswith("fewer than 30 texts hold words of gender")


def test_scores_that_move_without_a_decision_are_judged_too() -> None:
    """Decisions are far from the threshold, and a ranking by the score is not."""
    far = Formula(lambda rows: 0.7 + 0.25 * np.array(["women's" not in text for text in rows.columns["letter"]]))
    found = looked(letters(600), far, **TEXT)
    share, score = found.judged.values()
    assert (share.value, score.value) == (0.0, pytest.approx(0.25))
    assert worst(found) is Verdict.FAIL
    assert found.headline.startswith(
        "Scores move by 25.0 points in the mean when words of gender in letter are exchanged"
    )
    assert "and its score by −25.0 points" in found.lead


def test_swaps_of_ones_own() -> None:
    own = FlipOptions(swaps={"club": [["local", "Foreign"]], "gender": []})
    found = looked(letters(600), reads("foreign", 0.3), options=own, **TEXT)
    assert {key.groups for key in found.judged} == {("club",), ("gender",)}
    for bad, told in [
        ({"club": [["a"]]}, r"swaps\.club has \['a'\]; each is a pair of words"),
        ({"club": 3}, r"swaps\.club has 3; each is a pair"),
        ({"club": ["ab"]}, r"swaps\.club has 'ab'; each is a pair"),
        ({"club": [["a", "A "]]}, "exchanges 'a' with itself"),
        ([["he", "she"]], "swaps are named"),
    ]:
        with pytest.raises(ValueError, match=told):
            FlipOptions(swaps=bad)  # type: ignore[arg-type]  # what a config may hold


def test_pictures_are_not_looked_at() -> None:
    blank = Formula(lambda rows: np.zeros(len(rows)))
    outcome = looked(people(50), blank, columns=(Column(name="face", kind="image"),), features=("face",))
    assert isinstance(outcome, NotApplicable)
    assert looked(people(50), blank, groupings=(), features=("skill",)).missing == "groups"
