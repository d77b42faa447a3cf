"""A network that was trained and saved here is audited again without any code of the user's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fairwitness
from fairwitness.core.errors import UserError
from fairwitness.torchkit import recipes
from fairwitness.torchkit.model import TorchModel
from support.tables import table

RNG = np.random.default_rng(0)
X = RNG.normal(size=300)
DATA: dict[str, Any] = {
    "x": X.tolist(),
    "sex": RNG.choice(["women", "men"], 300).tolist(),
    "y": np.where(X + RNG.logistic(size=300) > 0, "yes", "no").tolist(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    columns, rows = table(x=DATA["x"])
    mlp = recipes.named("mlp")
    model = mlp.fit(
        rows,
        np.array(DATA["y"], dtype=object),
        columns=columns,
        classes=("no", "yes"),
        positive="yes",
        options=mlp.options(epochs=5),
        seed=0,
    )
    model.save(tmp_path / "model")
    return tmp_path


def audit(folder: Path, model: dict[str, Any], **subject: Any) -> fairwitness.Report:
    settings = {"target": "y", "positive": "yes", "favorable": "yes", "groups": ["sex"], **subject}
    return fairwitness.audit(DATA, config={"model": {**model, "weights": str(folder / "model")}}, **settings)


def test_it_decides_as_it_did_when_it_was_saved(folder: Path) -> None:
    report = audit(folder, {"seen": "none"})
    assert not [finding.id for finding in report.findings if finding.verdict == "error"]
    assert report.document.subject.model == "MLP 1-32-1, trained here"
    assert report.document.subject.features == ("x",)
    _, rows = table(x=DATA["x"])
    decided = TorchModel.load(folder / "model").outputs(rows).decisions
    assert decided is not None
    women = np.array(DATA["sex"]) == "women"
    (found,) = [each for each in report.findings if each.check == "fairness.selection-rate-gap"]
    rate = dict(zip(found.series[0].columns["group"], found.series[0].columns["rate"], strict=True))
    assert rate["women"] == pytest.approx((decided[women] == "yes").mean())


def test_a_folder_with_a_dot_in_its_name_says_so(folder: Path) -> None:
    config = {"model": {"weights": str(folder / "model-1.2"), "seen": "none"}}
    with pytest.raises(UserError, match="the folder of a saved model is told by its name, which may have no dot"):
        fairwitness.audit(DATA, target="y", positive="yes", groups=["sex"], config=config)


def test_a_threshold_of_ones_own_decides(folder: Path) -> None:
    (found,) = [
        each
        for each in audit(folder, {"seen": "none", "threshold": 0.0}).findings
        if each.check == "fairness.selection-rate-gap"
    ]
    assert set(found.series[0].columns["rate"]) == {1.0}


@pytest.mark.parametrize(
    ("model", "subject", "words"),
    [
        ({"activation": "logits"}, {}, "[model] activation is known of a saved model; take it out"),
        ({}, {"target": "sex", "positive": "men", "favorable": "men", "groups": ["y"]}, "tells no from yes and scores"),
    ],
)
def test_what_does_not_fit_is_one_line(
    folder: Path, model: dict[str, Any], subject: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError) as caught:
        audit(folder, {"seen": "none", **model}, **subject)
    assert words in str(caught.value)


def test_a_folder_without_a_model_is_named(folder: Path) -> None:
    with pytest.raises(UserError, match=r"model\.json"):
        fairwitness.audit(DATA, target="y", positive="yes", groups=["sex"], config={"model": {"weights": str(folder)}})
