"""Training inside an audit, by the command: killed it goes on, and what it cannot read is one line."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from safetensors import safe_open

import fairwitness
from fairwitness.core.errors import UserError
from fairwitness.torchkit.recipes.prepared import Prepared
from fairwitness.torchkit.step import Step
from support import timeless
from support.command import run
from support.media import striped

PASSES, COMMAND = 40, ("audit", "audit.toml", "--out")

AT_EVERY_STEP = """
import sys, time
from fairwitness.torchkit.checkpoint import Checkpoint
Checkpoint.due = lambda self: True
before = Checkpoint.save
def slowly(self, *given):
    before(self, *given)
    time.sleep(0.02)
Checkpoint.save = slowly
from fairwitness.cli import main
main()
"""


def config(folder: Path, data: dict[str, Any], **tables: dict[str, Any]) -> Path:
    """Rows and an audit.toml over them."""
    pl.DataFrame(data).write_parquet(folder / "rows.parquet")
    return settings(folder, **{"data": {"path": "rows.parquet"}, **tables})


def settings(folder: Path, **tables: dict[str, Any]) -> Path:
    path, lines = folder / "audit.toml", []
    for name, table in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {inline(value)}" for key, value in table.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {inline(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)


def people(n: int = 400) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=n), rng.normal(size=n)
    yes = x + z + rng.normal(size=n) > 0
    return {"x": x, "z": z, "kind": rng.choice(["a", "b"], n), "y": np.where(yes, "yes", "no")}


@pytest.mark.slow
def test_an_audit_killed_while_it_trains_goes_on_and_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = {"train": "mlp", "options": {"epochs": PASSES, "patience": PASSES, "batch": 32}}
    config(tmp_path, people(), subject={"target": "y", "positive": "yes", "groups": ["kind"]}, model=model)
    out = tmp_path / "killed"
    with subprocess.Popen([sys.executable, "-c", AT_EVERY_STEP, *COMMAND, str(out)], cwd=tmp_path) as child:
        while not list(out.glob("private/cache/*/training.safetensors")) and child.poll() is None:
            time.sleep(0.005)
        time.sleep(0.3)
        child.kill()
        assert child.wait() == -signal.SIGKILL
    (state,) = out.glob("private/cache/*/training.safetensors")
    with safe_open(state, framework="pt") as file:
        before = json.loads(file.metadata()["facts"])["steps"]
    assert not (out / "findings.json").exists()

    steps: list[Step] = []
    once = Step.__call__

    def counted(step: Step, *given: Any, **named: Any) -> Any:
        steps.append(step)
        return once(step, *given, **named)

    monkeypatch.setattr(Step, "__call__", counted)
    assert run([*COMMAND, str(out)], cwd=tmp_path).code in {0, 1}
    after = len(steps)
    assert run([*COMMAND, str(tmp_path / "whole")], cwd=tmp_path).code in {0, 1}
    assert before > 0
    assert before + after == len(steps) - after
    assert timeless.read(out / "findings.json") == timeless.read(tmp_path / "whole" / "findings.json")
    assert not state.exists()


def audited(path: Path) -> fairwitness.Report:
    report = fairwitness.audit(config=path)
    assert not [finding.id for finding in report.findings if finding.verdict == "error"]
    return report


def refused(path: Path) -> str:
    """What the command says, in one line, with the exit code for what is wrong with the input."""
    ran = run([*COMMAND, "out"], cwd=path.parent)
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1
    assert "Traceback" not in ran.err
    return ran.err


def judged(report: fairwitness.Report) -> int:
    """Rows on which the model was found right or wrong."""
    (gap,) = [finding for finding in report.findings if finding.check == "fairness.accuracy-gap"]
    (table,) = [series for series in gap.series if series.title == "By group"]
    return sum(value for value in dict(table.columns)["n"] if isinstance(value, int))


TINY = {"train": "mlp", "options": {"epochs": 2}}
SUBJECT = {"target": "y", "positive": "yes", "groups": ["kind"]}


def test_numbers_that_are_not_there_and_categories_never_seen_are_judged(tmp_path: Path) -> None:
    data = people()
    part = np.where(np.arange(400) < 200, "train", "audit")
    data["x"][::3] = np.nan
    home = np.where(part == "train", "flat", "tent").astype(object)
    home[::7] = None
    kept = config(
        tmp_path, {**data, "home": home.tolist(), "part": part}, subject=SUBJECT, model=TINY, split={"column": "part"}
    )
    assert judged(audited(kept)) == 200


def test_some_empty_texts_are_judged_and_nothing_but_empty_ones_refused(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    data = people(80)
    texts = np.array(["a kind word", "an idle threat", "", None, "  "] * 16, dtype=object)
    model = {"train": "gru", "options": {"epochs": 1, "hidden": 4}}
    columns = {"said": {"kind": "text"}}
    subject = {**SUBJECT, "features": ["said"]}
    some = config(tmp_path, {**data, "said": texts.tolist()}, subject=subject, model=model, columns=columns)
    assert judged(audited(some)) > 0
    none = config(tmp_path, {**data, "said": [""] * 80}, subject=subject, model=model, columns=columns)
    assert "'said'" in refused(none)


NET = """
import torch
from torch import nn
class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(2, 1)
    def forward(self, x):
        return self.line(x)
def build():
    {does}
"""


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("raise RuntimeError('no such layer')", "net:build: fails with RuntimeError: no such layer"),
        ("return 3", "net:build"),
        ("import no_such_package", "no_such_package"),
    ],
)
def test_a_factory_that_fails_is_one_line(does: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET.format(does=does), encoding="utf-8")
    wrong = config(tmp_path, people(60), subject=SUBJECT, model={"train": "net:build"})
    assert words in refused(wrong)


def test_images_of_another_size_than_the_saved_model_reads_are_one_line(tmp_path: Path) -> None:
    images, target = striped(60)
    first = {"train": "cnn", "options": {"epochs": 1, "widths": [4, 8]}}
    np.savez(tmp_path / "rows.npz", images=images, label=target.astype(str))
    learned = settings(tmp_path, data={"path": "rows.npz"}, subject={"target": "label"}, model=first)
    fairwitness.audit(config=learned, out=tmp_path / "out")
    (kept,) = (tmp_path / "out" / "private" / "cache").glob("*/model.json")
    np.savez(tmp_path / "rows.npz", images=np.repeat(images[..., None], 3, axis=3), label=target.astype(str))
    second = {"train": "fine-tune", "options": {"base": str(kept.parent)}}
    wrong = settings(tmp_path, data={"path": "rows.npz"}, subject={"target": "label"}, model=second)
    assert "the images are 12 × 12 pixels of 3 channels, the model reads" in refused(wrong)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"train": "mlp", "options": {"epoch": 2}}, "epoch"),
        ({"train": "mlp", "options": {"epochs": 0}}, "epochs is 0"),
        ({"train": "mlp", "options": {"hidden": 32}}, "hidden"),
        ({"train": "mpl"}, "did you mean 'mlp'"),
        ({"train": "cnn"}, "the cnn recipe reads one column of images"),
    ],
)
def test_options_and_recipes_that_are_not_there_are_one_line(model: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in refused(config(tmp_path, people(60), subject=SUBJECT, model=model))


def test_all_rows_of_a_person_are_held_back_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five rows a person: what early stopping looks at holds whole persons, and no person it has learned from."""
    data, person = people(400), np.arange(400) % 80
    seen: dict[str, Any] = {}
    before = Prepared.fit

    def watched(self: Prepared, options: Any, **named: Any) -> Any:
        finish = self.finish

        def noted(module: Any, held: Any) -> Any:
            seen["held"], seen["units"] = held, named["training"].units
            return finish(module, held)

        object.__setattr__(self, "finish", noted)
        return before(self, options, **named)

    monkeypatch.setattr(Prepared, "fit", watched)
    audited(config(tmp_path, {**data, "person": person}, subject=SUBJECT, model=TINY, split={"unit": "person"}))
    held, units = seen["held"], seen["units"]
    assert 10 <= held.sum() < len(held) / 2
    assert not set(units[held]) & set(units[~held])
    assert all((units == unit).sum() == 5 for unit in set(units[held]))


def test_an_error_of_the_config_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no recipe 'mpl'"):
        fairwitness.audit(people(60), target="y", train="mpl")
