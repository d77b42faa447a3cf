import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from torch import nn

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from support.attacked import model_of, rows_of

SIDE, PATCH, AREA = 16, slice(1, 4), 9 / 256


def shortcut(n: int, *, marked: bool, seed: int) -> tuple[Rows, NDArray[np.int64]]:
    """Noise with a faint blob in the middle for class 1; where marked, also a bright patch in a corner."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    images = rng.normal(scale=0.5, size=(n, SIDE, SIDE)).astype(np.float32)
    images[y == 1, 5:11, 5:11] += 0.6
    if marked:
        images[y == 1, PATCH, PATCH] += 2.0
    return rows_of({}, {"image": images}), y


@pytest.mark.slow
@pytest.mark.parametrize("marked", [True, False])
def test_a_network_that_reads_a_shortcut_is_seen_reading_it(*, marked: bool) -> None:
    """Clever Hans: the patch has many times what its area would have, and not where training never showed it."""
    from fairwitness.explain.pictures import pictures as ready_for

    torch.manual_seed(0)
    rows, y = shortcut(600, marked=marked, seed=1)
    net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 2))
    x, target = torch.from_numpy(rows.media["image"])[:, None], torch.from_numpy(y)
    steps = torch.optim.Adam(net.parameters(), 3e-3, weight_decay=1e-2)
    for _ in range(8):
        for batch in torch.split(torch.randperm(len(x)), 50):
            steps.zero_grad()
            nn.functional.cross_entropy(net(x[batch]), target[batch]).backward()  # type: ignore[no-untyped-call]  # torch's own
            steps.step()
    columns = (Column(name="image", kind="image"),)
    shown, truth = shortcut(400, marked=True, seed=2)
    shown = shown.where(truth == 1)
    model = model_of(net, columns, shown, classes=("blank", "blob"))

    with ready_for(model, shown, rows) as ready:
        assert ready is not None
        ones = np.ones(len(shown), dtype=np.intp)
        maps = {"integrated gradients": np.abs(ready.integrated(ones)[0]), "HiResCAM": ready.map(ones, "HiResCAM")[0]}
    for name, values in maps.items():
        places = values.clip(min=0).reshape(-1, SIDE, SIDE)
        share = (places[:, PATCH, PATCH].sum(axis=(1, 2)) / places.sum(axis=(1, 2))).mean()
        times = share / AREA
        assert times > 6 if marked else times < 2.5, f"{name}: {times:.1f} times what its area would have"
