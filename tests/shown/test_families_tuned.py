"""The table of families, continued: a saved network goes on, on classes it has never seen. See test_families.py."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from support.images import cnn, digits
from support.shown import alone, audited, data, plain_loop

pytestmark = pytest.mark.slow

FEW = 30


def test_digits_five_to_nine_after_zero_to_four(tmp_path: Path) -> None:
    """0 to 4 teach a network, from a config; 30 rows of 5 to 9 then teach its last layer alone. The plain loop does
    the same with a body of its own; from nothing, 30 rows teach less.
    """
    data("mnist5k/mnist_5k.csv.gz")
    images, labels = digits()
    order = np.random.default_rng(0).permutation(len(labels))
    small, large = order[labels[order] < 5], order[labels[order] >= 5]
    train = np.arange(len(large)) < FEW

    def save(name: str, rows: np.ndarray, learned: np.ndarray) -> Path:
        path = tmp_path / f"{name}.npz"
        np.savez(path, images=images[rows], label=labels[rows], part=np.where(learned, "train", "audit"))
        return path

    first = tmp_path / "first"
    first.mkdir()
    learned = np.arange(len(small)) < 1_500
    subject = {"target": "label", "people": "digits"}
    base = audited(
        first, save("small", small, learned), subject=subject, model={"train": "cnn", "options": {"epochs": 4}}
    )
    base.model.save(tmp_path / "base")

    options = {"base": "base", "epochs": 60, "learning_rate": 3e-3, "batch": 32}
    path = save("large", large, train)
    tuned = audited(tmp_path, path, subject=subject, model={"train": "fine-tune", "options": options})
    shutil.rmtree(tmp_path / "out")
    scratch = audited(tmp_path, path, subject=subject, model={"train": "cnn", "options": {"epochs": 60, "batch": 32}})

    with alone():
        x = torch.from_numpy(images[:, None] / np.float32(255))
        net = cnn(5)
        plain_loop(net, [x[small]], torch.from_numpy(labels[small]), learned, epochs=4, batch=64)
        body, head = nn.Sequential(*list(net.children())[:-1]), nn.Linear(512, 5)
        with torch.no_grad():
            features = body.eval()(x[large])  # a frozen body gives the same in every pass
        y = torch.from_numpy(labels[large] - 5)
        found = plain_loop(head, [features], y, train, epochs=60, batch=32)
    plain = float(np.mean(found + 5 == labels[large][~train]))
    tuned.holds_against(plain, family="fine-tune", on=f"mnist5k, {FEW} rows")
    scratch.holds_against(0.0, family="cnn from nothing", on=f"mnist5k, {FEW} rows")
    assert tuned.right > scratch.right
    assert tuned.right > 0.65
    (note,) = [note for note in tuned.model.notes if note.startswith("It starts from a saved model")]
    assert "2,565 of" in note  # 512 features and a bias for each of 5 classes
