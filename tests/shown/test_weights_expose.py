"""Weights that bring groups together make the few who are weighed up easier to tell, and the comparison says so first."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fairwitness.engine import config as settings
from fairwitness.engine.fix import Wanted, fix
from fairwitness.engine.progress import silent
from fairwitness.report.compared import of

pytest.importorskip("torch")

pytestmark = pytest.mark.slow

TOML = """
name = "rare"
[data]
path = "rare.csv"
[subject]
target = "y"
positive = "yes"
favorable = "yes"
groups = ["sex"]
[model]
train = "mlp"
options = { epochs = 30, hidden = [16], learning_rate = 0.01, dropout = 0.0 }
[checks]
only = ["fairness.selection-rate-gap", "privacy.membership-inference"]
"""


def test_reweighing_moves_the_network_more_for_the_few_it_weighs_up(tmp_path: Path) -> None:
    """About 40 of 700 are of b with a yes: 0.474 / 0.18, 2.6 times the weight; the others have 0.6 to 1.3 times."""
    rng = np.random.default_rng(0)
    sex = np.where(rng.random(700) < 0.3, "b", "a")
    y = rng.random(700) < np.where(sex == "a", 0.6, 0.18)
    x = rng.normal(size=(700, 6)) + 0.4 * (2 * y - 1)[:, None] * (np.arange(6) < 2)
    columns = {f"x{place}": x[:, place].round(4) for place in range(6)}
    pl.DataFrame({**columns, "sex": sex, "y": np.where(y, "yes", "no")}).write_csv(tmp_path / "rare.csv")
    (tmp_path / "audit.toml").write_text(TOML, encoding="utf-8")
    read = settings.read(tmp_path / "audit.toml")
    made = fix(
        settings.parse(read, source="audit.toml"),
        read,
        Wanted(remedies=("fairness.reweigh",)),
        base=tmp_path,
        out=tmp_path / "fixed",
        source="audit.toml",
        command="",
        progress=silent,
    ).comparison
    moved = {each.group: each for each in made.criteria if "privacy.membership-inference" in each.metric and each.group}
    rare = moved.pop("b, recorded yes")
    assert rare.n == np.sum((sex == "b") & y)
    assert rare.low is not None
    assert rare.low > 0
    assert rare.moved == "worse"
    assert rare in of(made)["worse"]
    assert all(each.moved != "worse" for each in moved.values())
    assert "over rows of b, recorded yes, the mean of how far training on the row moves" in made.headline
    assert any(
        trade.startswith("Over rows of b, recorded yes") and trade.endswith("beyond doubt.") for trade in made.trades
    )
    print(f"| exposure, b with a yes | {rare.before:.2f} | {rare.after:.2f} | {rare.low:+.2f} to {rare.high:+.2f} |")  # noqa: T201 - quoted
