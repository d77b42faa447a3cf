from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fairwitness
from fairwitness.core.errors import UserError
from fairwitness.torchkit import recipes
from fairwitness.torchkit.model import TorchModel
from support.tables import table

PLAIN = """
from torch import nn
def build():
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, {outputs}){last})
"""
FAILS_IN_TRAINING = """
from torch import nn
class Net(nn.Linear):
    def forward(self, x):
        if self.training:
            raise RuntimeError("only for use")
        return super().forward(x)
def build():
    return Net(2, 1)
"""
ENCODED = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.kinds, self.out = nn.Embedding(3, 4), nn.Linear(5, 1)
    def forward(self, x, kind):
        return self.out(torch.cat([x, self.kinds(kind)], dim=1)).squeeze(1)
def encode(frame):
    kind = frame["kind"].replace_strict({{"a": 0, "b": 1}}, default=2, return_dtype=int)
    return {{"x": frame.select("x").fill_null(0.0).to_torch().float(), "kind": kind.to_torch()}}
def build():
    return Net(), {{"encode": encode}}
"""


def drawn(n: int = 300) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=n), rng.normal(size=n)
    kind = rng.choice(["a", "b"], n)
    yes = x + z + 2.0 * (kind == "a") > 1
    return {"x": x.tolist(), "z": z.tolist(), "kind": kind.tolist(), "y": np.where(yes, "yes", "no").tolist()}


def fit(folder: Path, code: str, columns: tuple[str, ...] = ("x", "z"), **settings: Any) -> tuple[TorchModel, float]:
    """A model of the factory in `code`, and the share of rows it is right about."""
    (folder / "net.py").write_text(code, encoding="utf-8")
    data = drawn()
    target = np.array(data["y"], dtype=object)
    declared, rows = table(**{name: data[name] for name in columns})
    recipe = recipes.named("net:build", base=folder)
    options = recipe.options(**{"epochs": 30, "learning_rate": 0.02, **settings})
    model = recipe.fit(rows, target, columns=declared, classes=("no", "yes"), positive="yes", options=options, seed=0)
    return model, float(np.mean(model.outputs(rows).decisions == target))


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_plain_module_learns_with_one_logit_or_two(outputs: int, tmp_path: Path) -> None:
    model, right = fit(tmp_path, PLAIN.format(outputs=outputs, last=""))
    assert right > 0.7
    assert model.words.endswith("parameters, trained here")
    assert "training rows were held back to choose it" in model.notes[0]


def test_tensors_by_name_and_a_flat_output_are_learned_from(tmp_path: Path) -> None:
    _, right = fit(tmp_path, ENCODED.format(), ("x", "kind"))
    assert right > 0.7


def test_the_same_seed_gives_the_same_weights_and_the_callers_dice_stay(tmp_path: Path) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    (first, _), (second, _) = (fit(tmp_path, PLAIN.format(outputs=1, last=""), epochs=2) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert first.fingerprint is not None
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "def build():\n    raise RuntimeError('no such layer')\n",
            "net:build: fails with RuntimeError: no such layer",
        ),
        (PLAIN.format(outputs=3, last=""), "the output has shape (8, 3); it must be (n,) or (n, 1) or (n, 2)"),
        (PLAIN.format(outputs=1, last=", nn.Unflatten(1, (7, 7))"), "the model fails on 8 rows with"),
        (
            "from torch import nn\ndef build():\n    return nn.Linear(5, 1)\n",
            "the module takes 5 inputs, the data has 2",
        ),
        (
            "from torch import nn\ndef build():\n    return nn.Linear(2, 1), {'activation': 'probabilities'}\n",
            "gives probabilities, and training needs logits; leave out its last softmax or sigmoid",
        ),
        (
            "from torch import nn\ndef build():\n    return nn.Linear(2, 1).requires_grad_(False)\n",
            "none of the module's parameters learns; leave requires_grad of some of them on",
        ),
        (
            FAILS_IN_TRAINING,
            "training it fails with RuntimeError: only for use",
        ),
    ],
)
def test_what_cannot_be_trained_is_one_line(code: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        fit(tmp_path, code)
    assert words in str(caught.value)
    assert str(caught.value).startswith("net:build")


def test_a_factory_that_keeps_its_module_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only an installed one can: a file beside the config is read anew. Many networks would all be that one."""
    code = "from torch import nn\nkept = nn.Linear(2, 1)\ndef build():\n    return kept\n"
    (tmp_path / "keeps_its_module.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    columns, rows = table(x=[1.0, 2.0, 3.0] * 20, z=[0.0] * 60)
    target = np.array(["no", "yes", "yes"] * 20, dtype=object)
    with pytest.raises(UserError, match="returns the same module each time; build a new one in each call"):
        recipes.named("keeps_its_module:build", base=tmp_path / "elsewhere").fit(
            rows, target, columns=columns, classes=("no", "yes"), positive="yes", seed=0
        )


def test_missing_numbers_are_named_before_training(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(PLAIN.format(outputs=1, last=""), encoding="utf-8")
    columns, rows = table(x=[1.0, None, 3.0] * 20, z=[0.0] * 60)
    target = np.array(["no", "yes", "yes"] * 20, dtype=object)
    with pytest.raises(UserError, match="the output is NaN or infinite in 3 of 8 rows; missing features reach it"):
        recipes.named("net:build", base=tmp_path).fit(
            rows, target, columns=columns, classes=("no", "yes"), positive="yes", seed=0
        )


def test_an_audit_trains_the_users_factory_from_a_config(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(PLAIN.format(outputs=1, last=""), encoding="utf-8")
    (tmp_path / "audit.toml").write_text(
        '[subject]\ntarget = "y"\npositive = "yes"\ngroups = ["kind"]\n'
        '[model]\ntrain = "net:build"\noptions = { epochs = 3 }\n',
        encoding="utf-8",
    )
    report = fairwitness.audit(drawn(), config=tmp_path / "audit.toml", out=tmp_path / "out")
    assert not [finding.check for finding in report.findings if finding.verdict == "error"]
    (outline,) = [finding for finding in report.findings if finding.check == "explain.model-outline"]
    assert outline.lead.startswith("Sequential of 33 parameters, trained here.")


def test_a_model_given_and_a_recipe_are_one_too_many() -> None:
    with pytest.raises(UserError, match="a model is given, and train = 'mlp'; give one"):
        fairwitness.audit(drawn(), target="y", model=torch.nn.Linear(2, 1), config={"model": {"train": "mlp"}})
