"""`fairwitness federate` before anything is trained: what is wrong is one line. Flower is not needed for that."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from fairwitness.cli.app import app
from fairwitness.core.errors import UserError
from fairwitness.federated import running
from fairwitness.federated.commands import given

CONFIG = """
[data]
path = "rows.csv"
[subject]
target = "y"
positive = 1
favorable = 1
groups = ["g"]
[model]
train = "mlp"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = ["a,site,name,one,g,y"]
    rows += [f"{rng.normal():.3f},{i % 3},p{i},1,{'pq'[i % 2]},{int(rng.random() < 0.5)}" for i in range(60)]
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "audit.toml").write_text(CONFIG)
    return tmp_path


def refused(folder: Path, *words: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The line a command ends with; nothing may have been trained."""
    monkeypatch.setattr(running, "need_flower", lambda **_: None)
    made = CliRunner().invoke(app, ["federate", str(folder / "audit.toml"), "--out", str(folder / "out"), *words])
    assert isinstance(made.exception, UserError), made.exception
    assert not list((folder / "out").rglob("*.safetensors"))
    return str(made.exception)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "say who holds the rows: --by COLUMN, or --clients N"),
        (("--by", "site", "--clients", "3"), "say who holds the rows"),
        (("--clients", "0"), "--clients is 0; a federation here has 2 to 16 clients"),
        (("--clients", "1"), "--clients is 1; a federation here has 2 to 16 clients"),
        (("--clients", "99"), "--clients is 99"),
        (("--by", "sight"), "no column 'sight' for --by; did you mean 'site'?"),
        (("--by", "name"), "--by is 'name'; it has 60 values"),
        (("--by", "one"), "--by is 'one'; it has 1 value;"),
        (("--clients", "3", "--rounds", "0"), "--rounds is 0"),
        (("--clients", "3", "--smallest", "-1"), "--smallest is -1"),
        (("--clients", "3", "--least", "4"), "--least is 4; there are 3 clients in all"),
        (("--by", "site", "--least", "4"), "--least is 4; there are 3 clients in all"),
        (("--clients", "3", "--epsilon", "-1"), "--epsilon is -1.0; give 0 for no noise"),
        (("--clients", "3", "--epsilon", "nan"), "--epsilon is nan; give 0 for no noise"),
        (("--clients", "3", "--epsilon", "1e-9"), "--epsilon is 1e-09; give 0 for no noise"),
        (("--clients", "3", "--patience", "0"), "--patience is 0.0; give a number of seconds"),
        (("--clients", "3", "--patience", "inf"), "--patience is inf; give a number of seconds"),
    ],
)
def test_what_makes_no_federation_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], line: str
) -> None:
    assert line in refused(folder, *words, monkeypatch=monkeypatch)


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ('train = "mlp"', 'train = "autoencoder"', "[model] train is 'autoencoder'; clients can train mlp"),
        ('train = "mlp"', 'decision = "y"', "[model] train is None"),
        ('train = "mlp"', 'train = "mlp"\noptions = { descent = "cosine" }', "take descent out"),
        ('train = "mlp"', 'train = "mlp"\nparts = [{ part = "class-weights" }]', "take parts and remedies out"),
        ("[model]", 'weight = "a"\n[model]', "[subject] weight = 'a': clients count each row as one person"),
        ("[model]", 'cluster = "name"\n[model]', "[subject] cluster = 'name': clients count each row as one person"),
    ],
)
def test_what_clients_cannot_train_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str, line: str
) -> None:
    (folder / "audit.toml").write_text(CONFIG.replace(before, after))
    assert line in refused(folder, "--clients", "3", monkeypatch=monkeypatch)


def test_more_clients_than_rows_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (folder / "rows.csv").read_text().splitlines()[:4]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    assert "there are 3 rows; name fewer clients" in refused(folder, "--clients", "5", monkeypatch=monkeypatch)


def trained(*_: object, **__: object) -> None:
    raise AssertionError("it trains before it has refused")


def test_a_row_that_nobody_holds_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (folder / "rows.csv").read_text().splitlines()
    first = lines[1].split(",")
    lines[1] = ",".join([first[0], "", *first[2:]])
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr("fairwitness.engine.subject.assemble", trained)
    assert "1 row has no value there" in refused(folder, "--by", "site", monkeypatch=monkeypatch)


@pytest.mark.parametrize(("part", "lacking"), [("audit", "learn from"), ("train", "be judged on")])
def test_a_client_without_rows_to_learn_from_or_be_judged_on_is_one_line_before_any_training(
    folder: Path, monkeypatch: pytest.MonkeyPatch, part: str, lacking: str
) -> None:
    head, *lines = (folder / "rows.csv").read_text().splitlines()
    parts = [part if line.split(",")[1] == "2" else "train" if at % 2 else "audit" for at, line in enumerate(lines)]
    rows = [f"{line},{each}" for line, each in zip(lines, parts, strict=True)]
    (folder / "rows.csv").write_text("\n".join([f"{head},part", *rows]) + "\n")
    (folder / "audit.toml").write_text(CONFIG + '[split]\ncolumn = "part"\n')
    monkeypatch.setattr("fairwitness.engine.subject.assemble", trained)
    assert f"site 2 has no row to {lacking}" in refused(folder, "--by", "site", monkeypatch=monkeypatch)


def test_no_groups_is_one_line_before_any_training(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "audit.toml").write_text(CONFIG.replace('groups = ["g"]', "groups = []"))
    monkeypatch.setattr("fairwitness.engine.subject.assemble", trained)
    assert "names nobody to count" in refused(folder, "--by", "site", monkeypatch=monkeypatch)


def test_without_flower_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs Flower; pip install 'fairwitness\[federated\]'"):
        running.need_flower(simulate=False)
    monkeypatch.setattr(running, "find_spec", lambda name: None if name == "ray" else object())
    with pytest.raises(UserError, match="--simulate needs Ray"):
        running.need_flower(simulate=True)
    running.need_flower(simulate=False)


def test_clients_hold_their_own_rows_only_and_none_kept_for_choosing(folder: Path) -> None:
    ready = given.prepare(folder, by="site", clients=None, out=folder / "out", progress=lambda *_: None)
    assert [parcel.name for parcel in ready.parcels] == ["site 0", "site 1", "site 2"]
    for number, parcel in enumerate(ready.parcels):
        assert (parcel.rows.ids % 3 == number).all()
        assert set(parcel.rows.columns) == set(ready.subject.outline.features)
    held = sum(len(parcel.rows) for parcel in ready.parcels)
    parts: Any = ready.subject.outline.parts
    assert held == parts["train"] + parts["audit"]
