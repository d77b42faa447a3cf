"""The checks of federation on planted sites."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import DECISION, LABEL, RowsAsk, TallyAsk, group_column
from fairwitness.core.check import Given, NotApplicable
from fairwitness.core.columns import Column
from fairwitness.core.errors import UserError
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Rows
from fairwitness.federated import sites
from fairwitness.federated.checks.site_gap import SiteGap, SiteOptions
from fairwitness.federated.checks.tallies_only import TalliesOnly, TallyOptions
from fairwitness.federated.heterogeneity import cochran
from fairwitness.stats.tally import Tally
from support import given

COLUMNS = (Column(name="race", kind="category", role="group"), Column(name="clinic", kind="category"))


def people(gaps: dict[str, float], n: int, seed: int) -> dict[str, NDArray[Any]]:
    """So many people a clinic, half of either race; Black ones selected at 60 %, White ones that much more often."""
    rng = np.random.default_rng(seed)
    parts = []
    for clinic, gap in gaps.items():
        race = rng.choice(np.array(["Black", "White"], dtype=object), n)
        decided = rng.random(n) < np.where(race == "White", 0.6 + gap, 0.6)
        made = given.people(race, label=rng.random(n) < 0.5, decision=decided)
        parts.append({**made, "clinic": np.full(n, clinic, dtype=object)})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def run(this: Any, columns: dict[str, NDArray[Any]], options: Any, *, pooled: Tally | None = None) -> Any:
    """What a check says; `pooled` stands for the audit's own counts."""
    outline = given.outline(columns=COLUMNS)
    about = outline.groupings[0] if this.info.per == "grouping" else None
    asked = this.asks(outline, about, options)
    if isinstance(asked, NotApplicable):
        return asked
    rows = Rows(ids=np.arange(len(columns["race"])), columns={**columns, group_column("race"): columns["race"]})
    made = {
        ask: (pooled or Tally.of({name: columns[name] for name in (*ask.by, *ask.of)}))
        if isinstance(ask, TallyAsk)
        else rows
        for ask in asked
    }
    return this.run(
        Given(
            outline=outline,
            about=about,
            level=0.95,
            limit=this.info.limit,
            rng=np.random.default_rng(0),
            context={},
            made=made,
        ),
        options,
    )


def counted(columns: dict[str, NDArray[Any]], *, pooled: Tally | None = None, **options: Any) -> Any:
    return run(TalliesOnly(), columns, TallyOptions(**{"site": "clinic", **options}), pooled=pooled)


def verdict(columns: dict[str, NDArray[Any]]) -> Verdict:
    (estimate,) = run(SiteGap(), columns, SiteOptions(site="clinic")).judged.values()
    found: Verdict = estimate.against(SiteGap.info.limit)
    return found


def test_sites_add_up_to_the_last_count() -> None:
    outcome = counted(people({"north": 0.0, "south": 0.2, "west": 0.1}, 200, 0), least=0)
    (estimate,) = outcome.judged.values()
    assert (estimate.value, estimate.low, estimate.high, estimate.n) == (0, 0, 0, 2)
    left = given.series(outcome, "What left each site")
    assert left["rows counted"] == (200, 200, 200)
    assert left["counts sent"] == (8, 8, 8)
    assert outcome.headline == "The counts of 3 sites add up to those of all rows"


def test_one_person_counted_otherwise_is_found() -> None:
    """A planted fault: one site's export turned one decision round."""
    columns = people({"north": 0.0, "south": 0.2}, 200, 1)
    changed = {name: values.copy() for name, values in columns.items()}
    changed[DECISION][0] = "no" if columns[DECISION][0] == "yes" else "yes"
    outcome = counted(columns, pooled=Tally.of({name: changed[name] for name in ("race", LABEL, DECISION)}))
    (estimate,) = outcome.judged.values()
    assert estimate.value == 1  # of one person's group, two counts
    assert outcome.headline == "2 of 8 counts of 2 sites differ from those of all rows"
    assert TalliesOnly.info.limit is not None
    assert estimate.against(TalliesOnly.info.limit) is Verdict.FAIL


def test_small_counts_are_kept_back_and_what_that_costs_is_told() -> None:
    outcome = counted(people({"north": 0.3, "tiny": 0.3}, 25, 2))
    (estimate,) = outcome.judged.values()
    assert estimate.value == 0
    assert "kept back (under 5, or beside one)" in outcome.lead
    wider = given.series(outcome, "What keeping counts back costs, by race")["wider by"]
    assert max(wider) > 0


def test_where_too_much_is_kept_back_to_tell_a_rate_it_does_not_pass() -> None:
    """Could not look is not found nothing: with every count kept back any audit agrees."""
    columns = people({"north": 0.0, "south": 0.2}, 200, 1)
    outcome = counted(columns, least=1000)
    (estimate,) = outcome.judged.values()
    assert (estimate.low, estimate.high, estimate.n) == (0, 2, 2)
    assert TalliesOnly.info.limit is not None
    assert estimate.against(TalliesOnly.info.limit) is Verdict.UNCERTAIN
    assert outcome.headline.endswith(
        "tell the selection rate of 0 of 2 groups to within 5.0 points of the audit of all rows"
    )


def test_a_group_that_only_a_site_too_small_to_speak_has_is_no_fault() -> None:
    """Three people of a race nobody else has: no count of them is sent, and none need be."""
    columns = people({"north": 0.0, "south": 0.0, "tiny": 0.0}, 300, 1)
    few = np.flatnonzero(columns["clinic"] == "tiny")
    kept = np.setdiff1d(np.arange(900), few[3:])
    columns = {name: values[kept].copy() for name, values in columns.items()}
    columns["race"][columns["clinic"] == "tiny"] = "Tongan"
    outcome = counted(columns)
    (estimate,) = outcome.judged.values()
    assert estimate.value == 0
    assert outcome.notes == ("Too small to send any count but that of its rows: tiny.",)
    told = given.series(outcome, "What keeping counts back costs, by race")
    place = told["race"].index("Tongan")
    assert (told["low, from what was sent"][place], told["high, from what was sent"][place]) == (0, 1)


def test_missing_values_and_a_category_of_one_site_add_up() -> None:
    columns = people({"north": 0.0, "south": 0.2}, 200, 1)
    columns["race"][:40] = None
    columns["race"][200:210] = "Tongan"
    columns["race"][210] = "one of a kind"
    outcome = counted(columns, least=0)
    (estimate,) = outcome.judged.values()
    assert (estimate.value, estimate.high) == (0, 0)
    assert outcome.lead.startswith("17 of 17 counts of all together are known to the last")


def test_a_rate_is_within_what_counts_leave_open() -> None:
    for seed in range(20):
        outcome = counted(people({"north": 0.3, "tiny": 0.3, "west": -0.2}, 30, seed))
        told = given.series(outcome, "What keeping counts back costs, by race")
        rows = zip(
            told["selection rate"], told["low, from what was sent"], told["high, from what was sent"], strict=True
        )
        assert all(low <= rate <= high for rate, low, high in rows)


def test_without_a_site_rows_are_dealt_out_and_it_says_so() -> None:
    outcome = counted(people({"north": 0.0}, 400, 3), site="")
    assert outcome.judged == {}  # nobody asked about sites
    assert outcome.headline.startswith("The counts of 4 clients, dealt out by chance,")
    assert any("No column says who holds a row" in note for note in outcome.notes)


def test_noise_is_told_and_still_agrees() -> None:
    outcome = counted(people({"north": 0.0, "south": 0.0}, 500, 4), epsilon=1.0)
    (estimate,) = outcome.judged.values()
    assert estimate.value == 0  # fails once in 1,000 runs: the noise is the operating system's
    assert "noise of scale 1" in outcome.lead


@pytest.mark.parametrize("check", [TalliesOnly, SiteGap])
def test_a_column_that_is_not_there_is_one_line(check: Any) -> None:
    this = check()
    options = this.Options(site="clinik")
    outline = given.outline(columns=COLUMNS)
    with pytest.raises(UserError, match=r"no column 'clinik' for site; did you mean 'clinic'\?"):
        this.asks(outline, outline.groupings[0], options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clients": 1}, "clients is 1"),
        ({"clients": 0}, "clients is 0"),
        ({"least": -1}, "least"),
        ({"epsilon": -1.0}, "epsilon"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TallyOptions(**options)


def test_a_site_that_treats_groups_apart_is_named_though_all_together_do_not() -> None:
    """Simpson's trap, planted: +25 points at one clinic, −25 at the other, none of both together."""
    columns = people({"north": 0.25, "south": -0.25}, 1000, 5)
    assert verdict(columns) is Verdict.FAIL
    outcome = run(SiteGap(), columns, SiteOptions(site="clinic"))
    assert "differs between sites by more than chance" in outcome.lead
    together = np.array(columns["race"] == "White")
    decided = np.array(columns[DECISION] == "yes")
    assert abs(decided[together].mean() - decided[~together].mean()) < 0.06


def stated(columns: dict[str, NDArray[Any]]) -> Any:
    return run(SiteGap(), columns, SiteOptions(site="clinic"))


def test_the_site_that_is_named_is_the_one_whose_gap_is_firm() -> None:
    """Few people at one site look farther apart than the many whose gap fails the check: they are not accused for it."""
    columns = people({"large": 0.2}, 4000, 0)
    small = people({"small": 0.1}, 70, 2)
    columns = {name: np.concatenate([values, small[name]]) for name, values in columns.items()}
    outcome = stated(columns)
    gaps = dict(
        zip(*(given.series(outcome, "Gap in selection rate within each site")[n] for n in ("site", "gap")), strict=True)
    )
    assert gaps["small"] > gaps["large"]
    (judged,) = outcome.judged.values()
    assert judged.value == gaps["large"]
    assert judged.against(SiteGap.info.limit) is Verdict.FAIL
    assert "at site large, the firmest gap of 2 sites" in outcome.headline


def test_where_one_site_is_large_enough_it_says_so_and_names_the_others() -> None:
    columns = people({"large": 0.0, "small": 0.0}, 300, 0)
    kept = np.concatenate([np.arange(300), 300 + np.arange(25)])
    outcome = stated({name: values[kept] for name, values in columns.items()})
    assert outcome.headline.endswith("at site large, the only one of 2 sites with enough people to judge")
    assert outcome.notes == ("Not judged, as fewer than 30 applicants are in all groups but one: site small (25).",)
    (judged,) = outcome.judged.values()
    assert "site" not in judged.method


def test_a_race_that_is_not_recorded_makes_no_site_comparable() -> None:
    columns = people({"one": 0.0, "two": 0.0}, 200, 0)
    columns["race"][columns["race"] == "Black"] = None
    assert isinstance(stated(columns), NotApplicable)


def test_clean_sites_pass_and_small_ones_are_uncertain() -> None:
    assert verdict(people({"north": 0.0, "south": 0.0}, 4000, 6)) is Verdict.PASS
    assert verdict(people({"north": 0.0, "south": 0.0}, 120, 6)) is Verdict.UNCERTAIN


def test_clean_sites_are_accused_no_more_often_than_the_level_says() -> None:
    """A gap of 10 points at every one of five sites lies on the limit: failing it is a false alarm."""
    failed = sum(verdict(people(dict.fromkeys("abcde", 0.1), 300, seed)) is Verdict.FAIL for seed in range(200))
    assert failed <= 16  # 5 % of 200 is 10; more than 16 has a chance of 2 %


def test_without_a_site_column_there_is_nothing_to_compare() -> None:
    outcome = run(SiteGap(), people({"north": 0.0}, 50, 0), SiteOptions())
    assert isinstance(outcome, NotApplicable)
    assert "no column says which site holds a row" in outcome.reason


def test_cochrans_q_is_that_of_the_formula_and_holds_its_level() -> None:
    pairs = [(30, 100, 50, 100), (20, 80, 30, 90), (10, 40, 35, 60)]
    p = np.array([((a + 0.5) / (b + 1), (c + 0.5) / (d + 1)) for a, b, c, d in pairs])
    n = np.array([(b, d) for _, b, _, d in pairs])
    weight = 1 / (p * (1 - p) / n).sum(axis=1)
    gap = p[:, 1] - p[:, 0]
    q = (weight * gap**2).sum() - (weight * gap).sum() ** 2 / weight.sum()  # the other form of the same sum
    assert cochran(pairs).q == pytest.approx(q)
    rng = np.random.default_rng(0)
    small = 0
    for _ in range(1000):
        draws = [(*x, *y) for x, y in zip(_draw(rng, 0.3), _draw(rng, 0.5), strict=True)]
        found = cochran(draws)
        small += found.p is not None and found.p < 0.05
    assert 30 <= small <= 72  # 50, and four standard errors up
    assert cochran([(1, 2, 0, 0), (1, 2, 1, 2)]).p is None


def _draw(rng: np.random.Generator, rate: float) -> list[tuple[int, int]]:
    return [(int(rng.binomial(n, rate)), n) for n in (100, 150, 80, 200)]


def test_rows_are_dealt_out_evenly_and_to_one_client_each() -> None:
    held = np.stack(list(sites.dealt(103, 4, np.random.default_rng(0)).values()))
    assert held.sum(axis=0).tolist() == [1] * 103
    assert sorted(held.sum(axis=1).tolist()) == [25, 26, 26, 26]
    with pytest.raises(UserError, match="5 clients and 4 rows"):
        sites.dealt(4, 5, np.random.default_rng(0))


def test_a_column_of_names_is_no_site() -> None:
    many = Rows(ids=np.arange(150), columns={"id": np.array([f"p{i}" for i in range(150)], dtype=object)})
    with pytest.raises(UserError, match="150 values"):
        sites.by_site(many, "id")


def test_asks_are_of_judged_rows_only() -> None:
    outline = given.outline(columns=COLUMNS, rows=10, judged_rows=4)
    asked = TalliesOnly().asks(outline, None, TallyOptions())
    assert not isinstance(asked, NotApplicable)
    assert [ask.judged for ask in asked if isinstance(ask, TallyAsk)] == [True]
    assert [ask.part for ask in asked if isinstance(ask, RowsAsk)] == ["audit"]
