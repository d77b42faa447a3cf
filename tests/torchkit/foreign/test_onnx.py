import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from fairwitness.core.columns import Column
from fairwitness.core.errors import ModelError
from fairwitness.core.subject import Rows
from fairwitness.torchkit.blackbox import BlackBox
from fairwitness.torchkit.foreign.onnx import from_onnx, open_graph
from support.graphs import SHARE, Signature, logits_of, node, save
from support.tables import table

pytest.importorskip("onnxruntime")
pd = pytest.importorskip("pandas")

COLUMNS, ROWS = table(u=[0.5, -1.0, 2.0], v=[1.0, 1.0, 0.0], town=["a", "b", "a"])
WANTED: dict[str, Any] = {"columns": COLUMNS, "classes": ("no", "yes"), "positive": "yes"}


def load(path: Path, **more: Any) -> BlackBox:
    return from_onnx(open_graph(path), path=path, **{**WANTED, **more})


def told(path: Path, **more: Any) -> str:
    with pytest.raises(ModelError) as caught:
        load(path, probe=ROWS, **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def net() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(2, 2)


class TestANetwork:
    def test_numbers_go_in_in_their_order_and_logits_come_out(self, tmp_path: Path, net: nn.Linear) -> None:
        path = logits_of(net, tmp_path / "net.onnx")
        model = load(path, probe=ROWS)
        x = torch.tensor([[0.5, 1.0], [-1.0, 1.0], [2.0, 0.0]])
        wanted = torch.softmax(net(x), dim=1)[:, 1].detach().numpy()
        made = model.outputs(ROWS).scores
        assert made is not None
        np.testing.assert_allclose(made[:, 0], wanted, rtol=1e-6)
        assert model.rule.activation == "logits"  # the output's own name
        assert model.notes[0].startswith("The graph is not fed town")
        assert [column.name for column in model.columns] == ["u", "v"]

    def test_one_exported_for_two_rows_at_a_time_reads_them_all(self, tmp_path: Path, net: nn.Linear) -> None:
        free = load(logits_of(net, tmp_path / "free.onnx")).outputs(ROWS).scores
        fixed = load(logits_of(net, tmp_path / "fixed.onnx", rows=2)).outputs(ROWS).scores
        assert free is not None
        assert fixed is not None
        np.testing.assert_allclose(fixed, free, rtol=1e-6)

    def test_a_function_may_make_what_it_takes(self, tmp_path: Path, net: nn.Linear) -> None:
        path = logits_of(net, tmp_path / "net.onnx")
        plain = load(path).outputs(ROWS).scores
        for given in (lambda f: f[["u", "v"]].to_numpy(), lambda f: {"x": torch.tensor(f[["u", "v"]].to_numpy())}):
            made = load(path, encode=given).outputs(ROWS).scores
            assert made is not None
            np.testing.assert_array_equal(made, plain)
        assert load(path, encode=lambda f: f).fingerprint is None

    def test_the_fingerprint_follows_the_file_and_its_weights_beside_it(self, tmp_path: Path, net: nn.Linear) -> None:
        path = logits_of(net, tmp_path / "net.onnx", beside="net.onnx.data")
        first = load(path, activation="logits").fingerprint
        assert first is not None
        assert load(path, activation="logits").fingerprint == first
        with torch.no_grad():
            net.weight += 1
        logits_of(net, path, beside="net.onnx.data")
        assert load(path, activation="logits").fingerprint != first

    def test_images_go_in_from_0_to_1(self, tmp_path: Path) -> None:
        path = save(
            tmp_path / "mean.onnx",
            [node("ReduceMean", ["x", "axes"], ["score"], keepdims=0)],
            inputs={"x": ("float", ["n", 1, 2, 2])},
            outputs={"score": ("float", ["n"])},
            held={"axes": np.array([1, 2, 3])},
        )
        images = np.array([[[0, 255], [255, 255]], [[0, 0], [0, 51]]], dtype=np.uint8)
        rows = Rows(ids=np.arange(2), columns={}, media={"scan": images})
        made = load(path, columns=(Column(name="scan", kind="image"),), activation="probabilities").outputs(rows).scores
        assert made is not None
        np.testing.assert_allclose(made[:, 0], [0.75, 0.05], rtol=1e-6)


@pytest.fixture(scope="module")
def frame() -> Any:
    rng = np.random.default_rng(0)
    numbers = {name: rng.normal(size=80).astype(np.float32) for name in ("u", "v")}
    return pd.DataFrame({**numbers, "town": rng.choice(["a", "b"], 80)})


@pytest.fixture(scope="module")
def fitted(frame: Any) -> Any:
    parts = make_column_transformer((StandardScaler(), ["u", "v"]), (OneHotEncoder(), ["town"]))
    return make_pipeline(parts, LogisticRegression()).fit(frame, np.where(frame["u"] > 0, "yes", "no"))


class TestAConvertedPipeline:
    """skl2onnx's own graphs against the pipeline they were made from."""

    @pytest.mark.parametrize(
        ("zipmap", "output"), [(None, None), (False, None), ("columns", "syes"), (False, "probabilities")]
    )
    def test_it_scores_and_decides_as_the_pipeline_does(
        self, tmp_path: Path, frame: Any, fitted: Any, zipmap: Any, output: str | None
    ) -> None:
        skl2onnx = pytest.importorskip("skl2onnx")
        options = None if zipmap is None else {id(fitted): {"zipmap": zipmap}}
        graph = skl2onnx.to_onnx(fitted, frame[:1], options=options)
        (tmp_path / "p.onnx").write_bytes(graph.SerializeToString())
        columns, rows = table(v=frame["v"].tolist(), town=frame["town"].tolist(), u=frame["u"].tolist())
        wanted = {"columns": columns, "classes": ("yes", "no")} if zipmap is None else {"columns": columns}
        made = load(tmp_path / "p.onnx", **wanted, output=output, probe=rows).outputs(rows)
        assert made.scores is not None
        assert made.decisions is not None
        np.testing.assert_allclose(made.scores[:, 0], fitted.predict_proba(frame)[:, 1], atol=1e-5)
        assert made.decisions.tolist() == fitted.predict(frame).tolist()

    def test_scores_in_another_order_than_the_classes_are_refused(
        self, tmp_path: Path, frame: Any, fitted: Any
    ) -> None:
        skl2onnx = pytest.importorskip("skl2onnx")
        graph = skl2onnx.to_onnx(fitted, frame[:1], options={id(fitted): {"zipmap": False}})
        (tmp_path / "p.onnx").write_bytes(graph.SerializeToString())
        assert "the label it gives is mostly not the class with the highest score" in told(
            tmp_path / "p.onnx", classes=("yes", "no")
        )


class TestWhatDoesNotFit:
    def test_without_the_extra(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
        assert told(tmp_path / "x.onnx") == ("model: an ONNX graph needs ONNX Runtime; pip install 'fairwitness[onnx]'")

    def test_a_file_that_is_no_graph(self, tmp_path: Path) -> None:
        (tmp_path / "x.onnx").write_bytes(b"\x80\x04not a graph")
        assert "x.onnx: cannot be read (InvalidProtobuf" in told(tmp_path / "x.onnx")
        assert "no such file" in told(tmp_path / "gone.onnx")

    def test_operators_of_somebodys_own_are_not_run(self, tmp_path: Path) -> None:
        own = node("Evil", ["x"], ["score"], domain="com.example")
        path = save(tmp_path / "x.onnx", [own], inputs={"x": ("float", ["n", 2])}, outputs={"score": ("float", ["n"])})
        assert "cannot be read (" in told(path)

    def test_weights_outside_its_folder_are_not_read(self, tmp_path: Path, net: nn.Linear) -> None:
        (tmp_path / "in").mkdir()
        path = logits_of(net, tmp_path / "in" / "x.onnx", beside="w.data")
        raw = path.read_bytes().replace(b"w.data", b"../w.d")
        path.write_bytes(raw)
        (tmp_path / "in" / "w.data").rename(tmp_path / "w.d")
        assert "cannot be read (" in told(path)

    def test_other_inputs_name_the_way_out(self, tmp_path: Path) -> None:
        two: Signature = {"x": ("float", ["n", 2]), "other": ("float", ["n", 2])}
        add = [node("Add", ["x", "other"], ["score"])]
        path = save(tmp_path / "x.onnx", add, inputs=two, outputs={"score": ("float", ["n", 2])})
        assert "the graph takes 'x', 'other', and these are neither columns of the data" in told(path)
        words = save(tmp_path / "w.onnx", [node("Identity", ["town"], ["s"])], {"town": ("float", ["n"])}, SHARE)
        assert "the input 'town' takes tensor(float), and the column is a category" in told(words)

    def test_another_number_of_features(self, tmp_path: Path) -> None:
        assert "the model takes 3 inputs, the data has 2 numeric features" in told(
            logits_of(nn.Linear(3, 2), tmp_path / "x.onnx")
        )

    def test_an_output_that_is_not_there(self, tmp_path: Path, net: nn.Linear) -> None:
        assert "no output 'logit'; did you mean 'logits'?" in told(logits_of(net, tmp_path / "x.onnx"), output="logit")

    def test_gaps_where_whole_numbers_are_taken(self, tmp_path: Path) -> None:
        columns, rows = table(k=[1.0, None])
        cast = [node("Cast", ["k"], ["s"], to=1)]
        path = save(tmp_path / "x.onnx", cast, inputs={"k": ("int64", ["n"])}, outputs=SHARE)
        with pytest.raises(ModelError, match=r"column 'k' has missing values, and its input takes tensor\(int64\)"):
            load(path, columns=columns, probe=rows)
