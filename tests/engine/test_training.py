"""A model trained from a config, with what [model] says of its training."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fairwitness
from fairwitness.core.errors import UserError
from fairwitness.torchkit.recipes.prepared import UNFINISHED

OPTIONS = {"epochs": 20, "hidden": [8], "learning_rate": 0.02}


def drawn(n: int = 2000) -> dict[str, Any]:
    """Group b is rarer, and yes among it."""
    rng = np.random.default_rng(0)
    sex, x = rng.choice(["a", "b"], n, p=[0.7, 0.3]), rng.normal(size=n)
    yes = x + 2.5 * (sex == "a") + rng.logistic(size=n) > 1
    return {
        "x": x,
        "also": x + (sex == "a"),
        "sex": sex,
        "site": rng.choice(["n", "s"], n),
        "y": np.where(yes, "yes", "no"),
    }


def audit(out: Path | None = None, groups: tuple[str, ...] = ("sex",), **model: Any) -> fairwitness.Report:
    return fairwitness.audit(
        drawn(),
        target="y",
        positive="yes",
        favorable="yes",
        groups=groups,
        config={
            "model": {"train": "mlp", "options": OPTIONS, **model},
            "checks": {"only": ["fairness.selection-rate-gap"]},
        },
        out=out,
    )


def gap(report: fairwitness.Report) -> float:
    value = report.findings[0].evidence[0].value
    assert value is not None
    return abs(value)


def test_a_part_from_the_config_changes_what_is_learned() -> None:
    """Weights under which group and class are independent bring the rates of the groups together."""
    reweighed = audit(parts=[{"part": "group-weights", "by": "sex"}])
    assert gap(reweighed) < gap(audit()) - 0.1


def test_the_only_group_need_not_be_named() -> None:
    named, unnamed = (audit(parts=[{"part": "group-weights", **by}]) for by in ({"by": "sex"}, {}))
    assert gap(named) == gap(unnamed)


def test_a_trained_model_is_kept_and_nothing_unfinished_stays(tmp_path: Path) -> None:
    first = audit(tmp_path)
    (model,) = tmp_path.glob("private/cache/*/model.json")
    before = model.stat().st_mtime_ns
    assert not list(tmp_path.rglob(UNFINISHED))
    second = audit(tmp_path)
    assert model.stat().st_mtime_ns == before
    assert gap(first) == gap(second)
    audit(tmp_path, parts=[{"part": "clip-norm"}])
    assert len(list(tmp_path.glob("private/cache/*/model.json"))) == 2


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"parts": [{"part": "clip-nrom"}]}, "no part 'clip-nrom'; did you mean 'clip-norm'"),
        ({"parts": [{"part": "clip-norm", "options": {"longst": 1}}]}, "no option 'longst'; did you mean 'longest'"),
        ({"parts": [{"part": "clip-norm", "options": {"longest": -1}}]}, "longest is -1; it must be above 0"),
        ({"parts": [{"part": "clip-norm", "by": "sex"}]}, "clip-norm looks at no group; leave out by"),
        (
            {"parts": [{"part": "group-weights", "by": "race"}]},
            "by is 'race', and no such group is declared; by = one of",
        ),
        (
            {"parts": [{"part": "even-groups"}, {"part": "even-classes"}]},
            "'even-groups' and 'even-classes' do not go together: each would choose the rows of a step",
        ),
        ({"device": "cuda:7"}, "[model] device: no device 'cuda:7' that can be used here; this machine has cpu"),
        ({"device": "gpu"}, "[model] device: no device 'gpu' that can be used here"),
        ({"options": {"class_weights": "even"}}, "class_weights is 'even'; it must be 'none' or 'balanced'"),
    ],
)
def test_what_cannot_be_trained_is_one_line(model: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        audit(**model)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_part_without_a_group_to_choose_names_them() -> None:
    with pytest.raises(UserError, match="group-weights: needs a group; by = one of 'sex', 'site'"):
        audit(groups=("sex", "site"), parts=[{"part": "group-weights"}])
    with pytest.raises(UserError, match="looks at sex and site; name one group for all of it"):
        audit(
            groups=("sex", "site"),
            parts=[{"part": "group-weights", "by": "sex"}, {"part": "even-groups", "by": "site"}],
        )


def test_parts_without_training_are_not_ignored() -> None:
    with pytest.raises(UserError, match=r"\[model\] parts goes with train"):
        fairwitness.audit(
            drawn(), target="y", groups=["sex"], config={"model": {"decision": "y", "parts": [{"part": "clip-norm"}]}}
        )
