"""The checks on planted subjects: fragile, firm, masked, and too few to tell."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from fairwitness.core.asks import CLASS, Ask, ModelAsk, RowsAsk
from fairwitness.core.check import Arrays, Given, Measured, Meter, NotApplicable, Outcome, Unmetered
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Model, Rows
from fairwitness.robustness.attacks.space import take
from fairwitness.torchkit.blackbox import from_callable
from fairwitness.torchkit.model import TorchModel
from support import given
from support.attacked import Linear, Quantised, model_of, numbers, rows_of

ATTACK = given.check("robustness.adversarial-accuracy")
MASKED = given.check("robustness.masked-gradients")
CORRUPT = given.check("robustness.corruptions")


def subject(n: int = 300, *, fragile: bool = False, mask: bool = False) -> tuple[tuple[Column, ...], Rows, TorchModel]:
    """Decided by two of six numbers, the classes well apart; a fragile model adds a ripple that turns
    decisions close by."""
    declared, rows = numbers(np.random.default_rng(0), 4 * n)
    score = rows.columns["a"] + rows.columns["b"] - 1
    rows = take(rows, np.flatnonzero(np.abs(score) > 0.35)[:n])

    class Rippled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(8.0))

        def forward(self, x: Tensor) -> Tensor:
            made: Tensor = self.scale * (x[:, 0] + x[:, 1] - 1)
            return made + 6 * torch.sin(25 * x[:, 2:].sum(dim=1)) if fragile else made

    net: nn.Module = Rippled()
    return declared, rows, model_of(Quantised(net) if mask else net, declared, rows)


def run(
    check: Any,
    columns: tuple[Column, ...],
    rows: Rows,
    model: Model,
    *,
    options: Any = None,
    meter: Meter | None = None,
    **changes: Any,
) -> Outcome:
    labels = np.asarray(model.outputs(rows).decisions)
    made: dict[Ask, Any] = {}
    outline = given.outline(
        columns=columns,
        features=tuple(column.name for column in columns),
        groupings=(),
        classes=("no", "yes"),
        positive="yes",
        rows=len(rows),
        judged_rows=len(rows),
        **changes,
    )
    options = options or check.Options()
    asked = check.asks(outline, None, options)
    if isinstance(asked, NotApplicable):
        return asked
    for ask in asked:
        if isinstance(ask, ModelAsk):
            made[ask] = model
        elif isinstance(ask, RowsAsk):
            held = {name: (labels if name == CLASS else rows.columns[name]) for name in ask.columns}
            made[ask] = Rows(ids=rows.ids, columns=held, media=rows.media if ask.media else {})
    return check.run(  # type: ignore[no-any-return]  # a check of any kind
        Given(
            outline=outline,
            about=None,
            level=0.95,
            limit=check.info.limit,
            rng=np.random.default_rng(0),
            context={},
            made=made,
            meter=meter or Unmetered(),
        ),
        options,
    )


def measured(outcome: Outcome) -> Measured:
    assert isinstance(outcome, Measured), outcome
    return outcome


def worst(check: Any, outcome: Outcome) -> Verdict:
    found = [each.against(check.info.limit) for each in measured(outcome).judged.values()]
    return min(found, key=[Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS].index)


def test_a_fragile_model_fails_and_its_rows_are_named_in_private() -> None:
    columns, rows, model = subject(fragile=True)
    outcome = measured(run(ATTACK, columns, rows, model))
    assert worst(ATTACK, outcome) is Verdict.FAIL
    (found,) = outcome.judged.values()
    assert found.claim == "lower bound"
    assert found.high is None
    broken = outcome.row_values["broken"]
    assert broken.values.mean() == found.value
    assert len(broken.ids) == found.n


def test_a_firm_model_cannot_pass_by_an_attack() -> None:
    columns, rows, model = subject()
    outcome = measured(run(ATTACK, columns, rows, model))
    assert worst(ATTACK, outcome) is Verdict.UNCERTAIN
    assert "does not show that they hold" in outcome.headline
    assert "None can show" in outcome.to_settle


def test_ten_rows_are_too_few_to_fail() -> None:
    columns, rows, model = subject(n=4, fragile=True)
    assert worst(ATTACK, run(ATTACK, columns, rows, model)) is Verdict.UNCERTAIN


def test_a_masked_model_is_not_evaluated_and_the_mask_is_found() -> None:
    columns, rows, model = subject(mask=True)
    outcome = run(ATTACK, columns, rows, model)
    assert isinstance(outcome, NotApplicable)
    assert "Not evaluated" in outcome.reason
    assert "no gradient" in outcome.reason
    assert worst(MASKED, run(MASKED, columns, rows, model)) is Verdict.FAIL


def test_an_honest_model_has_no_mask() -> None:
    columns, rows, model = subject()
    outcome = measured(run(MASKED, columns, rows, model))
    assert worst(MASKED, outcome) is Verdict.PASS
    assert "None of" in outcome.headline


def test_few_rows_cannot_clear_a_model_of_masking() -> None:
    columns, rows, model = subject(n=25)
    assert worst(MASKED, run(MASKED, columns, rows, model)) is Verdict.UNCERTAIN


def test_a_black_box_is_asked_and_the_note_says_so() -> None:
    columns, rows, model = subject(n=60, fragile=True)

    def scores(frame: Any) -> Any:
        made = model.outputs(rows_of({name: frame[name].to_numpy() for name in frame.columns})).scores
        assert made is not None
        return made[:, 0]

    box = from_callable(
        scores, columns=columns, classes=("no", "yes"), positive="yes", activation="probabilities", probe=rows
    )
    outcome = measured(run(ATTACK, columns, rows, box))
    assert any("has no gradients" in note for note in outcome.notes)
    (found,) = outcome.judged.values()
    assert found.value is not None
    assert found.value > 0.5


def test_what_may_not_change_is_not_attacked() -> None:
    columns, rows, model = subject(n=60, fragile=True)
    fixed = tuple(Column(name=c.name, kind="number", low=0.0, high=1.0, change="never") for c in columns)
    outcome = run(ATTACK, fixed, rows, model)
    assert isinstance(outcome, NotApplicable)
    assert "no number may move" in outcome.reason


def test_texts_have_no_small_steps() -> None:
    outline = given.outline(columns=(Column(name="t", kind="text"),), features=("t",))
    for check in (ATTACK, MASKED, CORRUPT):
        asked = check.asks(outline, None, check.Options())
        assert isinstance(asked, NotApplicable)
        assert "texts" in asked.reason


@pytest.mark.parametrize(
    ("check", "options"),
    [
        (ATTACK, {"eps": 0}),
        (ATTACK, {"eps": 5}),
        (ATTACK, {"steps": 0}),
        (MASKED, {"rows": 0}),
        (CORRUPT, {"severity": 6}),
    ],
)
def test_options_are_refused_before_any_work(check: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        check.Options(**options)


def test_a_model_that_leans_on_one_entry_loses_more_to_wrong_ones_than_one_that_leans_on_many() -> None:
    rng = np.random.default_rng(0)
    columns = tuple(Column(name=name, kind="boolean") for name in "abcde")
    rows = rows_of({column.name: rng.integers(0, 2, 800).astype(float) for column in columns})
    one = model_of(Linear(np.array([2.0, 0, 0, 0, 0]), -1.0), columns, rows)
    outcome = measured(run(CORRUPT, columns, rows, one, options=CORRUPT.Options(severity=5)))
    lost = {key.metric: each for key, each in outcome.judged.items()}
    # every fifth entry is somebody else's, and half of those say otherwise
    assert lost["accuracy lost to wrong entries"].value == pytest.approx(0.1, abs=0.03)
    assert worst(CORRUPT, outcome) is not Verdict.PASS
    mild = measured(run(CORRUPT, columns, rows, one))
    assert mild.judged[next(k for k in mild.judged if "wrong" in k.metric)].value == pytest.approx(0.01, abs=0.01)
    (figure,) = outcome.figures
    assert figure.kind == "curves"
    assert all(curve.x == (0, 1, 2, 3, 4, 5) for curve in figure.curves)


def test_a_model_that_takes_no_missing_values_is_not_judged_by_them() -> None:
    columns, rows, model = subject(n=100)
    outcome = measured(run(CORRUPT, columns, rows, model))
    assert not any("missing" in key.metric for key in outcome.judged)
    assert any("does not take missing entries" in note for note in outcome.notes)
    assert worst(CORRUPT, outcome) is Verdict.PASS


def test_an_attack_that_was_stopped_goes_on_and_finds_the_same() -> None:
    """Pieces that are finished are not made again; a meter that dies in the third leaves two."""
    columns, rows, model = subject(fragile=True)
    whole = measured(run(ATTACK, columns, rows, model))

    class Dies(Unmetered):
        def __init__(self, after: int, kept: dict[str, Any]) -> None:
            self.after, self.kept = after, kept

        def piece(self, name: str, make: Callable[[], Arrays]) -> Arrays:
            if name not in self.kept:
                if len(self.kept) >= self.after:
                    raise KeyboardInterrupt
                self.kept[name] = make()
            return self.kept[name]  # type: ignore[no-any-return]  # what `make` gave

    kept: dict[str, Any] = {}
    with pytest.raises(KeyboardInterrupt):
        run(ATTACK, columns, rows, model, meter=Dies(2, kept))
    assert len(kept) == 2
    before = {name: piece["gradient"].copy() for name, piece in kept.items()}
    again = measured(run(ATTACK, columns, rows, model, meter=Dies(9, kept)))
    assert all(np.array_equal(kept[name]["gradient"], held) for name, held in before.items())
    np.testing.assert_array_equal(again.row_values["broken"].values, whole.row_values["broken"].values)
    assert again.explored == whole.explored
