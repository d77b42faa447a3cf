from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairwitness.core.errors import ModelError
from fairwitness.torchkit.loading import from_given
from fairwitness.torchkit.model import TorchModel
from support.tables import table

COLUMNS, ROWS = table(a=[1.0, 2.0, -3.0])
WANTED: dict[str, Any] = {"columns": COLUMNS, "classes": ("no", "yes"), "positive": "yes"}
SCORE = torch.tensor([0.1, 0.2, -0.3])


@dataclass
class Held:
    hidden: Tensor
    score: Tensor


class Pair(NamedTuple):
    hidden: Tensor
    score: Tensor


class Gives(nn.Module):
    """0.1 of its input as `score`, beside what does not have the shape of scores."""

    def __init__(self, form: Any) -> None:
        super().__init__()
        self.form = form

    def forward(self, x: Tensor) -> Any:
        return self.form(x.expand(-1, 7), 0.1 * x[:, 0])


def model(form: Any, **more: Any) -> TorchModel:
    return from_given(Gives(form), {}, **{**WANTED, "activation": "logits", **more}, probe=ROWS)


@pytest.mark.parametrize(
    "form",
    [
        lambda hidden, score: {"loss": None, "hidden": hidden, "score": score},
        lambda _, score: (score,),
        lambda hidden, score: {"logits": score, "score": -score, "hidden": hidden},
        Held,
        Pair,
    ],
)
def test_the_one_that_fits_is_read(form: Any) -> None:
    made = model(form).outputs(ROWS).scores
    assert made is not None
    np.testing.assert_allclose(made[:, 0], torch.sigmoid(SCORE).numpy(), rtol=1e-6)


def test_logits_are_logits_by_name() -> None:
    """Untrained logits lie within [0, 1] as often as not; their name tells them apart."""
    inside = lambda _, score: {"logits": score.abs()}  # noqa: E731 - one of many forms
    assert model(inside, activation=None).rule.activation == "logits"


def test_one_of_several_is_named() -> None:
    several = lambda _, score: {"now": score, "later": -score}  # noqa: E731 - as a user writes it
    with pytest.raises(ModelError, match=r"^model: the outputs 'now', 'later' all have the shape of scores; name one"):
        model(several)
    made = model(several, output="later").outputs(ROWS).scores
    assert made is not None
    np.testing.assert_allclose(made[:, 0], torch.sigmoid(-SCORE).numpy(), rtol=1e-6)
    with pytest.raises(ModelError, match=r"^model: no output 'latter'; did you mean 'later'\?"):
        model(several, output="latter")


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (lambda hidden, _: {"hidden": hidden}, "the output holds 'hidden', and none of them has the shape of scores"),
        (lambda hidden, score: (hidden, score), "the output is a tuple; it must be one tensor"),
        (lambda _, __: "words", "the output is a str; it must be one tensor"),
        (lambda _, __: {}, "the output is a dict; it must be one tensor"),
    ],
)
def test_what_cannot_be_read_is_told(form: Any, message: str) -> None:
    with pytest.raises(ModelError, match=f"^model: {message}"):
        model(form)


class Labelled(nn.Module):
    """As transformers does: names of the outputs lie in the config."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.config = type("Config", (), {"id2label": dict(enumerate(names))})()

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, -x], dim=1)


@pytest.mark.parametrize(
    ("names", "yes", "note"),
    [
        (("no", "yes"), -1, ()),
        (("yes", "no"), 1, ()),
        (("LABEL_0", "LABEL_1"), -1, ()),
        (("NEG", "POS"), -1, ("The model calls its outputs NEG, POS; they are read as no, yes.",)),
    ],
)
def test_outputs_named_in_the_config_find_their_class(names: tuple[str, ...], yes: int, note: tuple[str, ...]) -> None:
    made = from_given(Labelled(*names), {}, **WANTED, activation="logits", probe=ROWS)
    scores = made.outputs(ROWS).scores
    assert scores is not None
    np.testing.assert_allclose(scores[:, 0], torch.sigmoid(2.0 * yes * torch.tensor([1.0, 2.0, -3.0])), rtol=1e-6)
    assert made.notes[: len(note)] == note
