"""Other libraries on the subjects they have a check for, with the rule that turns their numbers into a verdict.

None of them judges by itself: each returns numbers, and the limits are those its own documentation names, or ours where it
names none. They are given what the audit is given, and only kinds of fault they can see; a library that is not installed
is left out by name.
"""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.trial.planted import Planted
from fairwitness.trial.witness import Said, Witness

DECISIONS = frozenset(
    {"data.biased-labels"}
    | {f"fairness.{kind}" for kind in ("refused", "few-refused", "missed", "flagged", "one-rule-for-two", "crossed")}
)
GAP, RATIO = 0.1, 0.8
SELECTION, ODDS = ("fairness.selection-rate-gap",), ("fairness.equalized-odds-gap",)
RADIUS = 0.05
MOST_ATTACKED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A library that has some of the checks.

    Attributes:
        name: As people call it.
        module: What is imported.
        covers: Kinds it has a check for.
        rule: What turns its numbers into an accusation.
        look: What it says of a subject.
    """

    name: str
    module: str
    covers: frozenset[str]
    rule: str
    look: Witness

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self.module) is not None

    def among(self, subjects: Mapping[str, Planted]) -> dict[str, Planted]:
        """The subjects of kinds it covers."""
        return {name: each for name, each in subjects.items() if each.kind.id in self.covers}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What a library of fairness metrics takes: (n,) good outcomes, good decisions, and groups."""

    truth: NDArray[np.int64]
    chosen: NDArray[np.int64]
    groups: NDArray[np.object_]
    decided: bool  # decisions are apart from the outcomes


def _case(folder: Path) -> _Case:
    settings, frame = _settings(folder), pl.read_csv(folder / "data.csv")
    truth = frame[settings["subject"]["target"]].to_numpy()
    decision = settings.get("model", {}).get("decision")
    groups = [frame[name].cast(pl.String) for name in settings["subject"]["groups"]]
    crossed = np.array([" × ".join(cell) for cell in zip(*groups, strict=True)], dtype=object)
    chosen = truth if decision is None else frame[decision].to_numpy()
    return _Case(truth=truth, chosen=chosen, groups=crossed, decided=decision is not None)


def fairlearn(folder: Path) -> Said:
    """`demographic_parity_difference`, `demographic_parity_ratio` and `equalized_odds_difference`, at their points."""
    from fairlearn import metrics

    case = _case(folder)
    given = {"sensitive_features": case.groups}
    apart = metrics.demographic_parity_difference(case.truth, case.chosen, **given)
    ratio = metrics.demographic_parity_ratio(case.truth, case.chosen, **given)
    odds = metrics.equalized_odds_difference(case.truth, case.chosen, **given) if case.decided else 0.0
    return Said(faults=(SELECTION if apart > GAP or ratio < RATIO else ()) + (ODDS if odds > GAP else ()))


def aif360(folder: Path) -> Said:
    """Statistical parity, disparate impact, equal opportunity and average odds of each group against the others."""
    import pandas as pd
    from aif360.sklearn import metrics

    case, faults = _case(folder), set[str]()
    for group in np.unique(case.groups.astype(str)):
        index = pd.Index(case.groups == group, name="one")
        truth, chosen = pd.Series(case.truth, index=index), pd.Series(case.chosen, index=index)
        given = {"prot_attr": "one", "priv_group": True}
        apart = metrics.statistical_parity_difference(chosen, **given)
        ratio = metrics.disparate_impact_ratio(chosen, **given)
        if abs(apart) > GAP or not RATIO <= ratio <= 1 / RATIO:
            faults |= set(SELECTION)
        if case.decided:
            missed = metrics.equal_opportunity_difference(truth, chosen, **given)
            both = metrics.average_odds_difference(truth, chosen, **given)
            faults |= set(ODDS) if max(abs(missed), abs(both)) > GAP else set()
    return Said(faults=tuple(sorted(faults)))


def art(folder: Path) -> Said:
    """The gap attack on a tree, or projected gradients on a network."""
    return _art_members(folder) if "black_box" in _settings(folder)["model"] else _art_attack(folder)


def _art_members(folder: Path) -> Said:
    """`MembershipInferenceBlackBoxRuleBased`: the share of rows it places rightly, members and others alike in weight."""
    from art.attacks.inference.membership_inference import MembershipInferenceBlackBoxRuleBased
    from art.estimators.classification import BlackBoxClassifier

    model, frame = _built(folder), pl.read_csv(folder / "data.csv")
    names = list(model.feature_names_in_)

    def scores(values: NDArray[Any]) -> NDArray[Any]:
        made: NDArray[Any] = model.predict_proba(pl.DataFrame(values, schema=names).to_pandas())
        return made

    values, truth = frame.select(names).to_numpy().astype(np.float64), frame["good"].to_numpy()
    wrapped = BlackBoxClassifier(scores, input_shape=(len(names),), nb_classes=2)
    member = np.asarray(MembershipInferenceBlackBoxRuleBased(wrapped).infer(values, truth)).ravel() == 1
    inside = frame["part"].to_numpy() == "train"
    right = (member[inside].mean() + (~member[~inside]).mean()) / 2
    return Said(faults=("privacy.loss-attack",) if right > 0.55 else ())


def _art_attack(folder: Path) -> Said:
    """`ProjectedGradientDescent` of 40 steps from 3 starts, each number by 5 % of its range: four standard deviations."""
    import torch
    from art.attacks.evasion import ProjectedGradientDescent
    from art.estimators.classification import PyTorchClassifier

    module, frame = _built(folder)[0], pl.read_csv(folder / "data.csv").head(MOST_ATTACKED)
    values = frame.drop("group", "good").to_numpy().astype(np.float32)
    spread = torch.tensor(4 * values.std(axis=0))

    class TwoLogits(torch.nn.Module):
        """Numbers on the scale of their ranges; a logit for each class."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            one = self.inner(x * spread)
            return torch.stack([-one / 2, one / 2], dim=1)

    scaled = values / spread.numpy()
    wrapped = PyTorchClassifier(
        TwoLogits(), loss=torch.nn.CrossEntropyLoss(), input_shape=scaled.shape[1:], nb_classes=2, device_type="cpu"
    )
    right = wrapped.predict(scaled).argmax(axis=1) == frame["good"].to_numpy()
    attack = ProjectedGradientDescent(
        wrapped, eps=RADIUS, eps_step=RADIUS / 10, max_iter=40, num_random_init=3, verbose=False
    )
    moved = wrapped.predict(attack.generate(scaled)).argmax(axis=1) == frame["good"].to_numpy()
    broken = (right & ~moved).sum() / max(1, right.sum())
    return Said(faults=("robustness.adversarial-accuracy",) if broken > 0.5 else ())


def _settings(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "audit.toml").read_text(encoding="utf-8"))


def _built(folder: Path) -> Any:  # noqa: ANN401 - an estimator, or a module with what is said of it
    """What the subject's own `model.py` builds."""
    spec = importlib.util.spec_from_file_location("planted_model", folder / "model.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # the folder stays as it was written
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return module.build()


RIVALS = (
    Rival(
        name="fairlearn",
        module="fairlearn",
        covers=DECISIONS,
        rule="a difference above 0.10 or a ratio below 0.80, at its point, between crossed groups",
        look=fairlearn,
    ),
    Rival(
        name="AIF360",
        module="aif360",
        covers=DECISIONS,
        rule="a difference beyond ±0.10 or a ratio outside 0.80 to 1.25, at its point, each group against the others",
        look=aif360,
    ),
    Rival(
        name="adversarial-robustness-toolbox",
        module="art",
        covers=frozenset({"privacy.grown", "robustness.fragile"}),
        rule="members told from others in more than 55 %, or more than half of right decisions turned within 5 % of ranges",
        look=art,
    ),
)
