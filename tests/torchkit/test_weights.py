import os
from pathlib import Path
from typing import Any

import lightning
import pytest
import safetensors.torch
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn

from fairwitness.core.errors import ModelError
from fairwitness.torchkit.weights import put_weights, read_weights


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))


class Lit(lightning.LightningModule):
    """A module as people wrap theirs, with a metric's state and a compiled part beside it."""

    def __init__(self, width: int = 3, note: Any = None) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.model = network()
        self.loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))

    def training_step(self, batch: Any, _: int) -> Tensor:
        loss: Tensor = self.loss(self.model(batch[0]), batch[1])
        return loss

    def configure_optimizers(self) -> Any:
        adam = torch.optim.Adam(self.parameters(), lr=0.1)
        return {"optimizer": adam, "lr_scheduler": torch.optim.lr_scheduler.StepLR(adam, 1)}


def trained(folder: Path, lit: Lit) -> Path:
    data = torch.utils.data.TensorDataset(torch.randn(8, 2), torch.randint(2, (8,)))
    trainer = lightning.Trainer(
        max_epochs=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
        default_root_dir=folder,
        callbacks=[ModelCheckpoint(dirpath=folder, filename="x")],
    )
    trainer.fit(lit, torch.utils.data.DataLoader(data, batch_size=4))
    return folder / "x.ckpt"


@pytest.mark.filterwarnings("ignore")  # Lightning's advice on workers, and what it calls that is deprecated
class TestLightning:
    def test_a_checkpoint_as_its_trainer_writes_it(self, tmp_path: Path) -> None:
        lit = Lit()
        path = trained(tmp_path, lit)
        held = torch.load(path, weights_only=True)
        assert {"optimizer_states", "callbacks", "hyper_parameters"} <= set(held)
        net = network()
        notes = put_weights(net, read_weights(path), source="x.ckpt")
        assert notes == (
            "The names in the checkpoint are stripped of 'model.'; 1 of its tensors lie beside it and are left aside.",
        )
        for name, values in net.state_dict().items():
            torch.testing.assert_close(values, lit.model.state_dict()[name])

    def test_one_with_more_than_weights_is_refused_and_not_run(self, tmp_path: Path) -> None:
        proof = tmp_path / "ran"

        class Evil:
            def __reduce__(self) -> tuple[Any, ...]:
                return (os.mkdir, (str(proof),))

        torch.save({"state_dict": network().state_dict(), "hyper_parameters": {"note": Evil()}}, tmp_path / "x.ckpt")
        with pytest.raises(ModelError, match=r"x.ckpt: refused, because it holds .*mkdir and opening it could run"):
            read_weights(tmp_path / "x.ckpt")
        assert not proof.exists()


@pytest.mark.parametrize("prefix", ["", "model.", "net.", "module.", "_orig_mod.", "model._orig_mod.", "module.model."])
def test_names_under_a_wrapper_find_their_place(prefix: str) -> None:
    wanted = network().state_dict()
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    notes = put_weights(net, {prefix + name: held for name, held in wanted.items()}, source="x")
    assert len(notes) == bool(prefix)
    for name, values in net.state_dict().items():
        assert values.equal(wanted[name])


def test_a_compiled_part_inside_finds_its_place() -> None:
    given = {name.replace("2.", "2._orig_mod."): held for name, held in network().state_dict().items()}
    assert put_weights(network(), given, source="x") == ("The names in the checkpoint are stripped of '_orig_mod.'.",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            lambda held: {f"backbone.{n}": v for n, v in held.items()},
            r"the file has no '0.weight' \(and 3 more\), the mod",
        ),
        (
            lambda held: {f"model.{n}": v for n, v in held.items() if n != "2.bias"},
            r"the file has no '0.weight' \(and 3 more\), the module has no 'model.0.weight' \(and 2 more\)",
        ),
        (
            lambda held: {f"model.{n}": v for n, v in held.items()} | {"model.extra": torch.zeros(1)},
            r"the module has no 'extra'",
        ),
        (
            lambda held: {f"model.{n}": v.reshape(-1) for n, v in held.items()},
            r"0.weight is \(6,\) in the file, \(3, 2\) in the module",
        ),
    ],
)
def test_what_stripping_does_not_mend_is_told(given: Any, message: str) -> None:
    with pytest.raises(ModelError, match=rf"^x: weights and module differ: {message}"):
        put_weights(network(), given(network().state_dict()), source="x")


def test_tied_weights_may_stand_once_in_the_file(tmp_path: Path) -> None:
    """safetensors keeps one of two names for the same tensor."""

    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Linear(2, 2, bias=False)
            self.two = nn.Linear(2, 2, bias=False)
            self.two.weight = self.one.weight

    torch.manual_seed(1)
    saved = Tied()
    safetensors.torch.save_model(saved, str(tmp_path / "w.safetensors"))
    torch.manual_seed(2)
    net = Tied()
    held = read_weights(tmp_path / "w.safetensors")
    assert len(held) == 1
    put_weights(net, held, source="w")
    assert net.two.weight.equal(saved.one.weight)


def test_pickles_name_the_way_round(tmp_path: Path) -> None:
    for name in ("w.joblib", "w.pkl"):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(ModelError, match="open it in a function of your own: black_box = 'module:function'"):
            read_weights(tmp_path / name)
