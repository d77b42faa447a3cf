"""The checks on planted subjects: with the fault, without it, and too few to tell."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from torch import nn

from fairwitness.core.asks import CLASS, Ask, ModelAsk, RowsAsk, group_column
from fairwitness.core.check import Arrays, Given, Measured, Meter, NotApplicable, Outcome, Unmetered
from fairwitness.core.columns import Column, Grouping
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Model, Rows
from fairwitness.explain import methods, told
from fairwitness.explain.checks.protected_reason import main_reasons
from fairwitness.torchkit.blackbox import from_callable
from support import given
from support.attacked import Linear, model_of, rows_of

FAITHFUL = given.check("explain.faithfulness")
IMPORTANCE = given.check("explain.permutation-importance")
PROTECTED = given.check("explain.protected-reason")

NAMES = ("sex", "height", "a", "b", "c", "d")


def table(n: int = 300) -> tuple[tuple[Column, ...], Rows]:
    """A sensitive attribute that the model may read, a height that tells it, and four numbers that do not."""
    rng = np.random.default_rng(0)
    sex = (rng.random(n) < 0.5).astype(np.float64)
    values = {"sex": sex, "height": 2 * sex + rng.normal(size=n), **{name: rng.normal(size=n) for name in "abcd"}}
    columns = [Column(name="sex", kind="boolean", role="group"), *(Column(name=n, kind="number") for n in NAMES[1:])]
    return tuple(columns), rows_of(values)


def reading(rows: Rows, columns: tuple[Column, ...], **weights: float) -> Model:
    """A logit that rests on some columns and, a little, on all others."""
    slopes = np.array([weights.get(name, 0.05 if name in "abcd" else 0.0) for name in NAMES])
    return model_of(Linear(slopes, 0.0), columns, rows)


def run(
    check: Any,
    columns: tuple[Column, ...],
    rows: Rows,
    model: Model,
    *,
    options: Any = None,
    meter: Meter | None = None,
    groups: NDArray[Any] | None = None,
    recorded: NDArray[Any] | None = None,
    **changes: Any,
) -> Outcome:
    labels = np.asarray(model.outputs(rows).decisions) if recorded is None else recorded
    settings: dict[str, Any] = {
        "columns": columns,
        "features": tuple(column.name for column in columns),
        "groupings": () if groups is None else (Grouping(columns=("gender",)),),
        "classes": ("no", "yes"),
        "positive": "yes",
        "favorable": "yes",
        "rows": len(rows),
        "judged_rows": len(rows),
    }
    outline = given.outline(**{**settings, **changes})
    options = options or check.Options()
    asked = check.asks(outline, None, options)
    if isinstance(asked, NotApplicable):
        return asked
    made: dict[Ask, Any] = {}
    for ask in asked:
        if isinstance(ask, ModelAsk):
            made[ask] = model
        elif isinstance(ask, RowsAsk):
            held = {name: (labels if name == CLASS else rows.columns[name]) for name in ask.columns}
            held |= {group_column(name): groups for name in ask.groups if groups is not None}
            whole = Rows(ids=rows.ids, columns=held, media=rows.media if ask.media else {})
            made[ask] = whole.where(np.arange(len(whole)) < (ask.at_most or len(whole)))
    about = Given(
        outline=outline,
        about=None,
        level=0.95,
        limit=check.info.limit,
        rng=np.random.default_rng(0),
        context={},
        made=made,
        meter=meter or Unmetered(),
    )
    return check.run(about, options)  # type: ignore[no-any-return]  # a check of any kind


def measured(outcome: Outcome) -> Measured:
    assert isinstance(outcome, Measured), outcome
    return outcome


def worst(check: Any, outcome: Outcome) -> Verdict:
    found = [each.against(check.info.limit) for each in measured(outcome).judged.values()]
    return min(found, key=[Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS].index)


def genders(rows: Rows) -> NDArray[Any]:
    return np.where(rows.columns["sex"] == 1, "men", "women").astype(object)


@pytest.mark.parametrize(
    ("weights", "n", "verdict"),
    [
        ({"sex": 3.0}, 300, Verdict.FAIL),
        ({"height": 1.0}, 300, Verdict.FAIL),
        ({"a": 2.0, "b": -1.0, "c": 1.0, "d": 0.5}, 300, Verdict.PASS),
        ({"a": 2.0, "b": -1.0, "c": 1.0, "d": 0.5}, 20, Verdict.UNCERTAIN),
    ],
    ids=["the attribute is used", "a proxy is used", "neither is used", "too few to tell"],
)
def test_reasons_that_are_an_attribute_or_stand_in_for_it(weights: dict[str, float], n: int, verdict: Verdict) -> None:
    columns, rows = table(n)
    outcome = run(PROTECTED, columns, rows, reading(rows, columns, **weights), groups=genders(rows))
    assert worst(PROTECTED, outcome) is verdict


def test_the_attribute_and_its_proxy_are_named_with_how_well_they_tell() -> None:
    columns, rows = table()
    outcome = measured(run(PROTECTED, columns, rows, reading(rows, columns, height=1.0), groups=genders(rows)))
    assert "Gender is told by sex (AUC 1.000) and height (AUC 0.9" in outcome.lead
    assert "unfavourable decisions among them it is so for" in outcome.lead
    assert "main reasons is gender or a strong proxy of it" in outcome.headline
    told = outcome.row_values["protected"]
    (share,) = outcome.judged.values()
    assert told.values.mean() == share.value


def test_nothing_that_tells_is_read() -> None:
    columns, rows = table()
    held = tuple(column for column in columns if column.name in "abcd")
    model = model_of(Linear(np.ones(4), 0.0), held, rows)
    outcome = measured(run(PROTECTED, held, rows, model, groups=genders(rows)))
    assert worst(PROTECTED, outcome) is Verdict.PASS
    assert "reads no sensitive attribute and no strong proxy of gender" in outcome.headline
    assert not outcome.row_values


def test_main_reasons_spoke_for_the_decision() -> None:
    """The largest, but none that spoke against it and none that is next to nothing, however alone it spoke."""
    towards = np.array(
        [
            [0.3, 0.1, -0.5, 0.2],
            [-0.1, -0.2, 0.05, -0.3],
            [0.5, 1e-9, -0.1, -0.1],
            [-0.4, 0.01, 0.0, 0.0],
            [1e-17, 3e-17, 0.0, 0.0],
        ]
    )
    assert main_reasons(towards, 2).tolist() == [
        [True, False, False, True],
        [False, False, True, False],
        [True, False, False, False],
        [False, False, False, False],
        [False, False, False, False],
    ]


@pytest.mark.parametrize("weight", [0.0, 0.02])
def test_a_decision_most_columns_speak_against_rests_on_no_crumb(weight: float) -> None:
    """Of a high mean score many are decided favourably for all that one column says: its crumb of help is no reason."""
    columns, rows = table()
    slopes = np.array([weight, 0.0, 2.0, 0.0, 0.0, 0.0])
    outcome = run(PROTECTED, columns, rows, model_of(Linear(slopes, 2.0), columns, rows), groups=genders(rows))
    assert worst(PROTECTED, outcome) is Verdict.PASS


def test_a_model_that_says_the_same_of_all_has_no_reasons() -> None:
    columns, rows = table()
    model = from_callable(
        lambda frame: np.full(frame.height, 0.3),
        columns=columns,
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    assert worst(PROTECTED, run(PROTECTED, columns, rows, model, groups=genders(rows))) is Verdict.PASS


def test_explanations_of_a_table_are_true() -> None:
    columns, rows = table()
    outcome = measured(run(FAITHFUL, columns, rows, reading(rows, columns, a=2.0, b=-1.0, sex=1.0)))
    assert worst(FAITHFUL, outcome) is Verdict.PASS
    assert outcome.row_values["shapley-values"].worse == "low"
    assert len(outcome.row_values["shapley-values"].ids) == 200


def test_an_explanation_that_means_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, rows = table()
    true = told.told

    def invented(*args: Any) -> Any:
        made = true(*args)
        made.towards[:] = np.random.default_rng(1).normal(size=made.towards.shape)
        return made

    monkeypatch.setattr(methods, "told", invented)
    assert worst(FAITHFUL, run(FAITHFUL, columns, rows, reading(rows, columns, a=2.0, b=-1.0))) is Verdict.FAIL


def test_five_decisions_are_too_few_to_tell() -> None:
    columns, rows = table(5)
    assert worst(FAITHFUL, run(FAITHFUL, columns, rows, reading(rows, columns, a=2.0))) is Verdict.UNCERTAIN


def test_a_model_that_never_moves_has_nothing_to_explain() -> None:
    columns, rows = table(50)
    still = dict.fromkeys("abcd", 0.0)
    outcome = run(FAITHFUL, columns, rows, reading(rows, columns, **still))
    assert isinstance(outcome, NotApplicable)
    assert "never moves" in outcome.reason


def test_decisions_whose_score_nothing_moves_accuse_no_explanation() -> None:
    """The model reads a mark that 2 % have; of the others there is no order to be true to."""
    columns, rows = table()
    marked = rows_of({**rows.columns, "a": (np.arange(300) % 50 == 49).astype(np.float64)})
    model = from_callable(
        lambda frame: 0.1 + 0.8 * frame["a"].to_numpy(),
        columns=columns,
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    outcome = measured(run(FAITHFUL, columns, marked, model))
    assert worst(FAITHFUL, outcome) is Verdict.UNCERTAIN
    assert {each.n for each in outcome.judged.values()} == {4}
    assert any(note.startswith("For 196 of 200 decisions nothing") for note in outcome.notes)
    assert len(outcome.row_values["shapley-values"].ids) == 4


def test_what_decisions_rest_on_comes_first_and_idle_columns_reach_zero() -> None:
    columns, rows = table()
    model = reading(rows, columns, a=3.0, c=0.0)
    outcome = measured(run(IMPORTANCE, columns, rows, model))
    assert "leans most on a:" in outcome.headline
    table_of = outcome.explored[0].columns
    falls = dict(zip(table_of["column"], zip(table_of["low"], table_of["high"], strict=True), strict=True))
    assert falls["a"][0] > 0.1  # type: ignore[operator]  # a cell is a number here
    assert falls["c"] == (0.0, 0.0)
    assert list(outcome.row_values) == ["leaning"]


def test_a_model_leans_on_no_column_that_is_not_missed() -> None:
    """Recorded classes are coin flips: what the model reads is of no use for them."""
    columns, rows = table()
    coins = np.random.default_rng(3).choice(np.array(["no", "yes"], dtype=object), len(rows))
    model = reading(rows, columns, a=1.0)
    outcome = measured(run(IMPORTANCE, columns, rows, model, recorded=coins))
    assert outcome.headline.startswith("No column is surely missed: ")
    still = reading(rows, columns, **dict.fromkeys("abcd", 0.0))
    nothing = run(IMPORTANCE, columns, rows, still, recorded=coins)
    assert isinstance(nothing, NotApplicable)
    assert "never moves" in nothing.reason


def test_columns_that_say_the_same_are_also_exchanged_at_once() -> None:
    columns, rows = table()
    rows = rows_of({**rows.columns, "b": rows.columns["a"] + 0.01 * rows.columns["b"]})
    outcome = measured(run(IMPORTANCE, columns, rows, reading(rows, columns, a=2.0, b=2.0)))
    assert outcome.explored[0].columns["column"][0] == "a + b"
    assert any("a and b go together" in note for note in outcome.notes)


def test_a_black_box_is_explained_too() -> None:
    columns, rows = table(120)
    model = from_callable(
        lambda frame: 1 / (1 + np.exp(-2 * frame["a"].to_numpy())),
        columns=columns,
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    assert worst(FAITHFUL, run(FAITHFUL, columns, rows, model)) is Verdict.PASS
    assert "leans most on a:" in measured(run(IMPORTANCE, columns, rows, model)).headline


def test_a_model_without_scores_cannot_be_looked_at() -> None:
    columns, rows = table(40)
    model = from_callable(
        lambda frame: frame["a"].to_numpy() > 0, columns=columns, classes=("no", "yes"), positive="yes"
    )
    for check in (FAITHFUL, IMPORTANCE, PROTECTED):
        outcome = run(check, columns, rows, model, groups=genders(rows))
        assert isinstance(outcome, NotApplicable)
        assert "no scores" in outcome.reason


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (lambda: FAITHFUL.Options(methods=("SHAP",)), "methods names 'SHAP'; there are Shapley values"),
        (lambda: FAITHFUL.Options(rows=0), "rows is 0"),
        (lambda: IMPORTANCE.Options(rows=1), "at least 2"),
        (lambda: IMPORTANCE.Options(repeats=0), "repeats is 0"),
        (lambda: PROTECTED.Options(top=0), "top is 0"),
        (lambda: PROTECTED.Options(proxy=0.5), "AUC above 0.5"),
        (lambda: PROTECTED.Options(rows=0), "rows is 0"),
    ],
)
def test_options_out_of_range_are_refused(options: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        options()


class Kept:
    """Keeps pieces, and counts how many were made."""

    def __init__(self) -> None:
        self.pieces: dict[str, Arrays] = {}
        self.made = 0

    def spend(self, units: int, *, of: int, what: str) -> None: ...

    def piece(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        if name not in self.pieces:
            self.made += 1
            self.pieces[name] = make()
        return self.pieces[name]


def test_finished_pieces_are_not_made_again_and_nothing_changes() -> None:
    columns, rows = table()
    model, meter = reading(rows, columns, a=2.0), Kept()
    first = measured(run(FAITHFUL, columns, rows, model, meter=meter))
    del meter.pieces["shapley-2"]  # as if stopped before it
    again = measured(run(FAITHFUL, columns, rows, model, meter=meter))
    assert meter.made == 4 + 1
    assert again.judged == first.judged
    np.testing.assert_array_equal(again.row_values["shapley-values"].values, first.row_values["shapley-values"].values)


def pictures(net: nn.Module, n: int = 60) -> tuple[tuple[Column, ...], Rows, Model]:
    images = np.random.default_rng(0).normal(size=(n, 12, 12)).astype(np.float32)
    columns, rows = (Column(name="image", kind="image"),), rows_of({}, {"image": images})
    return columns, rows, model_of(net, columns, rows)


def convolutions() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 36, 1))


def test_explanations_of_images_are_true_and_as_fine_as_their_layer() -> None:
    outcome = measured(run(FAITHFUL, *pictures(convolutions())))
    assert {key.groups[0] for key in outcome.judged} == {"integrated gradients", "HiResCAM"}
    assert worst(FAITHFUL, outcome) is Verdict.PASS
    assert any("layer '2', 6 × 6" in note for note in outcome.notes)
    assert set(outcome.row_values) == {"integrated-gradients", "hirescam"}


def test_a_network_without_maps_is_tried_by_gradients_alone() -> None:
    outcome = measured(run(FAITHFUL, *pictures(nn.Sequential(nn.Flatten(), nn.Linear(144, 1)))))
    assert {key.groups[0] for key in outcome.judged} == {"integrated gradients"}
    assert any("no layer keeps height and width" in note for note in outcome.notes)


def test_what_cannot_be_looked_at_says_why() -> None:
    columns, rows, model = pictures(convolutions())
    flat = pictures(nn.Sequential(nn.Flatten(), nn.Linear(144, 1)))
    asked = [
        run(FAITHFUL, *flat, options=FAITHFUL.Options(methods=("Grad-CAM",))),
        run(FAITHFUL, columns, rows, model, options=FAITHFUL.Options(methods=("Shapley values",))),
        run(IMPORTANCE, columns, rows, model),
        run(FAITHFUL, *table_and_model(), options=FAITHFUL.Options(methods=("Grad-CAM",))),
    ]
    words = ["no layer keeps", "for tables", "no pixel stands", "is for images"]
    for outcome, part in zip(asked, words, strict=True):
        assert isinstance(outcome, NotApplicable)
        assert part in outcome.reason


def table_and_model() -> tuple[tuple[Column, ...], Rows, Model]:
    columns, rows = table(30)
    return columns, rows, reading(rows, columns, a=1.0)


SIDE, PATCH, AREA = 16, slice(1, 4), 9 / 256


def shortcut(n: int, *, marked: bool, seed: int) -> tuple[Rows, NDArray[np.int64]]:
    """Noise with a faint blob in the middle for class 1; where marked, also a bright patch in a corner."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    images = rng.normal(scale=0.5, size=(n, SIDE, SIDE)).astype(np.float32)
    images[y == 1, 5:11, 5:11] += 0.6
    if marked:
        images[y == 1, PATCH, PATCH] += 2.0
    return rows_of({}, {"image": images}), y


@pytest.mark.slow
@pytest.mark.parametrize("marked", [True, False])
def test_a_network_that_reads_a_shortcut_is_seen_reading_it(*, marked: bool) -> None:
    """Clever Hans: the patch has many times what its area would have, and not where training never showed it."""
    from fairwitness.explain.pictures import pictures as ready_for

    torch.manual_seed(0)
    rows, y = shortcut(600, marked=marked, seed=1)
    net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 2))
    x, target = torch.from_numpy(rows.media["image"])[:, None], torch.from_numpy(y)
    steps = torch.optim.Adam(net.parameters(), 3e-3, weight_decay=1e-2)
    for _ in range(8):
        for batch in torch.split(torch.randperm(len(x)), 50):
            steps.zero_grad()
            nn.functional.cross_entropy(net(x[batch]), target[batch]).backward()  # type: ignore[no-untyped-call]  # torch's own
            steps.step()
    columns = (Column(name="image", kind="image"),)
    shown, truth = shortcut(400, marked=True, seed=2)
    shown = shown.where(truth == 1)
    model = model_of(net, columns, shown, classes=("blank", "blob"))

    with ready_for(model, shown, rows) as ready:
        assert ready is not None
        ones = np.ones(len(shown), dtype=np.intp)
        maps = {"integrated gradients": np.abs(ready.integrated(ones)[0]), "HiResCAM": ready.map(ones, "HiResCAM")[0]}
    for name, values in maps.items():
        places = values.clip(min=0).reshape(-1, SIDE, SIDE)
        share = (places[:, PATCH, PATCH].sum(axis=(1, 2)) / places.sum(axis=(1, 2))).mean()
        times = share / AREA
        assert times > 6 if marked else times < 2.5, f"{name}: {times:.1f} times what its area would have"


def test_one_person_speaks_once() -> None:
    columns, rows = table(60)
    rows = rows_of({**rows.columns, "person": np.array([str(n // 3) for n in range(60)], dtype=object)})
    held = (*columns, Column(name="person", kind="category", role="unit"))
    features = tuple(column.name for column in columns)
    outcome = measured(run(FAITHFUL, held, rows, reading(rows, columns, a=2.0), features=features))
    assert {each.n for each in outcome.judged.values()} == {20}


def test_integrated_gradients_of_numbers_are_tried_too() -> None:
    """On a linear model they are w (x - mean), by column, in logits; both methods pass."""
    from fairwitness.explain.numbers import integrated_by_player

    columns, rows = table(80)
    slopes = np.array([1.0, 0.0, 2.0, -1.0, 0.5, 0.1])
    model = model_of(Linear(slopes, 0.3), columns, rows)
    few, rest = rows.where(rows.ids < 10), rows.where(rows.ids >= 10)
    players = {"first two": ("sex", "height"), **{name: (name,) for name in "abcd"}}

    made = integrated_by_player(model, few, rest, players, np.ones(10, dtype=np.intp))

    assert made is not None
    terms = {name: slopes[n] * (few.columns[name] - rest.columns[name].mean()) for n, name in enumerate(NAMES)}
    want = np.stack([terms["sex"] + terms["height"], *(terms[name] for name in "abcd")], axis=1)
    np.testing.assert_allclose(made[0], want, atol=1e-5)
    both = FAITHFUL.Options(methods=("Shapley values", "integrated gradients"))
    outcome = measured(run(FAITHFUL, columns, rows, model, options=both))
    assert worst(FAITHFUL, outcome) is Verdict.PASS
    assert len(outcome.judged) == 4


def test_a_black_box_has_no_gradients() -> None:
    columns, rows = table(40)
    model = from_callable(
        lambda frame: frame["b"].to_numpy() > 0.5, columns=columns, classes=("no", "yes"), positive="yes"
    )
    scored = from_callable(
        lambda frame: 1 / (1 + np.exp(-frame["b"].to_numpy())),
        columns=columns,
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    options = FAITHFUL.Options(methods=("integrated gradients",))
    for each, words in ((model, "no scores"), (scored, "numbers only")):
        outcome = run(FAITHFUL, columns, rows, each, options=options)
        assert isinstance(outcome, NotApplicable)
        assert words in outcome.reason
