"""A model trained from a config and audited, and a plain loop to hold it against."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import fairwitness
from fairwitness.core.subject import Rows
from fairwitness.io.kinds import as_rows
from fairwitness.io.read import read
from fairwitness.io.table import Table
from fairwitness.torchkit import families
from fairwitness.torchkit.model import TorchModel

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
WITHIN = 0.02


def data(name: str) -> Path:
    """A data set beside the repository; the test is skipped where it is not."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} lies beside the repository, not in it")
    return path


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An audit of a model it has trained.

    Attributes:
        seconds: Of one processor, for training and audit.
        truth: (n,) recorded classes of the audit rows.
        decided: (n,) what the trained model decides about them, read from where the audit has kept it.
        scores: (n, k) its scores.
    """

    report: fairwitness.Report
    model: TorchModel
    rows: Rows
    seconds: float
    truth: NDArray[Any]
    decided: NDArray[Any]
    scores: NDArray[np.float64]

    @property
    def right(self) -> float:
        """Accuracy on the audit rows."""
        return float(np.mean(self.decided == self.truth))

    def holds_against(self, plain: float, *, family: str, on: str, found: float | None = None) -> None:
        """A row of the table of families (`pytest -rP` shows it), and the comparison itself."""
        found = self.right if found is None else found
        cells = (family, on, f"{len(self.truth):,}", f"{found:.1%}", f"{plain:.1%}", f"{self.seconds:.0f}")
        print("|", " | ".join(cells), "|")  # noqa: T201 - the table that the documentation quotes
        assert found > plain - WITHIN, (family, on, found, plain)


def audited(folder: Path, path: Path, *, subject: Mapping[str, Any], model: Mapping[str, Any], **tables: Any) -> Shown:
    """Write an audit.toml over `path`, audit by it, and score the audit rows once more with the model it kept.

    The column `part`, of the data or as the reader names it, says which rows those are.
    """
    given = read(path)
    divided = given.split or "part"
    settings = {"data": {"path": str(path)}, "subject": subject, "model": model, **tables}
    settings["split"] = {"column": divided}
    only = ["data", "fairness", "explain.model-outline", "accountability"]  # attacks and explanations take their time
    settings["checks"] = {"only": only}
    config = folder / "audit.toml"
    config.write_text("".join(f"[{name}]\n{_lines(table)}\n" for name, table in settings.items()), encoding="utf-8")

    started = time.process_time()
    report = fairwitness.audit(config=config, out=folder / "out")
    seconds = time.process_time() - started
    wrong = [(finding.id, finding.reason) for finding in report.findings if finding.verdict == "error"]
    assert not wrong, wrong

    (kept,) = (folder / "out" / "private" / "cache").glob("*/model.json")
    trained = TorchModel.load(kept.parent)
    assert families.is_own(trained.encoding)
    rows = as_rows(given, trained.encoding.columns).where(_part(given, divided, "audit"))
    made = trained.outputs(rows)
    assert made.scores is not None
    assert made.decisions is not None
    truth = given.frame[subject["target"]].cast(pl.String).to_numpy()[_part(given, divided, "audit")]
    shown = Shown(
        report=report,
        model=trained,
        rows=rows,
        seconds=seconds,
        truth=truth.astype(object),
        decided=made.decisions,
        scores=made.scores,
    )
    _same_as_audited(shown)
    return shown


def _same_as_audited(shown: Shown) -> None:
    """The report counts the same right decisions, wherever it counts them by group."""
    for finding in shown.report.findings:
        for series in finding.series if finding.check == "fairness.accuracy-gap" else ():
            if series.title == "By group":
                counts = dict(series.columns)
                hits, n = (sum(v for v in counts[name] if isinstance(v, int)) for name in ("hits", "n"))
                assert hits / n == pytest.approx(shown.right), finding.id


def _part(table: Table, column: str, part: str) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (table.frame[column] == part).to_numpy()
    return found


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_toml(value)}\n" for name, value in table.items())


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(inner)}" for name, inner in value.items()) + " }"
    return json.dumps(value)


@contextmanager
def alone(seed: int = 0) -> Iterator[None]:
    """Torch's dice set, and one thread, as the recipes train."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)


def plain_loop(
    net: nn.Module,
    inputs: Sequence[Tensor],
    y: Tensor,
    train: NDArray[np.bool_],
    *,
    epochs: int,
    batch: int,
    rate: float = 3e-3,
) -> NDArray[np.int64]:
    """The loop of PyTorch's own tutorials, on all train rows; (n,) the class it then gives every other row."""
    optimizer = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=rate)
    places = torch.from_numpy(np.flatnonzero(train))
    net.train()
    for _ in range(epochs):
        for some in torch.split(places[torch.randperm(len(places))], batch):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(*(tensor[some] for tensor in inputs)), y[some])
            loss.backward()  # type: ignore[no-untyped-call]  # torch
            optimizer.step()
    net.eval()
    rest = torch.from_numpy(np.flatnonzero(~train))
    with torch.no_grad():
        given: NDArray[np.int64] = torch.cat(
            [net(*(tensor[some] for tensor in inputs)).argmax(dim=1) for some in torch.split(rest, 500)]
        ).numpy()
    return given
