"""A planted subject whose groups' outcomes truly differ: equal shares of decisions then cost equal errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

TOML = """
name = "planted"
[data]
path = "planted.csv"
[subject]
target = "y"
positive = "yes"
favorable = "yes"
groups = ["sex"]
[model]
train = "mlp"
options = { epochs = 12, hidden = [8], learning_rate = 0.03 }
[checks]
only = ["fairness"]
"""


def plant(folder: Path, *, rows: int = 4000, more: str = "") -> Path:
    """`planted.csv` and `audit.toml`: seven in ten of group a have the outcome and three in ten of b, and x tells it well."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["a", "b"], rows)
    y = rng.random(rows) < np.where(sex == "a", 0.7, 0.3)
    x = 1.0 * (2 * y - 1) + rng.normal(size=rows)
    frame = pl.DataFrame(
        {"x": x.round(4), "z": rng.normal(size=rows).round(4), "sex": sex, "y": np.where(y, "yes", "no")}
    )
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_csv(folder / "planted.csv")
    (folder / "audit.toml").write_text(TOML + more, encoding="utf-8")
    return folder / "audit.toml"
