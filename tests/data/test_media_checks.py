"""Pictures and texts by group: against SciPy and statsmodels, planted, clean and too small; and a Dataset, whole."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from math import log2
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fairwitness
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.errors import ConfigError
from fairwitness.data.pictured import apart, looks
from fairwitness.data.terms import told
from fairwitness.engine.options import parse_options

Look = Callable[..., Any]


def test_looks_are_those_of_scipy() -> None:
    from scipy.ndimage import laplace

    images = np.random.default_rng(0).integers(0, 256, (5, 9, 12, 3)).astype(np.uint8)
    found = looks(images)
    grey = images.mean(axis=3) / 255
    np.testing.assert_allclose(found["brightness"], grey.mean(axis=(1, 2)))
    np.testing.assert_allclose(found["contrast"], grey.std(axis=(1, 2)))
    inner = [laplace(one)[1:-1, 1:-1].std() for one in grey]
    np.testing.assert_allclose(found["sharpness"], inner)
    np.testing.assert_allclose(looks(grey * 7 - 2)["contrast"] * np.ptp(grey), found["contrast"], rtol=1e-12)
    assert not looks(np.full((2, 4, 4), 3.0))["contrast"].any()


def test_a_standardised_difference_is_that_of_the_formula() -> None:
    rng = np.random.default_rng(1)
    values, groups = rng.normal(size=90), np.array(["a"] * 40 + ["b"] * 50, dtype=object)
    values[40:] += 0.7
    found = apart(values, groups)
    assert found is not None
    a, b = values[:40], values[40:]
    pooled = ((39 * a.var(ddof=1) + 49 * b.var(ddof=1)) / 88) ** 0.5
    d = (b.mean() - a.mean()) / pooled
    half = 1.959964 * (90 / 2000 + d**2 / 180) ** 0.5
    assert found.groups == ("a", "b")
    assert (found.size.value, found.size.low, found.size.high) == pytest.approx((d, d - half, d + half), rel=1e-6)
    assert apart(np.ones(90), groups) is None
    assert apart(np.where(np.arange(90) < 40, 0.1, 0.2), groups) is None  # no spread within groups to measure by


@pytest.mark.slow
def test_coverage_of_the_widest_standardised_difference() -> None:
    """Three groups, means 0, 0.2 and 0.6; the interval must hold the true widest difference."""
    rng = np.random.default_rng(2)
    groups = np.repeat(np.array(["a", "b", "c"], dtype=object), 40)
    hits = 0
    for _ in range(400):
        found = apart(rng.normal(size=120) + np.repeat([0, 0.2, 0.6], 40), groups)
        assert found is not None
        hits += (found.size.low or 0) <= 0.6 <= (found.size.high or 0)
    assert hits >= 372, hits


def pictures(n: int, darker: float) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(3)
    sex = rng.choice(np.array(["men", "women"], dtype=object), n)
    held = 120 + 30 * rng.normal(size=(n, 12, 12)) + 12 * rng.normal(size=(n, 1, 1))
    held[sex == "women"] -= darker
    return {"sex": sex, "image": np.clip(held, 0, 255).astype(np.uint8)}


def test_two_columns_of_pictures_are_told_apart(look: Look) -> None:
    made = pictures(200, 20)
    media = {"face": made["image"], "scan": made["image"][::-1]}
    outcome = look("data.picture-gaps", {"sex": made["sex"]}, group=("sex",), media=media)
    assert {key.metric for key in outcome.judged} == {
        f"difference in {measure} of {name}" for measure in ("brightness", "contrast", "sharpness") for name in media
    }


def test_a_picture_with_a_hole_is_left_out_and_a_group_called_none_is_not_who_is_unknown(look: Look) -> None:
    """Rows without a group are white pictures: in any group they would move its mean."""
    made = pictures(300, 20)
    images, faith = made["image"].astype(np.float64), np.where(made["sex"] == "men", "None", "any").astype(object)
    clean = look("data.picture-gaps", {"faith": faith}, group=("faith",), media={"image": images})
    images = np.concatenate([images, np.full((40, 12, 12), images.max()), images[:1]])
    images[-1, 3, 3] = np.nan
    faith = np.concatenate([faith, np.array([None] * 40 + ["None"], dtype=object)])
    outcome = look("data.picture-gaps", {"faith": faith}, group=("faith",), media={"image": images})
    assert list(outcome.judged.values()) == list(clean.judged.values())
    assert outcome.notes == ("1 picture with pixels that are no number left out",)


@pytest.mark.parametrize(
    ("n", "darker", "firm"), [(400, 20, "1 is firm"), (400, 0, "0 are firm"), (30, 0, "0 are firm")]
)
def test_pictures_of_one_group_that_are_darker(look: Look, n: int, darker: float, firm: str) -> None:
    made = pictures(n, darker)
    outcome = look("data.picture-gaps", {"sex": made["sex"]}, group=("sex",), media={"image": made["image"]})
    assert isinstance(outcome, Measured)
    assert firm in outcome.lead
    assert (outcome.headline.startswith("Pictures of men have 1.") and "more brightness" in outcome.headline) == bool(
        darker
    )
    assert outcome.explored[0].columns["measure"][0] == "brightness" or not darker


def test_no_pictures_and_too_few(look: Look) -> None:
    made = pictures(12, 0)
    assert isinstance(look("data.picture-gaps", {"sex": made["sex"]}, group=("sex",)), NotApplicable)
    few = look("data.picture-gaps", {"sex": made["sex"]}, group=("sex",), media={"image": made["image"]})
    assert isinstance(few, NotApplicable)


def test_terms_and_classes_are_those_of_a_table() -> None:
    """40 texts with the term, 25 of them toxic; 160 without, 20 of them toxic."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    holds = {"gay": np.arange(200) < 40, "rare": np.arange(200) < 29, "everywhere": np.arange(200) < 171}
    classes = np.array(["toxic"] * 25 + ["fine"] * 15 + ["toxic"] * 20 + ["fine"] * 140, dtype=object)
    (one,) = told(holds, classes, ["toxic"])
    assert (one.term, one.category, one.rate, one.others) == ("gay", "toxic", 0.625, 0.125)
    assert one.bits == pytest.approx(log2(0.625 / 0.225))
    assert one.gap is not None
    low, high = confint_proportions_2indep(25, 40, 20, 160, method="newcomb", compare="diff")
    assert (one.gap.low, one.gap.high) == pytest.approx((low, high), abs=1e-9)
    assert one.share.value == 0.2
    (both,) = told(holds, classes, ["fine", "toxic"])
    assert both.gap is not None
    assert (both.gap.high or 0) - (both.gap.low or 0) > high - low  # for two classes at once
    (bare,) = told(holds, None, [])
    assert bare.gap is None
    assert bare.p is None


def comments(n: int, more: float) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(4)
    named = rng.random(n) < 0.2
    other = ~named & (rng.random(n) < 0.2)
    toxic = rng.random(n) < 0.2 + more * named
    words = np.where(named, "my Gay friend says", np.where(other, "an old man said", "somebody says"))
    return {
        "text": np.array([f"{each} this and that" for each in words], dtype=object),
        "toxic": np.where(toxic, "1", "0").astype(object),
    }


@pytest.mark.parametrize(("n", "more", "firm"), [(800, 0.4, True), (800, 0.0, False), (240, 0.0, False)])
def test_a_term_that_goes_with_a_class(look: Look, n: int, more: float, firm: bool) -> None:  # noqa: FBT001 - a case
    outcome = look(
        "data.term-associations",
        comments(n, more),
        target="toxic",
        positive="1",
        kinds={"text": "text"},
        offers=frozenset({"labels"}),
    )
    assert isinstance(outcome, Measured)
    assert ("Firm" in outcome.lead) == firm
    assert outcome.headline.startswith("Of texts with “gay”") or not firm
    (gap,) = outcome.judged.values()
    assert ((gap.low or 0) > 0) == firm


def test_terms_without_labels_few_and_none(look: Look) -> None:
    columns = comments(800, 0.0)
    outcome = look("data.term-associations", {"text": columns["text"]}, kinds={"text": "text"})
    assert outcome.headline.startswith("The commonest identity term is “gay”")
    assert isinstance(look("data.term-associations", comments(60, 0.0), kinds={"text": "text"}), NotApplicable)
    assert isinstance(look("data.term-associations", columns), NotApplicable)


def test_balance_of_a_dataset() -> None:
    """Classes and attributes of a PyTorch Dataset are counted as those of any table."""
    torch = pytest.importorskip("torch")

    class Faces(torch.utils.data.Dataset):  # type: ignore[misc,name-defined]  # torch is not imported at the top
        def __len__(self) -> int:
            return 120

        def __getitem__(self, place: int) -> dict[str, Any]:
            return {
                "image": torch.full((1, 16, 16), float(place)) + torch.arange(16.0),
                "label": int(place % 6 == 0),
                "skin": "dark" if place % 4 == 0 else "light",
            }

    only = ["data.class-imbalance", "data.group-imbalance", "data.picture-gaps"]
    report = fairwitness.audit(Faces(), target="label", positive=1, groups=["skin"], checks={"only": only})
    titles = {finding.check: finding.title for finding in report.findings}
    assert "has 20 rows (16.7" in titles["data.class-imbalance"]
    assert "30" in titles["data.group-imbalance"]
    assert titles["data.picture-gaps"].startswith("Pictures of")


@pytest.mark.parametrize(
    ("check", "options"),
    [
        ("data.term-associations", {"terms": [3]}),
        ("data.embedding-proxies", {"prefix": 3}),
        ("data.group-shift", {"between": ["wave"]}),
    ],
)
def test_an_option_of_another_type_is_refused_in_one_line(check: str, options: dict[str, Any]) -> None:
    module, name = check.partition(".")[2].replace("-", "_"), check.partition(".")[2].title().replace("-", "")
    kind = getattr(import_module(f"fairwitness.data.checks.{module}"), name).Options
    with pytest.raises(ConfigError, match=rf"^here: options: {next(iter(options))} is"):
        parse_options(kind, options, source="here")
