from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fairwitness
from fairwitness.core.columns import Column
from fairwitness.core.errors import UserError
from fairwitness.core.subject import Rows
from fairwitness.torchkit import recipes
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.recipes.sequences import SequenceOptions
from support.media import media, texts
from support.tables import table

pytest.importorskip("tokenizers")

NO_YES = ("no", "yes")
FAST = {"epochs": 12, "batch": 32, "hidden": 12, "embedding": 8, "learning_rate": 0.01}
NAMES = ["gru", "lstm", "transformer"]


def fit(name: str, given: tuple[tuple[Column, ...], Rows], target: NDArray[Any], **settings: Any) -> TorchModel:
    columns, rows = given
    recipe = recipes.named(name)
    options = recipe.options(**{**FAST, **settings})
    return recipe.fit(rows, target, columns=columns, classes=NO_YES, positive="yes", options=options, seed=0)


def comments(n: int = 240, seed: int = 0) -> tuple[list[str | None], NDArray[Any]]:
    """Sentences of common words; "yes" where one of two rude words is among them."""
    rng = np.random.default_rng(seed)
    rude = rng.random(n) < 0.5
    lines: list[str | None] = []
    for each in rude:
        words = rng.choice(
            ["we", "like", "this", "page", "and", "the", "talk", "on", "it", "very", "much"], rng.integers(4, 9)
        ).tolist()
        if each:
            words.insert(rng.integers(len(words)), rng.choice(["idiot", "stupid"]))
        lines.append(" ".join(words))
    return lines, np.where(rude, "yes", "no").astype(object)


def waves(n: int = 240, steps: int = 20, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """(n, 1, steps) noisy waves about 50, "yes" where the wave is a fast one."""
    rng = np.random.default_rng(seed)
    fast = rng.random(n) < 0.5
    turn = rng.random((n, 1)) + np.arange(steps) * np.where(fast, 0.25, 0.1)[:, None]
    return (50 + 9 * np.sin(2 * np.pi * turn) + rng.normal(0, 1, (n, steps)))[:, None], np.where(fast, "yes", "no")


def right(model: TorchModel, rows: Rows, target: NDArray[Any]) -> float:
    return float(np.mean(model.outputs(rows).decisions == target))


@pytest.mark.parametrize("name", NAMES)
def test_rude_words_are_found_in_texts_not_seen(name: str) -> None:
    lines, target = comments()
    model = fit(name, texts(*lines[:160]), target[:160])
    assert right(model, texts(*lines[160:])[1], target[160:]) > 0.9
    odd = model.outputs(texts("", None, "\u4e2d\u6587", "idiot " * 400)[1]).scores
    assert odd is not None
    assert np.isfinite(odd).all()
    assert odd[0] == odd[1]  # an empty text and none at all are one thing


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_fast_waves_are_told_from_slow_ones_as_media_and_as_columns(name: str) -> None:
    values, target = waves()
    given = media("series", values)
    model = fit(name, (given[0], given[1].where(np.arange(240) < 160)), target[:160])
    assert right(model, given[1].where(np.arange(240) >= 160), target[160:]) > 0.9

    columns = table(**{f"t{step}": values[:, 0, step].tolist() for step in range(20)})
    again = fit(name, (columns[0], columns[1].where(np.arange(240) < 160)), target[:160])
    np.testing.assert_allclose(scored(again, columns[1]), scored(model, given[1]), atol=1e-5)


def scored(model: TorchModel, rows: Rows) -> NDArray[np.float64]:
    made = model.outputs(rows).scores
    assert made is not None
    return made


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_it_gives_the_same_scores_and_fingerprint(name: str, tmp_path: Path) -> None:
    values, _ = waves(40)
    values[::5, 0, 3] = np.nan
    lines, target = comments(40)
    readable = (texts(*lines), media("series", values)) if name != "transformer" else (texts(*lines),)
    for number, given in enumerate(readable):
        model = fit(name, given, target, epochs=1)
        model.save(tmp_path / str(number))
        again = TorchModel.load(tmp_path / str(number))
        np.testing.assert_array_equal(scored(again, given[1]), scored(model, given[1]))
        assert (again.fingerprint, again.words) == (model.fingerprint, model.words)


def test_the_same_seed_gives_the_same_weights() -> None:
    lines, target = comments(60)
    first, second = (fit("gru", texts(*lines), target, epochs=2) for _ in range(2))
    assert first.fingerprint == second.fingerprint


def test_units_of_a_series_do_not_matter() -> None:
    values, target = waves(80)
    first = fit("gru", media("series", values), target, jitter=0.0)
    second = fit("gru", media("series", 1000 * values - 7), target, jitter=0.0)
    near = scored(first, media("series", values)[1]), scored(second, media("series", 1000 * values - 7)[1])
    np.testing.assert_allclose(*near, atol=0.02)


@pytest.mark.parametrize(
    ("setting", "value"), [("hidden", 0), ("layers", 1.5), ("dropout", 1.0), ("vocabulary", 3), ("jitter", -1.0)]
)
def test_an_option_out_of_range_is_named(setting: str, value: object) -> None:
    with pytest.raises(ValueError, match=setting):
        SequenceOptions(**{setting: value})  # type: ignore[arg-type]  # wrong on purpose


def test_an_audit_trains_on_a_text_column(tmp_path: Path) -> None:
    lines, target = comments()
    site = ["a", "b"] * 120
    config = {
        "data": {},
        "columns": {"comment": {"kind": "text"}},
        "model": {"train": "gru", "options": {**FAST, "epochs": 3}},
    }
    data = {"comment": lines, "n": list(range(240)), "site": site, "toxic": target.tolist()}
    report = fairwitness.audit(data, target="toxic", positive="yes", groups=["site"], config=config, out=tmp_path)
    found = {finding.check: finding for finding in report.findings}
    assert not [finding.check for finding in report.findings if finding.verdict == "error"]
    assert "GRU 1 × 12 over" in found["explain.model-outline"].lead
    assert "It reads 1 column " in found["explain.model-outline"].lead


def test_the_transformer_does_not_read_numbers() -> None:
    data = {"x": np.arange(40), "y": np.arange(40) % 2}
    with pytest.raises(UserError, match="the transformer recipe reads one column of text; declare"):
        fairwitness.audit(data, target="y", train="transformer")


def test_heads_that_do_not_divide_the_width_are_named() -> None:
    with pytest.raises(ValueError, match="heads is 5 and hidden 48; the heads must divide it evenly"):
        recipes.named("transformer").options(heads=5)  # type: ignore[call-arg]  # its own options


def test_two_text_columns_are_one_too_many() -> None:
    lines, target = comments(40)
    data = {"first": lines, "second": lines[::-1], "toxic": target.tolist()}
    columns = {name: {"kind": "text"} for name in ("first", "second")}
    with pytest.raises(UserError, match=r"reads one text column, and is given 'first' \(text\), 'second' \(text\)"):
        fairwitness.audit(data, target="toxic", positive="yes", train="gru", config={"columns": columns})
