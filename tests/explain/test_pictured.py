"""An image explained: where a network that looks at one corner is said to look, what is written, and what is refused."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.explain.errors import ExplainError
from fairwitness.explain.pictured import FOR, laid_over, picture, scores_told
from fairwitness.torchkit.encoding_images import ImageEncoding
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.scores import DecisionRule
from support.command import run
from support.given import outline

PHOTO = Column(name="photo", kind="image")


class Corner(nn.Module):
    """Class 1 by how bright the upper left quarter is, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(8.0))

    def forward(self, pixels: Tensor) -> Tensor:
        bright = pixels[:, 0, :4, :4].mean(dim=(1, 2))
        return torch.stack([self.scale * (0.5 - bright), self.scale * (bright - 0.5)], dim=1)


def images(n: int = 12) -> Rows:
    photos = np.random.default_rng(0).random((n, 8, 8)).astype(np.float32)
    photos[0, :4, :4] = 1.0
    return Rows(ids=np.arange(n), columns={}, media={"photo": photos})


def corner() -> TorchModel:
    encoding = ImageEncoding.fit([PHOTO], images())
    rule = DecisionRule(classes=("0", "1"), positive=None, activation="logits")
    return TorchModel(Corner(), encoding, rule, words="corner")


def test_a_network_that_looks_at_one_corner_is_said_to_look_there() -> None:
    rows = images()
    subject = outline(columns=(PHOTO,), features=("photo",), positive=None, favorable=None)

    made = picture(corner(), subject, rows.where(rows.ids == 0), rows.where(rows.ids > 0), source="audit.toml")

    values = made.methods["integrated gradients"]
    assert made.decided == "1"
    assert values[:4, :4].min() > 0
    assert np.abs(values[4:]).max() == np.abs(values[:, 4:]).max() == 0
    assert "HiResCAM" not in made.methods  # no layer keeps height and width, and that is said
    assert any("no layer keeps height and width" in note for note in made.notes)
    assert "Integrated gradients compare with the mean of some training images." in made.notes
    assert scores_told(made).startswith("Its score is 100.0\u202f%; then come 0 (0.0\u202f%)")


def test_pictures_are_enlarged_by_whole_factors() -> None:
    rows = images()
    subject = outline(columns=(PHOTO,), features=("photo",), positive=None, favorable=None)
    made = picture(corner(), subject, rows.where(rows.ids == 0), rows.where(rows.ids > 0), source="audit.toml")
    with Image.open(io.BytesIO(made.pictures["the image"])) as read:
        assert read.size == (224, 224)
        assert read.getpixel((0, 0)) == (255, 255, 255)


def test_what_spoke_most_for_it_is_in_full_colour_and_what_did_not_is_pale() -> None:
    made = laid_over(np.zeros((1, 2, 3)), np.array([[2.0, 0.0]]))
    assert made[0, 0] == pytest.approx(FOR)
    assert made[0, 1].min() >= 0.75


def test_a_model_without_gradients_is_refused() -> None:
    model = corner()
    model.module.requires_grad_(requires_grad=False)
    rows = images()
    subject = outline(columns=(PHOTO,), features=("photo",), positive=None, favorable=None)
    with pytest.raises(ExplainError, match="nothing tells where it looks"):
        picture(model, subject, rows.where(rows.ids == 0), rows, source="audit.toml")


CONFIG = """
[data]
path = "photos.npz"
[subject]
target = "label"
[model]
train = "cnn"
[model.options]
epochs = 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos = np.random.default_rng(0).integers(0, 256, (60, 12, 12), dtype=np.uint8)
    labels = np.where(np.arange(60) % 3 == 0, "a", np.where(np.arange(60) % 3 == 1, "b", "c"))
    np.savez(tmp_path / "photos.npz", photo=photos, label=labels)
    (tmp_path / "audit.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_the_command_writes_pictures_for_the_owner_alone(folder: Path) -> None:
    refused = run("explain audit.toml --row 1 --out out", cwd=folder)
    number = "1" if refused.code == 0 else refused.err.split()[-1]
    ran = run(f"explain audit.toml --row {number} --out out --format json", cwd=folder)
    assert ran.code == 0, ran.err
    assert set(json.loads(ran.out)["methods"]) == {"integrated gradients", "HiResCAM"}
    made = folder / "out" / "private" / "explained"
    assert {path.suffix for path in made.iterdir()} == {".html", ".json", ".png"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in made.iterdir())
    page = (made / f"row-{number}.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64,') == 3
    assert "img-src data:;" in page


def test_images_have_no_summary(folder: Path) -> None:
    ran = run("explain audit.toml --out out", cwd=folder)
    assert ran.code == 2
    assert "images have no columns to sum over; --row NUMBER explains one of them" in ran.err
