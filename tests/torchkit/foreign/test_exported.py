import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairwitness.core.errors import ModelError
from fairwitness.torchkit.foreign.exported import OPERATORS, read_program

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export's own, of many kinds

ROWS = torch.export.Dim("rows")


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(3, 4, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.gru(x)[1][-1])
        return logits


class Attends(nn.Module):
    """Tokens, a mask, a buffer, a constant, and several outputs by name."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 3)
        self.register_buffer("places", torch.arange(8.0))
        self.constant = torch.ones(8)

    def forward(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        x = self.layer(self.embed(ids) + self.places + self.constant, src_key_padding_mask=mask == 0)
        return {"logits": self.head(x.mean(1)), "hidden": x}


def convolution() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 9, 2)
    )


def export(net: nn.Module, given: tuple[Tensor, ...], path: Path, *, free: bool = True) -> Path:
    shapes = tuple({0: ROWS} for _ in given) if free else None
    torch.export.save(torch.export.export(net.eval(), given, dynamic_shapes=shapes), path)
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    return export(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), (torch.zeros(2, 3),), tmp_path / "x.pt2")


@pytest.mark.slow  # torch.export itself
@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.LayerNorm(4), nn.Linear(4, 2)), (3,)),
        (convolution, (1, 8, 8)),
        (Recurrent, (5, 3)),
    ],
)
def test_it_computes_what_the_module_does(
    make: Callable[[], nn.Module], shape: tuple[int, ...], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    net = make()
    program = read_program(export(net, (torch.zeros(2, *shape),), tmp_path / "x.pt2"))
    for rows in (1, 7):
        x = torch.randn(rows, *shape)
        torch.testing.assert_close(program(x), net(x))
    assert set(program.state_dict()) == set(net.state_dict())
    x = torch.randn(4, *shape, requires_grad=True)
    made, wanted = (torch.autograd.grad(given(x)[:, 0].sum(), x) for given in (program, net))
    torch.testing.assert_close(made, wanted)


@pytest.mark.slow  # torch.export itself
def test_several_inputs_and_outputs_keep_their_names(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = Attends()
    ids, mask = torch.randint(20, (3, 5)), torch.ones(3, 5, dtype=torch.int64)
    program = read_program(export(net, (ids, mask), tmp_path / "x.pt2"))
    ids, mask = torch.randint(20, (6, 5)), torch.tensor([[1, 1, 1, 0, 0]] * 6)
    with torch.no_grad():
        made, wanted = program(ids=ids, mask=mask), net(ids, mask)
    assert set(made) == {"logits", "hidden"}
    torch.testing.assert_close(made["logits"], wanted["logits"])


def test_the_graph_tells_two_programs_of_the_same_weights_apart(small: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    other = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    other.load_state_dict(read_program(small).state_dict())
    assert repr(read_program(small)) != repr(read_program(export(other, (torch.zeros(2, 3),), tmp_path / "y.pt2")))


def rewritten(path: Path, edit: Callable[[dict[str, bytes]], None], compress: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path) as archive:
        members = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    edit(members)
    with zipfile.ZipFile(path, "w", compress) as archive:
        for name, raw in members.items():
            archive.writestr(f"x/{name}", raw)
    return path


class TestHostile:
    """What torch.export.load would open or run is refused, or never looked at."""

    @pytest.fixture
    def trap(self, tmp_path: Path) -> Path:
        return tmp_path / "ran"

    def pickled(self, trap: Path) -> bytes:
        class Evil:
            def __reduce__(self) -> tuple[Any, ...]:
                return (os.mkdir, (str(trap),))

        held = io.BytesIO()
        torch.save(Evil(), held, pickle_module=pickle)
        return held.getvalue()

    def edited(self, members: dict[str, bytes], name: str, edit: Callable[[Any], None]) -> None:
        held = json.loads(members[name])
        edit(held)
        members[name] = json.dumps(held).encode()

    def test_sample_inputs_and_guards_are_never_opened(self, small: Path, trap: Path) -> None:
        x = torch.randn(3, 3)
        wanted = read_program(small)(x)

        def edit(members: dict[str, bytes]) -> None:
            members["data/sample_inputs/model.pt"] = self.pickled(trap)
            code = f"__import__('os').mkdir({str(trap)!r})"
            self.edited(members, "models/model.json", lambda held: held.update(guards_code=[code]))

        torch.testing.assert_close(read_program(rewritten(small, edit))(x), wanted)
        assert not trap.exists()

    def test_a_size_that_is_code_is_not_evaluated(self, small: Path, trap: Path) -> None:
        code = f"__import__('os').mkdir({str(trap)!r})"

        def edit(members: dict[str, bytes]) -> None:
            raw = members["models/model.json"].decode()
            symbol = next(iter(json.loads(raw)["range_constraints"]))
            members["models/model.json"] = raw.replace(f'"{symbol}"', json.dumps(code)).encode()

        read_program(rewritten(small, edit))(torch.randn(3, 3))
        assert not trap.exists()

    @pytest.mark.parametrize("payload", [{"use_pickle": True}, {"path_name": "opaque_obj_0"}, {"path_name": "../x"}])
    def test_pickled_weights_are_refused(self, small: Path, trap: Path, payload: dict[str, Any]) -> None:
        def edit(members: dict[str, bytes]) -> None:
            members["data/weights/weight_0"] = self.pickled(trap)
            config = "data/weights/model_weights_config.json"
            self.edited(members, config, lambda held: held["config"]["0.weight"].update(payload))

        with pytest.raises(ModelError, match=r"x.pt2: refused, because it holds '0.weight' as a pickle and opening it"):
            read_program(rewritten(small, edit))
        assert not trap.exists()

    @pytest.mark.parametrize(
        "target",
        [
            "torch.ops.aten.from_file.default",
            "torch.ops.prims.inductor_seeds.default",
            "torch.load",
            "torch.ops.aten.linear.__class__",
            "_operator.methodcaller",
            "math.sqrt",
            "#evil:op",
            "os.system",
        ],
    )
    def test_operators_not_on_the_list_are_refused(self, small: Path, target: str) -> None:
        def edit(members: dict[str, bytes]) -> None:
            def point(held: Any) -> None:
                held["graph_module"]["graph"]["nodes"][0]["target"] = target

            self.edited(members, "models/model.json", point)

        with pytest.raises(ModelError, match=r"x.pt2: (refused, because it holds the operator|cannot be read)"):
            read_program(rewritten(small, edit))

    @pytest.mark.parametrize(
        ("edit", "message"),
        [
            (
                lambda held: held.update({"data/aotinductor/model/x.so": b"\x7fELF"}),
                "refused, because it holds compiled",
            ),
            (
                lambda held: held.update({"models/other.json": b"{}"}),
                "refused, because it holds 2 programs instead of one",
            ),
            (lambda held: held.pop("models/model.json"), "refused, because it holds 0 programs"),
            (lambda held: held.update({"models/model.json": b"{"}), r"cannot be read \(JSONDecodeError"),
            (lambda held: held.update({"data/weights/weight_0": b"\0" * 8}), r"cannot be read \(RuntimeError"),
            (lambda held: held.pop("data/weights/weight_0"), r"cannot be read \(KeyError"),
        ],
    )
    def test_a_damaged_or_strange_archive_is_one_line(self, small: Path, edit: Any, message: str) -> None:
        with pytest.raises(ModelError, match=f"x.pt2: {message}") as caught:
            read_program(rewritten(small, edit))
        assert "\n" not in str(caught.value)

    def test_a_bomb_is_not_unpacked(self, small: Path) -> None:
        with pytest.raises(ModelError, match="compressed members"):
            read_program(rewritten(small, lambda _: None, zipfile.ZIP_DEFLATED))

    def test_no_archive_at_all(self, tmp_path: Path) -> None:
        (tmp_path / "x.pt2").write_bytes(b"\x80\x04")
        with pytest.raises(ModelError, match=r"x.pt2: cannot be read \(BadZipFile"):
            read_program(tmp_path / "x.pt2")
        with pytest.raises(ModelError, match="no such file"):
            read_program(tmp_path / "gone.pt2")


def test_a_fixed_number_of_rows_names_the_way_out(tmp_path: Path) -> None:
    path = export(nn.Linear(3, 2), (torch.zeros(2, 3),), tmp_path / "x.pt2", free=False)
    with pytest.raises(
        ModelError, match=r"^x.pt2: was exported for 2 rows at a time; export it again with dynamic_shapes"
    ):
        read_program(path)


def test_views_share_their_file(tmp_path: Path) -> None:
    """A transposed weight is written as its storage, with strides."""

    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.weight = nn.Parameter(torch.randn(3, 2).t())

        def forward(self, x: Tensor) -> Tensor:
            return x @ self.weight.t()

    net = Turned()
    x = torch.randn(4, 3)
    program = read_program(export(net, (torch.zeros(2, 3),), tmp_path / "x.pt2"))
    np.testing.assert_allclose(program(x).detach(), net(x).detach(), rtol=1e-6)


def test_every_operator_on_the_list_is_one_and_takes_no_name_of_a_file() -> None:
    for name in OPERATORS:
        packet = getattr(torch.ops.aten, name)
        for overload in packet.overloads():
            files = {given.name for given in getattr(packet, overload)._schema.arguments} & {"filename", "file"}
            assert not files, name
