"""Class ratio and shares against a reference: coverage by simulation, values by hand and by SciPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.data import shares

Look = Callable[..., Any]
AT_LEAST = Limit(at_least=0.8)


def repeated(counts: Mapping[Any, int]) -> NDArray[Any]:
    return np.array([name for name, n in counts.items() for _ in range(n)], dtype=object)


def verdict(outcome: object, limit: Limit) -> Verdict:
    assert isinstance(outcome, Measured)
    (estimate,) = outcome.judged.values()
    return estimate.against(limit)


def test_two_classes_give_the_conditional_binomial() -> None:
    """With two classes the critical value is the ordinary one: Wilson's interval of 300 / 800 as odds."""
    ratio = shares.smallest_to_largest({"a": 500, "b": 300})
    assert ratio is not None
    assert ratio.groups == ("b", "a")
    share = stats.binomtest(300, 800).proportion_ci(method="wilson")
    assert ratio.estimate.value == pytest.approx(0.6)
    assert ratio.estimate.low == pytest.approx(share.low / (1 - share.low))
    assert ratio.estimate.high == pytest.approx(share.high / (1 - share.high))


@pytest.mark.parametrize("parts", [[0.1] * 10, [0.08, 0.12, 0.1, 0.1, 0.6], [0.3, 0.7]])
def test_class_ratio_covers_the_true_lowest(parts: list[float]) -> None:
    rng, truth = np.random.default_rng(1), min(parts) / max(parts)
    hits = 0
    for counts in rng.multinomial(2_000, parts, size=400):
        found = shares.smallest_to_largest(dict(enumerate_names(counts)))
        assert found is not None
        low, high = found.estimate.low, found.estimate.high
        assert low is not None
        assert high is not None
        hits += low <= truth <= high
    assert hits / 400 > 0.93  # nominal 0.95, less three standard errors of 400 runs at most


def enumerate_names(counts: NDArray[np.int64]) -> list[tuple[str, int]]:
    return [(str(index), int(n)) for index, n in enumerate(counts)]


def test_an_empty_class_has_ratio_zero_and_one_class_has_none() -> None:
    none = shares.smallest_to_largest({"a": 50, "b": 0})
    assert none is not None
    assert (none.estimate.value, none.estimate.low) == (0.0, 0.0)
    assert none.estimate.high is not None
    assert none.estimate.high > 0
    assert shares.smallest_to_largest({"a": 50}) is None
    assert shares.smallest_to_largest({"a": 0, "b": 0}) is None


def test_balanced_digits_pass_and_a_thinned_copy_fails(look: Look) -> None:
    """The 5,000 digits hold 500 of each; one class thinned to 60 % is found, both with intervals."""
    digits = {str(digit): 500 for digit in range(10)}
    even = look("data.class-imbalance", {"digit": repeated(digits)}, target="digit")
    thin = look("data.class-imbalance", {"digit": repeated({**digits, "7": 300})}, target="digit")
    assert verdict(even, AT_LEAST) is Verdict.PASS
    assert verdict(thin, AT_LEAST) is Verdict.FAIL
    assert "Each of the 10 classes of digit has 500 rows" in even.headline
    assert "“7”, has 300 rows" in thin.headline
    assert thin.figures[0].counts == (500, 500, 500, 500, 500, 500, 500, 300, 500, 500)
    small = look("data.class-imbalance", {"digit": repeated({"0": 10, "1": 8})}, target="digit")
    assert verdict(small, AT_LEAST) is Verdict.UNCERTAIN


def test_goodness_of_fit_is_pearsons() -> None:
    counts, reference = {"a": 40, "b": 60, "c": 100}, {"a": 0.25, "b": 0.25, "c": 0.5}
    expected = stats.chisquare(list(counts.values()), [50, 50, 100]).pvalue
    assert shares.goodness_of_fit(counts, reference, rng=np.random.default_rng(0)) == pytest.approx(expected)


def test_goodness_of_fit_with_few_expected_is_the_exact_binomial() -> None:
    """Of two categories Pearson's statistic orders outcomes by distance from the mean, so the sum is done by hand."""
    n, part, seen = 20, 0.05, 4
    outcomes = np.arange(n + 1)
    far = np.abs(outcomes - n * part) >= abs(seen - n * part)
    exact = stats.binom.pmf(outcomes, n, part)[far].sum()
    found = shares.goodness_of_fit({"a": seen, "b": n - seen}, {"a": part, "b": 1 - part}, rng=np.random.default_rng(0))
    assert found == pytest.approx(exact, abs=3 * np.sqrt(exact / 9_999) + 1e-4)


def test_reference_intervals_hold_together() -> None:
    rng, reference = np.random.default_rng(2), {"a": 0.5, "b": 0.3, "c": 0.15, "d": 0.05}
    truth = {"a": 0.5, "b": 0.35, "c": 0.12, "d": 0.03}
    hits = 0
    for counts in rng.multinomial(600, list(truth.values()), size=400):
        ratios = shares.against_reference(dict(zip(truth, counts.tolist(), strict=True)), reference)
        worst = shares.lowest(ratios, level=0.95).estimate
        assert worst.low is not None
        assert worst.high is not None
        hits += worst.low <= 0.6 <= worst.high
    assert hits / 400 > 0.93


def test_collecting_what_is_asked_reaches_the_reference() -> None:
    counts, reference = {"a": 700, "b": 200, "c": 100}, {"a": 0.5, "b": 0.3, "c": 0.2}
    wanted = shares.to_collect(counts, reference, ("b", "c"))
    after = {name: n + wanted.get(name, 0) for name, n in counts.items()}
    total = sum(after.values())
    assert wanted == {"b": 220, "c": 180}  # 700 people are to be half of 1,400
    assert {name: n / total for name, n in after.items()} == pytest.approx(reference)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"x": 500, "y": 500}, Verdict.PASS),
        ({"x": 700, "y": 300}, Verdict.FAIL),
        ({"x": 14, "y": 10}, Verdict.UNCERTAIN),
    ],
)
def test_under_representation_at_three_sizes(look: Look, counts: dict[str, int], expected: Verdict) -> None:
    outcome = look(
        "data.under-representation",
        {"sex": repeated(counts)},
        group=("sex",),
        reference={"sex": {"x": 0.5, "y": 0.5}},
    )
    assert verdict(outcome, AT_LEAST) is expected


def test_under_representation_says_whom_to_collect(look: Look) -> None:
    outcome = look(
        "data.under-representation",
        {"sex": repeated({"x": 700, "y": 300, "z": 12, None: 5})},
        group=("sex",),
        reference={"sex": {"x": 0.49, "y": 0.49}},
        people="applicants",
    )
    assert outcome.headline.startswith("Y applicants are 30.0")
    assert "collect 400 more y applicants" in outcome.lead
    assert any("12 rows" in note and "z" in note for note in outcome.notes)
    assert any("98.0" in note for note in outcome.notes)
    assert any(note.startswith("5 rows of") for note in outcome.notes)


def test_no_reference_is_not_applicable(look: Look) -> None:
    outcome = look("data.under-representation", {"sex": repeated({"x": 7, "y": 3})}, group=("sex",))
    assert isinstance(outcome, NotApplicable)
    assert outcome.missing == "reference"


def test_groups_are_counted_and_the_smallest_is_judged(look: Look) -> None:
    outcome = look("data.group-imbalance", {"sex": repeated({"f": 29, "m": 71, None: 3})}, group=("sex",))
    (key,) = outcome.judged
    assert key.groups == ("f",)
    assert verdict(outcome, Limit(at_least=30)) is Verdict.FAIL
    assert outcome.figures[0].labels == ("f", "m", MISSING)
    assert outcome.figures[0].counts == (29, 71, 3)
    assert "f (1 more)" in outcome.lead
    wilson = stats.binomtest(29, 100).proportion_ci(method="wilson")
    assert f"[{100 * wilson.low:.1f}, {100 * wilson.high:.1f}]" in outcome.headline


def test_one_group_has_no_balance(look: Look) -> None:
    assert isinstance(
        look("data.group-imbalance", {"sex": repeated({"f": 29, None: 3})}, group=("sex",)), NotApplicable
    )


def test_loanapp_groups(look: Look, loanapp: dict[str, NDArray[Any]]) -> None:
    """Value counts as anyone would take them: 111 Hispanic applicants, and 15 with sex not recorded."""
    assert (loanapp["hispan"] == 1).sum() == 111
    race = look("data.group-imbalance", {"race": loanapp["race"]}, group=("race",))
    assert "hispan people, is 111 of 1,989" in race.headline
    sex = np.where(loanapp["male"] == 1, "men", "women").astype(object)
    sex[np.isnan(loanapp["male"])] = None
    people = look("data.group-imbalance", {"sex": sex}, group=("sex",))
    assert any(note.startswith("15 rows of 1,989") for note in people.notes)


def test_a_crossing_of_known_margins_is_raked(look: Look) -> None:
    """Margins alone are declared: the crossed shares keep them, and the odds ratio of the data."""
    cells = {("a", "f"): 400, ("a", "m"): 100, ("b", "f"): 200, ("b", "m"): 300}
    pairs = [pair for pair, n in cells.items() for _ in range(n)]
    columns = {name: np.array([pair[i] for pair in pairs], dtype=object) for i, name in enumerate(("race", "sex"))}
    reference = {"race": {"a": 0.3, "b": 0.7}, "sex": {"f": 0.5, "m": 0.5}}
    outcome = look("data.under-representation", columns, group=("race", "sex"), reference=reference)
    assert isinstance(outcome, Measured)
    (table,) = outcome.explored
    pairs_of = zip(table.columns["race × sex"], table.columns["reference"], strict=True)
    shares = {str(name): float(part or 0) for name, part in pairs_of}
    assert shares["a × f"] + shares["a × m"] == pytest.approx(0.3)
    assert shares["a × f"] + shares["b × f"] == pytest.approx(0.5)
    odds = shares["a × f"] * shares["b × m"] / (shares["a × m"] * shares["b × f"])
    assert odds == pytest.approx(400 * 300 / (100 * 200))
    assert any("raking" in note for note in outcome.notes)
    alone = look("data.under-representation", columns, group=("race", "sex"), reference={"race": {"a": 0.3, "b": 0.7}})
    assert isinstance(alone, NotApplicable)


def test_of_many_bars_the_smallest_are_drawn_with_their_share_of_all() -> None:
    counts = {f"c{place:03}": 10 + place for place in range(100)}
    drawn = shares.bars(counts, title="Rows", caption="Rows of each class.", level=0.95)
    assert drawn.labels == tuple(f"c{place:03}" for place in range(40))
    assert drawn.shares[0] == pytest.approx(10 / sum(counts.values()))
    assert "The 40 smallest of 100." in drawn.caption
    assert "smallest of" not in shares.bars({"a": 1, "b": 2}, title="Rows", caption="Rows.", level=0.95).caption
