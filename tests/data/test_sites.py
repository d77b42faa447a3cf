"""A model that reads the hospital, one that does not, and too few rows to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fairwitness
from fairwitness.core.asks import SCORE
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.errors import ColumnError
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.subject import Grounds
from fairwitness.data import sites

Look = Callable[..., Any]
SITE = Grounds(site="hospital")


def patients(n: int, *, mark: float, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Three hospitals with a tenth, two fifths and four fifths ill; `mark` in the picture says which it is."""
    rng = np.random.default_rng(seed)
    site = rng.integers(0, 3, n)
    ill = rng.random(n) < (np.array([0.1, 0.4, 0.8])[site] if mark else 0.4)
    return {
        "mark": mark * site + rng.normal(size=n),
        "sign": 0.6 * ill + rng.normal(size=n),
        "hospital": np.array(["A", "B", "C"], dtype=object)[site],
        "sex": rng.choice(np.array(["f", "m"], dtype=object), n),
        "ill": np.where(ill, "1", "0").astype(object),
    }


def seen(look: Look, columns: dict[str, NDArray[Any]], **known: Any) -> Any:
    offers = known.pop("offers", frozenset({"labels", "positive", "features"}))
    return look(
        "data.site-confounding",
        columns,
        target="ill",
        positive="1",
        group=("sex",),
        roles={"hospital": "ignore", SCORE: "ignore"},
        offers=offers,
        grounds=SITE,
        **known,
    )


@pytest.mark.parametrize(
    ("n", "mark", "expected"), [(1_500, 4.0, Verdict.FAIL), (1_500, 0.0, Verdict.PASS), (150, 0.0, Verdict.UNCERTAIN)]
)
def test_a_model_that_could_read_the_hospital(look: Look, n: int, mark: float, expected: Verdict) -> None:
    outcome = seen(look, patients(n, mark=mark))
    (gap,) = outcome.judged.values()
    assert gap.against(Limit(at_most=0.10)) is expected
    ties = outcome.explored[1].columns
    assert ties["what"] == ("ill", "sex")
    assert (ties["p, adjusted"][0] < 1e-6) == bool(mark)
    assert ties["p, adjusted"][1] > 0.05
    if mark:
        assert "Ill (V" in outcome.lead
        assert outcome.explored[0].columns["rows"] == tuple(
            int((patients(n, mark=mark)["hospital"] == site).sum()) for site in outcome.explored[0].columns["site"]
        )


def test_scores_of_the_audited_model_are_judged_where_there_are_any(look: Look) -> None:
    columns = patients(1_500, mark=4.0)
    columns[SCORE] = columns["sign"].copy()  # reads the sign alone
    columns[SCORE][:100] = np.nan  # not judged
    both = seen(look, columns, offers=frozenset({"labels", "positive", "features", "scores", "truth"}))
    (gap,) = both.judged.values()
    assert gap.n == 1_400
    assert gap.against(Limit(at_most=0.10)) is not Verdict.FAIL
    assert both.headline.startswith("The model tells ill with AUC 0.6")


def test_pictures_that_show_the_hospital(look: Look) -> None:
    """A bright corner in the pictures of one hospital is read from them."""
    columns = patients(400, mark=4.0)
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 100, (400, 20, 20)).astype(np.uint8)
    pictures[columns["hospital"] == "C", :5, :5] += 100
    del columns["mark"], columns["sign"]
    outcome = seen(look, columns, media={"image": pictures}, features=("image",))
    assert "tell hospital C from the rest with AUC 1.000" in outcome.lead


def test_without_an_outcome_the_site_is_still_read(look: Look) -> None:
    outcome = seen(look, patients(600, mark=4.0), offers=frozenset({"labels", "features"}))
    assert isinstance(outcome, Measured)
    assert not outcome.judged
    assert outcome.headline.startswith("The features tell hospital")


def test_one_site_and_none_named(look: Look) -> None:
    columns = patients(100, mark=0.0)
    assert isinstance(seen(look, columns | {"hospital": np.full(100, "A", dtype=object)}), NotApplicable)
    assert isinstance(look("data.site-confounding", columns, target="ill", positive="1"), NotApplicable)


def test_numbers_name_sites_and_missing_ones_none() -> None:
    assert sites.names_of(np.array([1.0, np.nan, 2.5])).tolist() == ["1", None, "2.5"]


def test_the_setting_names_a_column() -> None:
    columns = patients(120, mark=4.0)
    told = {"checks": {"only": ["data.site-confounding"]}, "subject": {"target": "ill", "positive": "1"}}
    (finding,) = fairwitness.audit(columns, config=told, subject={"site": "hospital"}).findings
    assert finding.verdict in {"fail", "uncertain"}
    with pytest.raises(ColumnError, match=r"no column 'hospitl' for \[subject\] site; did you mean 'hospital'"):
        fairwitness.audit(columns, config=told, subject={"site": "hospitl"})
