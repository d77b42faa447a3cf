import os
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from fairwitness.core.columns import Column
from fairwitness.core.errors import ModelError
from fairwitness.core.subject import Rows
from fairwitness.torchkit.loading import from_file, from_module
from fairwitness.torchkit.model import TorchModel
from support.tables import table

COLUMNS, ROWS = table(a=[1.0, 2.0, 3.0], b=[0.0, 1.0, 0.0], c=["x", None, "y"])
CASE = "import torch\nfrom torch import nn\ndef build():\n    return nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))\n"
WANTED: dict[str, Any] = {"columns": COLUMNS, "classes": ("no", "yes"), "positive": "yes"}


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))


def load(folder: Path, weights: str | None, code: str = CASE, factory: str = "net:build", **more: Any) -> TorchModel:
    (folder / "net.py").write_text(code, encoding="utf-8")
    return from_file(None if weights is None else folder / weights, factory, base=folder, **{**WANTED, **more})


def told(folder: Path, weights: str | None, code: str = CASE, factory: str = "net:build", **more: Any) -> str:
    with pytest.raises(ModelError) as caught:
        load(folder, weights, code, factory, **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    safetensors.torch.save_file(network().state_dict(), tmp_path / "w.safetensors")
    torch.save(network().state_dict(), tmp_path / "w.pt")
    torch.save({"epoch": 3, "state_dict": network().state_dict()}, tmp_path / "w.pth")
    return tmp_path


class TestWeights:
    @pytest.mark.parametrize("name", ["w.safetensors", "w.pt", "w.pth"])
    def test_each_format_gives_the_network_back(self, weights: Path, name: str) -> None:
        made = load(weights, name, activation="logits").outputs(ROWS).scores
        numbers = torch.tensor([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
        wanted = torch.sigmoid(network()(numbers)).detach().numpy()
        assert made is not None
        np.testing.assert_allclose(made, wanted, rtol=1e-6)

    def test_a_malicious_pickle_is_refused_and_not_run(self, tmp_path: Path) -> None:
        proof = tmp_path / "ran"

        class Evil:
            def __reduce__(self) -> tuple[Any, ...]:
                return (os.mkdir, (str(proof),))

        for name, payload in {"w.pt": Evil(), "w.pth": {"state_dict": network().state_dict(), "note": Evil()}}.items():
            torch.save(payload, tmp_path / name)
            message = told(tmp_path, name)
            assert message.startswith(f"{tmp_path / name}: refused, because it holds {os.name}.mkdir and opening it")
            assert "weights_only" not in message
        (tmp_path / "w.bin").write_bytes(pickle.dumps(Evil()))
        told(tmp_path, "w.bin")
        (tmp_path / "w.safetensors").write_bytes(pickle.dumps(Evil()))
        assert "cannot be read (SafetensorError" in told(tmp_path, "w.safetensors")
        assert not proof.exists()
        torch.load(tmp_path / "w.pt", weights_only=False)
        assert proof.exists()  # the trap works: an open pickle would have run it

    def test_the_environment_cannot_switch_the_check_off(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
        self.test_a_malicious_pickle_is_refused_and_not_run(tmp_path)

    def test_a_whole_pickled_module_is_refused(self, tmp_path: Path) -> None:
        torch.save(network(), tmp_path / "w.pt")
        assert "refused, because it holds torch.nn.modules.container.Sequential" in told(tmp_path, "w.pt")

    @pytest.mark.parametrize("name", ["w.pkl", "w.pt2", "w.onnx", "w.csv", "w"])
    def test_another_format_is_refused_with_a_way_out(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"x")
        assert "not a file of weights that can be opened safely; " in told(tmp_path, name)

    @pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
    def test_a_damaged_file_is_told(self, weights: Path, name: str) -> None:
        (weights / name).write_bytes((weights / name).read_bytes()[:100])
        assert f"{name}: " in told(weights, name)

    def test_a_missing_file_is_told(self, tmp_path: Path) -> None:
        assert (
            told(tmp_path, "gone.pt")
            == f"{tmp_path / 'gone.pt'}: no such file; paths in the config start at its folder"
        )

    def test_weights_of_another_network_name_what_differs(self, weights: Path) -> None:
        assert told(weights, "w.pt", CASE.replace("nn.Linear(3, 1))", "nn.Linear(3, 2))")) == (
            "w.pt: weights and module differ: 1.weight is (1, 3) in the file, (2, 3) in the module; "
            "check that the factory builds the model they are of"
        )
        deeper = CASE.replace("nn.Linear(3, 1))", "nn.ReLU(), nn.Linear(3, 1))")
        assert "the file has no '2.weight' (and 1 more), the module has no '1.weight' (and 1 more)" in told(
            weights, "w.pt", deeper
        )

    def test_something_that_is_no_state_dict_is_told(self, tmp_path: Path) -> None:
        torch.save([1, 2], tmp_path / "w.pt")
        assert "not a file of weights" in told(tmp_path, "w.pt")


class TestFactory:
    def test_it_may_say_how_a_frame_becomes_tensors_and_what_the_numbers_are(self, tmp_path: Path) -> None:
        code = """
import torch
from torch import nn
class Net(nn.Module):
    def forward(self, size, known):
        return size * 0.1 + known * 0.5
def encode(frame):
    assert frame.columns == ["a", "b", "c"]
    return {"size": torch.tensor(frame["a"].to_numpy()), "known": frame["c"].is_not_null().to_numpy()}
def build():
    return Net(), {"encode": encode, "activation": "probabilities"}
"""
        model = load(tmp_path, None, code)
        made = model.outputs(ROWS).scores
        assert made is not None
        np.testing.assert_allclose(made[:, 0], [0.6, 0.2, 0.8])
        assert model.notes == ()
        assert model.fingerprint is not None

    def test_an_object_with_encode_does_as_well(self, tmp_path: Path) -> None:
        code = CASE + (
            "class How:\n    activation = 'logits'\n    @staticmethod\n    def encode(frame):\n"
            "        return (torch.zeros(len(frame), 2),)\ndef pair():\n    return build(), How()\n"
        )
        assert load(tmp_path, None, code, "net:pair").outputs(ROWS).decisions is not None

    def test_the_config_overrules_its_activation(self, tmp_path: Path) -> None:
        code = CASE + "def pair():\n    return build(), {'activation': 'probabilities'}\n"
        assert load(tmp_path, None, code, "net:pair", activation="logits").rule.activation == "logits"

    def test_it_may_import_its_neighbours_and_leaves_the_path_alone(self, tmp_path: Path) -> None:
        before = list(sys.path)
        (tmp_path / "neighbour_of_net.py").write_text(CASE, encoding="utf-8")
        load(tmp_path, None, "def build():\n    from neighbour_of_net import build\n    return build()\n")
        assert sys.path == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["neighbour_of_net.py", "net.py"]

    def test_an_edited_file_is_read_anew(self, tmp_path: Path) -> None:
        for width in (3, 5):
            model = load(tmp_path, None, CASE.replace("3", str(width)))
            assert model.module[0].out_features == width  # type: ignore[index]  # a Sequential

    def test_the_same_name_in_another_folder_is_another_module(self, tmp_path: Path) -> None:
        for name, width in (("one", 3), ("two", 5)):
            (tmp_path / name).mkdir()
            model = load(tmp_path / name, None, CASE.replace("3", str(width)))
            assert model.module[0].out_features == width  # type: ignore[index]  # a Sequential

    @pytest.mark.parametrize(
        ("factory", "message"),
        [
            ("net", "model: 'net' does not name code to call; write it as 'module:function', such as 'net:build'"),
            ("../net:build", "model: '../net:build' does not name code to call"),
            ("net:biuld", "net:biuld: no function 'biuld'; did you mean 'build'?"),
            ("nett:build", "model: no module 'nett' in "),
            ("net:nn", "net:nn: returns a module that cannot be called"),
        ],
    )
    def test_a_name_that_is_not_there_is_told(self, tmp_path: Path, factory: str, message: str) -> None:
        assert told(tmp_path, None, factory=factory).startswith(message)

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            (
                "def build():\n    return {}['depth']\n",
                "net:build: fails with KeyError (its message may quote a row, so it is not shown); it must run without",
            ),
            ("def build(depth):\n    return depth\n", "net:build: fails with TypeError: build() missing 1 required"),
            ("import sys\ndef build():\n    sys.exit(3)\n", "net:build: fails with SystemExit: 3"),
            ("import nowhere_at_all\n", "net:build: importing it fails with ModuleNotFoundError: No module named"),
            ("def build(:\n", "net:build: importing it fails with SyntaxError"),
            ("def build():\n    return 3\n", "net:build: returns a int; it must return a torch.nn.Module"),
            (CASE.replace("(3, 1))", "(3, 1)), {'encoder': 1}"), "net:build: returns 'encoder' beside the module (did"),
        ],
    )
    def test_one_that_fails_is_told_in_one_line(self, tmp_path: Path, code: str, message: str) -> None:
        assert told(tmp_path, None, code).startswith(message)

    def test_the_fingerprint_follows_the_weights_and_the_code(self, weights: Path) -> None:
        first = load(weights, "w.pt", activation="logits").fingerprint
        assert first == load(weights, "w.safetensors", activation="logits").fingerprint
        assert first is not None
        edited = CASE + "# edited\n"
        assert (
            first == load(weights, "w.pt", edited, activation="logits").fingerprint
        )  # torch's own layers, same weights
        own = "class Own(nn.Sequential):\n    pass\n" + CASE.replace("nn.Sequential", "Own")
        made = [
            load(weights, "w.pt", f"from torch import nn\n{own}{end}", activation="logits")
            for end in ("", "# edited\n")
        ]
        assert len({first, *(model.fingerprint for model in made)}) == 3


class TestEncoding:
    def module(self, **more: Any) -> TorchModel:
        return from_module(nn.Linear(2, 1), **{**WANTED, "activation": "logits", **more})

    def test_without_encode_numbers_go_in_their_order_and_the_rest_is_named(self) -> None:
        seen: list[Tensor] = []
        net = nn.Linear(2, 1).double()
        net.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        turned = (COLUMNS[1], COLUMNS[2], COLUMNS[0])
        model = from_module(net, **{**WANTED, "columns": turned, "activation": "logits"})
        model.outputs(ROWS)
        assert seen[0].tolist() == [[0, 1], [1, 2], [0, 3]]
        assert seen[0].dtype == torch.float64  # the module's own
        assert model.notes == ("The module is not fed c: without `encode`, numbers only reach it.",)

    @pytest.mark.parametrize(
        ("shape", "dtype", "wanted"),
        [
            ((4, 6, 5), np.uint8, (4, 1, 6, 5)),
            ((4, 6, 5, 3), np.uint8, (4, 3, 6, 5)),
            ((4, 3, 6, 5), np.uint8, (4, 3, 6, 5)),
            ((4, 1, 6, 5), np.float32, (4, 1, 6, 5)),
        ],
    )
    def test_an_image_column_goes_in_as_pixels_from_0_to_1(
        self, shape: tuple[int, ...], dtype: type, wanted: tuple[int, ...]
    ) -> None:
        seen: list[Tensor] = []

        class Mean(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                seen.append(x)
                return x.flatten(1).mean(dim=1)

        scale = 255 if dtype is np.uint8 else 1
        drawn = np.random.default_rng(0).integers(0, 2, shape) * scale
        rows = Rows(ids=np.arange(4), columns={}, media={"scan": drawn.astype(dtype)})
        columns = (Column(name="scan", kind="image"),)
        made = from_module(Mean(), **{**WANTED, "columns": columns, "activation": "probabilities"}).outputs(rows).scores
        assert tuple(seen[-1].shape) == wanted
        assert made is not None
        np.testing.assert_allclose(made[:, 0], (drawn / scale).reshape(4, -1).mean(axis=1), rtol=1e-6)

    def test_images_in_other_channels_are_told(self) -> None:
        rows = Rows(ids=np.arange(2), columns={}, media={"scan": np.zeros((2, 8, 8), dtype=np.uint8)})
        columns = (Column(name="scan", kind="image"),)
        with pytest.raises(ModelError, match="the module takes 3 channels, the images have 1; convert them"):
            from_module(nn.Conv2d(3, 1, 3), **{**WANTED, "columns": columns}, probe=rows)

    def test_nothing_to_feed_is_told(self) -> None:
        with pytest.raises(ModelError, match="no numeric feature and no single image column to feed the module"):
            self.module(columns=COLUMNS[2:])

    @pytest.mark.parametrize(
        ("encode", "message"),
        [
            (lambda frame: frame["nope"], "model: `encode` fails with ColumnNotFoundError"),
            (lambda frame: frame, "model: `encode` gives a DataFrame; it must give a tensor"),
            (lambda _: torch.zeros(2, 2), r"model: `encode` gives shape \(2, 2\) for 3 rows"),
            (lambda _: {"x": torch.zeros(3, 2)}, "model: the model fails on 3 rows with TypeError"),
        ],
    )
    def test_an_encode_that_fails_is_told(self, encode: Any, message: str) -> None:
        with pytest.raises(ModelError, match=message):
            self.module(encode=encode, probe=ROWS)

    def test_an_encode_that_may_hold_data_leaves_no_fingerprint(self) -> None:
        mean = torch.zeros(2)
        assert self.module(encode=lambda frame: frame["a"].to_torch() - mean).fingerprint is None
        assert self.module().fingerprint is not None
