import json
import resource
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairwitness.core.errors import ModelError
from fairwitness.core.subject import Model, Rows
from fairwitness.torchkit.layers import parameter_count
from fairwitness.torchkit.loading import from_module
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.recipes import mlp
from support.tables import table

NO_YES = ("no", "yes")
COLUMNS, ROWS = table(
    age=[20, 35, None, 60, 41] * 12, home=["own", "rent", "own", None, "boat"] * 12, debt=list(range(60))
)


@pytest.fixture(scope="module")
def trained() -> TorchModel:
    target = np.array(["yes", "no", "yes", "no", "no"] * 12, dtype=object)
    options = mlp.MlpOptions(epochs=20)
    return mlp.MLP.fit(ROWS, target, columns=COLUMNS, classes=NO_YES, positive="yes", options=options, seed=0)


def own(module: nn.Module, **settings: object) -> TorchModel:
    numeric = tuple(column for column in COLUMNS if column.name == "debt")
    return from_module(module, columns=numeric, classes=NO_YES, positive="yes", **settings)  # type: ignore[arg-type]  # mixed settings


def big(n: int) -> Rows:
    return Rows(ids=np.arange(n), columns={"debt": np.linspace(-3, 3, n)})


def test_it_is_a_model(trained: TorchModel) -> None:
    model: Model = trained
    layers = model.layers(ROWS)
    assert layers is not None
    assert [layer.kind for layer in layers] == ["Scaling", "Linear", "ReLU", "Dropout", "Linear"]
    assert sum(layer.parameters for layer in layers) == parameter_count(trained.module)


def test_saved_and_loaded_it_says_the_same(trained: TorchModel, tmp_path: Path) -> None:
    trained.save(tmp_path / "new" / "folder")
    loaded = TorchModel.load(tmp_path / "new" / "folder")
    before, after = trained.outputs(ROWS), loaded.outputs(ROWS)
    assert before.scores is not None
    assert after.scores is not None
    assert np.array_equal(before.scores, after.scores)
    assert (loaded.fingerprint, loaded.words, loaded.notes) == (trained.fingerprint, trained.words, trained.notes)
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == ["model.json", "model.safetensors"]


def test_a_model_is_saved_to_the_same_bytes(trained: TorchModel, tmp_path: Path) -> None:
    for name in ("a", "b"):
        trained.save(tmp_path / name)
    for file in ("model.json", "model.safetensors"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_fingerprint_follows_weights_encoding_and_rule(trained: TorchModel, tmp_path: Path) -> None:
    trained.save(tmp_path)
    changed = TorchModel.load(tmp_path)
    assert changed.fingerprint == trained.fingerprint
    with torch.no_grad():
        next(changed.module.parameters()).view(-1)[0] += 1e-6
    assert changed.fingerprint != trained.fingerprint

    description = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    description["rule"]["threshold"] = 0.4
    (tmp_path / "model.json").write_text(json.dumps(description), encoding="utf-8")
    assert TorchModel.load(tmp_path).fingerprint != trained.fingerprint


def test_files_that_do_not_belong_together_or_are_broken_are_refused(trained: TorchModel, tmp_path: Path) -> None:
    def spoil(name: str, content: bytes | None) -> str:
        folder = tmp_path / "spoilt"
        shutil.rmtree(folder, ignore_errors=True)
        trained.save(folder)
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)
        assert TorchModel.load_if_whole(folder) is None
        with pytest.raises(ModelError) as caught:
            TorchModel.load(folder)
        return str(caught.value)

    assert "not those that model.json was saved with" in spoil("model.safetensors", b"other")
    assert "model.json: cannot be read (JSONDecodeError" in spoil("model.json", b"{")
    assert "cannot be read (KeyError" in spoil("model.json", b"{}")
    assert "cannot be read (TypeError" in spoil("model.json", b"[]")
    assert "no such file" in spoil("model.safetensors", None)


HOSTILE: list[tuple[str, dict[str, Any]]] = [
    ("table-net", {"hidden": [20_000, 20_000]}),
    ("table-net", {"hidden": [10**6, 10**6]}),
    ("table-net", {"hidden": [10**30]}),
    ("table-net", {"hidden": [-4]}),
    ("table-net", {"hidden": "4"}),
    ("table-net", {"cardinalities": [5 * 10**8]}),
    ("table-net", {"cardinalities": [3] * 3_000}),
    ("table-net", {"dropout": 2.0}),
    ("table-net", {"more": 1}),
    ("os:system", {}),
    ("cnn", {"channels": 1, "widths": [], "outputs": 1}),
    ("cnn", {"channels": 1, "widths": [20_000, 20_000], "outputs": 1}),
    ("recurrent", {"cell": "gru", "steps": 4, "dimensions": 1, "hidden": 1, "layers": 10**8, "outputs": 1}),
    ("transformer", {"cell": "", "vocabulary": 9, "steps": 4, "hidden": 4, "layers": 1, "heads": 3, "outputs": 1}),
    ("autoencoder", {"values": 1, "hidden": [1], "marks": 10**9}),
    ("gan", {"size": [1, 2**40, 2**40], "widths": [1, 1], "latent": 4}),
]


@pytest.mark.parametrize(("kind", "shape"), HOSTILE)
def test_a_description_that_its_weights_do_not_fit_makes_nothing(
    trained: TorchModel, tmp_path: Path, kind: str, shape: dict[str, Any]
) -> None:
    """However large the network it describes: under 100 MB are asked for, and one line is said."""
    trained.save(tmp_path)
    description = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    own = description["module"] if kind == "table-net" else {}
    description["module"] = {**own, **shape, "kind": kind}
    (tmp_path / "model.json").write_text(json.dumps(description), encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match=r"model\.json: ") as caught:
        TorchModel.load(tmp_path)
    assert "\n" not in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_a_description_of_another_version_says_so(trained: TorchModel, tmp_path: Path) -> None:
    trained.save(tmp_path)
    description = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    (tmp_path / "model.json").write_text(json.dumps({**description, "format": 1}), encoding="utf-8")
    with pytest.raises(
        ModelError, match="it is of format 1, which this version does not read; train and save it again"
    ):
        TorchModel.load(tmp_path)


def test_a_model_is_loaded_as_it_was_left_and_the_callers_dice_stay(trained: TorchModel, tmp_path: Path) -> None:
    """In evaluation mode, so that gradients taken through it meet no dropout."""
    trained.save(tmp_path)
    before = torch.get_rng_state()
    loaded = TorchModel.load(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert not trained.module.training
    assert not any(part.training for part in loaded.module.modules())


def test_a_module_of_ones_own_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a Linear of your own cannot be saved here"):
        own(nn.Linear(1, 1)).save(tmp_path)


def test_outputs_leave_the_module_as_it_was() -> None:
    net = nn.Sequential(nn.BatchNorm1d(1), nn.Dropout(), nn.Linear(1, 1))
    net.train()
    net[0].eval()
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    model = own(net, activation="logits")
    model.outputs(big(50))
    model.layers(big(50))
    assert [part.training for part in net] == [False, True, True]
    assert all(torch.equal(tensor, state[name]) for name, tensor in net.state_dict().items())
    assert not any(part._forward_hooks for part in net.modules())
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_batches_say_the_same_as_one_pass() -> None:
    """Against the logistic function of the same line, over more rows than a batch holds; no batch is a lone row."""
    sizes: list[int] = []

    class Line(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            sizes.append(len(x))
            return 2.0 * x.double().squeeze() - 1.0

    made = own(Line(), activation="logits").outputs(big(8_193)).scores
    assert made is not None
    np.testing.assert_allclose(made[:, 0], 1 / (1 + np.exp(1 - 2 * np.linspace(-3, 3, 8_193))), rtol=1e-6)
    assert sizes[2:] == [4096, 4097]  # after two looks at a few


def test_a_lone_row_and_no_rows_have_outputs_too() -> None:
    model = own(nn.Sequential(nn.Linear(1, 1), nn.Flatten(0)), activation="logits")
    for n in (0, 1, 2):
        made = model.outputs(big(n))
        assert made.scores is not None
        assert made.decisions is not None
        assert (made.scores.shape, made.decisions.shape) == ((n, 1), (n,))


def test_nan_far_behind_the_probe_is_found_and_counted() -> None:
    class Root(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.sqrt()

    with pytest.raises(
        ModelError, match=r"^model: the output is NaN or infinite in 9,500 of 20,000 rows; missing features"
    ):
        own(Root(), activation="logits").outputs(
            Rows(ids=np.arange(20_000), columns={"debt": np.r_[np.ones(10_500), -np.ones(9_500)]})
        )


def test_probing_settles_what_is_undeclared_before_any_long_work() -> None:
    model = own(nn.Sequential(nn.Linear(1, 1), nn.Sigmoid()), probe=big(300))
    assert model.rule.activation == "probabilities"
    assert "read as probabilities" in model.notes[0]


def test_logits_that_pass_for_probabilities_on_the_probe_are_caught_later() -> None:
    model = own(nn.Identity(), probe=Rows(ids=np.arange(8), columns={"debt": np.linspace(0.1, 0.9, 8)}))
    with pytest.raises(ModelError, match="scores run from -3 to 3, so they are not probabilities; declare activation"):
        model.outputs(big(10))


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Linear(12, 1), "model: the module takes 12 inputs, the data has 1 features; list those it was trained on"),
        (nn.Conv2d(3, 1, 3), "model: the model fails on 8 rows with RuntimeError: "),
        (nn.Linear(1, 5), "model: the output has shape (8, 5); it must be (n,) or (n, 1) or (n, 2), n being the rows"),
        (nn.LSTM(1, 2), "model: the output is a tuple; it must be one tensor"),
    ],
)
def test_a_module_that_does_not_fit_is_told_in_one_line(module: nn.Module, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        own(module, probe=big(8))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


class Wavering(nn.Module):
    def forward(self, debt: Tensor) -> Tensor:
        return nn.functional.dropout(debt + 1, 0.5, training=True)


def test_scores_that_change_from_call_to_call_are_noted() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        wavers = own(Wavering(), activation="logits")
        assert any("Asked twice about the same rows" in note for note in wavers.probe(ROWS))
    dropped = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.5))
    assert own(dropped, activation="logits").probe(ROWS) == ()  # left in training mode, and read in evaluation mode


@pytest.mark.parametrize("module", [nn.Linear(1, 1, device="meta"), nn.LazyLinear(1)])
def test_a_module_without_numbers_is_one_line(module: nn.Module) -> None:
    with pytest.raises(ModelError, match=r"model: parameter 'weight' has a place and no numbers yet; load its weights"):
        own(module)


def test_a_module_that_leaves_is_one_line() -> None:
    class Leaving(nn.Module):
        def forward(self, debt: Tensor) -> Tensor:
            raise SystemExit(int(debt.numel()))

    with pytest.raises(ModelError, match="the model fails on 8 rows with SystemExit"):
        own(Leaving()).probe(ROWS)
