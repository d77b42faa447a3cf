"""Principal reasons: against the textbook's points below the mean, and what is said when errors blur their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.errors import DataError
from fairwitness.core.subject import Layer, Outputs, Rows
from fairwitness.explain.counterfactual import Change, Ending, Search
from fairwitness.explain.decision import Explained, explain
from fairwitness.explain.reasons import ranked
from fairwitness.explain.shown import Told, as_json, looked, signed, text
from fairwitness.explain.summary import FEWEST, summarise, swarm, weights
from support.given import outline

Floats = NDArray[np.float64]


def values(*given: float) -> Floats:
    return np.array(given)


def test_what_counts_against_is_below_nothing_by_two_errors() -> None:
    made = ranked(["a", "b", "c", "d"], values(-0.1, -0.02, 0.3, -0.05), values(0.01, 0.01, 0.01, 0.02), against=True)
    assert [reason.player for reason in made.stated] == ["a", "d"]


def test_the_order_of_what_lies_within_the_error_is_not_claimed() -> None:
    made = ranked(["a", "b", "c"], values(-0.30, -0.21, -0.20), values(0.01, 0.01, 0.01), against=True)
    assert made.unclear == (("b", "c"),)


def test_what_was_left_out_and_may_weigh_as_much_is_named() -> None:
    players = [f"p{place}" for place in range(6)]
    made = ranked(players, values(-0.5, -0.4, -0.3, -0.201, -0.2, -0.1), np.full(6, 0.005), against=True, most=4)
    assert (len(made.stated), made.rivals, made.others) == (4, ("p4",), 2)
    assert made.remainder == pytest.approx(-0.3)


def test_exact_values_have_a_clear_order() -> None:
    made = ranked(["a", "b"], values(0.2, 0.1999), np.zeros(2), against=False)
    assert [reason.player for reason in made.stated] == ["a", "b"]
    assert not made.unclear


WEIGHTS = {"income": 0.004, "debts": -0.003, "years": 0.01, "late": -0.2}
COLUMNS = (
    Column(name="income", kind="integer", words="yearly income", low=0, high=150, step=5),
    Column(name="debts", kind="integer", low=0, high=100, change="down"),
    Column(name="years", kind="integer", low=0, high=40, change="up"),
    Column(name="late", kind="boolean", change="never"),
    Column(name="race", kind="category", role="group"),
)


class Linear:
    """A score that is linear in its columns, and a threshold at one half."""

    words, notes, fingerprint = "linear", (), None

    def __init__(self, *, flipped: bool = False) -> None:
        self.flipped = flipped  # the positive class is the unfavourable one

    def outputs(self, rows: Rows) -> Outputs:
        score = 0.3 + np.sum([weight * rows.columns[name] for name, weight in WEIGHTS.items()], axis=0)
        good = np.where(score >= 0.5, "1", "0").astype(object)
        return Outputs(scores=(1 - score if self.flipped else score)[:, None], decisions=good)

    def layers(self, rows: Rows) -> tuple[Layer, ...] | None:
        del rows
        return None


def people(n: int = 300, seed: int = 0) -> Rows:
    dice = np.random.default_rng(seed)
    columns: dict[str, NDArray[Any]] = {
        "income": dice.integers(4, 20, n) * 5.0,
        "debts": dice.integers(0, 60, n).astype(float),
        "years": dice.integers(0, 20, n).astype(float),
        "late": (dice.random(n) < 0.2).astype(float),
        "race": dice.choice(np.array(["A", "B"], dtype=object), n),
    }
    return Rows(ids=np.arange(n), columns=columns)


SUBJECT: dict[str, Any] = {"columns": COLUMNS, "features": tuple(WEIGHTS), "target": "hired"}


def explained(rows: Rows, at: int, *, flipped: bool = False, **options: Any) -> Explained:
    here = np.arange(len(rows)) == at
    return explain(
        Linear(flipped=flipped),
        outline(**SUBJECT, **({"positive": "0"} if flipped else {})),
        rows.where(here),
        rows.where(~here),
        rng=np.random.default_rng(0),
        **options,
    )


def favored(rows: Rows) -> NDArray[np.bool_]:
    return np.asarray(Linear().outputs(rows).decisions == "1", dtype=bool)


def refused(rows: Rows) -> int:
    return int(np.argmin(favored(rows)))


@pytest.mark.parametrize("flipped", [False, True])
def test_a_linear_score_gives_the_textbooks_points_below_the_mean(*, flipped: bool) -> None:
    """Weight × (value − mean of those compared with); here everybody decided the other way, fewer than a hundred."""
    rows = people(90)
    at = refused(rows)

    made = explained(rows, at, flipped=flipped)

    others = rows.where(np.arange(len(rows)) != at)
    good = others.where(favored(others))
    expected = {name: w * (rows.columns[name][at] - good.columns[name].mean()) for name, w in WEIGHTS.items()}
    assert made.compared.n == len(good)
    found = {reason.player: reason.value for reason in (*made.against.stated, *made.in_favor.stated)}
    assert found == pytest.approx({name: by for name, by in expected.items() if abs(by) >= 0.001})
    weighed = sorted((name for name, by in expected.items() if by <= -0.001), key=expected.__getitem__)
    assert [reason.player for reason in made.against.stated] == weighed
    assert made.exact


def test_the_changes_keep_to_the_columns_and_are_decided_otherwise() -> None:
    rows = people()
    at = refused(rows)
    made = explained(rows, at)
    assert made.search is not None
    assert made.search.found
    for change in made.search.found:
        assert "late" not in change.values
        assert all(after % 5 == 0 for name, (_, after) in change.values.items() if name == "income")
        assert all(after < before for name, (before, after) in change.values.items() if name == "debts")
        moved = {name: held[at] for name, held in rows.columns.items()} | {
            n: pair[1] for n, pair in change.values.items()
        }
        assert 0.3 + sum(w * moved[name] for name, w in WEIGHTS.items()) >= 0.5 - 1e-9


def test_a_favourable_decision_is_explained_by_what_counted_for_it() -> None:
    rows = people()
    at = int(np.argmax(favored(rows)))
    made = explained(rows, at)
    assert made.good
    assert made.search is None
    assert made.main is made.in_favor
    assert made.compared.score < 0.5


def test_a_model_that_decides_alike_about_everybody_has_nobody_to_compare_with() -> None:
    rows = people()
    rows = rows.where(~favored(rows))
    with pytest.raises(DataError, match=r"decides against every one of .* nobody to compare with"):
        explained(rows, 0)


def test_a_sensitive_reason_is_an_alarm() -> None:
    columns = (
        *(column for column in COLUMNS if column.name != "late"),
        Column(name="late", kind="boolean", role="group"),
    )
    rows = people()
    at = int(np.flatnonzero(~favored(rows) & (rows.columns["late"] == 1))[0])
    here = np.arange(len(rows)) == at
    subject = outline(**SUBJECT | {"columns": columns})
    made = explain(Linear(), subject, rows.where(here), rows.where(~here), rng=np.random.default_rng(0))
    assert made.protected == ("late",)
    assert "a sensitive attribute" in text(Told(explained=made, row="1", target="hired"))


def test_the_words_are_the_users() -> None:
    rows = people()
    told = Told(explained=explained(rows, refused(rows)), row="7", target="hired", threshold=0.5)
    shown = text(told)
    assert shown.startswith("Row 7: the model decides hired = 0; hired = 1 is favourable\n")
    assert "yearly income" in shown
    assert "What counted against" in shown
    assert "What would have changed it" in shown
    assert "[columns." in shown  # where words are missing, the way to give them
    assert as_json(told)["reasons"]["exact"] is True


@pytest.mark.parametrize("flipped", [False, True])
def test_a_linear_model_goes_by_its_mean_deviations(*, flipped: bool) -> None:
    """The mean size of weight × (value − mean of those compared with), and nothing else."""
    rows, background = people(100, seed=1), people(40, seed=2)
    subject = outline(**SUBJECT, **({"positive": "0"} if flipped else {}))

    made = summarise(Linear(flipped=flipped), subject, rows, background, rng=np.random.default_rng(0), level=0.95)

    expected = {
        name: np.abs(w * (rows.columns[name] - background.columns[name].mean())).mean() for name, w in WEIGHTS.items()
    }
    assert {weight.player: weight.size for weight in made.weights} == pytest.approx(expected)
    assert [weight.player for weight in made.weights] == sorted(expected, key=lambda name: -expected[name])
    scores = Linear().outputs(background).scores
    assert scores is not None
    assert made.base == pytest.approx(scores.mean())


def test_the_figure_shows_nobody_by_themselves() -> None:
    """Of 100 people one lies far out and three a little: neither is drawn, nor does the axis reach to them."""
    held = np.concatenate([np.zeros(48), np.full(48, 0.1), np.full(3, -0.2), [0.9]])
    rows = Rows(ids=np.arange(100), columns={"a": held.copy()})
    columns = (Column(name="a", kind="number"),)
    heavy = weights(["a"], held[:, None], level=0.95)

    made = swarm(heavy, {"a": ("a",)}, held[:, None], rows, columns, words={"a": "a"}, people="people")

    (cloud,) = made.rows
    assert sum(cloud.counts) == 96
    assert all(count == 0 or count >= FEWEST for count in cloud.counts)
    assert made.edges[-1] < 0.2
    assert made.edges[0] > -0.1
    assert cloud.n == 100


class Graded(Linear):
    """Three classes: the favourable one's score is linear, the others share what is left."""

    def outputs(self, rows: Rows) -> Outputs:
        said = super().outputs(rows)
        assert said.scores is not None
        left = (1 - said.scores) / 2
        decided = np.where(said.scores[:, 0] >= 0.5, "good", "poor").astype(object)
        return Outputs(scores=np.hstack([left, said.scores, left]), decisions=decided)


def test_of_several_classes_the_favourable_ones_score_is_divided() -> None:
    rows = people(90)
    at = refused(rows)
    here = np.arange(len(rows)) == at
    changes: dict[str, Any] = {"classes": ("fair", "good", "poor"), "positive": None, "favorable": "good"}
    subject = outline(**{**SUBJECT, **changes, "task": "multi-class"})

    made = explain(Graded(), subject, rows.where(here), rows.where(~here), rng=np.random.default_rng(0))

    two = explained(rows, at)
    assert made.decided == "poor"
    assert made.score == pytest.approx(two.score)
    assert [reason.value for reason in made.against.stated] == pytest.approx([r.value for r in two.against.stated])
    assert made.search is not None
    assert two.search is not None
    assert [change.values for change in made.search.found] == [change.values for change in two.search.found]


@pytest.mark.parametrize(
    ("ending", "proved", "stopped", "said"),
    [
        ("found", True, False, "Every nearer change was tried (1,200 rows put to the model)."),
        ("found", False, False, "Not every nearer change was tried (1,200 rows put to the model)."),
        (
            "found",
            True,
            True,
            "Stopped before the end (1,200 rows put to the model); every change nearer than the first was tried.",
        ),
        ("found", False, True, "a nearer change may exist."),
        ("none found", False, True, "one may exist."),
        ("none found", False, False, "None was found within the budget (1,200 rows put to the model); one may exist."),
        (
            "none so small",
            False,
            False,
            "No change of up to 3 things suffices: every one was tried (1,200 rows put to the model).",
        ),
        ("none exists", False, False, "None exists: every allowed change was tried (1,200 rows put to the model)."),
    ],
)
def test_what_a_search_proves_is_said(ending: Ending, *, proved: bool, stopped: bool, said: str) -> None:
    found = (Change(levers=("a",), values={"a": (1, 2)}, distance=1.0),) if ending == "found" else ()
    search = Search(found=found, ending=ending, proved=proved, most=3, spent=1200, budget=5000, stopped=stopped)
    assert said in looked(search)


def test_a_nought_has_no_sign() -> None:
    assert [signed(each) for each in (0.012, 0.0004, -0.0004, -0.012)] == ["+1.2", "0.0", "0.0", "−1.2"]
