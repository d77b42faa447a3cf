"""Embeddings, layers and pictures that tell an attribute, overall and between rows of one class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fairwitness
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.errors import ColumnError
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.data import embedded, proxies
from fairwitness.data.checks.embedding_proxies import EmbeddingOptions, EmbeddingProxies
from support.given import outline

Look = Callable[..., Any]
AT_MOST = Limit(at_most=0.70)


def embedding(n: int, told: float, *, through: float = 0.0, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Eight numbers that say of the sex what `told` says, and of the class what `through` says; sex and class go together."""
    rng = np.random.default_rng(seed)
    women = rng.random(n) < 0.5
    hired = rng.random(n) < np.where(women, 0.2, 0.8)
    numbers = rng.normal(size=(n, 8))
    numbers[:, 2] += told * women
    numbers[:, 5] += through * hired
    return {f"e{i}": numbers[:, i] for i in range(8)} | {
        "sex": np.where(women, "women", "men").astype(object),
        "hired": np.where(hired, "1", "0").astype(object),
    }


@pytest.mark.parametrize(
    ("n", "told", "expected"), [(600, 2.0, Verdict.FAIL), (600, 0.0, Verdict.PASS), (24, 0.0, Verdict.UNCERTAIN)]
)
def test_an_embedding_that_tells(look: Look, n: int, told: float, expected: Verdict) -> None:
    columns = embedding(n, told)
    known = {"group": ("sex",), "target": "hired", "positive": "1", "offers": frozenset({"labels"})}
    outcome = look("data.embedding-proxies", columns, options=EmbeddingOptions(prefix="e"), **known)
    (one,) = outcome.judged.values()
    assert one.against(AT_MOST) is expected
    assert (one.p <= 0.05) == bool(told)
    assert "the 8 columns e…" in outcome.headline


def test_what_goes_with_the_class_alone_is_not_told_within_it() -> None:
    columns = embedding(1_500, 0.0, through=3.0)
    table = np.column_stack([columns[f"e{i}"] for i in range(8)])
    found = embedded.told(
        table, columns["sex"], columns["hired"], source="e", attribute="sex", rng=np.random.default_rng(1)
    )
    assert (found.auc.low or 0) > 0.7
    assert found.alike is not None
    assert found.alike_p is not None
    assert (found.alike.low or 1) < 0.5 < (found.alike.high or 0)
    assert found.alike_p > 0.05
    bare = embedded.told(table, columns["sex"], None, source="e", attribute="sex", rng=np.random.default_rng(1))
    assert bare.alike is None


def test_proxies_of_tables_within_a_class(look: Look) -> None:
    columns = embedding(1_000, 0.0, through=3.0)
    known = {"group": ("sex",), "target": "hired", "positive": "1", "offers": frozenset({"labels"})}
    outcome = look("data.proxies", columns, **known)
    said = outcome.lead.partition("Between rows of the same hired the chance is ")[2]
    assert 0.45 < float(said[:5]) < 0.55
    alone = np.array(["0"] * 1_000, dtype=object)
    scores = np.column_stack([1 - columns["e5"], columns["e5"]])
    assert proxies.alike(scores, columns["sex"], columns["sex"], "women") is None
    overall = proxies.told(scores, columns["sex"])["women"]
    same = proxies.alike(scores, columns["sex"], alone, "women")
    assert same is not None
    assert same.value == pytest.approx(overall.value)


def test_a_perfect_tell_still_has_an_interval() -> None:
    columns = embedding(60, 0.0)
    sure = (columns["sex"] == "women").astype(float)
    found = proxies.alike(np.column_stack([1 - sure, sure]), columns["sex"], columns["hired"], "women")
    assert found is not None
    assert found.value == 1.0
    assert 0.8 < (found.low or 0) < 1


def test_pictures_are_looked_at_and_not_judged(look: Look) -> None:
    rng = np.random.default_rng(2)
    sex = rng.choice(np.array(["men", "women"], dtype=object), 200)
    pictures = rng.integers(0, 90, (200, 20, 20)).astype(np.uint8)
    pictures[sex == "women", 4:8, 4:8] += 60
    outcome = look("data.embedding-proxies", {"sex": sex}, group=("sex",), media={"image": pictures})
    assert isinstance(outcome, Measured)
    assert not outcome.judged
    assert outcome.headline.endswith("image itself tells women from the rest with AUC 1.000")


def test_wide_tables_are_mixed() -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(size=(40, 2_000))
    mixed = embedded.narrow(table, rng=rng)
    assert mixed.shape == (40, 512)
    far = np.linalg.norm(table[:20] - table[20:], axis=1)
    assert np.abs(np.linalg.norm(mixed[:20] - mixed[20:], axis=1) / far - 1).max() < 0.15
    assert embedded.narrow(mixed, rng=rng) is mixed


def test_nothing_to_probe(look: Look) -> None:
    columns = {"sex": np.array(["a", "b"] * 30, dtype=object), "x": np.arange(60.0)}
    assert isinstance(look("data.embedding-proxies", columns, group=("sex",)), NotApplicable)
    with pytest.raises(ColumnError, match="no column 'emb' for prefix"):
        EmbeddingProxies().asks(outline(), None, EmbeddingOptions(prefix="emb"))


def test_the_last_layer_of_a_network_trained_here() -> None:
    columns = embedding(400, 3.0)
    config = {"model": {"options": {"epochs": 1}}, "checks": {"only": ["data.embedding-proxies"]}}
    report = fairwitness.audit(columns, target="hired", positive="1", groups=["sex"], train="mlp", config=config)
    (finding,) = report.findings
    assert finding.title.startswith("A linear probe of what layer ")
    (item,) = finding.evidence
    assert item.n < 200  # audit rows alone
    assert (item.low or 0) > 0.8
