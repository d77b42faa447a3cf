from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairwitness.core.asks import ModelAsk, OutputsAsk, ShadowsAsk, VariantsAsk
from fairwitness.core.subject import Scored, Shadows, Variants
from fairwitness.engine.cache import Cache
from fairwitness.engine.config import parse
from fairwitness.engine.progress import silent
from fairwitness.engine.providers import Provider
from fairwitness.engine.subject import Subject, assemble
from fairwitness.io.read import read


def subject(out: Path | None = None, unit: str | None = None) -> tuple[Subject, Cache]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    frame = {"x": x, "who": np.repeat(np.arange(200), 2), "y": np.where(x + rng.logistic(size=400) > 0, "yes", "no")}
    settings: dict[str, Any] = {
        "subject": {"target": "y", "positive": "yes"},
        "model": {"train": "mlp", "options": {"epochs": 4, "hidden": [4]}},
        "split": {"unit": unit} if unit else {},
        "columns": {"who": {"kind": "category"}},
    }
    import polars as pl

    cache = Cache(out)
    made = assemble(
        read(pl.DataFrame(frame)),
        parse(settings, source="here"),
        model=None,
        base=Path(),
        cache=cache,
        progress=silent,
        source="here",
    )
    return made, cache


def test_outputs_of_a_part_are_those_of_the_model_beside_what_is_recorded() -> None:
    made, cache = subject()
    provider = Provider(made, seed=0, cache=cache)
    given = provider.give([OutputsAsk(part="train"), OutputsAsk(), ModelAsk()])
    train, all_rows, model = given[OutputsAsk(part="train")], given[OutputsAsk()], given[ModelAsk()]
    assert isinstance(train, Scored)
    assert set(train.parts.tolist() if train.parts is not None else ()) == {"train"}
    assert len(all_rows) == 400
    wanted = model.outputs(made.rows()).scores
    np.testing.assert_allclose(all_rows.scores, wanted, atol=1e-6)
    np.testing.assert_allclose(train.scores, wanted[train.ids], atol=1e-6)
    labels = np.array(["no", "yes"])[all_rows.recorded]
    assert (labels == made.derived["@class"]).all()


@pytest.mark.parametrize("unit", [None, "who"])
def test_every_row_is_inside_half_of_the_shadows_and_a_persons_rows_go_together(
    unit: str | None, tmp_path: Path
) -> None:
    made, cache = subject(tmp_path / "cache", unit)
    ask = ShadowsAsk(count=4)
    shadows = Provider(made, seed=0, cache=cache).give([ask])[ask]
    assert isinstance(shadows, Shadows)
    assert shadows.scores.shape == (4, 400, 1)
    assert (shadows.inside.sum(axis=0) == 2).all()
    assert not (shadows.scores[0] == shadows.scores[1]).all()
    if unit:
        assert (shadows.inside[:, ::2] == shadows.inside[:, 1::2]).all()
    again = Provider(made, seed=0, cache=cache).give([ask])[ask]
    np.testing.assert_array_equal(again.scores, shadows.scores)


def test_variants_decide_about_the_judged_rows_by_kind_and_seed(tmp_path: Path) -> None:
    made, cache = subject(tmp_path / "cache")
    ask = VariantsAsk(each=2)
    variants = Provider(made, seed=0, cache=cache).give([ask])[ask]
    assert isinstance(variants, Variants)
    assert variants.kinds == ("as deployed", "half as wide", "twice as wide", "classes weighing alike")
    np.testing.assert_array_equal(variants.ids, np.flatnonzero(made.judged))
    assert variants.decided.shape == (4, 2, made.judged.sum())
    assert set(np.unique(variants.decided)) <= {0, 1}
    assert variants.decided.itemsize == 1
    assert not (variants.decided[0] == variants.decided[1]).all()
    again = Provider(made, seed=0, cache=cache).give([ask])[ask]
    np.testing.assert_array_equal(again.decided, variants.decided)
