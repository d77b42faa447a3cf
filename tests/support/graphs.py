"""ONNX graphs written by hand, as exporters write them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from torch import nn

Signature = Mapping[str, tuple[str, Sequence[int | str]]]

KINDS = {"float": onnx.TensorProto.FLOAT, "int64": onnx.TensorProto.INT64, "string": onnx.TensorProto.STRING}
SHARE: Signature = {"s": ("float", ["n"])}


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **settings: Any) -> Any:
    return helper.make_node(kind, list(inputs), list(outputs), **settings)


def save(
    path: Path,
    nodes: Sequence[Any],
    inputs: Signature,
    outputs: Signature,
    held: Mapping[str, Any] | None = None,
    beside: str | None = None,  # a file for the weights
) -> Path:
    """A graph as a file."""
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info(name, KINDS[kind], list(shape)) for name, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info(name, KINDS[kind], list(shape)) for name, (kind, shape) in outputs.items()],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in (held or {}).items()],
    )
    sets = [helper.make_opsetid("", 18), helper.make_opsetid("com.example", 1)]
    model = helper.make_model(graph, opset_imports=sets, ir_version=10)
    if beside is None:
        onnx.save(model, path)
    else:
        (path.parent / beside).unlink(missing_ok=True)
        onnx.save(model, path, save_as_external_data=True, location=beside, size_threshold=0)
    return path


def logits_of(net: nn.Linear, path: Path, *, rows: int | str = "n", beside: str | None = None) -> Path:
    """A linear layer as torch exports it."""
    return save(
        path,
        [node("Gemm", ["x", "w", "b"], ["logits"], transB=1)],
        inputs={"x": ("float", [rows, net.in_features])},
        outputs={"logits": ("float", [rows, net.out_features])},
        held={"w": net.weight.detach().numpy(), "b": net.bias.detach().numpy()},
        beside=beside,
    )
