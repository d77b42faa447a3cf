"""A network of known size, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from fairwitness.core.asks import LayersAsk
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.subject import Layer
from fairwitness.explain.outline import size
from support.given import check, run, series

CHECK = check("explain.model-outline")
DIGITS = (
    Layer(name="0", kind="Linear", output_shape=(128,), parameters=784 * 128 + 128, trainable=784 * 128 + 128),
    Layer(name="1", kind="ReLU", output_shape=(128,), parameters=0, trainable=0),
    Layer(name="2", kind="Linear", output_shape=(64,), parameters=128 * 64 + 64, trainable=128 * 64 + 64),
    Layer(name="3", kind="ReLU", output_shape=(64,), parameters=0, trainable=0),
    Layer(name="4", kind="Linear", output_shape=(10,), parameters=64 * 10 + 10, trainable=64 * 10 + 10),
)
"""784-128-64-10."""


def outcome(layers: Any, **changes: Any) -> Any:
    return run(CHECK, {}, made={LayersAsk(): layers}, **changes)


def test_digits_have_109_386_parameters() -> None:
    found = outcome(DIGITS, model_words="MLP 784-128-64-10", features=("image",))
    assert isinstance(found, Measured)
    assert found.headline == "The model has 109,386 parameters in 3 layers that learn"
    assert found.lead == (
        "MLP 784-128-64-10. All can be trained; at 32 bits each they take 437.5 kB. It reads 1 column and ends in "
        "Linear, which gives 10 for each row."
    )
    assert not found.judged
    assert series(found, "Size")["bytes at 32 bits"] == (437_544,)
    table = series(found, "Layers, in the order in which they run")
    assert table["kind"] == ("Linear", "ReLU", "Linear", "ReLU", "Linear")
    assert sum(table["parameters"]) == 109_386


def test_it_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    network = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    assert size(DIGITS).parameters == sum(each.numel() for each in network.parameters())


def test_frozen_layers_and_images_are_told_apart() -> None:
    layers = (
        Layer(name="conv", kind="Conv2d", output_shape=(8, 26, 26), parameters=80, trainable=0),
        Layer(name="head", kind="Linear", output_shape=(), parameters=5409, trainable=5409),
    )
    found = outcome(layers)
    assert "5,409 can be trained" in found.lead
    assert found.lead.endswith("ends in Linear, which gives a single number for each row.")
    assert series(found, "Layers, in the order in which they run")["output shape"] == ("8 × 26 × 26", None)


@pytest.mark.parametrize("layers", [None, ()])
def test_a_black_box_is_not_applicable(layers: Any) -> None:
    assert outcome(layers) == NotApplicable("the model is a black box: its layers cannot be seen", missing="layers")


def test_it_says_what_it_is() -> None:
    info = CHECK.info
    assert info.id == "explain.model-outline"
    assert info.limit is None
    assert info.needs == {"layers"}
    assert info.title != info.failure_title
    assert all((info.measures, info.does_not_show, info.advice, *info.sources))
