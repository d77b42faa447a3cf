"""ONNX graphs as black boxes, run by ONNX Runtime on the CPU. Needs no torch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.digest import digest
from fairwitness.core.subject import Rows
from fairwitness.torchkit.blackbox import Answers, BlackBox
from fairwitness.torchkit.classes import class_names, order_of
from fairwitness.torchkit.errors import LoadError
from fairwitness.torchkit.foreign.errors import ForeignError
from fairwitness.torchkit.foreign.outputs import LOGITS, chosen
from fairwitness.torchkit.frames import rows_frame
from fairwitness.torchkit.scores import Activation, DecisionRule

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WAY_OUT = "name a function, [model] encode = 'module:function', from a polars frame to the arrays that the graph takes"

_TYPES: dict[str, type] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}

_SCORES = ("tensor(float)", "tensor(double)", "tensor(float16)")
_LABELS = ("tensor(string)", "tensor(int64)", "tensor(int32)", "tensor(bool)")
_LOCATION = re.compile(rb"\x0a\x08location\x12")  # how a tensor in the file names another file: key, and next its value
_SILENT = 4  # the runtime's own messages would go to standard error


def open_graph(path: Path) -> InferenceSession:
    """A graph, checked and made ready by the runtime. It holds operators and numbers, no code of its own.

    Raises:
        LoadError: There is no such file, or it is no valid graph, or needs operators the runtime does not have.
        ForeignError: The extra `onnx` is not installed.
    """
    try:
        import onnxruntime  # only where there is a graph
    except ImportError:
        raise ForeignError.no_onnx() from None
    if not path.is_file():
        raise LoadError.missing(path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own exceptions have no common parent
        raise LoadError.damaged(path, error) from error


def input_names(graph: InferenceSession) -> tuple[str, ...]:
    return tuple(one.name for one in graph.get_inputs())


def from_onnx(
    graph: InferenceSession,
    *,
    path: Path,
    columns: Sequence[Column],  # what it reads, in order
    classes: tuple[str, ...],
    positive: str | None,
    activation: Activation | None = None,
    output: str | None = None,
    threshold: float | None = None,
    encode: Callable[..., Any] | None = None,  # polars frame to an array, a tuple of them or a dict of them
    probe: Rows | None = None,
) -> BlackBox:
    """A graph as a model.

    Without `encode`, inputs that bear the names of columns are given those; a single input of two axes is given the
    numeric columns in their order, one of four axes the one image column. Scores are the output named, or `logits`, or
    the one of a fitting shape, or the map from classes to probabilities that converters of scikit-learn make; a label
    output beside them holds the decisions.

    Raises:
        ModelError: Inputs or outputs do not fit, or `probe` fails.
    """
    if output == LOGITS or (output is None and any(one.name == LOGITS for one in graph.get_outputs())):
        activation = activation or "logits"
    rule = DecisionRule(
        classes=classes, positive=positive, activation=activation, threshold=0.5 if threshold is None else threshold
    )
    source = path.name
    feed, fed = (_by_function(graph, columns, encode), columns) if encode else _feed(graph, columns, source=source)
    read = _Reader(graph, rule, output, source=source)

    def ask(rows: Rows) -> Answers:
        return read(_run(graph, feed(rows), len(rows)), len(rows))

    held = _file_digest(path)
    code = None if held is None or encode is not None else digest(held, output)
    words = f"ONNX graph {path.name}, a black box"
    threshold_set = threshold is not None
    model = BlackBox(
        ask, fed, rule, words=words, source=source, way_out=WAY_OUT, threshold_set=threshold_set, code=code
    )
    left_out = [column.name for column in columns if column not in fed]
    if left_out:
        model.notes = (
            f"The graph is not fed {', '.join(left_out)}: without `encode`, numbers or images only reach it.",
        )
    if probe is not None:
        model.probe(probe)
    return model


Feed = Callable[[Rows], dict[str, NDArray[Any]]]


def _by_function(graph: InferenceSession, columns: Sequence[Column], encode: Callable[..., Any]) -> Feed:
    inputs = graph.get_inputs()

    def feed(rows: Rows) -> dict[str, NDArray[Any]]:
        frame = rows_frame(rows, columns)
        media = {column.name: rows.media[column.name] for column in columns if column.media}
        given = encode(frame, media) if media else encode(frame)
        if not isinstance(given, Mapping):
            several = given if isinstance(given, tuple | list) else (given,)
            given = {one.name: value for one, value in zip(inputs, several, strict=True)}
        return {one.name: np.asarray(given[one.name]).astype(_TYPES.get(one.type, np.float32)) for one in inputs}

    return feed


def _feed(graph: InferenceSession, columns: Sequence[Column], *, source: str) -> tuple[Feed, Sequence[Column]]:
    """How rows become what the graph takes, and the columns of it."""
    inputs, have = graph.get_inputs(), {column.name: column for column in columns}
    if all(one.name in have and not have[one.name].media for one in inputs):
        for one in inputs:
            if one.type not in _TYPES or (one.type != "tensor(string)" and not have[one.name].numeric):
                raise ForeignError.input_kind(one.name, one.type, have[one.name].kind, source=source)
        fed = {one.name: (one.type, len(one.shape)) for one in inputs}
        return lambda rows: _columns(rows_frame(rows, columns), fed, source=source), [have[name] for name in fed]
    only = inputs[0] if len(inputs) == 1 else None
    images = [column for column in columns if column.kind == "image"]
    numbers = [column for column in columns if column.numeric]
    if only is not None and len(only.shape) == 2 and only.type in _SCORES and numbers:
        width = only.shape[1]
        if isinstance(width, int) and width != len(numbers):
            raise ForeignError.width(width, len(numbers), source=source)
        return lambda rows: {only.name: rows_frame(rows, numbers).to_numpy().astype(_TYPES[only.type])}, numbers
    if only is not None and len(only.shape) == 4 and only.type in _SCORES and len(images) == 1:
        return lambda rows: {only.name: _pixels(rows.media[images[0].name]).astype(_TYPES[only.type])}, images
    raise ForeignError.inputs([one.name for one in inputs], list(have), source=source)


def _columns(frame: pl.DataFrame, fed: Mapping[str, tuple[str, int]], *, source: str) -> dict[str, NDArray[Any]]:
    made = {}
    for name, (kind, axes) in fed.items():
        held = frame[name]
        if kind == "tensor(string)":
            values = _as_words(held)
        elif kind in _SCORES:
            values = held.to_numpy().astype(_TYPES[kind])
        elif held.has_nulls():
            raise ForeignError.gaps(name, kind, source=source)
        else:
            values = held.to_numpy().astype(_TYPES[kind])
        made[name] = values[:, None] if axes == 2 else values
    return made


def _as_words(held: pl.Series) -> NDArray[Any]:
    """Text, empty where missing; whole numbers without a point."""
    if held.dtype.is_float() and bool((held.drop_nulls() % 1 == 0).all()):
        held = held.cast(pl.Int64)
    return np.array(held.cast(pl.String).fill_null("").to_list(), dtype=object)


def _pixels(images: NDArray[Any]) -> NDArray[Any]:
    """(n, H, W), (n, H, W, C) or (n, C, H, W) images as (n, C, H, W); bytes become [0, 1]."""
    scaled = images.astype(np.float32) / (255 if images.dtype == np.uint8 else 1)
    if scaled.ndim == 3:
        return scaled[:, None]
    last = scaled.shape[-1] in {1, 3, 4} and scaled.shape[1] not in {1, 3, 4}
    return np.ascontiguousarray(np.moveaxis(scaled, -1, 1)) if last else scaled


def _run(graph: InferenceSession, fed: dict[str, NDArray[Any]], rows: int) -> dict[str, Any]:
    """All outputs by name. A graph that was exported for so many rows at a time gets as many, the last ones repeated."""
    first = graph.get_inputs()[0].shape[:1]
    fixed = first[0] if first and isinstance(first[0], int) else None
    names = [one.name for one in graph.get_outputs()]
    if fixed is None or fixed == rows:
        return dict(zip(names, graph.run(None, fed), strict=True))
    pieces = [graph.run(None, piece) for piece in _pieces(fed, rows, fixed)]
    joined = [
        [item for part in parts for item in part][:rows] if isinstance(parts[0], list) else np.concatenate(parts)[:rows]
        for parts in zip(*pieces, strict=True)
    ]
    return dict(zip(names, joined, strict=True))


def _pieces(fed: dict[str, NDArray[Any]], rows: int, size: int) -> Iterator[dict[str, NDArray[Any]]]:
    for start in range(0, rows, size):
        which = np.minimum(np.arange(start, start + size), rows - 1)
        yield {name: values[which] for name, values in fed.items()}


class _Reader:
    """Scores and decisions among a graph's outputs."""

    def __init__(self, graph: InferenceSession, rule: DecisionRule, output: str | None, *, source: str) -> None:
        outputs = {one.name: one.type for one in graph.get_outputs()}
        if output is not None and output not in outputs:
            raise ForeignError.no_output(output, outputs, source=source)
        asked = outputs if output is None else {output: outputs[output]}
        labels = [name for name, kind in asked.items() if kind in _LABELS]
        self._maps = next((name for name, kind in asked.items() if kind.startswith("seq(map(")), None)
        self._scores = [name for name, kind in asked.items() if kind in _SCORES]
        self._label = labels[0] if len(labels) == 1 else None
        self._rule, self._output, self._source = rule, output, source
        if self._maps is None and not self._scores and self._label is None:
            raise ForeignError.outputs([], outputs, source=source)

    def __call__(self, made: dict[str, Any], rows: int) -> Answers:
        decisions = None if self._label is None else np.asarray(made[self._label]).reshape(rows, -1)
        if self._maps is not None:
            return Answers(scores=self._from_maps(made[self._maps]), decisions=decisions)
        if not self._scores:
            return Answers(decisions=decisions)
        parts = {name: made[name] for name in self._scores}
        self._output = chosen(parts, rows, len(self._rule.classes), name=self._output, source=self._source)
        scores = np.asarray(parts[self._output])
        if decisions is not None:
            self._same_order(scores, decisions)
        return Answers(scores=scores, decisions=decisions)

    def _from_maps(self, maps: list[dict[Any, float]]) -> NDArray[np.float64]:
        keys = list(maps[0])
        order = order_of(keys, self._rule, source=self._source)
        return np.array([[row[keys[place]] for place in order] for row in maps], dtype=np.float64)

    def _same_order(self, scores: NDArray[Any], decisions: NDArray[Any]) -> None:
        """Refuse scores in another order than the target's classes, which the labels beside them tell."""
        classes = self._rule.classes
        if scores.ndim != 2 or scores.shape[1] != len(classes) or decisions.shape[1] != 1:
            return
        names = class_names(decisions[:, 0].tolist(), self._rule, source=self._source)
        highest = [classes[place] for place in scores.argmax(axis=1)]
        if sum(name != top for name, top in zip(names, highest, strict=True)) > len(names) / 2:
            raise ForeignError.label_order(classes, source=self._source)


def _file_digest(path: Path) -> str | None:
    """SHA-256 over the graph and the files of weights that it names; None where one of them cannot be read."""
    raw = path.read_bytes()
    hashed = hashlib.sha256(raw)
    try:
        for name in sorted({_text_at(raw, found.end()) for found in _LOCATION.finditer(raw)}):
            hashed.update(name.encode() + (path.parent / name).read_bytes())
    except (OSError, ValueError, IndexError):
        return None
    return hashed.hexdigest()


def _text_at(raw: bytes, start: int) -> str:
    """A protocol buffer's text: its length, seven bits a byte with the lowest first, then its bytes."""
    length = shift = 0
    while True:
        byte = raw[start]
        length |= (byte & 0x7F) << shift
        start, shift = start + 1, shift + 7
        if byte < 0x80:
            return raw[start : start + length].decode()
