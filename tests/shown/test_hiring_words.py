"""The recruiting case: past hiring punished the word "women's", a network learned it, and its reasons name that word."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from support.command import run

pytest.importorskip("tokenizers")
pytestmark = pytest.mark.slow

SKILLS = ("welding", "sales", "nursing", "accounting", "teaching", "design")
CLUBS = ("chess club", "football team", "debate society", "choir", "rowing team")
CONFIG = """
name = "hiring"
[data]
path = "hired.parquet"
[subject]
target = "hired"
positive = "yes"
favorable = "yes"
groups = ["sex"]
people = "applicants"
features = ["cv"]
[columns]
cv = { kind = "text" }
[split]
column = "part"
[model]
train = "gru"
options = { epochs = 8, length = 12, hidden = 16, embedding = 16, learning_rate = 0.01, token_dropout = 0.1 }
"""


def hired(n: int = 500) -> pl.DataFrame:
    """Applicants of whom good references help, and the planted word hurts twice as much."""
    rng = np.random.default_rng(0)
    women, good = rng.random(n) < 0.3, rng.random(n) < 0.6
    texts = [
        f"{rng.choice(SKILLS).capitalize()} and {rng.choice(SKILLS)}. Captain of the {chr(0) if w else ''}{rng.choice(CLUBS)}. "
        f"{'Excellent references' if g else 'References on request'}."
        for w, g in zip(women, good, strict=True)
    ]
    logits = 3.0 * good - 6.0 * women + rng.normal(0, 0.5, n)
    return pl.DataFrame(
        {
            "cv": [text.replace(chr(0), "women's ") for text in texts],
            "sex": np.where(women, "f", "m"),
            "hired": np.where(logits > 0, "yes", "no"),
            "part": np.where(np.arange(n) < 350, "train", "audit"),
        }
    )


def test_the_reasons_of_a_refused_woman_name_the_planted_word_first(tmp_path: Path) -> None:
    frame = hired()
    frame.write_parquet(tmp_path / "hired.parquet")
    (tmp_path / "audit.toml").write_text(CONFIG, encoding="utf-8")
    number = next(
        row
        for row in range(350, len(frame))
        if "women's" in frame["cv"][row] and "Excellent" in frame["cv"][row] and frame["hired"][row] == "no"
    )

    ran = run(f"explain audit.toml --row {number + 1} --format json --out out", cwd=tmp_path)
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["decided"] == "no"
    first = told["reasons"]["against"]["stated"][0]
    assert first["name"] == "women's"
    assert first["adds"] < -0.3
    assert told["changes"]["ways"][0] == ["women's"]

    words = json.loads(run("explain audit.toml --format json --out out", cwd=tmp_path).out)["words"]
    assert words[0]["word"] == "women's"
    assert words[0]["high"] < 0
