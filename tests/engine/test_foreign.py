"""Each kind of model from elsewhere, audited end to end, from a config and from Python."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import safetensors.torch
import torch
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import fairwitness
from fairwitness.core.errors import ConfigError, ModelError, UserError
from support.graphs import logits_of

RNG = np.random.default_rng(0)
ROWS = 400
FRAME = pd.DataFrame(
    {
        "income": RNG.normal(3, 1, ROWS),
        "town": RNG.choice(["a", "b", "c"], ROWS),
        "sex": RNG.choice(["women", "men"], ROWS),
    }
)
FRAME["repaid"] = np.where(RNG.random(ROWS) < 1 / (1 + np.exp(3 - FRAME["income"])), "yes", "no")
SUBJECT: dict[str, Any] = {"target": "repaid", "positive": "yes", "favorable": "yes", "groups": ["sex"]}
FAIRNESS: dict[str, Any] = {"checks": {"only": ["fairness", "explain"]}}


def fitted(*columns: str) -> Pipeline:
    parts = [(StandardScaler(), ["income"]), (OneHotEncoder(), [name for name in columns if name != "income"])]
    return make_pipeline(make_column_transformer(*parts), LogisticRegression()).fit(
        FRAME[list(columns)], FRAME["repaid"]
    )


def audit(**more: Any) -> fairwitness.Report:
    return fairwitness.audit(FRAME, **{**SUBJECT, **FAIRNESS, **more})


def configured(folder: Path, model: dict[str, Any], **more: Any) -> fairwitness.Report:
    """As from an audit.toml in `folder`."""
    FRAME.to_csv(folder / "data.csv", index=False)
    lines = [
        "[data]",
        'path = "data.csv"',
        "[subject]",
        'target = "repaid"',
        'positive = "yes"',
        'favorable = "yes"',
        'groups = ["sex"]',
        "[checks]",
        'only = ["fairness", "explain"]',
        "[model]",
        *(f"{key} = {value!r}" for key, value in model.items()),
    ]
    (folder / "audit.toml").write_text("\n".join(lines).replace("'", '"'), encoding="utf-8")
    return fairwitness.audit(config=folder / "audit.toml", **more)


def selected(report: fairwitness.Report) -> dict[Any, Any]:
    """Selection rates by group, as the report has them."""
    (finding,) = [found for found in report.findings if found.check == "fairness.selection-rate-gap"]
    (series,) = [one for one in finding.series if "group" in one.columns]
    assert not [found.title for found in report.findings if found.verdict == "error"]
    return dict(zip(series.columns["group"], series.columns["rate"], strict=True))


def rates(decided: Any) -> dict[Any, Any]:
    """The same, by pandas."""
    return dict((pd.Series(decided) == "yes").groupby(FRAME["sex"]).mean())


class TestAPipeline:
    def test_from_python_it_reads_what_it_was_fitted_on(self) -> None:
        model = fitted("income", "town", "sex")
        report = audit(model=model)
        assert selected(report) == pytest.approx(rates(model.predict(FRAME)))
        assert report.document.subject.features == ("income", "town", "sex")
        assert "The model was fitted on sensitive attributes and reads them: sex." in report.document.subject.notes
        assert "sex" not in report.document.subject.withheld

    def test_from_a_config_by_a_function(self, tmp_path: Path) -> None:
        code = (
            "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression\n"
            "def load():\n    data = pd.read_csv(FILE)\n"
            "    return LogisticRegression().fit(data[['income']], data['repaid'])\n"
        )
        (tmp_path / "own.py").write_text(code.replace("FILE", repr(str(tmp_path / "data.csv"))), encoding="utf-8")
        report = configured(tmp_path, {"black_box": "own:load"})
        model = LogisticRegression().fit(FRAME[["income"]], FRAME["repaid"])
        assert selected(report) == pytest.approx(rates(model.predict(FRAME[["income"]])))
        assert report.document.subject.features == ("income",)
        assert report.document.subject.model == "LogisticRegression, a black box"

    def test_a_threshold_overrules_its_own(self) -> None:
        model = fitted("income", "town")
        report = audit(model=model, config={"model": {"threshold": 0.8}})
        wanted = np.where(model.predict_proba(FRAME)[:, 1] >= 0.8, "yes", "no")
        assert selected(report) == pytest.approx(rates(wanted))

    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ({"data": FRAME.drop(columns="town")}, "the model was fitted on 'town', which the data does not have"),
            (
                {"config": {"subject": {"exclude": ["town"]}}},
                "the model was fitted on 'town', which the config keeps out",
            ),
            (
                {"config": {"subject": {"features": ["income"]}}},
                "the model was fitted on 'town', which the config keeps",
            ),
            (
                {"target": "town", "positive": None, "favorable": None},
                "the model was fitted on 'town', which is the targ",
            ),
        ],
    )
    def test_what_it_may_not_read_is_told(self, more: dict[str, Any], message: str) -> None:
        data = more.pop("data", FRAME)
        with pytest.raises(UserError, match=f"^model: {message}"):
            fairwitness.audit(data, **{**SUBJECT, **more}, model=fitted("income", "town"))


class TestABlackBox:
    def test_decisions_alone_are_judged(self, tmp_path: Path) -> None:
        (tmp_path / "own.py").write_text(
            "def load():\n    return decide\ndef decide(frame):\n    return frame['income'] > 3\n", encoding="utf-8"
        )
        report = configured(tmp_path, {"black_box": "own:load"})
        assert selected(report) == pytest.approx(rates(np.where(FRAME["income"] > 3, "yes", "no")))
        named = audit(
            model=lambda frame: frame.select(pl.when(pl.col("income") > 3).then(pl.lit("yes")).otherwise(pl.lit("no")))[
                "literal"
            ]
        )
        assert selected(named) == selected(report)

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            ("def load(frame):\n    return frame\n", "own:load: takes arguments; name a function that takes none"),
            ("def load():\n    return 3\n", "own:load: returns a int; it must return an object with predict_proba"),
            (
                "import torch\ndef load():\n    return torch.nn.Linear(1, 1)\n",
                "own:load: returns a torch module; name it",
            ),
            ("def load():\n    raise OSError('gone')\n", "own:load: fails with OSError: gone; it must run without"),
            ("load = 3\n", "own:load: returns a int that cannot be called"),
        ],
    )
    def test_a_function_that_gives_none_is_told(self, tmp_path: Path, code: str, message: str) -> None:
        (tmp_path / "own.py").write_text(code, encoding="utf-8")
        with pytest.raises(ModelError, match=f"^{message}"):
            configured(tmp_path, {"black_box": "own:load"})

    def test_what_is_no_model_is_told(self) -> None:
        with pytest.raises(ModelError, match=r"^model is a str; a file is named in config="):
            audit(model="model.onnx")
        with pytest.raises(
            ModelError, match=r"^model is a int; give a torch module, a fitted estimator, or a callable"
        ):
            audit(model=3)
        with pytest.raises(ModelError, match=r"^model is the class LogisticRegression; give one of it, fitted"):
            audit(model=LogisticRegression)


class TestFiles:
    CODE = "from torch import nn\ndef build():\n    return nn.Linear(1, 2), {'activation': 'logits'}\n"

    def net(self) -> torch.nn.Linear:
        torch.manual_seed(1)
        return torch.nn.Linear(1, 2)

    def wanted(self) -> dict[Any, Any]:
        x = torch.tensor(FRAME["income"].to_numpy(), dtype=torch.float32)[:, None]
        return rates(np.array(["no", "yes"])[self.net()(x).argmax(dim=1).numpy()])

    def test_a_lightning_checkpoint(self, tmp_path: Path) -> None:
        (tmp_path / "own.py").write_text(self.CODE, encoding="utf-8")
        state = {f"model.{name}": held for name, held in self.net().state_dict().items()}
        torch.save({"epoch": 1, "state_dict": state, "hyper_parameters": {"lr": 0.1}}, tmp_path / "x.ckpt")
        report = configured(tmp_path, {"weights": "x.ckpt", "factory": "own:build"})
        assert selected(report) == pytest.approx(self.wanted())
        assert "The names in the checkpoint are stripped of 'model.'." in report.document.subject.notes

    def test_an_onnx_graph(self, tmp_path: Path) -> None:
        logits_of(self.net(), tmp_path / "x.onnx")
        report = configured(tmp_path, {"weights": "x.onnx"})
        assert selected(report) == pytest.approx(self.wanted())
        assert report.document.subject.features == ("income",)
        assert report.document.provenance.model_digest is not None

    def test_an_onnx_graph_with_a_function_of_the_users(self, tmp_path: Path) -> None:
        logits_of(self.net(), tmp_path / "x.onnx")
        (tmp_path / "own.py").write_text(
            "def encode(frame):\n    return frame[['income']].to_numpy()\n", encoding="utf-8"
        )
        report = configured(tmp_path, {"weights": "x.onnx", "encode": "own:encode", "output": "logits"})
        assert selected(report) == pytest.approx(self.wanted())

    @pytest.mark.filterwarnings("ignore")  # torch.export's own
    def test_an_exported_program(self, tmp_path: Path) -> None:
        free = ({0: torch.export.Dim("rows")},)
        program = torch.export.export(self.net().eval(), (torch.zeros(2, 1),), dynamic_shapes=free)
        torch.export.save(program, tmp_path / "x.pt2")
        report = configured(tmp_path, {"weights": "x.pt2", "activation": "logits"})
        assert selected(report) == pytest.approx(self.wanted())
        assert report.document.subject.model == "Program of 4 parameters"
        assert report.document.provenance.model_digest is not None

    def test_a_dict_of_tensors_by_name(self, tmp_path: Path) -> None:
        code = (
            "from torch import nn\nclass Net(nn.Linear):\n    def forward(self, x):\n        made = super().forward(x)\n"
            "        return {'now': made, 'later': -made}\ndef build():\n    return Net(1, 2)\n"
        )
        (tmp_path / "own.py").write_text(code, encoding="utf-8")
        safetensors.torch.save_file(self.net().state_dict(), tmp_path / "x.safetensors")
        model = {"weights": "x.safetensors", "factory": "own:build", "activation": "logits"}
        report = configured(tmp_path, {**model, "output": "now"})
        assert selected(report) == pytest.approx(self.wanted())
        with pytest.raises(ModelError, match="the outputs 'now', 'later' all have the shape of scores"):
            configured(tmp_path, model)

    def test_a_module_with_its_encode_from_python(self) -> None:
        def encode(frame: pl.DataFrame) -> Any:
            return frame["income"].to_torch().float()[:, None]

        report = audit(model=(self.net(), {"encode": encode, "activation": "logits"}))
        assert selected(report) == pytest.approx(self.wanted())


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            {"threshold": 0.4},
            r"\[model\] threshold goes with .* or a recorded score, and here is recorded labels; take it",
        ),
        (
            {"decision": "income >= 3", "threshold": 0.4},
            r"\[model\] threshold goes with .*, and here is decision; take",
        ),
        (
            {"train": "mlp", "activation": "logits"},
            r"\[model\] activation goes with a black box or .*, and here is train",
        ),
        ({"train": "mlp", "threshold": 0.4}, r"\[model\] threshold goes with"),
        ({"train": "mlp", "seen": "none"}, r"\[model\] seen goes with"),
        (
            {"factory": "own:build", "options": {"epochs": 3}},
            r"\[model\] options goes with train, and here is a network",
        ),
        ({"black_box": "own:load", "output": "x"}, r"\[model\] output goes with"),
        ({"activation": "logits"}, r"\[model\] activation goes with"),
        (
            {"factory": "own:build", "parts": [{"part": "clip-gradients"}]},
            r"\[model\] parts goes with train, and here is",
        ),
        ({"seen": "none"}, r"\[model\] seen goes with"),
    ],
)
def test_a_setting_nothing_uses_is_refused(model: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^audit\\(\\): {message}"):
        audit(config={"model": model})


@pytest.mark.parametrize("named", [{"factory": "own:build"}, {"train": "mlp"}, {"score": "income"}])
def test_two_models_are_one_too_many(named: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"a model is given, and \w+ = '.*'; give one"):
        audit(config={"model": named}, model=lambda frame: frame["income"])


class TestAFactoryTrainedHere:
    """Its weights are kept in OUT, and found again as long as neither data nor code has changed."""

    CODE = """
from pathlib import Path
import torch
from torch import nn

class Net(nn.Linear):
    def forward(self, x):
        if self.training:
            with (Path(__file__).parent / "steps").open("a") as file:
                file.write(".")
        made = super().forward(x)
        return {"logits": made, "twice": 2 * made}

def build():
    return Net(1, 2)
"""

    def trained(self, folder: Path) -> tuple[dict[Any, Any], int]:
        before = len((folder / "steps").read_text()) if (folder / "steps").exists() else 0
        report = configured(folder, {"train": "own:build"}, out=folder / "out")
        return selected(report), len((folder / "steps").read_text()) - before

    def test_it_is_trained_once(self, tmp_path: Path) -> None:
        (tmp_path / "own.py").write_text(self.CODE, encoding="utf-8")
        first, steps = self.trained(tmp_path)
        again, none = self.trained(tmp_path)
        assert steps > 10
        assert none == 0
        assert again == first
        (tmp_path / "own.py").write_text(self.CODE.replace("2 * made", "3 * made"), encoding="utf-8")
        _, more = self.trained(tmp_path)
        assert more > 10
