"""The table of families, continued: texts, series and anomalies. See test_families.py."""

import importlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.io.kinds import as_rows
from fairwitness.io.read import read
from fairwitness.torchkit.tokens import TextEncoding
from support.shown import alone, audited, data, plain_loop

pytestmark = pytest.mark.slow

TEXTS, AUDITED = 2_000, 4_000


class PlainGRU(nn.Module):
    """Word vectors, a GRU, mean and maximum of its states."""

    def __init__(self, words: int, outputs: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, 32, padding_idx=0)
        self.drop = nn.Dropout(0.5)
        self.gru = nn.GRU(32, 48, batch_first=True)
        self.out = nn.Linear(96, outputs)

    def forward(self, words: Tensor) -> Tensor:
        states, _ = self.gru(self.drop(self.words(words)))
        logits: Tensor = self.out(torch.cat([states.mean(dim=1), states.amax(dim=1)], dim=1))
        return logits


class PlainTransformer(nn.Module):
    """Word vectors and places, one encoder layer, mean and maximum over the words."""

    def __init__(self, words: int, outputs: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, 32, padding_idx=0)
        self.into = nn.Linear(32, 48)
        self.drop = nn.Dropout(0.2)
        self.places = nn.Parameter(torch.randn(64, 48) * 0.02)
        self.layer = nn.TransformerEncoderLayer(48, 4, 96, dropout=0.2, activation="gelu", batch_first=True)
        self.out = nn.Linear(96, outputs)

    def forward(self, words: Tensor) -> Tensor:
        vectors = self.into(self.drop(self.words(words))) + self.places[: words.shape[1]]
        states = self.layer(vectors, src_key_padding_mask=words == 0)
        logits: Tensor = self.out(torch.cat([states.mean(dim=1), states.amax(dim=1)], dim=1))
        return logits


@pytest.mark.parametrize("family", ["gru", "transformer"])
def test_rude_tweets(family: str, tmp_path: Path) -> None:
    """Hateful or offensive, or neither; 83 % are. The plain loop reads the same words."""
    tweets = pl.read_csv(data("davidson_tweets/labeled_data.csv")).select("tweet", "class")
    tweets = tweets.sample(TEXTS + AUDITED, seed=0, shuffle=True)
    train = np.arange(len(tweets)) < TEXTS
    rude = (tweets["class"] < 2).to_numpy()
    answers = tweets["tweet"].str.contains("@user").to_numpy()
    frame = pl.DataFrame(
        {"tweet": tweets["tweet"], "rude": rude, "answers": answers, "part": np.where(train, "train", "audit")}
    )
    frame.write_parquet(tmp_path / "tweets.parquet")
    shown = audited(
        tmp_path,
        tmp_path / "tweets.parquet",
        subject={"target": "rude", "positive": True, "groups": ["answers"], "features": ["tweet"]},
        model={"train": family, "options": {"epochs": 10}},
        columns={"tweet": {"kind": "text"}},
    )
    encoding = shown.model.encoding
    assert isinstance(encoding, TextEncoding)
    tokens = encoding.encode(as_rows(read(tmp_path / "tweets.parquet"), encoding.columns))["sequence"]
    with alone():
        net = {"gru": PlainGRU, "transformer": PlainTransformer}[family](encoding.vocabulary, 2)
        y = torch.from_numpy(rude.astype(np.int64))
        found = plain_loop(net, [tokens], y, train, epochs=10, batch=32)
    shown.holds_against(float(np.mean(found == rude[~train])), family=family, on="davidson_tweets")
    assert shown.right > 0.88


class PlainSeries(nn.Module):
    """Recurrent cells, mean and maximum of their states."""

    def __init__(self, cells: nn.Module, outputs: int) -> None:
        super().__init__()
        self.cells = cells
        self.out = nn.Linear(96, outputs)

    def forward(self, series: Tensor) -> Tensor:
        states, _ = self.cells(series)
        logits: Tensor = self.out(torch.cat([states.mean(dim=1), states.amax(dim=1)], dim=1))
        return logits


def plain_series(
    family: str, series: NDArray[np.float64], labels: NDArray[np.int64], train: NDArray[np.bool_], *, epochs: int
) -> float:
    """Accuracy on (n, d, steps) series standardised by train rows."""
    mean, std = series[train].mean(axis=(0, 2)), series[train].std(axis=(0, 2))
    x = torch.from_numpy((series.transpose(0, 2, 1) - mean) / std).float()
    with alone():
        cells = {"lstm": nn.LSTM, "gru": nn.GRU}[family](series.shape[1], 48, batch_first=True)
        net = PlainSeries(cells, len(np.unique(labels)))
        found = plain_loop(net, [x], torch.from_numpy(labels), train, epochs=epochs, batch=32)
    return float(np.mean(found == labels[~train]))


@pytest.mark.parametrize("family", ["lstm", "gru"])
def test_a_summers_or_a_winters_day(family: str, tmp_path: Path) -> None:
    """Italian power demand by the hour, as 24 columns; every second of 1,096 days to train on."""
    given = read(data("timeseries_ucr/ItalyPowerDemand_TRAIN.ts"))
    series = given.media["series"].astype(np.float64)
    labels = given.frame["label"].cast(pl.Int64).to_numpy() - 1
    train = np.random.default_rng(0).random(len(labels)) < 0.5
    hours = {f"h{hour:02}": series[:, 0, hour] for hour in range(24)}
    evening = np.where(series[:, 0, 18:22].mean(axis=1) > series[:, 0, 8:12].mean(axis=1), "later", "earlier")
    frame = pl.DataFrame({**hours, "season": labels, "peak": evening, "part": np.where(train, "train", "audit")})
    frame.write_parquet(tmp_path / "days.parquet")
    shown = audited(
        tmp_path,
        tmp_path / "days.parquet",
        subject={"target": "season", "positive": 1, "groups": ["peak"], "people": "days", "features": list(hours)},
        model={"train": family, "options": {"epochs": 30}},
    )
    plain = plain_series(family, series, labels, train, epochs=30)
    shown.holds_against(plain, family=family, on="ItalyPowerDemand")
    assert shown.right > 0.92


def test_who_says_a_vowel(tmp_path: Path) -> None:
    """Nine speakers by 12 coefficients over 25 steps: the archive's own 270 to train on and 370 to be right about."""
    path = data("timeseries_ucr/JapaneseVowels_eq_TRAIN.ts")
    given = read(path)
    train = (given.frame[given.split or ""] == "train").to_numpy()
    shown = audited(
        tmp_path,
        path,
        subject={"target": "label", "people": "recordings"},
        model={"train": "lstm", "options": {"epochs": 40}},
    )
    labels = given.frame["label"].cast(pl.Int64).to_numpy() - 1
    plain = plain_series("lstm", given.media["series"].astype(np.float64), labels, train, epochs=40)
    shown.holds_against(plain, family="lstm", on="JapaneseVowels")
    assert shown.right > 0.92


def test_a_server_that_went_wrong(tmp_path: Path) -> None:
    """NAB, a misconfigured group of servers: two-hour windows of processor use, every second stretch to train on."""
    use = pl.read_csv(data("nab/cpu_utilization_asg_misconfiguration.csv"), try_parse_dates=True)[::5]
    labels = json.loads(data("nab/labels.json").read_text(encoding="utf-8"))
    (low, high), *_ = labels["cpu_utilization_asg_misconfiguration.csv"]["windows"]
    when = use["timestamp"].cast(pl.String).str.slice(0, 19).to_numpy()[23:]
    windows = np.lib.stride_tricks.sliding_window_view(use["value"].to_numpy(), 24)
    odd = (when >= low[:19]) & (when <= high[:19])
    train = np.arange(len(odd)) // 96 % 2 == 0
    night = np.array([int(moment[11:13]) < 7 for moment in when])
    steps = {f"t{step:02}": windows[:, step] for step in range(24)}
    frame = pl.DataFrame({**steps, "odd": odd, "night": night, "part": np.where(train, "train", "audit")})
    frame.write_parquet(tmp_path / "servers.parquet")
    shown = audited(
        tmp_path,
        tmp_path / "servers.parquet",
        subject={
            "target": "odd",
            "positive": True,
            "task": "anomaly",
            "groups": ["night"],
            "people": "hours",
            "features": list(steps),
        },
        model={"train": "autoencoder", "options": {"epochs": 30, "batch": 128}},
    )
    assert shown.report.document.subject.task == "anomaly"
    auc = importlib.import_module("sklearn.metrics").roc_auc_score
    found = auc(odd[~train], shown.scores[:, 0])
    plain = auc(odd[~train], plain_autoencoder(windows, train & ~odd)[~train])
    shown.holds_against(plain, family="autoencoder (AUC)", on="nab", found=found)
    assert found > 0.85


def plain_autoencoder(windows: NDArray[np.float64], normal: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Errors of an autoencoder in the loop of PyTorch's own tutorials."""
    scaled = (windows - windows[normal].mean(axis=0)) / windows[normal].std(axis=0)
    x = torch.from_numpy(scaled).float()
    with alone():
        net = nn.Sequential(
            *(nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 2), nn.ReLU()),
            *(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 24)),
        )
        optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
        places = torch.from_numpy(np.flatnonzero(normal))
        for _ in range(30):
            for some in torch.split(places[torch.randperm(len(places))], 128):
                optimizer.zero_grad()
                nn.functional.mse_loss(net(x[some]), x[some]).backward()  # type: ignore[no-untyped-call]  # torch
                optimizer.step()
        with torch.no_grad():
            errors: NDArray[np.float64] = (net(x) - x).square().mean(dim=1).double().numpy()
    return errors
