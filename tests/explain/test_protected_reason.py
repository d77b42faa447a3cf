import numpy as np
import pytest

torch = pytest.importorskip("torch")


from fairwitness.core.estimate import Verdict
from fairwitness.explain.checks.protected_reason import main_reasons
from fairwitness.torchkit.blackbox import from_callable
from support import given
from support.attacked import Linear, model_of
from support.explained import genders, measured, reading, run, table, worst

PROTECTED = given.check("explain.protected-reason")


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
