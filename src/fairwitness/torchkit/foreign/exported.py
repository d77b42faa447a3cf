"""Programs that torch.export saved (`.pt2`), read and run without torch's own loader.

`torch.export.load` unpickles sample inputs, constants and some weights without a check, evaluates size expressions and
executes guard code, all of it text in the file (torch 2.13, `pt2_archive/_package.py`, `serde/serialize.py`,
`_unlift.py`). Here only two kinds of member are opened: JSON, and raw numbers of tensors. The graph is walked node by
node, and every node must be one of the operators named below; what else a file holds is refused or never looked at.
"""

from __future__ import annotations

import hashlib
import json
import operator
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fairwitness.core.errors import UserError
from fairwitness.torchkit.errors import LoadError
from fairwitness.torchkit.foreign.errors import ForeignError

_KNOWN = """
    _assert_scalar _assert_tensor_metadata _softmax _to_copy abs adaptive_avg_pool1d adaptive_avg_pool2d
    adaptive_max_pool1d adaptive_max_pool2d add addmm alias all amax amin any arange argmax avg_pool1d avg_pool2d baddbmm
    batch_norm bitwise_and bitwise_not bitwise_or bmm cat ceil chunk clamp clamp_max clamp_min clone constant_pad_nd
    contiguous conv1d conv2d conv3d conv_transpose2d convolution cos cumsum detach div dropout einsum elu embedding eq
    erf exp expand expand_as feature_dropout flatten flip floor floor_divide full full_like gather ge gelu group_norm gru
    gt hardsigmoid hardswish hardtanh index index_select instance_norm isnan layer_norm le leaky_relu lift_fresh_copy
    linalg_vector_norm linear log log1p log_softmax logical_and logical_not logical_or lstm lt masked_fill matmul max
    max_pool1d max_pool2d maximum mean min minimum mish mm mul nan_to_num ne neg new_full new_ones new_zeros norm one_hot
    ones ones_like pad permute pow prelu reciprocal relu relu6 remainder repeat reshape rms_norm rnn_relu rnn_tanh roll
    round rsqrt rsub scalar_tensor scaled_dot_product_attention select selu sigmoid sign silu sin slice softmax softplus
    split split_with_sizes sqrt square squeeze stack std sub sum sym_constrain_range_for_size sym_size t tanh to transpose
    tril triu type_as unbind unflatten unsqueeze upsample_bilinear2d upsample_nearest2d var view view_as where zeros
    zeros_like
"""

OPERATORS = frozenset(_KNOWN.split())
"""Operators of aten that compute from their inputs alone; none opens a file or calls back."""

ARITHMETIC = frozenset(
    {"add", "sub", "mul", "floordiv", "truediv", "neg", "mod", "eq", "ne", "lt", "le", "gt", "ge", "getitem"}
)

_ATEN = re.compile(r"torch\.ops\.aten\.(\w+)\.(\w+)")
_PLACES = {"parameter": "parameter_name", "buffer": "buffer_name", "tensor_constant": "tensor_constant_name"}
_DTYPES = {
    1: torch.uint8,
    2: torch.int8,
    3: torch.int16,
    4: torch.int32,
    5: torch.int64,
    6: torch.float16,
    7: torch.float32,
    8: torch.float64,
    12: torch.bool,
    13: torch.bfloat16,
}
_MEMORY = {1: torch.contiguous_format, 2: torch.channels_last, 3: torch.channels_last_3d, 4: torch.preserve_format}


@dataclass(frozen=True, slots=True)
class _Step:
    """One operator: what it is called with, and the names of what it gives."""

    call: Callable[..., Any]
    positional: tuple[Any, ...]
    named: Mapping[str, Any]
    gives: tuple[str | tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Name:
    """A value computed before."""

    name: str


class Program(nn.Module):
    """An exported graph, its tensors under the names they had in the module it was exported from."""

    def __init__(self, description: Mapping[str, Any], tensors: Mapping[str, Tensor], digest: str) -> None:
        super().__init__()
        graph, signature = description["graph_module"]["graph"], description["graph_module"]["signature"]
        self.digest = digest
        self._held: dict[str, str] = {}  # name in the graph to name in the state dict
        self._inputs: list[str] = []
        for spec in signature["input_specs"]:
            ((kind, held),) = spec.items()
            if kind in _PLACES:
                name = str(held[_PLACES[kind]])
                self._held[held["arg"]["name"]] = name
                _put(self, name, tensors[name])
            elif kind == "user_input":
                self._inputs.append(held["arg"]["as_tensor"]["name"])
            else:
                raise _Refused(f"an input of the kind {kind!r}")
        self._outputs = []
        for spec in signature["output_specs"]:
            ((kind, held),) = spec.items()
            if kind != "user_output":
                raise _Refused("a graph that changes its own tensors; export it after eval()")
            self._outputs.append(held["arg"]["as_tensor"]["name"])
        self._names = _output_names(description, len(self._outputs))
        self._steps = [_step(node) for node in graph["nodes"]]
        sizes = [graph["tensor_values"][name]["sizes"] for name in self._inputs]
        self.fixed = next((size[0]["as_int"] for size in sizes if size and "as_int" in size[0]), None)

    def extra_repr(self) -> str:
        return f"graph={self.digest}"  # the layers as printed tell two graphs apart

    def forward(self, *given: Tensor, **named: Tensor) -> Any:  # noqa: ANN401 - a tensor, or several by name or place
        values: dict[str, Any] = {name: _get(self, held) for name, held in self._held.items()}
        values.update(zip(self._inputs, given, strict=False))
        values.update({name: held for name, held in named.items() if name in self._inputs})
        for step in self._steps:
            made = step.call(*_filled(step.positional, values), **_filled(step.named, values))
            several = made if isinstance(made, tuple | list) and len(step.gives) > 1 else (made,)
            for name, value in zip(step.gives, several, strict=False):
                values.update(zip(name, value, strict=True) if isinstance(name, tuple) else [(name, value)])
        outputs = [values[name] for name in self._outputs]
        if self._names:
            return dict(zip(self._names, outputs, strict=True))
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


class _Refused(Exception):  # noqa: N818 - told to the user by whoever knows the path
    """What a file holds that is not opened."""


def read_program(path: Path) -> Program:
    """A `.pt2` archive as a module.

    Raises:
        LoadError: There is no such file, it is damaged, or holds what could run code.
        ForeignError: It was exported for a fixed number of rows.
    """
    if not path.is_file():
        raise LoadError.missing(path)
    try:
        with zipfile.ZipFile(path) as archive:
            program = _program(archive)
    except _Refused as refused:
        raise LoadError.unsafe(path, str(refused)) from None
    except UserError:
        raise
    except Exception as error:  # anything may be wrong in a file from elsewhere
        raise LoadError.damaged(path, error) from error
    if program.fixed is not None:
        raise ForeignError.fixed_rows(program.fixed, source=path.name)
    return program


def _program(archive: zipfile.ZipFile) -> Program:
    members = {info.filename.partition("/")[2]: info for info in archive.infolist()}
    if any(info.compress_type != zipfile.ZIP_STORED for info in members.values()):
        raise _Refused("compressed members, which torch does not write")
    for name in members:
        if name.startswith(("data/aotinductor/", "data/executorch/")):
            raise _Refused("compiled code")
    models = [name for name in members if re.fullmatch(r"models/\w+\.json", name)]
    if len(models) != 1:
        raise _Refused(f"{len(models)} programs instead of one")
    raw = archive.read(members[models[0]])
    tensors: dict[str, Tensor] = {}
    model = models[0].removeprefix("models/").removesuffix(".json")
    for folder, kind in (("data/weights/", "weights"), ("data/constants/", "constants")):
        config = json.loads(archive.read(members[f"{folder}{model}_{kind}_config.json"]))["config"]
        for name, payload in config.items():
            if payload["use_pickle"] or not re.fullmatch(r"(weight|tensor)_\d+", payload["path_name"]):
                raise _Refused(f"{name!r} as a pickle")
            tensors[name] = _tensor(archive.read(members[folder + payload["path_name"]]), payload)
    return Program(json.loads(raw), tensors, hashlib.sha256(raw).hexdigest())


def _tensor(raw: bytes, payload: Mapping[str, Any]) -> Tensor:
    meta = payload["tensor_meta"]
    dtype = _DTYPES[meta["dtype"]]
    sizes = [size["as_int"] for size in meta["sizes"]]
    if not raw or 0 in sizes:
        return torch.zeros(sizes, dtype=dtype)
    strides, offset = [stride["as_int"] for stride in meta["strides"]], meta["storage_offset"]["as_int"]
    held = torch.frombuffer(bytearray(raw), dtype=dtype).as_strided(sizes, strides, offset).clone()
    return nn.Parameter(held, requires_grad=meta["requires_grad"]) if payload["is_param"] else held


def _put(root: nn.Module, name: str, tensor: Tensor) -> None:
    """A tensor in its place below a module, `layer.weight` in a child named `layer`."""
    *path, last = name.split(".")
    for part in path:
        if part not in root._modules:  # noqa: SLF001 - getattr would find methods too
            root.add_module(part, nn.Module())
        root = root.get_submodule(part)
    if isinstance(tensor, nn.Parameter):
        root.register_parameter(last, tensor)
    else:
        root.register_buffer(last, tensor)


def _get(root: nn.Module, name: str) -> Tensor:
    path, _, last = name.rpartition(".")
    held: Tensor = getattr(root.get_submodule(path), last)
    return held


def _output_names(description: Mapping[str, Any], several: int) -> list[str]:
    """The keys of a dict that the module returned; none where it returned something else."""
    signature = description["graph_module"]["module_call_graph"][0]["signature"]
    _, spec = json.loads(signature["out_spec"])
    if spec["type"] != "builtins.dict" or len(spec["children_spec"]) != several:
        return []
    return [str(name) for name in json.loads(spec["context"])]


def _step(node: Mapping[str, Any]) -> _Step:
    positional, named = [], {}
    for given in node["inputs"]:
        value = _argument(given["arg"])
        if given["kind"] == 1:
            positional.append(value)
        else:
            named[str(given["name"])] = value
    return _Step(_operator(str(node["target"])), tuple(positional), named, tuple(map(_given_name, node["outputs"])))


def _operator(target: str) -> Callable[..., Any]:
    aten = _ATEN.fullmatch(target)
    if aten and (aten[1] in OPERATORS or aten[1].removesuffix("_") in OPERATORS):
        packet = getattr(torch.ops.aten, aten[1])
        if aten[2] in packet.overloads():
            overload: Callable[..., Any] = getattr(packet, aten[2])
            return overload
    plain = target.removeprefix("_operator.")
    if plain != target and plain in ARITHMETIC:
        arithmetic: Callable[..., Any] = getattr(operator, plain)
        return arithmetic
    raise _Refused(f"the operator {target[:80]!r}, which is not among those known to be safe")


def _argument(held: Mapping[str, Any]) -> Any:  # noqa: ANN401 - arguments of any operator
    ((kind, value),) = held.items()
    if kind not in _READ:
        raise _Refused(f"an argument of the kind {kind!r}")
    return _READ[kind](value)


def _symbol(held: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a number, or the name of one
    ((kind, value),) = held.items()
    return _Name(value) if kind == "as_name" else value


_READ: dict[str, Callable[[Any], Any]] = {
    "as_none": lambda _: None,
    "as_int": int,
    "as_ints": list,
    "as_bool": bool,
    "as_bools": list,
    "as_string": str,
    "as_float": float,  # infinities are written as words
    "as_floats": lambda value: [float(one) for one in value],
    "as_tensor": lambda value: _Name(value["name"]),
    "as_tensors": lambda value: [_Name(one["name"]) for one in value],
    "as_optional_tensors": lambda value: [_argument(one) for one in value],
    "as_sym_int": _symbol,
    "as_sym_float": _symbol,
    "as_sym_bool": _symbol,
    "as_sym_ints": lambda value: [_symbol(one) for one in value],
    "as_scalar_type": _DTYPES.__getitem__,
    "as_memory_format": _MEMORY.__getitem__,
    "as_layout": lambda _: torch.strided,
    "as_device": lambda _: None,  # the processor it was exported on may not be here
}


def _given_name(held: Mapping[str, Any]) -> str | tuple[str, ...]:
    ((kind, value),) = held.items()
    if kind == "as_tensors":
        return tuple(one["name"] for one in value)
    if kind == "as_tensor":
        return str(value["name"])
    if kind in {"as_sym_int", "as_sym_float", "as_sym_bool"}:
        return str(value["as_name"])
    if kind == "as_none":
        return ""
    raise _Refused(f"an output of the kind {kind!r}")


def _filled(given: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - arguments of any operator
    if isinstance(given, _Name):
        return values[given.name]
    if isinstance(given, Mapping):
        return {name: _filled(one, values) for name, one in given.items()}
    if isinstance(given, tuple | list):
        return [_filled(one, values) for one in given]
    return given
