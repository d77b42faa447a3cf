"""Remedies from the config: rows before training, and what they leave in the deployed model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

import fairwitness
from fairwitness.core import registry
from fairwitness.core.asks import group_column
from fairwitness.core.errors import UserError
from fairwitness.core.remedy import Labels, Learning, RemedyInfo, Tuned
from fairwitness.core.subject import Rows

WORDS: dict[str, Any] = {"title": "t", "does": "d", "may_cost": "m", "answers": (), "sources": ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    by_how_much: float = 0.3


@dataclass(frozen=True, slots=True)
class Moved:
    """The score moved up for one group."""

    group: str
    much: float

    def rescore(self, scores: NDArray[np.float64], groups: Labels | None) -> NDArray[np.float64]:
        assert groups is not None
        moved: NDArray[np.float64] = scores + self.much * (groups == self.group)[:, None]
        return moved.clip(0, 1)

    def to_json(self) -> dict[str, Any]:
        return {"group": self.group, "much": self.much}


class Move:
    info: ClassVar = RemedyInfo(id="fairness.move", acts="outputs", reads_group=True, **WORDS)
    Options: ClassVar = Options
    seen: ClassVar[list[Tuned]] = []

    def fit(self, tuned: Tuned, options: Any, *, rng: np.random.Generator) -> tuple[Moved, Sequence[str]]:
        self.seen.append(tuned)
        return Moved("b", options.by_how_much), ("b is moved.",)

    def restore(self, saved: Mapping[str, Any]) -> Moved:
        return Moved(**saved)


@dataclass(frozen=True, slots=True)
class Shifted:
    """x centred within its group, at decision time too."""

    means: Mapping[str, float]

    def apply(self, rows: Rows) -> Rows:
        groups = rows.columns[group_column("sex")]
        x = rows.columns["x"] - np.array([self.means[name] for name in groups])
        return replace(rows, columns={**rows.columns, "x": x})

    def to_json(self) -> dict[str, Any]:
        return dict(self.means)


class Shift:
    info: ClassVar = RemedyInfo(id="fairness.shift", acts="rows", reads_group=True, **WORDS)
    Options: ClassVar = Options

    def rows(self, learning: Learning, _: Any, *, by: str, rng: np.random.Generator) -> Learning:
        groups, x = learning.labels(by), learning.rows.columns["x"]
        edit = Shifted({name: float(x[groups == name].mean()) for name in ("a", "b")})
        return replace(learning, rows=edit.apply(learning.rows), at_decision=((self.info.id, edit),))


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch) -> None:
    Move.seen.clear()
    planted = {"fairness.move": Move, "fairness.shift": Shift}
    real = registry.remedy
    monkeypatch.setattr(
        registry, "remedy", lambda name, *, source: planted[name]() if name in planted else real(name, source=source)
    )


def drawn(n: int = 3000, **more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    sex = rng.choice(["a", "b"], n)
    x = rng.normal(size=n) + 1.0 * (sex == "a")
    return {
        "x": x,
        "sex": sex,
        "site": rng.choice(["n", "s"], n),
        "y": np.where(x + rng.logistic(size=n) > 0.5, "yes", "no"),
    }


def audit(
    *remedies: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
    groups: Sequence[str] = ("sex",),
    **settings: Any,
) -> fairwitness.Report:
    model = {"train": "mlp", "options": {"epochs": 25, "hidden": [8], "learning_rate": 0.02}, "remedies": remedies}
    config = {"model": model, "checks": {"only": ["fairness.selection-rate-gap"]}, **settings}
    return fairwitness.audit(data or drawn(), target="y", positive="yes", favorable="yes", groups=groups, config=config)


def rates(report: fairwitness.Report) -> dict[Any, Any]:
    table = report.findings[0].series[0].columns
    return dict(zip(table["group"], table["rate"], strict=True))


def test_without_a_remedy_the_groups_are_apart() -> None:
    found = rates(audit())
    assert found["a"] > found["b"] + 0.25


def test_reweighing_brings_the_groups_together_where_the_model_can_tell_them_apart() -> None:
    data = drawn()
    data["proxy"] = (data["sex"] == "a") + np.random.default_rng(1).normal(0, 0.3, 3000)
    mended, plain = (rates(audit(*remedies, data=data)) for remedies in ([{"remedy": "fairness.reweigh"}], []))
    assert abs(mended["a"] - mended["b"]) < abs(plain["a"] - plain["b"]) - 0.1


def test_scores_are_mended_on_half_of_the_tune_rows() -> None:
    report = audit({"remedy": "fairness.move", "options": {"by_how_much": 1.0}})
    assert rates(report)["b"] == 1.0
    assert rates(report)["a"] == rates(audit())["a"]
    (tuned,) = Move.seen
    assert 0.05 * 3000 < len(tuned.ids) < 0.10 * 3000  # of 15 %
    assert tuned.groups is not None
    assert set(tuned.groups) == {"a", "b"}
    assert tuned.scores.shape == (len(tuned.ids), 1)
    assert "mended by fairness.move" in report.document.subject.model
    assert "b is moved." in report.document.subject.notes


def test_rows_are_edited_at_decision_time_as_before_training() -> None:
    found = rates(audit({"remedy": "fairness.shift"}))
    assert abs(found["a"] - found["b"]) < 0.08  # x carries no group any more


def test_remedies_before_and_after_go_together() -> None:
    found = rates(audit({"remedy": "fairness.shift"}, {"remedy": "fairness.move", "options": {"by_how_much": 1.0}}))
    assert found["b"] == 1.0
    assert found["a"] < 0.9


@pytest.mark.parametrize(
    ("remedy", "words"),
    [
        ({"remedy": "fairness.reweight"}, "no remedy 'fairness.reweight'; did you mean 'fairness.reweigh'"),
        ({"remedy": "fairness.move", "options": {"much": 1}}, "no option 'much'; there is by_how_much"),
        ({"remedy": "fairness.move", "by": "race"}, "by is 'race', and no such group is declared; by = one of 'sex'"),
    ],
)
def test_what_cannot_be_mended_is_one_line(remedy: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        audit(remedy)
    assert words in str(caught.value)


def test_two_crossed_groups_may_be_named() -> None:
    audit({"remedy": "fairness.reweigh", "by": "sex × site"}, groups=("sex", "site"))


def test_no_tune_rows_are_named_before_training() -> None:
    with pytest.raises(
        UserError, match=r"\[\[model.remedies\]\] fairness.move needs tune rows, and \[split\] tune is 0"
    ):
        audit({"remedy": "fairness.move"}, split={"tune": 0.0})
